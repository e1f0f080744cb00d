// Pins, rates and calibration constants of the e-Health shield V2.0 on an Uno.
#pragma once
#include <avr/io.h>
#include <stdint.h>

#define FIRMWARE_VERSION "0.1.0"

// UART: one for the host, the cuff and the glucometer.
const uint32_t BAUD_HOST = 115200;
const uint32_t BAUD_CUFF = 19200;
const uint32_t BAUD_GLUCOMETER = 1200;

// Converter channels.
const uint8_t CHANNEL_HEART = 0;  // ECG or EMG, by the shield's jumper
const uint8_t CHANNEL_AIRFLOW = 1;
const uint8_t CHANNEL_SKIN = 2;
const uint8_t CHANNEL_TEMPERATURE = 3;

// D5 (PD5) enables the glucometer's link; D6 (PD6, PCINT22) is the oximeter display's strobe; segments are
// D7 = PD7 (G) and D8..D13 = PB0..PB5 (F, E, D, C, B, A), low when lit. D2 and D3 (accelerometer interrupts) are not
// used: the accelerometer is read on our own 50 Hz, so that its samples and the waveforms share one clock.
const uint8_t GLUCOMETER_ENABLE = _BV(PD5);
const uint8_t STROBE = _BV(PD6);
const uint8_t SEGMENT_G = _BV(PD7);
const uint8_t SEGMENTS_F_TO_A = 0x3F;

// Rates. The sampling tick is 2 ms; every rate is a whole number of ticks.
const uint8_t TICK_MS = 2;
const uint8_t HEART_TICKS = 2;      // 250 Hz after a reset
const uint8_t ACCEL_TICKS = 10;     // 50 Hz
const uint8_t AIRFLOW_TICKS = 20;   // 25 Hz after a reset
const uint8_t SKIN_TICKS = 125;     // 4 Hz
const uint16_t SECOND_TICKS = 500;  // 1 Hz

// The calibration constants are listed in constants.h.

// Oximeter display, sampled every 300 us from the strobe. Model A shows each digit for 2.35-2.8 ms: 7.8-9.3 samples.
const uint8_t DIGIT_SAMPLES = 8;        // nominal, 8.5 with the half below
const uint8_t GHOST_SAMPLES = 3;        // a pattern at most this long is the gap between two digits, not a digit
// Model B: the samples at which its five digits are read. How long each stands is not documented.
const uint8_t MODEL_B_AT[5] = {0, 2, 19, 20, 25};

inline void pins_begin() {
  DDRD |= GLUCOMETER_ENABLE;
  PORTD &= ~GLUCOMETER_ENABLE;
  DIDR0 = 0x0F;  // A0-A3 are analogue only
  TCCR0B = 0;    // the Arduino bootloader or core may have left timer 0 running
  TIMSK0 = 0;
}

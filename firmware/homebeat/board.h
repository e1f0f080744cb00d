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
const uint8_t HEART_TICKS = 2;      // 250 Hz
const uint8_t ACCEL_TICKS = 10;     // 50 Hz
const uint8_t AIRFLOW_TICKS = 20;   // 25 Hz
const uint8_t SKIN_TICKS = 125;     // 4 Hz
const uint16_t SECOND_TICKS = 500;  // 1 Hz

// Calibration, in converter counts. The published facts do not fix these; they only choose a status letter, never a value.
const uint16_t RAIL_LOW = 5;            // below: shorted or saturated
const uint16_t RAIL_HIGH = 1015;        // above: open or saturated
const uint16_t SKIN_OFF = 112;          // 1 uS: (0.5 V + 1/20 V) * 1023 / 5; up to here the electrodes are off
const uint16_t TEMPERATURE_OFF = 707;   // 27.5 degrees C by the nominal bridge; from here on the probe is off the skin
const uint8_t ECG_FLAT = 2;             // an ECG that moves less than this for two seconds is a lead that is off

// Oximeter display, model A: one digit lasts 2.35-2.8 ms; we sample every 304 us, so 7.7-9.2 samples a digit.
const uint8_t DIGIT_SAMPLES = 8;        // nominal, 8.5 with the half below
const uint8_t GHOST_SAMPLES = 3;        // a pattern at most this long is the gap between two digits, not a digit

inline void pins_begin() {
  DDRD |= GLUCOMETER_ENABLE;
  PORTD &= ~GLUCOMETER_ENABLE;
  DIDR0 = 0x0F;  // A0-A3 are analogue only
  TCCR0B = 0;    // the Arduino bootloader or core may have left timer 0 running
  TIMSK0 = 0;
}

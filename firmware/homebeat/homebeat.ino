// Homebeat kit firmware for the Arduino Uno (ATmega328P, 16 MHz) with the e-Health shield V2.0.
// It speaks PROTOCOL.md, which lies one folder above. Neither Serial nor Wire nor millis() is used: the timers, the
// converter, the UART and the I2C bus are driven directly, so that sampling never waits for the link.
#include "accelerometer.h"
#include "board.h"
#include "calibration.h"
#include "commands.h"
#include "handover.h"
#include "line.h"
#include "oximeter.h"
#include "reset.h"
#include "sampler.h"
#include "telemetry.h"
#include "uart.h"

#include <avr/interrupt.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

void setup() {
  pins_begin();
  uart_begin(BAUD_HOST);
  sampler_begin();
  calibration_begin();  // before the first tick is served
  oximeter_begin();
  set_sleep_mode(SLEEP_MODE_IDLE);
  sei();
  telemetry_banner();
  accelerometer_begin();
  // Twice the longest time the loop may take (a poll of a silent I2C bus, about 60 ms), far below a caregiver's patience.
  wdt_enable(WDTO_2S);
}

void loop() {
  wdt_reset();
  oximeter_poll();
  accelerometer_poll(true);
  calibration_poll();
  commands_poll();
  handover_poll();
  telemetry_poll();
  sleep_mode();  // Until the next interrupt: at most 2 ms, the sampling tick.
}

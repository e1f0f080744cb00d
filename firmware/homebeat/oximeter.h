// Sniffs the oximeter's multiplexed seven-segment display (models A and B) and reads pulse and SpO2 off it.
#pragma once
#include <stdint.h>

struct Oximetry {
  char status;  // 'o' a value, 'a' acquiring, 'n' no strobe, 'f' strobes that make no sense
  uint8_t pulse, spo2;
};

void oximeter_begin();
void oximeter_poll();      // decodes a finished frame
Oximetry oximeter_take();  // what the last second showed; begins the next one

// MMA8452Q at 8 g, read at 50 Hz from the main loop into blocks of ten.
#pragma once
#include "gap.h"

#include <stdint.h>

static const uint8_t ACCEL_BLOCK = 10;

void accelerometer_begin();
void accelerometer_poll(bool may_search);  // searching for a silent one takes up to 60 ms

// A finished block, or 0. Each sample is three numbers, value + 2048; 4095 three times is a failed read.
struct AccelBlock {
  uint16_t samples[3 * ACCEL_BLOCK];
  uint32_t time;
  char status;  // 'o' or 'f'
};
const AccelBlock *accelerometer_waiting();
void accelerometer_sent();
extern Gap accelerometer_gap;

// I2C master at 100 kHz, for short register accesses. Every wait is bounded: a stuck bus costs 4 ms, not the kit.
#pragma once
#include <stdint.h>

void twi_begin();
bool twi_write(uint8_t device, uint8_t reg, uint8_t value);
bool twi_read(uint8_t device, uint8_t reg, uint8_t *into, uint8_t count);

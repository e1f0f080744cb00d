// The status letter of each analogue sensor, inferred from its samples: 'o' ok, 'n' not attached, 'f' fault.
#pragma once
#include <stdint.h>

char heart_status(const uint16_t *samples, uint8_t n, bool ecg, uint8_t per_second);  // remembers two seconds of blocks
char airflow_status(const uint16_t *samples, uint8_t n);
char skin_status(const uint16_t *samples, uint8_t n);
char temperature_status(uint16_t counts);

// The newest records of a dump, as raw bytes: eight each, and decoded only when they are sent.
#pragma once
#include <stdint.h>

static const uint8_t RECORD_BYTES = 8;
static const uint8_t MAX_RECORDS = 32;  // 256 bytes: all 80 of the cuff would take a third of the RAM

void records_clear();
void records_add(const uint8_t *raw);  // forgets the oldest when full
uint8_t records_kept();
uint16_t records_overwritten();
const uint8_t *record_at(uint8_t index);  // 0 is the oldest kept

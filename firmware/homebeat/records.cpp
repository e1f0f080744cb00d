#include "records.h"

#include <string.h>

static uint8_t store[MAX_RECORDS][RECORD_BYTES];
static uint16_t added;

void records_clear() { added = 0; }

void records_add(const uint8_t *raw) {
  memcpy(store[added % MAX_RECORDS], raw, RECORD_BYTES);
  added++;
}

uint8_t records_kept() { return added < MAX_RECORDS ? added : MAX_RECORDS; }
uint16_t records_overwritten() { return added < MAX_RECORDS ? 0 : added - MAX_RECORDS; }

const uint8_t *record_at(uint8_t index) { return store[(added <= MAX_RECORDS ? index : added + index) % MAX_RECORDS]; }

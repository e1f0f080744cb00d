#include "records.h"

#include <string.h>
#include <util/crc16.h>

static uint8_t store[MAX_RECORDS][RECORD_BYTES];
static uint16_t first, seen;
static uint8_t kept;
static uint16_t sum;       // over all records seen in this pass
static uint16_t before;    // sum over those before the window
static uint16_t through;   // and over those up to its end
static uint16_t expected;  // `before`, as the passes before had it

void records_dump() { expected = 0xFFFF; }

void records_pass(uint16_t from) {
  first = from;
  seen = 0;
  kept = 0;
  sum = before = 0xFFFF;
}

void records_add(const uint8_t *raw) {
  if (seen >= first && kept < MAX_RECORDS) memcpy(store[kept++], raw, RECORD_BYTES);
  seen++;
  for (uint8_t i = 0; i < RECORD_BYTES; i++) sum = _crc_xmodem_update(sum, raw[i]);
  if (seen == first) before = sum;
  if (seen == first + kept) through = sum;
}

uint16_t records_seen() { return seen; }
uint8_t records_kept() { return kept; }
bool records_full() { return kept == MAX_RECORDS; }
bool records_same() { return seen >= first && before == expected; }
void records_next() { expected = through; }
void records_forget() { kept = 0; }
const uint8_t *record_at(uint8_t index) { return store[index]; }

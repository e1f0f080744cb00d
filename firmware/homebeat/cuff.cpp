#include "cuff.h"

#include "records.h"

#include <string.h>

CuffParser::CuffParser() : fill(0), started(false), skipped(0), bad(0) {}

static bool mark(const uint8_t *at, uint8_t first) {
  return at[0] == first && at[1] == first + 1 && at[2] == first + 2 && at[3] == first + 3;
}

static bool trailer(const uint8_t *at) { return at[0] == 0xFF && at[1] == 0xF0 && at[2] == 0xF1 && at[3] == 0xF2; }

bool CuffParser::feed(uint8_t byte) {
  window[fill++] = byte;
  if (!started) {
    if (fill < 4) return false;
    if (mark(window, 0xC1)) {
      started = true;
      fill = 0;
    } else {
      memmove(window, window + 1, 3);
      fill = 3;
    }
    return false;
  }
  // A record's bytes are inverted and swapped, so a record can begin like the end mark only with a year over 2100.
  if (fill == 4 && mark(window, 0xD1)) return true;
  if (fill < 12) return false;
  if (trailer(window + 8)) {
    CuffRecord record;
    // What was read out of step is not trusted, even when it looks like a record.
    if (skipped) bad += (sizeof window + skipped + 6) / sizeof window;
    else if (cuff_decode(window, &record)) records_add(window);
    else bad++;
    skipped = 0;
    fill = 0;
    return false;
  }
  // A byte was lost or added: move on until a trailer or the end mark fits again.
  if (mark(window + 8, 0xD1)) {
    bad++;
    return true;
  }
  if (skipped < 255) skipped++;
  memmove(window, window + 1, 11);
  fill = 11;
  return false;
}

static uint8_t plain(uint8_t byte) { return ~(uint8_t)(byte << 4 | byte >> 4); }

bool cuff_decode(const uint8_t *raw, CuffRecord *r) {
  r->year = plain(raw[0]);
  r->month = plain(raw[1]);
  r->day = plain(raw[2]);
  r->hour = plain(raw[3]);
  r->minute = plain(raw[4]);
  r->systolic = (uint16_t)plain(raw[5]) + 30;
  r->diastolic = plain(raw[6]);
  r->pulse = plain(raw[7]);
  return r->year < 100 && r->month >= 1 && r->month <= 12 && r->day >= 1 && r->day <= 31 && r->hour < 24 && r->minute < 60;
}

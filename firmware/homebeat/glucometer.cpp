#include "glucometer.h"

#include "records.h"

GlucometerParser::GlucometerParser() : fill(0), left(0), started(false), bad(0) {}

bool GlucometerParser::feed(uint8_t byte) {
  window[fill++] = byte;
  if (!started) {
    if (fill < 2) return false;
    left = window[0];
    started = true;
    fill = 0;
    return left == 0;
  }
  if (fill < sizeof window) return false;
  fill = 0;
  left--;
  // The last two bytes are a checksum of an unknown kind: they are not kept.
  GlucoseRecord record;
  if (glucose_decode(window, &record)) records_add(window);
  else bad++;
  return left == 0;
}

bool GlucometerParser::enough() const { return started && records_full(); }

bool glucose_decode(const uint8_t *raw, GlucoseRecord *r) {
  r->year = raw[0];
  r->month = raw[1];
  r->day = raw[2];
  r->hour = raw[3];
  r->minute = raw[4];
  r->glucose = (uint16_t)raw[5] << 8 | raw[6];
  r->flags = raw[5] ? 1 : 0;
  // BB is p.m., AA is a.m. An hour over 12 already counts from midnight.
  if (raw[7] == 0xBB && r->hour < 12) r->hour += 12;
  else if (raw[7] == 0xAA && r->hour == 12) r->hour = 0;
  return r->year < 100 && r->month >= 1 && r->month <= 12 && r->day >= 1 && r->day <= 31 && r->hour < 24 &&
         r->minute < 60 && (raw[7] == 0xBB || raw[7] == 0xAA);
}

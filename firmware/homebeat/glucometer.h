// The glucometer's dump as a stream: a count, one byte without meaning, then count records of 10 bytes.
#pragma once
#include <stdint.h>

struct GlucoseRecord {
  uint8_t year, month, day, hour, minute;  // year + 2000, 24 hours
  uint16_t glucose;                        // mg/dL
  uint8_t flags;                           // 1: byte 5 was not 0, so the big-endian reading of bytes 5-6 is a guess
};

class GlucometerParser {
 public:
  GlucometerParser();
  bool feed(uint8_t byte);  // true when the dump is complete
  uint16_t malformed() const { return bad; }
  bool enough() const;  // true when the window is full
  uint8_t missing() const { return left; }  // announced but not received

 private:
  uint8_t window[10];
  uint8_t fill, left;
  bool started;
  uint16_t bad;
};

bool glucose_decode(const uint8_t *raw, GlucoseRecord *record);

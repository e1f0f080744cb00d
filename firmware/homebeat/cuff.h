// The sphygmomanometer's dump as a stream: C1 C2 C3 C4, records of 12 bytes, D1 D2 D3 D4.
#pragma once
#include <stdint.h>

struct CuffRecord {
  uint8_t year, month, day, hour, minute;  // year + 2000
  uint16_t systolic;
  uint8_t diastolic, pulse;
};

class CuffParser {
 public:
  CuffParser();
  bool feed(uint8_t byte);  // true when the dump is complete
  bool enough() const { return false; }  // the whole dump is read each time: only its end says how many there are
  uint16_t malformed() const { return bad; }

 private:
  uint8_t window[12];  // the record being read, or the search for the header
  uint8_t fill;
  bool started;
  uint8_t skipped;  // bytes out of step since the last trailer: some were lost or added
  uint16_t bad;
};

// False when the bytes are no date and pressure.
bool cuff_decode(const uint8_t *raw, CuffRecord *record);

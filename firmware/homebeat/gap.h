// Samples that were taken and could not be kept, counted as they are lost: an L line declares them.
#pragma once
#include <stdint.h>
#include <util/atomic.h>

struct Gap {
  volatile uint16_t count;
  uint32_t since;  // of the first one

  void add(uint32_t now) {
    if (count == 0) since = now;
    if (count < 0xFFFF) count++;
  }
  // True once the gap has to be declared: before the first sample after it. `next` is the time of what waits.
  bool due(bool waiting, uint32_t next) const { return count && (!waiting || (int32_t)(next - since) > 0); }
  uint16_t take(uint32_t *from) {
    uint16_t n;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
      n = count;
      *from = since;
      count = 0;
    }
    return n;
  }
};

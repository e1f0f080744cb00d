// The sampling clock: timer 1 ticks every 2 ms, starts the conversions and counts the time. All waveforms hang on it.
#pragma once
#include "gap.h"

#include <stdint.h>
#include <util/atomic.h>

// A block of samples that is filled by an interrupt while its other half waits to be sent. When both are full the
// oldest samples are kept and new ones are counted as a gap.
template <uint8_t N> struct Block {
  uint16_t samples[2][N];
  uint32_t time[2];      // of the first sample
  volatile uint8_t fill;
  volatile uint8_t half; // the half being filled
  volatile bool ready;   // the other half waits to be sent
  Gap gap;

  void push(uint16_t sample, uint32_t now) {
    if (fill == N) {
      gap.add(now);
      return;
    }
    if (fill == 0) time[half] = now;
    samples[half][fill++] = sample;
    if (fill == N && !ready) turn();
  }
  const uint16_t *waiting() const { return samples[half ^ 1]; }
  uint32_t waiting_time() const { return time[half ^ 1]; }
  void sent() {
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
      ready = false;
      if (fill == N) turn();
    }
  }
  void restart() {
    fill = 0;
    ready = false;
    gap.count = 0;
  }

 private:
  void turn() {
    half ^= 1;
    fill = 0;
    ready = true;
  }
};

static const uint8_t HEART_BLOCK = 25, AIRFLOW_BLOCK = 25, SKIN_BLOCK = 4;
extern Block<HEART_BLOCK> heart;
extern Block<AIRFLOW_BLOCK> airflow;
extern Block<SKIN_BLOCK> skin;

// Temperatures waiting to be sent: enough for the cuff's hand-over.
struct Temperatures {
  static const uint8_t ROOM = 4;
  uint16_t counts[ROOM];
  uint32_t time[ROOM];
  volatile uint8_t first, waiting;
  Gap gap;
};
extern Temperatures temperatures;

void sampler_begin();
uint32_t now_ms();
bool accel_due();   // true once every 20 ms
bool second_due();  // true once a second
uint16_t sampler_overruns();
void sampler_missed();  // counts a sample that the main loop came too late for

// The rates in ticks of 2 ms. A channel whose rate changes begins a new line.
uint8_t heart_ticks();
uint8_t airflow_ticks();
void heart_restart(uint8_t ticks);    // also when A0 becomes another signal
void airflow_restart(uint8_t ticks);

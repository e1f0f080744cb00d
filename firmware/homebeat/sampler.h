// The sampling clock: timer 1 ticks every 2 ms, starts the conversions and counts the time. All waveforms hang on it.
#pragma once
#include <stdint.h>

// A block of samples that is filled by an interrupt while its other half is being sent.
template <uint8_t N> struct Block {
  uint16_t samples[2][N];
  uint32_t time[2];      // of the first sample
  volatile uint8_t fill;
  volatile uint8_t half; // the half being filled
  volatile bool ready;   // the other half waits to be sent
  volatile uint8_t lost; // blocks overwritten before they could be sent; taken by the main loop

  void push(uint16_t sample, uint32_t now) {
    if (fill == 0) time[half] = now;
    samples[half][fill++] = sample;
    if (fill < N) return;
    fill = 0;
    if (ready) {
      lost++;
    } else {
      half ^= 1;
      ready = true;
    }
  }
  const uint16_t *waiting() const { return samples[half ^ 1]; }
  uint32_t waiting_time() const { return time[half ^ 1]; }
};

static const uint8_t HEART_BLOCK = 25, AIRFLOW_BLOCK = 25, SKIN_BLOCK = 4;
extern Block<HEART_BLOCK> heart;
extern Block<AIRFLOW_BLOCK> airflow;
extern Block<SKIN_BLOCK> skin;

struct Temperature {
  uint16_t counts;
  uint32_t time;
  volatile bool ready;
};
extern Temperature temperature;

void sampler_begin();
uint32_t now_ms();
bool accel_due();   // true once every 20 ms
bool second_due();  // true once a second
uint16_t sampler_overruns();
void sampler_missed();  // counts a sample that the main loop came too late for

// A pause empties all blocks: what comes after it starts a new line with a new time.
void sampler_pause();
void sampler_resume();
void heart_restart();  // begins the ECG/EMG block anew, when it becomes another signal

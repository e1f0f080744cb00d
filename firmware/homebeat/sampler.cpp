#include "sampler.h"

#include "board.h"

#include <avr/interrupt.h>
#include <util/atomic.h>

Block<HEART_BLOCK> heart;
Block<AIRFLOW_BLOCK> airflow;
Block<SKIN_BLOCK> skin;
Temperatures temperatures;

static volatile uint32_t clock_ms;
static uint32_t sampled_ms;             // the tick at which the running conversions were asked for
static volatile uint8_t wanted;         // channels still to convert in this tick, one bit each
static uint8_t channel;                 // being converted
static volatile bool accel_flag, second_flag;
static volatile uint16_t overruns;
static uint8_t heart_in, accel_in, airflow_in, skin_in;
static volatile uint8_t heart_every = HEART_TICKS, airflow_every = AIRFLOW_TICKS;
static uint16_t second_in;

void sampler_begin() {
  heart_in = accel_in = 1;
  airflow_in = 2;  // on the ticks without a heart sample, so that it too is converted at once
  skin_in = 4;
  second_in = SECOND_TICKS;
  ADCSRA = _BV(ADEN) | _BV(ADIE) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);  // 125 kHz: 104 us a conversion
  OCR1A = F_CPU / 256 * TICK_MS / 1000 - 1;
  TCNT1 = 0;
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS12);  // clear on compare, 16 MHz / 256
  TIMSK1 = _BV(OCIE1A);
}

static inline void convert_next() {
  uint8_t mask = 1;
  channel = 0;
  while (!(wanted & mask)) {
    mask <<= 1;
    channel++;
  }
  ADMUX = _BV(REFS0) | channel;
  ADCSRA |= _BV(ADSC);
}

ISR(TIMER1_COMPA_vect) {
  clock_ms += TICK_MS;
  uint8_t due = 0;
  if (--heart_in == 0) {
    heart_in = heart_every;
    due |= _BV(CHANNEL_HEART);
  }
  if (--airflow_in == 0) {
    airflow_in = airflow_every;
    due |= _BV(CHANNEL_AIRFLOW);
  }
  if (--skin_in == 0) {
    skin_in = SKIN_TICKS;
    due |= _BV(CHANNEL_SKIN);
  }
  if (--accel_in == 0) {
    accel_in = ACCEL_TICKS;
    if (accel_flag) overruns++;
    accel_flag = true;
  }
  if (--second_in == 0) {
    second_in = SECOND_TICKS;
    due |= _BV(CHANNEL_TEMPERATURE);
    second_flag = true;
  }
  if (wanted) {
    overruns++;  // the last tick's conversions are not done: cannot happen while interrupts are served within 1.5 ms
  } else if (due) {
    wanted = due;
    sampled_ms = clock_ms;
    convert_next();
  }
}

ISR(ADC_vect) {
  uint16_t counts = ADC;
  uint8_t done = channel;
  wanted &= ~_BV(done);
  if (wanted) convert_next();
  switch (done) {
    case CHANNEL_HEART: heart.push(counts, sampled_ms); break;
    case CHANNEL_AIRFLOW: airflow.push(counts, sampled_ms); break;
    case CHANNEL_SKIN: skin.push(counts, sampled_ms); break;
    default: {
      Temperatures &t = temperatures;
      if (t.waiting == Temperatures::ROOM) {
        t.gap.add(sampled_ms);
        break;
      }
      uint8_t at = (t.first + t.waiting) % Temperatures::ROOM;
      t.counts[at] = counts;
      t.time[at] = sampled_ms;
      t.waiting++;
    }
  }
}

uint32_t now_ms() {
  uint32_t now;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { now = clock_ms; }
  return now;
}

static bool take(volatile bool &flag) {
  if (!flag) return false;
  flag = false;
  return true;
}

bool accel_due() { return take(accel_flag); }
bool second_due() { return take(second_flag); }

uint16_t sampler_overruns() {
  uint16_t n;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { n = overruns; }
  return n;
}

void sampler_missed() {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { overruns++; }
}

uint8_t heart_ticks() { return heart_every; }
uint8_t airflow_ticks() { return airflow_every; }

// The countdown is shortened where it must be, never lengthened: the next sample comes when it was due, or earlier.
void heart_restart(uint8_t ticks) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    heart_every = ticks;
    if (heart_in > ticks) heart_in = ticks;
    heart.restart();
  }
}

void airflow_restart(uint8_t ticks) {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    airflow_every = ticks;
    if (airflow_in > ticks) airflow_in = ticks;
    airflow.restart();
  }
}

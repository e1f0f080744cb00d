#include "oximeter.h"

#include "board.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>

// A run is one pattern on the segments and how many samples it stood: equal samples are collapsed as they come.
struct Run {
  uint8_t pattern, length;
};
static const uint8_t MAX_RUNS = 14, MAX_SAMPLES = 60, DIGITS = 5;
static const uint8_t BLANK = 0, DASH = 0x08, UNKNOWN = 0xFF;

static Run runs[2][MAX_RUNS];
static uint8_t counts[2];
static volatile uint8_t writing;  // the frame being captured
static volatile bool finished;    // the other one is complete
static bool capturing;
static uint8_t samples;

static uint8_t previous[DIGITS];  // the last frame's digits, as patterns
static uint8_t strobes, pairs;    // this second: frames seen, frames equal to the one before them
static Oximetry accepted;         // from the last pair

void oximeter_begin() {
  PCMSK2 = STROBE;
  PCICR |= _BV(PCIE2);
  OCR2A = 18;  // 19 * 16 us = 304 us
  TCCR2A = _BV(WGM21);
  TCCR2B = _BV(CS22) | _BV(CS21);  // 16 MHz / 256
  accepted.status = 'n';
}

static inline void finish() {
  capturing = false;
  TIMSK2 = 0;
  if (finished) return;  // the main loop is behind: this frame is overwritten, another follows in 15 ms
  finished = true;
  writing ^= 1;
}

// The strobe's rising edge begins a frame; only this pin can raise this interrupt.
ISR(PCINT2_vect) {
  if (!(PIND & STROBE)) return;
  if (capturing) finish();
  counts[writing] = 0;
  samples = 0;
  capturing = true;
  TCNT2 = 0;
  TIFR2 = _BV(OCF2A);
  TIMSK2 = _BV(OCIE2A);
}

ISR(TIMER2_COMPA_vect) {
  uint8_t pattern = (~PINB & SEGMENTS_F_TO_A) << 1;  // A is bit 6 … F is bit 1, G is bit 0
  if (!(PIND & SEGMENT_G)) pattern |= 1;
  uint8_t w = writing;
  uint8_t n = counts[w];
  if (n && runs[w][n - 1].pattern == pattern) {
    runs[w][n - 1].length++;
  } else if (n < MAX_RUNS) {
    runs[w][n].pattern = pattern;
    runs[w][n].length = 1;
    counts[w] = n + 1;
  }
  if (++samples >= MAX_SAMPLES) finish();
}

static const uint8_t SEGMENTS[10] PROGMEM = {0x77, 0x24, 0x6B, 0x6D, 0x3C, 0x5D, 0x5F, 0x64, 0x7F, 0x7D};

static uint8_t digit(uint8_t pattern) {
  for (uint8_t d = 0; d < 10; d++) {
    if (pgm_read_byte(SEGMENTS + d) == pattern) return d;
  }
  return UNKNOWN;
}

// Runs to digits: a run stands for as many digits as digit times fit into it, so 88 is not read as 8.
static uint8_t unroll(const Run *run, uint8_t n, uint8_t *into) {
  uint8_t digits = 0;
  for (; n && digits < DIGITS; n--, run++) {
    uint8_t length = run->length;
    if (length <= GHOST_SAMPLES) continue;
    uint8_t times = (2 * length + DIGIT_SAMPLES) / (2 * DIGIT_SAMPLES + 1);
    if (times == 0) times = 1;
    while (times-- && digits < DIGITS) into[digits++] = run->pattern;
  }
  return digits;
}

static Oximetry read(const uint8_t *d) {
  Oximetry r = {'o', 0, 0};
  uint8_t ones = digit(d[0]), tens = digit(d[1]), hundreds = d[2] == BLANK ? 0 : digit(d[2]);
  uint8_t spo2_ones = digit(d[3]), spo2_tens = digit(d[4]);
  if (ones < 10 && hundreds < 3 && spo2_ones < 10 && spo2_tens < 10 && (tens < 10 || (d[1] == BLANK && !hundreds))) {
    uint16_t pulse = 100 * hundreds + 10 * (tens < 10 ? tens : 0) + ones;
    r.pulse = pulse;
    r.spo2 = 10 * spo2_tens + spo2_ones;
    if (pulse > 0 && pulse < 256 && r.spo2 > 0) return r;
  }
  r.status = 'f';
  for (uint8_t i = 0; i < DIGITS; i++) {
    if (d[i] == DASH || d[i] == BLANK) r.status = 'a';
  }
  return r;
}

void oximeter_poll() {
  if (!finished) return;
  uint8_t digits[DIGITS];
  uint8_t done = writing ^ 1;
  bool complete = unroll(runs[done], counts[done], digits) == DIGITS;
  finished = false;
  if (strobes < 255) strobes++;
  if (!complete) return;
  bool same = true;
  for (uint8_t i = 0; i < DIGITS; i++) {
    if (previous[i] != digits[i]) same = false;
    previous[i] = digits[i];
  }
  if (!same) return;
  accepted = read(digits);
  if (pairs < 255) pairs++;
}

Oximetry oximeter_take() {
  Oximetry r = accepted;
  if (strobes == 0) {
    r.status = 'n';
  } else if (pairs == 0) {
    r.status = 'f';
  }
  strobes = pairs = 0;
  return r;
}

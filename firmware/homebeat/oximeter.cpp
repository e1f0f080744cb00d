#include "oximeter.h"

#include "board.h"

#include <avr/interrupt.h>
#include <avr/pgmspace.h>
#include <string.h>

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
static uint8_t model;             // MODEL_A or MODEL_B, 0 until a frame shows it
static uint8_t contradictions;    // frames in a row that only the other model shows

void oximeter_begin() {
  PCMSK2 = STROBE;
  PCICR |= _BV(PCIE2);
  OCR2A = 74;  // 75 * 4 us = 300 us
  TCCR2A = _BV(WGM21);
  TCCR2B = _BV(CS22);  // 16 MHz / 64
  accepted.status = 'n';
}

static inline void finish() {
  capturing = false;
  TIMSK2 = 0;
  if (finished) return;  // the main loop is behind: this frame is overwritten, another follows in 15 ms
  finished = true;
  writing ^= 1;
}

static inline void sample() {
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

// The strobe's rising edge begins a frame with its sample 0; only this pin can raise this interrupt.
ISR(PCINT2_vect) {
  if (!(PIND & STROBE)) return;
  if (capturing) finish();
  counts[writing] = 0;
  samples = 0;
  capturing = true;
  TCNT2 = 0;
  TIFR2 = _BV(OCF2A);
  TIMSK2 = _BV(OCIE2A);
  sample();
}

ISR(TIMER2_COMPA_vect) { sample(); }

static const uint8_t SEGMENTS[10] PROGMEM = {0x77, 0x24, 0x6B, 0x6D, 0x3C, 0x5D, 0x5F, 0x64, 0x7F, 0x7D};

static uint8_t digit(uint8_t pattern) {
  for (uint8_t d = 0; d < 10; d++) {
    if (pgm_read_byte(SEGMENTS + d) == pattern) return d;
  }
  return UNKNOWN;
}

// Model A, runs to digits: a run stands for as many digits as digit times fit into it, so 88 is not read as 8.
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

// Model B: the digits stand at fixed samples.
static uint8_t pick(const Run *run, uint8_t n, uint8_t *into) {
  uint8_t digits = 0, end = 0;
  for (; n && digits < DIGITS; n--, run++) {
    end += run->length;
    while (digits < DIGITS && MODEL_B_AT[digits] < end) into[digits++] = run->pattern;
  }
  return digits;
}

// Which models could have shown this frame, from when its pattern changed.
static const uint8_t MODEL_A = 1, MODEL_B = 2;

static uint8_t models(const Run *run, uint8_t n) {
  bool b = true;
  uint8_t at = 0, digit_start = 0, possible = MODEL_A | MODEL_B;
  bool surely_b = false;
  for (uint8_t i = 0; i + 1 < n; i++) {
    at += run[i].length;
    bool early = at <= 3, third = at >= 18 && at <= 21, fourth = at >= 24 && at <= 26;
    if (!early && !third && !fourth && at < 30) b = false;
    // Not where A changes: its first change is after 7 samples, its second at most after 19, its third at least after 23.
    if (early || at == 20 || at == 21) surely_b = true;
    if (run[i].length > GHOST_SAMPLES && at - digit_start < 7) possible &= ~MODEL_A;
    if (run[i].length > GHOST_SAMPLES) digit_start = at;
  }
  if (!b) possible &= ~MODEL_B;
  else if (surely_b) possible = MODEL_B;
  return possible;
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

// The digits of a frame. One that either model could have shown is read as the model's that is known; until one is
// known, only when both readings are the same.
static bool decode(const Run *run, uint8_t n, uint8_t *digits) {
  uint8_t possible = models(run, n);
  if (possible == MODEL_A || possible == MODEL_B) {
    if (model == 0 || possible == model) {
      model = possible;
      contradictions = 0;
    } else if (++contradictions >= 8) {
      model = possible;  // another oximeter was plugged in
    } else {
      return false;
    }
  }
  if (!(possible & MODEL_A)) return possible && pick(run, n, digits) == DIGITS;
  if (possible == MODEL_A || model == MODEL_A) return unroll(run, n, digits) == DIGITS;
  if (pick(run, n, digits) != DIGITS) return false;
  if (model == MODEL_B) return true;
  uint8_t other[DIGITS];
  return unroll(run, n, other) == DIGITS && !memcmp(digits, other, DIGITS);
}

void oximeter_poll() {
  if (!finished) return;
  uint8_t digits[DIGITS];
  uint8_t done = writing ^ 1;
  bool complete = decode(runs[done], counts[done], digits);
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

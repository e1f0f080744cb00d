#include "status.h"

#include "calibration.h"

static bool at_rail(uint16_t counts) { return counts < calibration(RAIL_LOW) || counts > calibration(RAIL_HIGH); }

// The range is judged over the last whole second and the one since: between two beats a real ECG may be flat for most
// of a second.
static uint16_t low, high, last_low, last_high;
static uint8_t blocks;
static bool flat;

static void remember(const uint16_t *samples, uint8_t n, uint8_t per_second) {
  if (blocks == 0) {
    last_low = low;
    last_high = high;
    low = 1023;
    high = 0;
  }
  for (; n; n--, samples++) {
    if (*samples < low) low = *samples;
    if (*samples > high) high = *samples;
  }
  if (++blocks < per_second) return;
  blocks = 0;
  int16_t least = calibration(ECG_FLAT);
  flat = (int16_t)(high - low) < least && last_high >= last_low && (int16_t)(high - last_low) < least &&
         (int16_t)(last_high - low) < least;
}

char heart_status(const uint16_t *samples, uint8_t n, bool ecg, uint8_t per_second) {
  uint8_t railed = 0;
  for (uint8_t i = 0; i < n; i++) railed += at_rail(samples[i]);
  if (!ecg) {
    blocks = 0;  // a resting muscle is flat: only the rails say something
    last_low = low = 1023;
    last_high = high = 0;
    flat = false;
    return 2 * railed > n ? 'f' : 'o';
  }
  remember(samples, n, per_second);
  if (2 * railed > n) return 'f';
  return flat ? 'n' : 'o';
}

// Its rest is near zero, so only the upper rail is a fault.
char airflow_status(const uint16_t *samples, uint8_t n) {
  for (uint8_t i = 0; i < n; i++) {
    if (samples[i] <= calibration(RAIL_HIGH)) return 'o';
  }
  return 'f';
}

char skin_status(const uint16_t *samples, uint8_t n) {
  uint8_t off = 0, railed = 0;
  for (uint8_t i = 0; i < n; i++) {
    off += samples[i] <= calibration(SKIN_OFF);
    railed += samples[i] > calibration(RAIL_HIGH);
  }
  if (2 * railed >= n) return 'f';
  return 2 * off >= n ? 'n' : 'o';
}

char temperature_status(uint16_t counts) {
  if (at_rail(counts)) return 'f';
  return counts >= calibration(TEMPERATURE_OFF) ? 'n' : 'o';
}

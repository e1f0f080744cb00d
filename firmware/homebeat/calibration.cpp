#include "calibration.h"

#include <avr/eeprom.h>
#include <avr/pgmspace.h>
#include <string.h>
#include <util/crc16.h>

// Two copies, written in turn: when the power fails in the middle of one, the other is still whole.
struct Copy {
  uint8_t version, generation;
  uint16_t values[CONSTANTS];
  uint16_t crc;
};
static const uint16_t SLOT_BYTES = 64;
static_assert(sizeof(Copy) <= SLOT_BYTES, "a copy must fit its slot");

static Copy copy;
static bool kept;
static uint8_t slot, written;  // where the copy goes, and how much of it is there
static bool writing;

#define CALIBRATION_TEXT(name, text, nominal, least, most) static const char TEXT_##name[] PROGMEM = text;
CALIBRATION(CALIBRATION_TEXT)
#undef CALIBRATION_TEXT
struct Bounds {
  const char *name;
  uint16_t nominal, least, most;
};
#define CALIBRATION_BOUNDS(name, text, nominal, least, most) {TEXT_##name, nominal, least, most},
static const Bounds BOUNDS[CONSTANTS] PROGMEM = {CALIBRATION(CALIBRATION_BOUNDS)};
#undef CALIBRATION_BOUNDS

static Bounds bounds(uint8_t constant) {
  Bounds b;
  memcpy_P(&b, BOUNDS + constant, sizeof b);
  return b;
}

static uint16_t checksum(const Copy &c) {
  uint16_t sum = 0xFFFF;
  const uint8_t *bytes = (const uint8_t *)&c;
  for (uint8_t i = 0; i < sizeof c - sizeof c.crc; i++) sum = _crc_xmodem_update(sum, bytes[i]);
  return sum;
}

static bool in_range(uint8_t constant, uint16_t value) {
  Bounds b = bounds(constant);
  return value >= b.least && value <= b.most;
}

static bool load(uint8_t from, Copy *into) {
  eeprom_read_block(into, (const void *)(uintptr_t)(from * SLOT_BYTES), sizeof *into);
  if (into->version != CALIBRATION_VERSION || into->crc != checksum(*into)) return false;
  for (uint8_t i = 0; i < CONSTANTS; i++) {
    if (!in_range(i, into->values[i])) return false;
  }
  return true;
}

static void nominal() {
  copy.version = CALIBRATION_VERSION;
  for (uint8_t i = 0; i < CONSTANTS; i++) copy.values[i] = bounds(i).nominal;
}

void calibration_begin() {
  Copy other;
  writing = false;
  bool first = load(0, &copy);
  bool second = load(1, &other);
  slot = 0;
  if (second && (!first || (int8_t)(other.generation - copy.generation) > 0)) {
    copy = other;
    slot = 1;
  }
  kept = first || second;
  if (!kept) nominal();
}

uint16_t calibration(Constant constant) { return copy.values[constant]; }
bool calibration_kept() { return kept; }
bool calibration_writing() { return writing; }
const char *calibration_name(uint8_t constant) { return bounds(constant).name; }

static void write() {
  copy.generation++;
  copy.crc = checksum(copy);
  slot ^= 1;
  written = 0;
  writing = true;
  kept = true;
}

static bool find(const char *name, uint8_t length, uint8_t *constant) {
  for (uint8_t i = 0; i < CONSTANTS; i++) {
    const char *known = bounds(i).name;
    if (strlen_P(known) != length || strncmp_P(name, known, length)) continue;
    *constant = i;
    return true;
  }
  return false;
}

bool calibration_find(const char *name, uint8_t *constant) { return find(name, strlen(name), constant); }

bool calibration_set(const char *assignment, uint8_t *constant) {
  const char *equals = strchr(assignment, '=');
  if (!equals || !find(assignment, equals - assignment, constant)) return false;
  const char *digits = equals + 1;
  uint32_t value = 0;
  uint8_t n = 0;
  for (; *digits; digits++) {
    if (*digits < '0' || *digits > '9' || ++n > 5) return false;
    value = 10 * value + (*digits - '0');
  }
  if (n == 0 || value > 0xFFFF || !in_range(*constant, value)) return false;
  copy.values[*constant] = value;
  write();
  return true;
}

void calibration_reset() {
  nominal();
  write();
}

// A byte takes 3.4 ms: one whenever the last one is done, so that nothing waits for it.
void calibration_poll() {
  if (!writing || !eeprom_is_ready()) return;
  if (written == sizeof copy) {
    writing = false;
    return;
  }
  eeprom_update_byte((uint8_t *)(uintptr_t)(slot * SLOT_BYTES + written), ((const uint8_t *)&copy)[written]);
  written++;
}

#include "twi.h"

#include <avr/io.h>
#include <util/twi.h>

void twi_begin() {
  // No internal pull-ups: the accelerometer is a 1.95-3.6 V part, the shield has its own.
  PORTC &= ~(_BV(PC4) | _BV(PC5));
  TWBR = (F_CPU / 100000 - 16) / 2;
  TWCR = _BV(TWEN);
}

// One step on the bus; true when it ended with the expected status.
static bool step(uint8_t control, uint8_t expected) {
  TWCR = _BV(TWINT) | _BV(TWEN) | control;
  for (uint16_t left = 3000; left; left--) {
    if (TWCR & _BV(TWINT)) return TW_STATUS == expected;
  }
  return false;
}

static bool send(uint8_t byte, uint8_t expected) {
  TWDR = byte;
  return step(0, expected);
}

static void stop() {
  TWCR = _BV(TWINT) | _BV(TWEN) | _BV(TWSTO);
  for (uint16_t left = 3000; left && (TWCR & _BV(TWSTO)); left--) {}
}

static bool fail() {
  stop();
  TWCR = 0;  // releases the bus after a lost state
  TWCR = _BV(TWEN);
  return false;
}

static bool address(uint8_t device, uint8_t reg) {
  return step(_BV(TWSTA), TW_START) && send(device << 1, TW_MT_SLA_ACK) && send(reg, TW_MT_DATA_ACK);
}

bool twi_write(uint8_t device, uint8_t reg, uint8_t value) {
  if (!address(device, reg) || !send(value, TW_MT_DATA_ACK)) return fail();
  stop();
  return true;
}

bool twi_read(uint8_t device, uint8_t reg, uint8_t *into, uint8_t count) {
  if (!address(device, reg) || !step(_BV(TWSTA), TW_REP_START)) return fail();
  if (!send((device << 1) | 1, TW_MR_SLA_ACK)) return fail();
  while (count--) {
    if (!(count ? step(_BV(TWEA), TW_MR_DATA_ACK) : step(0, TW_MR_DATA_NACK))) return fail();
    *into++ = TWDR;
  }
  stop();
  return true;
}

#include "accelerometer.h"

#include "sampler.h"
#include "twi.h"

static const uint8_t OUT_X = 0x01, WHO_AM_I = 0x0D, XYZ_DATA_CFG = 0x0E, CTRL_REG1 = 0x2A;
static const uint8_t IDENTITY = 0x2A;
static const uint8_t RANGE_8G = 2;
static const uint8_t RATE_200HZ_ACTIVE = (2 << 3) | 1;  // four conversions to each of our readings: at most 5 ms old
static const uint8_t ADDRESSES[2] = {0x1D, 0x1C};       // SA0 high, as the shield has it, or low

static AccelBlock blocks[2];
static uint8_t filling, fill;
static bool ready;
static uint8_t device;     // its address, 0 while it does not answer
static uint8_t retry_in;   // readings until it is looked for again

Gap accelerometer_gap;

static void turn() {
  filling ^= 1;
  fill = 0;
  ready = true;
}

static bool start(uint8_t address) {
  uint8_t who;
  return twi_read(address, WHO_AM_I, &who, 1) && who == IDENTITY && twi_write(address, CTRL_REG1, 0) &&
         twi_write(address, XYZ_DATA_CFG, RANGE_8G) && twi_write(address, CTRL_REG1, RATE_200HZ_ACTIVE);
}

static void look() {
  device = 0;
  for (uint8_t i = 0; i < 2 && !device; i++) {
    if (start(ADDRESSES[i])) device = ADDRESSES[i];
  }
  retry_in = 50;
}

void accelerometer_begin() {
  twi_begin();
  look();
}

void accelerometer_poll(bool may_search) {
  if (!accel_due()) return;
  if (fill == ACCEL_BLOCK) {
    accelerometer_gap.add(now_ms());
    return;
  }
  if (!device && retry_in > 1) retry_in--;
  else if (!device && may_search) look();
  AccelBlock &block = blocks[filling];
  if (fill == 0) {
    block.time = now_ms();
    block.status = 'o';
  }
  uint8_t raw[6];
  uint16_t *sample = block.samples + 3 * fill;
  if (device && twi_read(device, OUT_X, raw, 6)) {
    for (uint8_t axis = 0; axis < 3; axis++) {
      // 12 bits, left-justified, two's complement; +2048 turns the sign bit over.
      sample[axis] = (((uint16_t)raw[2 * axis] << 8 | raw[2 * axis + 1]) >> 4) ^ 0x800;
    }
  } else {
    if (device) retry_in = 50;
    device = 0;
    block.status = 'f';
    sample[0] = sample[1] = sample[2] = 4095;
  }
  if (++fill == ACCEL_BLOCK && !ready) turn();
}

const AccelBlock *accelerometer_waiting() { return ready ? &blocks[filling ^ 1] : 0; }

void accelerometer_sent() {
  ready = false;
  if (fill == ACCEL_BLOCK) turn();
}

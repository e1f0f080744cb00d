// CRC-16 with the polynomial 1021, bit by bit, as avr-libc's manual gives it.
#pragma once
#include <stdint.h>

inline uint16_t _crc_xmodem_update(uint16_t crc, uint8_t data) {
  crc ^= (uint16_t)data << 8;
  for (int i = 0; i < 8; i++) crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
  return crc;
}

#include "line.h"

#include "uart.h"

#include <avr/pgmspace.h>
#include <util/crc16.h>

static const uint8_t MAX_LINE = 120;
static uint16_t crc, sequence, dropped;

bool line_ready() { return uart_room() >= MAX_LINE; }

void line_char(char c) {
  // CRC-16/CCITT-FALSE is the XMODEM step started from FFFF.
  crc = _crc_xmodem_update(crc, (uint8_t)c);
  uart_put((uint8_t)c);
}

void line_comma() { line_char(','); }

void line_text(const char *flash) {
  for (char c; (c = pgm_read_byte(flash)); flash++) line_char(c);
}

void line_hex(uint16_t value, uint8_t digits) {
  while (digits--) {
    uint8_t nibble = (value >> (4 * digits)) & 15;
    line_char(nibble < 10 ? '0' + nibble : 'A' - 10 + nibble);
  }
}

void line_decimal(uint16_t value, uint8_t width) {
  char digits[5];
  uint8_t n = 0;
  do {
    digits[n++] = '0' + value % 10;
    value /= 10;
  } while (value);
  for (uint8_t pad = n; pad < width; pad++) line_char('0');
  while (n) line_char(digits[--n]);
}

void line_decimal(uint16_t value) { line_decimal(value, 1); }

static char base64(uint8_t v) {
  if (v < 26) return 'A' + v;
  if (v < 52) return 'a' - 26 + v;
  if (v < 62) return '0' - 52 + v;
  return v == 62 ? '+' : '/';
}

void line_packed(uint16_t value) {
  line_char(base64((value >> 6) & 63));
  line_char(base64(value & 63));
}

void line_begin(char type, uint32_t time) {
  uart_put('!');
  crc = 0xFFFF;
  line_char(type);
  line_comma();
  line_hex(sequence++, 4);
  line_comma();
  line_hex(time >> 16, 4);
  line_hex(time, 4);
  line_comma();
}

void line_end() {
  uint16_t sum = crc;
  uart_put('*');
  line_hex(sum, 4);
  uart_put('\n');
}

void line_drop() {
  sequence++;
  dropped++;
}

uint16_t lines_dropped() { return dropped; }

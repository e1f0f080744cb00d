// Writes one protocol line straight into the transmit ring, with its sequence number and checksum.
#pragma once
#include <stdint.h>

// True when a whole line fits now: only then may line_begin() be called.
bool line_ready();

void line_begin(char type, uint32_t time);
void line_char(char c);
void line_text(const char *flash);       // a string in flash: PSTR("…")
void line_comma();
void line_decimal(uint16_t value);
void line_decimal(uint16_t value, uint8_t width);  // zero-padded
void line_hex(uint16_t value, uint8_t digits);
void line_packed(uint16_t value);        // 12 bits as two base64 digits
void line_end();

// A line that could not be sent in time: takes a sequence number, so that the receiver sees the loss.
void line_drop();
uint16_t lines_dropped();

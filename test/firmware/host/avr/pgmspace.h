// On the host flash is memory like any other.
#pragma once
#include <stdint.h>
#include <string.h>

#define PROGMEM
#define PSTR(text) text
#define pgm_read_byte(at) (*(const uint8_t *)(at))
#define memcpy_P memcpy
#define strcmp_P strcmp
#define strncmp_P strncmp
#define strlen_P strlen

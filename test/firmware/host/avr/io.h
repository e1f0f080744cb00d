// The registers that board.h names in its inline function; nothing reads them.
#pragma once
#include <stdint.h>

#define _BV(bit) (1 << (bit))
enum { PD5 = 5, PD6 = 6, PD7 = 7 };
static uint8_t DDRD, PORTD, DIDR0, TCCR0B, TIMSK0;

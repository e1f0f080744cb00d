// Why the processor started: MCUSR, kept before anything clears it.
#pragma once
#include <stdint.h>

// PORF, EXTRF, BORF and WDRF as in MCUSR; 0 when the bootloader has cleared them.
uint8_t reset_cause();

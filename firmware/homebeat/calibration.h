// The constants that nobody documents, kept in the EEPROM: read at boot, replaced by the command C.
#pragma once
#include "constants.h"

#include <stdint.h>

#define CALIBRATION_NAME(name, text, nominal, least, most) name,
enum Constant : uint8_t { CALIBRATION(CALIBRATION_NAME) CONSTANTS };
#undef CALIBRATION_NAME

void calibration_begin();  // the newest copy whose checksum is right, or the nominal values
uint16_t calibration(Constant constant);
bool calibration_kept();  // true when the values come from the EEPROM, false when they are the nominal ones
const char *calibration_name(uint8_t constant);  // in flash

// "name=1234": false when there is no such constant or the value is out of its range. Takes effect at once; writing it
// goes on in the background, a byte at a time.
bool calibration_set(const char *assignment, uint8_t *constant);
bool calibration_find(const char *name, uint8_t *constant);
void calibration_reset();
void calibration_poll();
bool calibration_writing();

// A window of a dump's records, as raw bytes: eight each, and decoded only when they are sent. The RAM is too small for
// all 80 of the cuff, but the device repeats its dump on each request: it is read in passes, a window each.
#pragma once
#include <stdint.h>

static const uint8_t RECORD_BYTES = 8;
static const uint8_t MAX_RECORDS = 40;

void records_dump();                // begins a new dump
void records_pass(uint16_t from);   // begins a pass that keeps the records from this one on
void records_add(const uint8_t *raw);
uint16_t records_seen();            // in this pass, kept or not
uint8_t records_kept();
bool records_full();
bool records_same();                // whether the records before the window are the ones of the passes before
void records_forget();              // keeps nothing of this pass
void records_next();                // what follows the window is the next pass's
const uint8_t *record_at(uint8_t index);  // 0 is the first of the window

#include "reset.h"

#include <avr/io.h>
#include <avr/wdt.h>

static uint8_t cause __attribute__((section(".noinit")));

// A watchdog reset leaves the watchdog running at 16 ms: it must be stopped before main(), and needs WDRF cleared first.
extern "C" void keep_reset_cause() __attribute__((naked, used, section(".init3")));
void keep_reset_cause() {
  cause = MCUSR;
  MCUSR = 0;
  wdt_disable();
}

uint8_t reset_cause() { return cause; }

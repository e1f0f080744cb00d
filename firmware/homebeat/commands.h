// Reads commands from the host, answers them, and keeps the mode.
#pragma once
#include <stdint.h>

void commands_poll();
void commands_forget();        // drops a half-read command, before and after a hand-over
bool mode_is_ecg();
uint16_t commands_refused();
bool commands_send_constant();  // sends one C line of a listing; the caller has checked line_ready()

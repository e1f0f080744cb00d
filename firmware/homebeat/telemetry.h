// Turns finished blocks into lines, the most urgent first, one whenever the transmit ring has room for a whole line.
#pragma once

void telemetry_banner();
void telemetry_poll();

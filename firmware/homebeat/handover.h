// Hands the UART to the cuff or the glucometer, reads what it has stored, and takes the UART back; as often as it takes.
#pragma once
#include <stdint.h>

enum Device : uint8_t { NOBODY, CUFF, GLUCOMETER };

bool handover_request(Device device);  // false while one is under way or its records are not all sent
void handover_poll();                  // does one pass of what was requested; takes up to 3.5 s, of the glucometer 10.5 s
bool handover_send_record();           // sends one record if there is one; the caller has checked line_ready()

// The UART with its two rings. Writing never waits: ask uart_room() first.
#pragma once
#include <stdint.h>

void uart_begin(uint32_t baud);
uint8_t uart_room();          // bytes that can be written now, at most 255
void uart_put(uint8_t byte);  // the caller has made sure of the room
bool uart_take(uint8_t *byte);
void uart_discard();          // forgets what was received
uint16_t uart_overflows();    // bytes lost because the receive ring was full

bool uart_drained();          // true when all bytes but the last one or two have left
void uart_change_baud(uint32_t baud);  // at once: what has not left is lost

#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

static const uint8_t RX_SIZE = 64;  // 33 ms at the cuff's 19200 baud
static volatile uint8_t tx_ring[256];
static volatile uint8_t tx_head, tx_tail;
static volatile uint8_t rx_ring[RX_SIZE];
static volatile uint8_t rx_head, rx_tail;
static volatile uint16_t rx_lost;

static void configure(uint32_t baud) {
  UCSR0B = 0;
  UBRR0 = (uint16_t)((F_CPU / 4 / baud - 1) / 2);
  UCSR0A = _BV(U2X0);
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

void uart_begin(uint32_t baud) { configure(baud); }

uint8_t uart_room() { return (uint8_t)(tx_tail - tx_head - 1); }

void uart_put(uint8_t byte) {
  tx_ring[tx_head] = byte;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    tx_head++;
    UCSR0B |= _BV(UDRIE0);
  }
}

// The interrupt is switched off with the last byte, not after it: UDRE then rises again when that byte has moved on.
ISR(USART_UDRE_vect) {
  uint8_t tail = tx_tail;
  UDR0 = tx_ring[tail];
  tx_tail = ++tail;
  if (tail == tx_head) UCSR0B &= ~_BV(UDRIE0);
}

ISR(USART_RX_vect) {
  bool bad = UCSR0A & _BV(FE0);
  uint8_t byte = UDR0;
  if (bad) return;
  uint8_t next = (rx_head + 1) % RX_SIZE;
  if (next == rx_tail) {
    rx_lost++;
    return;
  }
  rx_ring[rx_head] = byte;
  rx_head = next;
}

bool uart_take(uint8_t *byte) {
  if (rx_tail == rx_head) return false;
  *byte = rx_ring[rx_tail];
  rx_tail = (rx_tail + 1) % RX_SIZE;
  return true;
}

void uart_discard() {
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { rx_tail = rx_head; }
}

uint16_t uart_overflows() {
  uint16_t lost;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { lost = rx_lost; }
  return lost;
}

bool uart_drained() { return tx_head == tx_tail && (UCSR0A & _BV(UDRE0)); }

void uart_change_baud(uint32_t baud) {
  configure(baud);
  uart_discard();
}

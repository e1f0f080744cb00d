#include "handover.h"

#include "accelerometer.h"
#include "board.h"
#include "commands.h"
#include "cuff.h"
#include "glucometer.h"
#include "line.h"
#include "records.h"
#include "sampler.h"
#include "uart.h"

#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

static const uint16_t FIRST_BYTE_MS = 1000;  // the glucometer answers within a second
static const uint16_t NEXT_BYTE_MS = 150;    // then silence is the end
static const uint16_t LONGEST_MS = 3000;     // the waveforms wait: no dump may take longer
static const uint8_t ENABLE_MS = 100;        // the glucometer's link, between D5 and the first byte
static const uint8_t SETTLE_MS = 4;          // idle line before the first byte at the host's rate

static Device requested = NOBODY, source = NOBODY;
static uint8_t sent;  // records of `source` already sent

static bool records_wait() { return source != NOBODY && sent < records_kept(); }

bool handover_request(Device device) {
  if (requested != NOBODY || records_wait()) return false;
  requested = device;
  return true;
}

static void rest() {
  wdt_reset();
  sleep_mode();
}

static void rest_ms(uint16_t ms) {
  uint32_t begin = now_ms();
  while (now_ms() - begin < ms) rest();
}

static void announce(bool begin, uint8_t records, uint16_t dropped) {
  while (!line_ready()) rest();
  line_begin('H', now_ms());
  line_text(begin ? PSTR("begin,") : PSTR("end,"));
  line_text(source == CUFF ? PSTR("cuff,") : PSTR("glucometer,"));
  line_decimal(records);
  line_comma();
  line_decimal(dropped);
  line_end();
}

// Feeds the parser until it is content, the device falls silent, or the time is up.
template <class Parser> static void listen(Parser &parser) {
  uint32_t begin = now_ms(), last = begin;
  bool heard = false;
  for (;;) {
    uint8_t byte;
    uint32_t now = now_ms();
    while (uart_take(&byte)) {
      heard = true;
      last = now;
      if (parser.feed(byte)) return;
    }
    if (now - begin > LONGEST_MS || now - last > (heard ? NEXT_BYTE_MS : FIRST_BYTE_MS)) return;
    rest();
  }
}

static uint16_t read_cuff() {
  CuffParser parser;
  uart_change_baud(BAUD_CUFF);
  uart_put(0xAA);
  uart_put(0x55);
  uart_put(0x88);
  listen(parser);
  return parser.malformed();
}

static uint16_t read_glucometer() {
  GlucometerParser parser;
  PORTD |= GLUCOMETER_ENABLE;
  rest_ms(ENABLE_MS);
  uart_change_baud(BAUD_GLUCOMETER);
  uart_put('U');
  listen(parser);
  PORTD &= ~GLUCOMETER_ENABLE;
  return parser.malformed() + parser.missing();
}

void handover_poll() {
  if (requested == NOBODY) return;
  source = requested;
  sent = 0;
  records_clear();
  announce(true, 0, 0);
  sampler_pause();
  uint16_t lost = source == CUFF ? read_cuff() : read_glucometer();
  uart_change_baud(BAUD_HOST);
  rest_ms(SETTLE_MS);
  uart_put('\n');
  lost += records_overwritten();
  announce(false, records_kept(), lost);
  commands_forget();
  accelerometer_restart();
  sampler_resume();
  requested = NOBODY;
}

static void send_time(uint8_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute) {
  line_decimal(2000 + year, 4);
  line_char('-');
  line_decimal(month, 2);
  line_char('-');
  line_decimal(day, 2);
  line_char('T');
  line_decimal(hour, 2);
  line_char(':');
  line_decimal(minute, 2);
  line_comma();
}

bool handover_send_record() {
  if (!records_wait()) return false;
  const uint8_t *raw = record_at(sent);
  line_begin(source == CUFF ? 'P' : 'U', now_ms());
  line_text(PSTR("o,"));
  line_decimal(sent++);
  line_comma();
  if (source == CUFF) {
    CuffRecord r;
    cuff_decode(raw, &r);
    send_time(r.year, r.month, r.day, r.hour, r.minute);
    line_decimal(r.systolic);
    line_comma();
    line_decimal(r.diastolic);
    line_comma();
    line_decimal(r.pulse);
  } else {
    GlucoseRecord r;
    glucose_decode(raw, &r);
    send_time(r.year, r.month, r.day, r.hour, r.minute);
    line_decimal(r.glucose);
    line_comma();
    line_hex(r.flags, 2);
  }
  line_end();
  return true;
}

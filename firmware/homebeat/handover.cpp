#include "handover.h"

#include "accelerometer.h"
#include "board.h"
#include "commands.h"
#include "cuff.h"
#include "glucometer.h"
#include "line.h"
#include "oximeter.h"
#include "records.h"
#include "sampler.h"
#include "uart.h"

#include <avr/pgmspace.h>
#include <avr/sleep.h>
#include <avr/wdt.h>

static const uint16_t FIRST_BYTE_MS = 1000;        // the glucometer answers within a second
static const uint16_t NEXT_BYTE_MS = 150;          // then silence is the end
// No pass may take longer: the waveforms have a gap meanwhile. The cuff needs 0.5 s, the glucometer 83 ms a record.
static const uint16_t LONGEST_CUFF_MS = 3000, LONGEST_GLUCOMETER_MS = 10000;
static const uint8_t ENABLE_MS = 100;              // the glucometer's link, between D5 and the first byte
static const uint8_t SETTLE_MS = 4;                // idle line before the first byte at the host's rate
static const uint8_t RESTARTS = 2;                 // of a dump that changed between two passes

static Device requested = NOBODY, source = NOBODY;
static uint16_t from;     // the first record of this pass
static uint8_t sent;      // records of this pass already sent
static uint8_t restarts;
static bool more;         // another pass follows

static bool records_wait() { return source != NOBODY && sent < records_kept(); }

bool handover_request(Device device) {
  if (requested != NOBODY || more || records_wait()) return false;
  requested = device;
  return true;
}

// What goes on while the UART is another's: everything but the lines.
static void rest() {
  wdt_reset();
  oximeter_poll();
  accelerometer_poll(false);
  sleep_mode();
}

static void rest_ms(uint16_t ms) {
  uint32_t begin = now_ms();
  while (now_ms() - begin < ms) rest();
}

// The last byte may still be in the data register and the one before it on the wire: two characters at the old rate.
static void change_baud(uint32_t baud, uint8_t two_characters_ms) {
  while (!uart_drained()) rest();
  rest_ms(two_characters_ms);
  uart_change_baud(baud);
}

static void announce(bool begin, uint16_t records, uint16_t dropped) {
  while (!line_ready()) rest();
  line_begin('H', now_ms());
  line_text(begin ? PSTR("begin,") : PSTR("end,"));
  line_text(source == CUFF ? PSTR("cuff,") : PSTR("glucometer,"));
  line_decimal(records);
  line_comma();
  line_decimal(dropped);
  line_comma();
  line_decimal(from);
  line_end();
}

// Feeds the parser until it is content, the device falls silent, or the time is up.
template <class Parser> static void listen(Parser &parser, uint16_t longest_ms) {
  uint32_t begin = now_ms(), last = begin;
  bool heard = false;
  for (;;) {
    uint8_t byte;
    uint32_t now = now_ms();
    while (uart_take(&byte)) {
      heard = true;
      last = now;
      if (parser.feed(byte) || parser.enough()) return;
    }
    if (now - begin > longest_ms || now - last > (heard ? NEXT_BYTE_MS : FIRST_BYTE_MS)) return;
    rest();
  }
}

// What a pass has found: the records in the dump as far as it is known, and how many of them cannot be had.
struct Found {
  uint16_t records, lost;
  bool more;  // behind the window
};

static Found read_cuff() {
  CuffParser parser;
  change_baud(BAUD_CUFF, 4);
  uart_put(0xAA);
  uart_put(0x55);
  uart_put(0x88);
  listen(parser, LONGEST_CUFF_MS);
  Found found = {records_seen(), parser.malformed(), records_seen() > from + records_kept()};
  return found;
}

// Each pass begins with the first record again; it ends when the window is full.
static Found read_glucometer() {
  GlucometerParser parser;
  PORTD |= GLUCOMETER_ENABLE;
  rest_ms(ENABLE_MS);
  change_baud(BAUD_GLUCOMETER, 4);
  uart_put('U');
  listen(parser, LONGEST_GLUCOMETER_MS);
  PORTD &= ~GLUCOMETER_ENABLE;
  Found found = {records_seen(), parser.malformed(), records_full() && parser.missing()};
  if (found.more) found.records += parser.missing();
  else found.lost += parser.missing();
  return found;
}

static void pass() {
  sent = 0;
  records_pass(from);
  announce(true, 0, 0);
  commands_forget();
  Found found = source == CUFF ? read_cuff() : read_glucometer();
  change_baud(BAUD_HOST, source == CUFF ? 4 : 20);
  rest_ms(SETTLE_MS);
  uart_put('\n');
  more = found.more;
  bool again = false;
  if (!records_same()) {
    // A new measurement, or noise: what was sent is not continued but sent again, from the start.
    again = more = restarts < RESTARTS;
    found.lost += again || found.records < from ? 0 : found.records - from;
    records_forget();
    restarts++;
  }
  announce(false, found.records, more ? 0 : found.lost);
  commands_forget();
  if (again) {
    from = 0;
    records_dump();
  }
}

void handover_poll() {
  if (requested != NOBODY) {
    source = requested;
    from = 0;
    restarts = 0;
    records_dump();
  } else if (!more || records_wait()) {
    return;
  } else if (records_kept()) {
    from += records_kept();
    records_next();
  }
  pass();
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
  line_decimal(from + sent++);
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

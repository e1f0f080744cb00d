#include "commands.h"

#include "board.h"
#include "handover.h"
#include "line.h"
#include "sampler.h"
#include "uart.h"

#include <avr/pgmspace.h>
#include <string.h>
#include <util/crc16.h>

// "P,0001,emg*ABCD": the longest command has 15 characters between "?" and LF.
static const uint8_t MAX_COMMAND = 20;
static char text[MAX_COMMAND + 1];
static uint8_t length;
static bool reading, waiting;  // waiting: `text` is a whole command that has not been answered yet
static bool emg;
static uint16_t refused;

bool mode_is_ecg() { return !emg; }
uint16_t commands_refused() { return refused; }

void commands_forget() {
  reading = waiting = false;
  length = 0;
}

static void answer(uint16_t cseq, const char *result, const char *detail) {
  line_begin('K', now_ms());
  line_hex(cseq, 4);
  line_text(result);
  line_text(detail);
  line_end();
}

static void accept(uint16_t cseq, const char *detail) { answer(cseq, PSTR(",ok,"), detail); }

static void refuse(uint16_t cseq, const char *detail) {
  refused++;
  answer(cseq, PSTR(",err,"), detail);
}

static bool parse_hex(const char *s, uint16_t *value) {
  *value = 0;
  for (uint8_t i = 0; i < 4; i++) {
    char c = s[i];
    uint8_t nibble;
    if (c >= '0' && c <= '9') nibble = c - '0';
    else if (c >= 'A' && c <= 'F') nibble = c - 'A' + 10;
    else return false;
    *value = *value << 4 | nibble;
  }
  return true;
}

static void begin_dump(uint16_t cseq, Device device, const char *detail, const char *argument) {
  if (*argument) return refuse(cseq, PSTR("bad-argument"));
  if (!handover_request(device)) return refuse(cseq, PSTR("busy"));
  accept(cseq, detail);
}

static void set_mode(uint16_t cseq, const char *argument) {
  bool to_emg;
  if (!strcmp_P(argument, PSTR("ecg"))) to_emg = false;
  else if (!strcmp_P(argument, PSTR("emg"))) to_emg = true;
  else return refuse(cseq, PSTR("bad-argument"));
  if (to_emg != emg) {
    emg = to_emg;
    heart_restart();
  }
  accept(cseq, emg ? PSTR("emg") : PSTR("ecg"));
}

// T,SSSS,[argument]*CRCC. What has not even this shape cannot be answered: it is counted, and the host repeats.
static void execute() {
  uint16_t cseq, crc;
  if (length < 12 || text[1] != ',' || text[6] != ',' || text[length - 5] != '*' || !parse_hex(text + 2, &cseq) ||
      !parse_hex(text + length - 4, &crc)) {
    refused++;
    return;
  }
  uint16_t sum = 0xFFFF;
  for (uint8_t i = 0; i < length - 5; i++) sum = _crc_xmodem_update(sum, (uint8_t)text[i]);
  if (sum != crc) return refuse(cseq, PSTR("crc"));
  text[length - 5] = 0;
  const char *argument = text + 7;
  switch (text[0]) {
    case 'I':
      if (*argument) return refuse(cseq, PSTR("bad-argument"));
      return accept(cseq, PSTR("homebeat-" FIRMWARE_VERSION));
    case 'P': return begin_dump(cseq, CUFF, PSTR("cuff"), argument);
    case 'U': return begin_dump(cseq, GLUCOMETER, PSTR("glucometer"), argument);
    case 'M': return set_mode(cseq, argument);
    default: return refuse(cseq, PSTR("unknown"));
  }
}

void commands_poll() {
  uint8_t byte;
  while (!waiting && uart_take(&byte)) {
    if (byte == '?') {
      if (reading) refused++;
      reading = true;
      length = 0;
    } else if (!reading) {
      continue;
    } else if (byte == '\n') {
      reading = false;
      waiting = true;
    } else if (byte < 0x20 || byte > 0x7E || length == MAX_COMMAND) {
      reading = false;
      refused++;
    } else {
      text[length++] = byte;
    }
  }
  if (!waiting || !line_ready()) return;
  waiting = false;
  text[length] = 0;
  execute();
}

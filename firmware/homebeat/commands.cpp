#include "commands.h"

#include "board.h"
#include "calibration.h"
#include "handover.h"
#include "line.h"
#include "sampler.h"
#include "uart.h"

#include <avr/pgmspace.h>
#include <string.h>
#include <util/crc16.h>

// "C,0001,airflow-zero=65535*ABCD": the longest command has 30 characters between "?" and LF.
static const uint8_t MAX_COMMAND = 32;
static char text[MAX_COMMAND + 1];
static uint8_t length;
static bool reading, waiting;  // waiting: `text` is a whole command that has not been answered yet
static bool emg;
static uint8_t ecg_ticks = HEART_TICKS, emg_ticks = HEART_TICKS;
static uint16_t refused;
static uint16_t keeping;              // the command that waits for the EEPROM
static uint8_t kept = CONSTANTS + 1;  // and the constant it has set; CONSTANTS: all of them; more: none waits
static uint8_t listing = CONSTANTS;   // the next constant to be sent

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

static void accept_value(uint16_t cseq, uint16_t value) {
  line_begin('K', now_ms());
  line_hex(cseq, 4);
  line_text(PSTR(",ok,"));
  line_decimal(value);
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
    heart_restart(emg ? emg_ticks : ecg_ticks);
  }
  accept(cseq, emg ? PSTR("emg") : PSTR("ecg"));
}

// Bounded choices: what the converter, the link and the memory carry with room to spare.
static void set_rate(uint16_t cseq, const char *argument) {
  static const struct {
    char text[12];
    char signal;
    uint8_t ticks;
  } CHOICES[] PROGMEM = {
      {"ecg=125", 'e', 4}, {"ecg=250", 'e', 2}, {"ecg=500", 'e', 1},    {"emg=250", 'm', 2},
      {"emg=500", 'm', 1}, {"airflow=25", 'a', 20}, {"airflow=50", 'a', 10},
  };
  for (uint8_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
    if (strcmp_P(argument, CHOICES[i].text)) continue;
    uint8_t ticks = pgm_read_byte(&CHOICES[i].ticks);
    char signal = pgm_read_byte(&CHOICES[i].signal);
    if (signal == 'a') {
      if (ticks != airflow_ticks()) airflow_restart(ticks);
    } else {
      (signal == 'm' ? emg_ticks : ecg_ticks) = ticks;
      if ((signal == 'm') == emg && ticks != heart_ticks()) heart_restart(ticks);
    }
    return accept_value(cseq, 1000 / TICK_MS / ticks);
  }
  refuse(cseq, PSTR("bad-argument"));
}

// Nothing: lists all. A name: its value. name=value: sets it. "nominal": sets all as they were delivered.
static void calibrate(uint16_t cseq, const char *argument) {
  uint8_t constant;
  if (!*argument) {
    listing = 0;
    return accept(cseq, calibration_kept() ? PSTR("kept") : PSTR("nominal"));
  }
  if (calibration_find(argument, &constant)) return accept_value(cseq, calibration((Constant)constant));
  if (!strcmp_P(argument, PSTR("nominal"))) {
    calibration_reset();
    constant = CONSTANTS;
  } else if (!calibration_set(argument, &constant)) {
    return refuse(cseq, PSTR("bad-argument"));
  }
  keeping = cseq;
  kept = constant;
}

// Answered when it is in the EEPROM, not before.
static void answer_kept() {
  if (kept == CONSTANTS) accept(keeping, PSTR("nominal"));
  else accept_value(keeping, calibration((Constant)kept));
  kept = CONSTANTS + 1;
}

bool commands_send_constant() {
  if (listing == CONSTANTS) return false;
  line_begin('C', now_ms());
  line_text(calibration_name(listing));
  line_comma();
  line_decimal(calibration((Constant)listing++));
  line_end();
  return true;
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
    case 'R': return set_rate(cseq, argument);
    case 'C': return calibrate(cseq, argument);
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
  if (!line_ready() || calibration_writing()) return;
  if (kept <= CONSTANTS) answer_kept();
  if (!waiting || !line_ready()) return;
  waiting = false;
  text[length] = 0;
  execute();
}

#include "telemetry.h"

#include "accelerometer.h"
#include "board.h"
#include "commands.h"
#include "handover.h"
#include "line.h"
#include "oximeter.h"
#include "reset.h"
#include "sampler.h"
#include "status.h"
#include "uart.h"

#include <avr/pgmspace.h>
#include <util/atomic.h>

static bool oximeter_waits, state_waits;
static uint32_t second_time;

void telemetry_banner() {
  uart_put('\n');  // ends whatever noise stood on the line
  line_begin('B', 0);
  line_text(PSTR("1," FIRMWARE_VERSION ","));
  uint8_t cause = reset_cause();
  if (cause & _BV(PORF)) line_char('P');
  if (cause & _BV(EXTRF)) line_char('E');
  if (cause & _BV(BORF)) line_char('B');
  if (cause & _BV(WDRF)) line_char('W');
  if (!(cause & (_BV(PORF) | _BV(EXTRF) | _BV(BORF) | _BV(WDRF)))) line_char('-');
  line_end();
}

// In microseconds; every period is a whole number of milliseconds.
static void period(uint16_t ms) {
  line_decimal(ms);
  line_text(PSTR("000,"));
}

static void waveform(char type, uint32_t time, char status, uint16_t ms, const uint16_t *samples, uint8_t n) {
  line_begin(type, time);
  line_char(status);
  line_comma();
  period(ms);
  while (n--) line_packed(*samples++);
  line_end();
}

static void declare(char type, uint16_t ms, Gap &gap) {
  uint32_t since;
  uint16_t count = gap.take(&since);
  line_begin('L', since);
  line_char(type);
  line_comma();
  period(ms);
  line_decimal(count);
  line_end();
}

static bool send_heart() {
  bool ecg = mode_is_ecg();
  uint8_t ms = heart_ticks() * TICK_MS;
  if (heart.gap.due(heart.ready, heart.waiting_time())) {
    declare(ecg ? 'E' : 'M', ms, heart.gap);
    return true;
  }
  if (!heart.ready) return false;
  const uint16_t *s = heart.waiting();
  char status = heart_status(s, HEART_BLOCK, ecg, 1000 / HEART_BLOCK / ms);
  waveform(ecg ? 'E' : 'M', heart.waiting_time(), status, ms, s, HEART_BLOCK);
  heart.sent();
  return true;
}

static bool send_accelerometer() {
  const AccelBlock *block = accelerometer_waiting();
  if (accelerometer_gap.due(block, block ? block->time : 0)) {
    declare('X', ACCEL_TICKS * TICK_MS, accelerometer_gap);
    return true;
  }
  if (!block) return false;
  waveform('X', block->time, block->status, ACCEL_TICKS * TICK_MS, block->samples, 3 * ACCEL_BLOCK);
  accelerometer_sent();
  return true;
}

static bool send_airflow() {
  uint8_t ms = airflow_ticks() * TICK_MS;
  if (airflow.gap.due(airflow.ready, airflow.waiting_time())) {
    declare('A', ms, airflow.gap);
    return true;
  }
  if (!airflow.ready) return false;
  const uint16_t *s = airflow.waiting();
  waveform('A', airflow.waiting_time(), airflow_status(s, AIRFLOW_BLOCK), ms, s, AIRFLOW_BLOCK);
  airflow.sent();
  return true;
}

static bool send_skin() {
  const uint16_t ms = SKIN_TICKS * TICK_MS;
  if (skin.gap.due(skin.ready, skin.waiting_time())) {
    declare('G', ms, skin.gap);
    return true;
  }
  if (!skin.ready) return false;
  const uint16_t *s = skin.waiting();
  waveform('G', skin.waiting_time(), skin_status(s, SKIN_BLOCK), ms, s, SKIN_BLOCK);
  skin.sent();
  return true;
}

static bool send_temperature() {
  Temperatures &t = temperatures;
  uint8_t at = t.first;
  if (t.gap.due(t.waiting, t.time[at])) {
    declare('T', SECOND_TICKS * TICK_MS, t.gap);
    return true;
  }
  if (!t.waiting) return false;
  line_begin('T', t.time[at]);
  line_char(temperature_status(t.counts[at]));
  line_comma();
  line_decimal(t.counts[at]);
  line_end();
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    t.first = (at + 1) % Temperatures::ROOM;
    t.waiting--;
  }
  return true;
}

static bool send_oximeter() {
  if (!oximeter_waits) return false;
  Oximetry r = oximeter_take();
  line_begin('O', second_time);
  line_char(r.status);
  line_comma();
  if (r.status == 'o') line_decimal(r.pulse);
  line_comma();
  if (r.status == 'o') line_decimal(r.spo2);
  line_end();
  oximeter_waits = false;
  return true;
}

static bool send_state() {
  if (!state_waits) return false;
  line_begin('S', second_time);
  line_text(mode_is_ecg() ? PSTR("ecg,") : PSTR("emg,"));
  line_decimal(sampler_overruns());
  line_comma();
  line_decimal(lines_dropped());
  line_comma();
  line_decimal(commands_refused());
  line_end();
  state_waits = false;
  return true;
}

void telemetry_poll() {
  if (second_due()) {
    if (oximeter_waits) line_drop();
    if (state_waits) line_drop();
    oximeter_waits = state_waits = true;
    second_time = now_ms();
  }
  if (!line_ready()) return;
  (void)(send_heart() || send_accelerometer() || send_airflow() || send_skin() || send_temperature() ||
         send_oximeter() || send_state() || commands_send_constant() || handover_send_record());
}

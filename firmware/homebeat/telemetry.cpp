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

static void waveform(char type, uint32_t time, char status, const char *period, const uint16_t *samples, uint8_t n) {
  line_begin(type, time);
  line_char(status);
  line_text(period);
  while (n--) line_packed(*samples++);
  line_end();
}

template <uint8_t N> static void drop_lost(Block<N> &block) {
  uint8_t lost;
  ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
    lost = block.lost;
    block.lost = 0;
  }
  while (lost--) line_drop();
}

static bool send_heart() {
  drop_lost(heart);
  if (!heart.ready) return false;
  const uint16_t *s = heart.waiting();
  bool ecg = mode_is_ecg();
  waveform(ecg ? 'E' : 'M', heart.waiting_time(), heart_status(s, HEART_BLOCK, ecg), PSTR(",4000,"), s, HEART_BLOCK);
  heart.ready = false;
  return true;
}

static bool send_accelerometer() {
  const AccelBlock *block = accelerometer_waiting();
  if (!block) return false;
  waveform('X', block->time, block->status, PSTR(",20000,"), block->samples, 3 * ACCEL_BLOCK);
  accelerometer_sent();
  return true;
}

static bool send_airflow() {
  drop_lost(airflow);
  if (!airflow.ready) return false;
  const uint16_t *s = airflow.waiting();
  waveform('A', airflow.waiting_time(), airflow_status(s, AIRFLOW_BLOCK), PSTR(",40000,"), s, AIRFLOW_BLOCK);
  airflow.ready = false;
  return true;
}

static bool send_skin() {
  drop_lost(skin);
  if (!skin.ready) return false;
  const uint16_t *s = skin.waiting();
  waveform('G', skin.waiting_time(), skin_status(s, SKIN_BLOCK), PSTR(",250000,"), s, SKIN_BLOCK);
  skin.ready = false;
  return true;
}

static bool send_temperature() {
  if (!temperature.ready) return false;
  line_begin('T', temperature.time);
  line_char(temperature_status(temperature.counts));
  line_comma();
  line_decimal(temperature.counts);
  line_end();
  temperature.ready = false;
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
         send_oximeter() || send_state() || handover_send_record());
}

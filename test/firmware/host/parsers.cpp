// Unit tests and fuzzing of the sketch's parsers. Usage: parsers <seed> <rounds>. Prints what it did; aborts on a fault.
#include "calibration.h"
#include "commands.h"
#include "cuff.h"
#include "glucometer.h"
#include "handover.h"
#include "line.h"
#include "records.h"
#include "sampler.h"
#include "uart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <util/crc16.h>
#include <vector>

#define CHECK(what) \
  do { \
    if (!(what)) { \
      fprintf(stderr, "line %d: %s\n", __LINE__, #what); \
      exit(1); \
    } \
  } while (0)

typedef std::vector<uint8_t> Bytes;

// ---- What the parsers call, and nothing more.
uint8_t eeprom[1024];
static Bytes rx;
static size_t rx_at;
static std::string tx;
static int heart_restarts, airflow_restarts, dumps;
static uint8_t heart_now = 2, airflow_now = 20;

bool uart_take(uint8_t *byte) {
  if (rx_at == rx.size()) return false;
  *byte = rx[rx_at++];
  return true;
}
uint8_t uart_room() { return 255; }
void uart_put(uint8_t byte) { tx.push_back((char)byte); }
uint32_t now_ms() { return 0; }
uint8_t heart_ticks() { return heart_now; }
uint8_t airflow_ticks() { return airflow_now; }
void heart_restart(uint8_t ticks) { heart_now = ticks; heart_restarts++; }
void airflow_restart(uint8_t ticks) { airflow_now = ticks; airflow_restarts++; }
bool handover_request(Device) { dumps++; return dumps % 2; }

// ---- A generator that is the same on every machine: xorshift32.
static uint32_t state;
static uint32_t random32() {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
static uint32_t below(uint32_t n) { return random32() % n; }

static const uint8_t CAPTURE[4][8] = {{0x2F, 0x4F, 0xCE, 0x4F, 0xAF, 0x6A, 0x6B, 0x3C},
                                      {0x2F, 0x4F, 0xCE, 0xEE, 0xDF, 0x79, 0xEA, 0x0B},
                                      {0x2F, 0x4F, 0x4E, 0xFE, 0xCD, 0xE3, 0x09, 0x5A},
                                      {0x2F, 0x3F, 0xDF, 0x5F, 0xFF, 0xF9, 0x8A, 0xCA}};

static Bytes cuff_dump(int records) {
  Bytes dump = {0xC1, 0xC2, 0xC3, 0xC4};
  for (int i = 0; i < records; i++) {
    dump.insert(dump.end(), CAPTURE[i % 4], CAPTURE[i % 4] + 8);
    for (uint8_t b : {0xFF, 0xF0, 0xF1, 0xF2}) dump.push_back(b);
  }
  for (uint8_t b : {0xD1, 0xD2, 0xD3, 0xD4}) dump.push_back(b);
  return dump;
}

static Bytes glucose_dump(int records) {
  Bytes dump = {(uint8_t)records, 0};
  for (int i = 0; i < records; i++) {
    const uint8_t record[10] = {25, 3, 9, (uint8_t)(1 + i % 12), (uint8_t)(i % 60), 0, 104, 0xBB, 0, 0};
    dump.insert(dump.end(), record, record + 10);
  }
  return dump;
}

template <class Parser> static bool feed(Parser &parser, const Bytes &bytes) {
  for (uint8_t byte : bytes) {
    if (parser.feed(byte) || parser.enough()) return true;
  }
  return false;
}

// ---- The cuff.
static void cuff_units() {
  CuffRecord r;
  CHECK(cuff_decode(CAPTURE[2], &r));
  CHECK(r.year == 13 && r.month == 11 && r.day == 27 && r.hour == 16 && r.minute == 35);
  CHECK(r.systolic == 223 && r.diastolic == 111 && r.pulse == 90);

  // All 80, in windows, each pass the same dump again.
  records_dump();
  for (uint16_t from = 0; from < 80; from += MAX_RECORDS) {
    CuffParser parser;
    records_pass(from);
    CHECK(feed(parser, cuff_dump(80)));
    CHECK(records_same() && records_seen() == 80 && parser.malformed() == 0);
    CHECK(records_kept() == (80 - from < MAX_RECORDS ? 80 - from : MAX_RECORDS));
    for (uint8_t i = 0; i < records_kept(); i++) CHECK(!memcmp(record_at(i), CAPTURE[(from + i) % 4], 8));
    records_next();
  }

  // Another dump at the second pass is noticed.
  records_dump();
  records_pass(0);
  CuffParser first, second;
  feed(first, cuff_dump(60));
  records_next();
  records_pass(MAX_RECORDS);
  Bytes other = cuff_dump(60);
  other[4 + 7] ^= 1;
  feed(second, other);
  CHECK(!records_same());
}

// ---- The glucometer.
static void glucose_units() {
  const uint8_t noon[10] = {25, 3, 9, 12, 1, 0, 104, 0xBB, 0, 0}, midnight[10] = {25, 3, 9, 12, 1, 1, 4, 0xAA, 0, 0};
  GlucoseRecord r;
  CHECK(glucose_decode(noon, &r) && r.hour == 12 && r.glucose == 104 && r.flags == 0);
  CHECK(glucose_decode(midnight, &r) && r.hour == 0 && r.glucose == 260 && r.flags == 1);
  records_dump();
  records_pass(0);
  GlucometerParser parser;
  CHECK(feed(parser, glucose_dump(255)));
  CHECK(records_full() && parser.missing() == 255 - MAX_RECORDS && parser.malformed() == 0);
  records_pass(0);
  GlucometerParser none;
  CHECK(feed(none, glucose_dump(0)) && records_seen() == 0);
}

// ---- Commands.
static std::string framed(const std::string &body) {
  uint16_t crc = 0xFFFF;
  for (char c : body) crc = _crc_xmodem_update(crc, (uint8_t)c);
  char tail[8];
  snprintf(tail, sizeof tail, "*%04X\n", crc);
  return "?" + body + tail;
}

static std::string ask(const std::string &text) {
  tx.clear();
  rx.assign(text.begin(), text.end());
  rx_at = 0;
  for (int i = 0; i < 200; i++) {
    commands_poll();
    calibration_poll();
    while (commands_send_constant()) {}
  }
  return tx;
}

static bool says(const std::string &answer, const std::string &what) { return answer.find(what) != std::string::npos; }

static void command_units() {
  memset(eeprom, 0xFF, sizeof eeprom);
  calibration_begin();
  CHECK(says(ask(framed("I,00AB,")), ",00AB,ok,homebeat-"));
  CHECK(says(ask(framed("C,0001,skin-off=130")), ",0001,ok,130*"));
  CHECK(says(ask(framed("C,0001,airflow-zero=1023")), ",0001,ok,1023*"));
  CHECK(says(ask(framed("C,0001,airflow-zero=1024")), ",err,bad-argument"));
  calibration_begin();
  CHECK(calibration_kept() && calibration(SKIN_OFF) == 130 && calibration(AIRFLOW_ZERO) == 1023);
  for (int i = 0; i < 300; i++) CHECK(says(ask(framed("C,0001,skin-off=13" + std::to_string(i % 10))), ",ok,13"));
  calibration_begin();
  CHECK(calibration(SKIN_OFF) == 139);
  CHECK(says(ask(framed("R,0002,ecg=125")), ",0002,ok,125*") && heart_now == 4);
  CHECK(says(ask(framed("R,0002,airflow=50")), ",0002,ok,50*") && airflow_now == 10);
  CHECK(says(ask(framed("R,0002,ecg=250")), ",0002,ok,250*") && heart_now == 2);
}

// ---- Fuzzing: random bytes, and good messages with a few bytes changed, lost or added.
static Bytes mangled(Bytes bytes) {
  for (uint32_t n = below(6); n && !bytes.empty(); n--) {
    uint32_t at = below(bytes.size());
    switch (below(3)) {
      case 0: bytes[at] = random32(); break;
      case 1: bytes.erase(bytes.begin() + at); break;
      default: bytes.insert(bytes.begin() + at, (uint8_t)random32());
    }
  }
  return bytes;
}

static Bytes noise(uint32_t most) {
  Bytes bytes(below(most));
  for (uint8_t &byte : bytes) byte = random32();
  return bytes;
}

static uint32_t kept_in_all, answers;

static void check_kept(bool cuff) {
  CHECK(records_kept() <= MAX_RECORDS && records_kept() <= records_seen());
  for (uint8_t i = 0; i < records_kept(); i++) {
    CuffRecord c;
    GlucoseRecord g;
    CHECK(cuff ? cuff_decode(record_at(i), &c) : glucose_decode(record_at(i), &g));
  }
  kept_in_all += records_kept();
}

static void fuzz_round() {
  uint16_t from = below(3) * MAX_RECORDS;
  records_dump();
  records_pass(from);
  CuffParser cuff;
  feed(cuff, below(4) ? mangled(cuff_dump(below(90))) : noise(1200));
  check_kept(true);

  records_pass(from);
  GlucometerParser meter;
  feed(meter, below(4) ? mangled(glucose_dump(below(256))) : noise(2600));
  check_kept(false);

  static const char *const ARGUMENTS[] = {"", "emg", "ecg", "ecg=250", "airflow=50", "skin-off=120", "nominal", "rail-low", "=", "a=65536"};
  std::string body = std::string(1, "IPUMRCZ"[below(7)]) + ",0A1F," + ARGUMENTS[below(10)];
  if (!below(3)) body[below(body.size())] = (char)(0x20 + below(0x5F));
  std::string text = framed(body);
  Bytes bytes = below(4) ? mangled(Bytes(text.begin(), text.end())) : below(2) ? Bytes(text.begin(), text.end()) : noise(80);
  std::string said = ask(std::string(bytes.begin(), bytes.end()));
  // Whatever came: whole lines of at most 120 bytes, each with a right checksum.
  for (size_t at = 0; at < said.size();) {
    size_t end = said.find('\n', at);
    CHECK(end != std::string::npos && end - at < 120 && said[at] == '!');
    size_t star = said.find('*', at);
    uint16_t crc = 0xFFFF;
    for (size_t i = at + 1; i < star; i++) crc = _crc_xmodem_update(crc, (uint8_t)said[i]);
    char sum[5];
    snprintf(sum, sizeof sum, "%04X", crc);
    CHECK(said.compare(star + 1, end - star - 1, sum) == 0);
    answers++;
    at = end + 1;
  }
  for (uint8_t i = 0; i < CONSTANTS; i++) CHECK(calibration((Constant)i) <= 5500);
  if (!below(16)) {
    for (int n = below(8); n; n--) eeprom[below(128)] = random32();
    calibration_begin();
  }
  ask("\n");  // ends half a command
}

int main(int count, char **arguments) {
  state = count > 1 ? strtoul(arguments[1], 0, 10) : 1;
  int rounds = count > 2 ? atoi(arguments[2]) : 1000;
  if (state == 0) state = 1;
  cuff_units();
  glucose_units();
  command_units();
  for (int i = 0; i < rounds; i++) fuzz_round();
  printf("{\"rounds\":%d,\"records\":%u,\"answers\":%u}\n", rounds, kept_in_all, answers);
}

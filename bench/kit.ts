/**
 * The virtual kit at full rate: speed, lost frames, UART use, jitter, stack, and per sensor the error from the input at
 * the pin to the FHIR value. Everything in virtual time; speed is a multiple of real time, its own baseline.
 *
 * npm run bench:kit [-- --json] [-- --minutes 10]
 */
import { readFileSync } from 'node:fs'
import type { Observation } from '@medplum/fhirtypes'
import type { Measurement, Observable } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { waveformOf } from '#fhir/sampled-data.js'
import { committedHex } from '#firmware/build.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { commandLine } from '#gateway/intake/transports/serial/command-line.js'
import { LineGuard } from '#gateway/intake/transports/serial/line-guard.js'
import type { KitCommand } from '#gateway/model/transport.js'
import { VirtualBoard } from '#simulators/board/board.js'
import { CPU_HZ } from '#simulators/board/machine.js'
import { skinVolts, temperatureCounts } from '#simulators/board/sensor-curves.js'
import { createPatient } from '#simulators/patient/patients.js'

const json = process.argv.includes('--json')
const at = process.argv.indexOf('--minutes')
const minutes = at > 0 ? Number(process.argv[at + 1]) : 10
const EPOCH = Date.UTC(2026, 0, 1, 12)
const STEP_VOLTS = 5 / 1023
const UART_BYTES_PER_S = 115_200 / 10
const SRAM = { start: 0x100, end: 0x900, paint: 0xc5 }
const STORED = { year: 2025, month: 12, day: 31, hour: 8, minute: 30 }
const PRESSURE = { systolic: 123, diastolic: 77, pulse: 66 }
const GLUCOSE = 104

/** What the converter was given: volts at the pin, in order, with the board's time and cycle. */
interface Conversion {
  readonly volts: number
  readonly ms: number
  readonly cycle: number
}

class Rig {
  readonly patient = createPatient({ script: 'steady', seed: 1 })
  readonly board = new VirtualBoard({
    hex: readFileSync(committedHex, 'utf8'),
    patient: this.patient,
    epochMs: EPOCH,
    measureOnRequest: false,
  })
  readonly conversions: Conversion[][] = [[], [], [], []]
  readonly measurements: Measurement[] = []
  bytes = 0
  lost = 0
  refused = 0
  readonly #pipeline = new Pipeline({ patient: 'p', limits: [], active: [], devices: { kit: 'kit-1' } })
  readonly #guard = new LineGuard(() => {
    this.refused++
  })
  #cseq = 0

  constructor() {
    const { adc, cpu } = this.board.machine
    const convert = adc.onADCRead.bind(adc)
    adc.onADCRead = (input) => {
      const channel = 'channel' in input ? input.channel : -1
      this.conversions[channel]?.push({ volts: this.#volts(channel), ms: this.board.now, cycle: cpu.cycles })
      convert(input)
    }
    this.#guard.on('data', (line: string) => this.#take(line))
    this.board.onSerial((bytes) => {
      this.bytes += bytes.length
      this.#guard.write(bytes)
    })
  }

  async run(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += 1000) {
      this.board.run(Math.min(1000, ms - done))
      await new Promise((resolve) => setImmediate(resolve)) // the guard is a stream
    }
  }

  async ask(command: KitCommand, ms: number): Promise<void> {
    this.board.write(Buffer.from(commandLine(command, this.#cseq++), 'latin1'))
    await this.run(ms)
  }

  finish(): void {
    this.measurements.push(...this.#pipeline.flush(EPOCH + this.board.now).measurements)
  }

  observations(observable: Observable): Observation[] {
    return this.measurements
      .filter((m) => m.observable === observable && m.value.type !== 'absent')
      .map((m) => observationOf(m, { patient: 'p', home: 'h' }))
  }

  #take(line: string): void {
    const now = EPOCH + this.board.now
    const settle = () => {}
    const step = this.#pipeline.accept({ format: 'kit-line', transport: 'kit', receivedAt: now, line, settle }, now)
    this.lost += step.lost
    this.refused += step.refused?.count ?? 0
    this.measurements.push(...step.measurements)
  }

  #volts(channel: number): number {
    const t = this.board.now
    const { skinConductance, temperature } = this.patient.vitals(t)
    if (channel === 0) return this.board.jumper === 'ecg' ? this.patient.ecg(t) : this.patient.emg(t)
    if (channel === 1) return this.patient.airflow(t)
    return channel === 2 ? skinVolts(skinConductance) : temperatureCounts(temperature) * STEP_VOLTS
  }
}

/** Greatest distance in ADC steps between the FHIR waveform and the pin, where the two are laid on each other best. */
function waveformError(
  rig: Rig,
  observable: Observable,
  channel: number,
  voltsOf: (physical: number) => number,
): number {
  const samples = rig.observations(observable).flatMap((observation) => {
    if (!observation.valueSampledData) return []
    const { origin, factor, samples } = waveformOf(observation.valueSampledData)
    return samples.map((sample) => (sample === null ? null : voltsOf(origin + factor * sample)))
  })
  const pin = rig.conversions[channel] ?? []
  const distance = (shift: number, upTo: number) => {
    let worst = 0
    for (let i = 0; i < upTo && worst < 50; i++) {
      const [volts, given] = [samples[i], pin[i + shift]]
      if (volts != null && given) worst = Math.max(worst, Math.abs(volts - given.volts) / STEP_VOLTS)
    }
    return worst
  }
  let best = { shift: 0, error: Number.POSITIVE_INFINITY }
  for (let shift = 0; shift < pin.length && shift < 5000; shift++) {
    const error = distance(shift, Math.min(500, samples.length))
    if (error < best.error) best = { shift, error }
  }
  return samples.length === 0 ? Number.NaN : distance(best.shift, samples.length)
}

/** Greatest distance of each FHIR value from the nearest of what was true within two seconds before it. */
function valueError(
  rig: Rig,
  observable: Observable,
  distance: (value: number, ms: number) => number,
  read = (observation: Observation) => observation.valueQuantity?.value,
): number {
  const errors = rig.observations(observable).map((observation) => {
    const ms = Date.parse(observation.effectiveDateTime ?? '') - EPOCH
    const value = read(observation) ?? Number.NaN
    return Math.min(...Array.from({ length: 41 }, (_, i) => distance(value, ms + 500 - i * 62.5)))
  })
  return errors.length === 0 ? Number.NaN : Math.max(...errors)
}

const rig = new Rig()
rig.board.machine.cpu.data.fill(SRAM.paint, SRAM.start, SRAM.end)
const startedAt = performance.now()
await rig.run(minutes * 60_000)
const speed = (minutes * 60_000) / (performance.now() - startedAt)
const bytesPerS = rig.bytes / (minutes * 60)
const starts = (rig.conversions[0] ?? []).map(({ cycle }) => cycle)
const period = CPU_HZ / 250
const jitter = starts
  .slice(1)
  .reduce((worst, start, i) => Math.max(worst, Math.abs(start - (starts[i] ?? 0) - period) / period), 0)

// What is only sent when asked, and the EMG, afterwards: a hand-over is a declared gap, not a lost frame.
rig.board.cuff.store({ ...STORED, ...PRESSURE })
rig.board.glucometer.store({ ...STORED, glucose: GLUCOSE })
await rig.ask({ command: 'readCuff' }, 4000)
await rig.ask({ command: 'readGlucometer' }, 6000)
rig.finish()

const emg = new Rig()
await emg.run(2000)
emg.board.moveJumper('emg')
await emg.ask({ command: 'mode', mode: 'emg' }, 30_000)
emg.finish()

const { data } = rig.board.machine.cpu
let free = 0
let top: number = SRAM.end
for (let address = SRAM.start, run = 0; address < SRAM.end; address++) {
  run = data[address] === SRAM.paint ? run + 1 : 0
  if (run > free) {
    free = run
    top = address + 1
  }
}

const vitals = (ms: number) => rig.patient.vitals(ms)
const component = (code: string) => (observation: Observation) =>
  observation.component?.find((c) => c.code.coding?.some((coding) => coding.code === code))?.valueQuantity?.value
const round = (value: number) => Number(value.toFixed(3))
const errors = {
  // ADC steps of 5/1023 V
  ecg: round(waveformError(rig, 'ecgWaveform', 0, (volts) => volts)),
  emg: round(waveformError(emg, 'emgWaveform', 0, (volts) => volts)),
  airflow: round(waveformError(rig, 'airflowWaveform', 1, (share) => share * 5)),
  gsr: round(
    valueError(
      rig,
      'skinConductance',
      (value, ms) => Math.abs(skinVolts(value) - skinVolts(vitals(ms).skinConductance)) / STEP_VOLTS,
    ),
  ),
  bodyTemperature: round(
    valueError(rig, 'bodyTemperature', (value, ms) =>
      Math.abs(temperatureCounts(value) - temperatureCounts(vitals(ms).temperature)),
    ),
  ),
  // the value's own unit
  pulse: round(
    valueError(rig, 'pulseRate', (value, ms) =>
      Math.min(Math.abs(value - Math.round(vitals(ms).pulse)), Math.abs(value - PRESSURE.pulse)),
    ),
  ),
  spo2: round(valueError(rig, 'oxygenSaturation', (value, ms) => Math.abs(value - Math.round(vitals(ms).spo2)))),
  bloodPressure: Math.max(
    round(valueError(rig, 'bloodPressure', (value) => Math.abs(value - PRESSURE.systolic), component('8480-6'))),
    round(valueError(rig, 'bloodPressure', (value) => Math.abs(value - PRESSURE.diastolic), component('8462-4'))),
  ),
  glucose: round(valueError(rig, 'bloodGlucose', (value) => Math.abs(value - GLUCOSE))),
  position: rig.measurements.every(
    (m) => m.value.type !== 'position' || m.value.position === vitals(m.at - EPOCH).position,
  )
    ? 0
    : 1,
}
const result = {
  speed: round(speed),
  framesLost: rig.lost + rig.refused,
  uartUsePct: round((100 * bytesPerS) / UART_BYTES_PER_S),
  ecgJitterPct: round(100 * jitter),
  maxStack: SRAM.end - top,
  errors,
}
if (json) console.log(JSON.stringify(result))
else {
  console.log(`${minutes} virtual minutes at full rate
speed         ${result.speed.toFixed(1)} × real time (aim ≥ 4)
frames lost   ${result.framesLost}
UART          ${result.uartUsePct.toFixed(1)} % of 115200 baud
ECG jitter    ${result.ecgJitterPct} % of the sample period (aim < 1 %)
stack         ${result.maxStack} bytes at the deepest, ${free} never touched (aim ≥ 200)
error from the pin to the FHIR value
${Object.entries(errors)
  .map(
    ([sensor, error]) =>
      `  ${sensor.padEnd(16)} ${error} ${['ecg', 'emg', 'airflow', 'gsr', 'bodyTemperature'].includes(sensor) ? 'ADC steps (aim ≤ 1)' : '(exact: 0)'}`,
  )
  .join('\n')}`)
}

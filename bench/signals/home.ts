/** CPU time of the pipeline's whole analysis for one home, beside a bare loop that copies the same samples. */
import { Analysis } from '#gateway/clinical/analyse/analysis.js'
import { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import type { Reading } from '#gateway/model/reading.js'
import { createPatient } from '#simulators/patient/patients.js'
import { type Cost, costOf, cpuOf } from '../ecg/cost.js'

const START = Date.UTC(2026, 0, 1)
const counts = (volts: number) => Math.round((Math.min(5, Math.max(0, volts)) * 1023) / 5)

/** @param mode the kit's jumper: ECG at 250 Hz, or EMG at 500 */
export function measureHome(mode: 'ecg' | 'emg', minutes: number): Cost {
  const readings = readingsOf(mode, minutes)
  const target = new Float64Array(minutes * 60 * 1000)
  let judged = 0
  const analyse = () => {
    const analysis = new Analysis(new Normaliser({ patient: 'bench' }))
    for (const reading of readings) {
      const { sensor, deviceId, at } = reading
      const normalised = { judged: [], signals: [{ sensor, deviceId, state: 'ok', spot: false } as const] }
      judged += analysis.accept(reading, normalised, at).judged.length
    }
  }
  const copy = () => {
    let at = 0
    for (const { value } of readings) {
      if (value.type === 'samples') for (const sample of value.samples) target[at++] = sample ?? 0
      if (value.type === 'acceleration')
        for (const sample of value.samples) for (const axis of sample) target[at++] = axis
    }
  }
  const cost = costOf(cpuOf(analyse) / (minutes * 60), cpuOf(copy) / (minutes * 60))
  if (judged === 0 || Number.isNaN(target[0])) throw new Error('nothing was measured')
  return cost
}

/** As the kit's lines bring them: ECG or EMG in tenths of a second, acceleration in fifths, airflow and skin by the second. */
function readingsOf(mode: 'ecg' | 'emg', minutes: number): Reading[] {
  const patient = createPatient({ script: 'irregular-rhythm', seed: 1 })
  const readings: Reading[] = []
  const add = (sensor: Reading['sensor'], ms: number, value: Reading['value']) =>
    readings.push({ sensor, deviceId: 'kit-1', status: 'ok', at: START + ms, clockMs: ms, value, remarks: [] })
  const samples = (ms: number, length: number, periodMs: number, volts: (t: number) => number): Reading['value'] => ({
    type: 'samples',
    periodMs,
    samples: Array.from({ length }, (_, i) => counts(volts(ms + i * periodMs))),
  })
  const periodMs = mode === 'ecg' ? 4 : 2
  for (let ms = 0; ms < minutes * 60_000; ms += 100) {
    add(
      mode,
      ms,
      samples(ms, 100 / periodMs, periodMs, (t) => patient[mode](t)),
    )
    if (ms % 200 === 0) {
      const strap = Array.from({ length: 10 }, (_, i) => {
        const [x, y, z] = patient.acceleration(ms + i * 20)
        return [Math.round(x * 256), Math.round(y * 256), Math.round(z * 256)] as const
      })
      add('position', ms, { type: 'acceleration', periodMs: 20, samples: strap })
    }
    if (ms % 1000 === 0) {
      add(
        'airflow',
        ms,
        samples(ms, 25, 40, (t) => patient.airflow(t)),
      )
      add(
        'gsr',
        ms,
        samples(ms, 4, 250, () => 0.8),
      )
    }
  }
  return readings
}

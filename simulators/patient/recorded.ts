/** A patient whose ECG is a recording: any PhysioNet WFDB record, played into the board's converter. */

import { chooseSignal, scaleOf } from '#gateway/intake/transports/replay/choose-signal.js'
import { SignalFile } from '#gateway/intake/transports/replay/record.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { R_VOLTS } from './ecg.js'
import type { VirtualPatient } from './patient.js'

const BASELINE_VOLTS = 2.5
/** The shield's gain is not documented: a millivolt at the body, about an R wave, is what the virtual R wave is. */
const VOLTS_PER_MILLIVOLT = R_VOLTS
/** About a day at 250 Hz; held in memory, 4 bytes each. */
const MOST_SAMPLES = 25_000_000
const BLOCK = 65_536

/**
 * @param path the record's `.hea` file. @param signal name or number; default the first ECG lead
 * @throws HomebeatError `replay.not-found`, `replay.unreadable`, `replay.format`
 */
export async function withRecord(patient: VirtualPatient, path: string, signal?: string): Promise<VirtualPatient> {
  try {
    const file = await SignalFile.open(path, (header) => chooseSignal(header, signal))
    try {
      if (file.length > MOST_SAMPLES) {
        throw new HomebeatError('replay.format', `it has more than ${MOST_SAMPLES} samples: cut a part out of it`)
      }
      await file.verify()
      const { origin, factor } = scaleOf(file.signal)
      const volts = new Float32Array(file.length)
      for (let first = 0; first < file.length; first += BLOCK) {
        const samples = await file.read(first, Math.min(BLOCK, file.length - first))
        for (const [i, sample] of samples.entries()) {
          // Where the recording has no value the electrodes bring nothing.
          const millivolts = sample === null ? 0 : origin + factor * sample
          volts[first + i] = BASELINE_VOLTS + VOLTS_PER_MILLIVOLT * millivolts
        }
      }
      return playing(patient, volts, file.header.frequency)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (!(cause instanceof HomebeatError) || cause.code !== 'replay.format') throw cause
    throw new HomebeatError('replay.format', `The record ${path} cannot be played: ${cause.message}.`, { cause })
  }
}

/** The ECG by time from samples, with straight lines between them; from its end it begins again. */
function playing(patient: VirtualPatient, volts: Float32Array, frequency: number): VirtualPatient {
  const ecg = (t: number) => {
    const position = (Math.max(0, t) * (frequency / 1000)) % volts.length
    const i = Math.floor(position)
    const here = volts[i] as number
    const next = volts[(i + 1) % volts.length] as number
    // The shield's amplifier has rails, whatever was recorded.
    return Math.min(5, Math.max(0, here + (next - here) * (position - i)))
  }
  return {
    ecg,
    vitals: (t) => patient.vitals(t),
    emg: (t) => patient.emg(t),
    airflow: (t) => patient.airflow(t),
    acceleration: (t) => patient.acceleration(t),
  }
}

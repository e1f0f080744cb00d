/** Which signal of a record is played, and in which unit. */
import { formatError, type UnreadableSignal, type WfdbHeader, type WfdbSignal } from './wfdb.js'

/** Names of ECG leads as PhysioNet's records write them: MLII, V5, aVR, ECG1, "ECG lead II", MCL1, CM5, … */
const ECG_LEAD = /^(ecg|ekg|mli{1,3}$|mv\d$|i{1,3}$|av[rlf]$|v\d?$|mcl\d?$|cm\d$|d\d$|lead\b)/i

/** Millivolts in one of the header's units. */
const MILLIVOLTS: Readonly<Record<string, number>> = { mv: 1, uv: 1e-3, µv: 1e-3, μv: 1e-3, nv: 1e-6, v: 1e3 }

/**
 * @param wanted a signal's name (upper or lower case), or its number from 0; undefined: the first ECG lead, else the
 * first signal. @throws HomebeatError `replay.format`
 */
export function chooseSignal(header: WfdbHeader, wanted: string | undefined): WfdbSignal {
  const all = [...header.signals, ...header.unreadable].sort((a, b) => a.index - b.index)
  const chosen = wanted === undefined ? byDefault(header, all) : byWish(all, wanted)
  if (!chosen) {
    const names = all.map((signal) => signal.description.slice(0, 40) || String(signal.index)).slice(0, 20)
    throw formatError(`the record has no signal "${wanted}": choose one of ${names.join(', ')}`)
  }
  if ('problem' in chosen) throw chosen.problem
  if (chosen.calibrated && MILLIVOLTS[chosen.units.toLowerCase()] === undefined) {
    throw formatError(
      `signal ${chosen.description || chosen.index} is in ${chosen.units}, not in volts: it is not an ECG`,
    )
  }
  return chosen
}

type AnySignal = WfdbSignal | UnreadableSignal

const isLead = ({ description }: AnySignal): boolean => ECG_LEAD.test(description)

/** Where only an ECG lead that cannot be read is there, that one: nothing else is played in its place. */
function byDefault({ signals }: WfdbHeader, all: readonly AnySignal[]): AnySignal | undefined {
  return signals.find(isLead) ?? all.find(isLead) ?? signals[0]
}

function byWish(signals: readonly AnySignal[], wanted: string): AnySignal | undefined {
  return (
    signals.find((signal) => signal.description === wanted) ??
    signals.find((signal) => signal.description.toLowerCase() === wanted.toLowerCase()) ??
    (/^\d{1,3}$/.test(wanted) ? signals[Number(wanted)] : undefined)
  )
}

/** physical = origin + factor · ADC value. Without a calibration amplitudes are relative: unit `1`. */
export function scaleOf(signal: WfdbSignal): { origin: number; factor: number; unit: 'mV' | '1' } {
  const millivolts = signal.calibrated ? (MILLIVOLTS[signal.units.toLowerCase()] as number) : 1
  return {
    // 0 − … so that a baseline of 0 gives 0 and not −0.
    origin: 0 - (signal.baseline * millivolts) / signal.gain,
    factor: millivolts / signal.gain,
    unit: signal.calibrated ? 'mV' : '1',
  }
}

/**
 * Whether the ECG and the pulse oximeter count the same heart. They differ when a sensor is wrong, and also when beats do
 * not reach the finger (a pulse deficit, as in atrial fibrillation): so it says to look at both.
 */
export const PULSE_ECG_DISAGREE = 'pulse-ecg-disagree'

/** /min, and share of the ECG's rate: the larger of the two is borne. */
const BORNE_PER_MINUTE = 10
const BORNE_SHARE = 0.15
const SUSTAINED_MS = 30_000
/** A rate older than this says nothing of now. */
const FRESH_MS = 15_000

export type Agreement = 'agree' | 'disagree' | 'unknown'

export class PulseAgreement {
  #ecg: { at: number; rate: number } | null = null
  #pulse: { at: number; rate: number } | null = null
  #since: number | null = null
  #agreedSince: number | null = null
  #raised = false

  /** @param at ms @param rate /min; null: unknown or not to be believed */
  ecg(at: number, rate: number | null): Agreement {
    this.#ecg = rate === null ? null : { at, rate }
    return this.tick(at)
  }

  /** @param at ms @param rate /min; null: unknown or not to be believed */
  pulse(at: number, rate: number | null): Agreement {
    this.#pulse = rate === null ? null : { at, rate }
    return this.tick(at)
  }

  /** @param now ms, never falling */
  tick(now: number): Agreement {
    const ecg = this.#ecg
    const pulse = this.#pulse
    if (!ecg || !pulse || now - ecg.at > FRESH_MS || now - pulse.at > FRESH_MS) {
      // Nothing can be said: what was raised stays, what was brewing starts again.
      this.#since = null
      this.#agreedSince = null
      return 'unknown'
    }
    const differ = Math.abs(ecg.rate - pulse.rate) > Math.max(BORNE_PER_MINUTE, BORNE_SHARE * ecg.rate)
    this.#since = differ ? (this.#since ?? now) : null
    this.#agreedSince = differ ? null : (this.#agreedSince ?? now)
    if (this.#since !== null && now - this.#since > SUSTAINED_MS) this.#raised = true
    if (this.#agreedSince !== null && now - this.#agreedSince >= FRESH_MS) this.#raised = false
    return this.#raised ? 'disagree' : 'agree'
  }
}

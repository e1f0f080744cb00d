/** What a person sees of the patient and no sensor gives: entered by hand, kept for the score. */
import type { Actor } from '#gateway/model/alert.js'

/** ACVPU: alert, new confusion, responds to voice, responds to pain, unresponsive. */
export const CONSCIOUSNESS_LEVELS = ['alert', 'confusion', 'voice', 'pain', 'unresponsive'] as const
export type Consciousness = (typeof CONSCIOUSNESS_LEVELS)[number]

export const OXYGEN_SUPPLIES = ['air', 'oxygen'] as const
export type OxygenSupply = (typeof OXYGEN_SUPPLIES)[number]

/** What no sensor measures: kept with who entered it, for the score. */
export type Observed = { readonly at: number; readonly actor: Actor } & (
  | { readonly what: 'consciousness'; readonly value: Consciousness }
  | { readonly what: 'oxygen'; readonly value: OxygenSupply }
)

/** Where observations are kept. */
export interface ManualObservationJournal {
  /** Durable when it returns. @throws HomebeatError `journal.*` */
  append(observed: Observed): void
  latest(what: Observed['what']): Observed | null
}

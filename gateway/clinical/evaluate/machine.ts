/**
 * The life of one condition, after IEC 60601-1-8: inactive → pending (delay) → active → acknowledged → cleared (with
 * hysteresis), and latched until acknowledged where that is configured. Pure functions of (episode, what was seen or
 * done, now): one episode is one alert, raised once and cleared once.
 */
import type { Observable } from '#fhir/measurement.js'
import type { Actor, AlertKind, AlertTransition, Priority } from '#gateway/model/alert.js'
import { beyondMs, type KnownTime, knownFrom, knownTime } from './known-time.js'

export interface Condition {
  readonly condition: string
  readonly kind: AlertKind
  readonly priority: Priority
  readonly delayMs: number
  /** The delay counts known time beyond the limit in a sliding window, not one stretch without a pause (`known-time.ts`). */
  readonly windowed?: true
  /** Stays when the condition has gone, until somebody acknowledges it. */
  readonly latching?: boolean
  readonly observable?: Observable
  readonly limit?: AlertTransition['limit']
}

/** The Measurement behind what was seen. */
export interface Cause {
  readonly measurement: string
  readonly value?: number
}

/**
 * crossed: beyond the limit. between: neither beyond it nor back at `clearAt`. safe: back.
 * unknown: nothing new; only time has passed. inhibited: the sensor cannot be believed: nothing is raised, what is active stays
 * so until a value says otherwise, and a delay stands still. withdrawn: a more severe condition, or nobody, watches now.
 */
export type Sight = 'crossed' | 'between' | 'safe' | 'unknown' | 'inhibited' | 'withdrawn'

export type Episode =
  /** `lastRaisedAt` keeps alert ids unique when clocks are set back. */
  | { readonly state: 'inactive'; readonly lastRaisedAt?: number }
  | {
      readonly state: 'pending'
      readonly known: KnownTime
      readonly cause?: Cause
      readonly worst?: number | null
      readonly lastRaisedAt?: number
    }
  | {
      readonly state: 'active' | 'acknowledged' | 'latched'
      readonly alertId: string
      readonly raisedAt: number
      /** The furthest value beyond the limit, where the condition has one; null: not known, since before a restart. */
      readonly worst?: number | null
    }

export interface Step {
  readonly episode: Episode
  readonly transition: AlertTransition | null
}

export const INACTIVE: Episode = { state: 'inactive' }

export function step(condition: Condition, episode: Episode, sight: Sight, now: number, cause?: Cause): Step {
  if (isOpen(episode)) return stepOpen(condition, episode, sight, now, cause)
  const last = episode.lastRaisedAt === undefined ? {} : { lastRaisedAt: episode.lastRaisedAt }
  const { delayMs, windowed } = condition
  const ended = sight === 'withdrawn' || (!windowed && (sight === 'between' || sight === 'safe'))
  const known =
    episode.state === 'pending' && !ended
      ? knownTime(episode.known, sight, now, delayMs)
      : sight === 'crossed'
        ? knownFrom(now)
        : null
  if (!known)
    return { episode: episode.state === 'inactive' ? episode : { state: 'inactive', ...last }, transition: null }
  // Of a value that no longer crosses the cause is not told.
  const latest = (sight === 'crossed' ? cause : undefined) ?? (episode.state === 'pending' ? episode.cause : undefined)
  const seen = worstOf(
    condition,
    episode.state === 'pending' ? episode.worst : undefined,
    sight === 'crossed' ? cause : undefined,
  )
  if (!known.beyond || beyondMs(known) < delayMs) {
    return {
      episode: { state: 'pending', known, ...(latest && { cause: latest }), ...seen, ...last },
      transition: null,
    }
  }
  const raisedAt = Math.max(now, (episode.lastRaisedAt ?? Number.NEGATIVE_INFINITY) + 1)
  const alertId = `${condition.condition}-${raisedAt}`
  return {
    episode: { state: 'active', alertId, raisedAt, ...seen },
    transition: transitionOf(condition, 'active', alertId, raisedAt, raisedAt, latest),
  }
}

function stepOpen(condition: Condition, before: OpenEpisode, sight: Sight, now: number, cause?: Cause): Step {
  const episode = { ...before, ...worstOf(condition, before.worst, cause) }
  const over = sight === 'safe' || sight === 'withdrawn'
  // A clock set back must not put an episode's events before its beginning.
  const at = Math.max(now, episode.raisedAt)
  const go = (state: OpenEpisode['state'] | 'cleared'): Step => ({
    episode: state === 'cleared' ? { state: 'inactive', lastRaisedAt: episode.raisedAt } : { ...episode, state },
    transition: transitionOf(condition, state, episode.alertId, episode.raisedAt, at, cause, episode.worst),
  })
  if (episode.state === 'latched') {
    // An episode that a worse condition takes over needs no acknowledgement of its own.
    if (sight === 'withdrawn') return go('cleared')
    return sight === 'crossed' && at > episode.raisedAt ? go('active') : { episode, transition: null }
  }
  if (!over) return { episode, transition: null }
  return episode.state === 'active' && condition.latching && sight === 'safe' ? go('latched') : go('cleared')
}

/** Somebody says that they know: an active episode is acknowledged, a latched one is over. */
export function acknowledge(
  condition: Condition,
  episode: Episode,
  now: number,
  actor: Actor,
): { readonly episode: Episode; readonly transitions: readonly AlertTransition[] } {
  if (!isOpen(episode) || episode.state === 'acknowledged') return { episode, transitions: [] }
  const at = Math.max(now, episode.raisedAt)
  const to = (state: AlertTransition['state']) => ({
    ...transitionOf(condition, state, episode.alertId, episode.raisedAt, at, undefined, episode.worst),
    actor,
  })
  if (episode.state === 'active')
    return { episode: { ...episode, state: 'acknowledged' }, transitions: [to('acknowledged')] }
  return {
    episode: { state: 'inactive', lastRaisedAt: episode.raisedAt },
    transitions: [to('acknowledged'), to('cleared')],
  }
}

export type OpenEpisode = Extract<Episode, { alertId: string }>

export function isOpen(episode: Episode): episode is OpenEpisode {
  return episode.state !== 'inactive' && episode.state !== 'pending'
}

/** An episode that was open before a restart: it is not raised a second time. */
/** Its worst value is not known any more: what came after the last transition, nobody has kept. */
export function restored({ state, alertId, raisedAt }: AlertTransition): Episode {
  return state === 'cleared' ? { state: 'inactive', lastRaisedAt: raisedAt } : { state, alertId, raisedAt, worst: null }
}

function worstOf(
  { limit }: Condition,
  before: number | null | undefined,
  cause: Cause | undefined,
): { readonly worst?: number | null } {
  if (before === null) return { worst: null }
  const values = [before, cause?.value].filter((value) => value !== undefined)
  if (!limit || values.length === 0) return {}
  const further = limit.comparator.startsWith('<') ? Math.min : Math.max
  return { worst: further(...values) }
}

function transitionOf(
  { condition, kind, priority, observable, limit }: Condition,
  state: AlertTransition['state'],
  alertId: string,
  raisedAt: number,
  at: number,
  cause?: Cause,
  worst?: number | null,
): AlertTransition {
  return {
    alertId,
    condition,
    kind,
    priority,
    state,
    at,
    raisedAt,
    ...(observable && { observable }),
    ...(cause && { measurement: cause.measurement }),
    ...(cause?.value !== undefined && { value: cause.value }),
    ...(limit && { limit }),
    ...(typeof worst === 'number' && { worst }),
  }
}

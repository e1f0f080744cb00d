/**
 * The life of one condition, after IEC 60601-1-8: inactive → pending (delay) → active → cleared. A pure function of
 * (episode, what was seen, now): one episode is one alert, raised once and cleared once.
 */
import type { Observable } from '#fhir/measurement.js'
import type { AlertKind, AlertTransition, Priority } from './alert.js'

export interface Condition {
  readonly condition: string
  readonly kind: AlertKind
  readonly priority: Priority
  readonly delayMs: number
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
 * unknown: nothing new; only time has passed. inhibited: the sensor cannot be believed, so nothing is raised, and what
 * is active stays so until a value says otherwise. withdrawn: a more severe condition, or nobody, watches now.
 */
export type Sight = 'crossed' | 'between' | 'safe' | 'unknown' | 'inhibited' | 'withdrawn'

export type Episode =
  /** `lastRaisedAt` keeps alert ids unique when clocks are set back. */
  | { readonly state: 'inactive'; readonly lastRaisedAt?: number }
  | { readonly state: 'pending'; readonly since: number; readonly cause?: Cause; readonly lastRaisedAt?: number }
  | { readonly state: 'active'; readonly alertId: string; readonly raisedAt: number }

export interface Step {
  readonly episode: Episode
  readonly transition: AlertTransition | null
}

export const INACTIVE: Episode = { state: 'inactive' }

export function step(condition: Condition, episode: Episode, sight: Sight, now: number, cause?: Cause): Step {
  if (episode.state === 'active') {
    if (sight !== 'safe' && sight !== 'withdrawn') return { episode, transition: null }
    const transition = transitionOf(
      condition,
      'cleared',
      episode.alertId,
      episode.raisedAt,
      Math.max(now, episode.raisedAt),
      cause,
    )
    return { episode: { state: 'inactive', lastRaisedAt: episode.raisedAt }, transition }
  }
  const last = episode.lastRaisedAt === undefined ? {} : { lastRaisedAt: episode.lastRaisedAt }
  if (sight === 'between' || sight === 'safe' || sight === 'inhibited' || sight === 'withdrawn') {
    return { episode: episode.state === 'inactive' ? episode : { state: 'inactive', ...last }, transition: null }
  }
  if (episode.state === 'inactive' && sight === 'unknown') return { episode, transition: null }

  // A clock set back must not lengthen the delay by more than the delay itself.
  const since = episode.state === 'pending' ? Math.min(episode.since, now) : now
  const latest = cause ?? (episode.state === 'pending' ? episode.cause : undefined)
  if (now - since < condition.delayMs) {
    return { episode: { state: 'pending', since, ...(latest && { cause: latest }), ...last }, transition: null }
  }
  const raisedAt = Math.max(now, (episode.lastRaisedAt ?? Number.NEGATIVE_INFINITY) + 1)
  const alertId = `${condition.condition}-${raisedAt}`
  return {
    episode: { state: 'active', alertId, raisedAt },
    transition: transitionOf(condition, 'active', alertId, raisedAt, raisedAt, latest),
  }
}

/** An episode that was active before a restart: it is not raised a second time. */
export function restored(transition: AlertTransition): Episode {
  return { state: 'active', alertId: transition.alertId, raisedAt: transition.raisedAt }
}

function transitionOf(
  { condition, kind, priority, observable, limit }: Condition,
  state: AlertTransition['state'],
  alertId: string,
  raisedAt: number,
  at: number,
  cause?: Cause,
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
  }
}

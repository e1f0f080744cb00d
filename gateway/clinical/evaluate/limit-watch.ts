/** One number in one direction: its limits, how far it is known now, and whether it was lost on its way to one of them. */
import type { Measurement, SensorKind } from '#fhir/measurement.js'
import { crosses, isSafe, isUpper, type Limit } from '#gateway/clinical/limits/limits.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { Waiting } from './confirmation.js'
import type { Cause, Episode } from './machine.js'
import { LimitGroup } from './machine-group.js'

/** A continuous value is known for so long: analysers give one every 5 s. */
const KNOWN_MS = 7500
/** One that is not followed by another for so long is lost. */
const STALE_MS = 15_000
/** A sensor that speaks continuously knows better than a stored value of the same thing. */
const CONTINUOUS_MS = 30_000

export interface Sample {
  /** As it is compared (`limits/compared.ts`). */
  readonly compared: number
  readonly cause: Cause
  readonly spot: boolean
  /** Its own time on the clock of `now`. */
  readonly at: number
  /** Which sensor gave it, and whether the gateway concluded it from a signal. */
  readonly sensor: SensorKind
  readonly derived: boolean
  /** The ECG's rate in place of a pulse: a pulse that a device sends goes before it. */
  readonly standsIn: boolean
}

/** What is carried over when the limits change. */
interface Known {
  sample: Sample | null
  seenAt: number
  continuousAt: number
  measuredAt: number
  /** Since when the sensor says that it has no value. */
  gapSince: number | null
  /** False: lost, or never seen. */
  held: boolean
  /** Values of the last minutes, oldest first. */
  readonly trail: { readonly at: number; readonly value: number }[]
}

export interface Lost {
  readonly limit: Limit
  readonly sample: Sample
}

export class LimitWatch {
  readonly limits: readonly [Limit, ...Limit[]]
  readonly machine: LimitGroup
  readonly #known: Known

  constructor(
    limits: readonly [Limit, ...Limit[]],
    episodes: ReadonlyMap<string, Episode>,
    waiting: ReadonlyMap<string, Waiting>,
    before?: LimitWatch,
  ) {
    this.limits = limits
    this.machine = new LimitGroup(limits, episodes, waiting)
    this.#known = before
      ? before.#known
      : { sample: null, seenAt: 0, continuousAt: 0, measuredAt: 0, gapSince: null, held: false, trail: [] }
  }

  get key(): string {
    const [{ observable, component, comparator }] = this.limits
    return `${observable} ${component} ${isUpper(comparator)}`
  }

  /** Which sensor spoke last. */
  get sensor(): SensorKind | undefined {
    return this.#known.sample?.sensor
  }

  /** Whether a value counts now; a stored one does not against a sensor that speaks, nor against a later one. */
  takes({ spot, at }: Pick<Sample, 'spot' | 'at'>, now: number): boolean {
    const { continuousAt, measuredAt } = this.#known
    return !spot || (now - continuousAt >= CONTINUOUS_MS && at >= measuredAt)
  }

  /** @param inhibited a person has suspended its alarms */
  see(sample: Sample, now: number, inhibited: boolean): AlertTransition[] {
    const known = this.#known
    const { spot, at, compared, cause, standsIn } = sample
    known.sample = sample
    known.held = true
    known.gapSince = null
    known.seenAt = now
    known.measuredAt = Math.min(at, now)
    if (!spot && !standsIn) known.continuousAt = now
    const withinMs = steep(this.limits[0])?.withinMs ?? 0
    const { trail } = known
    trail.push({ at: now, value: compared })
    while (trail[0] && (now - trail[0].at > withinMs || trail[0].at > now)) trail.shift()
    return inhibited ? this.machine.inhibit(now) : this.machine.see(compared, now, cause, known.measuredAt)
  }

  /** The number is not known at this moment: a delay stands still. */
  gap(now: number): AlertTransition[] {
    this.#known.gapSince ??= now
    return this.machine.inhibit(now)
  }

  /** Nobody knows the number any more. @returns the limit beyond which, or on the way to which, it was lost */
  lose(now: number): { readonly transitions: AlertTransition[]; readonly lost: Lost | null } {
    const lost = this.#known.held ? this.#lostAt() : null
    this.#known.held = false
    return { transitions: this.machine.inhibit(now), lost }
  }

  /** Only time has passed. */
  tick(now: number): AlertTransition[] {
    const { sample, seenAt } = this.#known
    return sample?.spot || now - seenAt <= KNOWN_MS ? this.machine.tick(now) : this.machine.inhibit(now)
  }

  /** Silence: whether the last value is too old to count on. */
  isStale(now: number): boolean {
    const { sample, seenAt, gapSince } = this.#known
    // A message counts until another one says otherwise.
    const since = sample?.spot ? gapSince : seenAt
    return since !== null && now - since > STALE_MS
  }

  /** Back far enough to end an episode of any of the limits. */
  get isSafe(): boolean {
    const { sample, held } = this.#known
    return held && sample !== null && this.limits.every((limit) => isSafe(limit, sample.compared))
  }

  #lostAt(): Lost | null {
    const { sample, trail } = this.#known
    if (!sample) return null
    const { compared, derived } = sample
    const open = this.limits.findIndex(({ condition }) => this.machine.isOpen(condition))
    const worse = open < 0 ? this.limits : this.limits.slice(0, open)
    const crossed = worse.find(({ comparator, value }) => crosses(comparator, compared, value))
    if (crossed) {
      // A rate that the gateway counts itself from a signal is believed over noise only when it has lasted.
      const enough = derived ? (crossed.delaySeconds * 1000) / 2 : 0
      return this.machine.beyondMs(crossed.condition) >= enough ? { limit: crossed, sample } : null
    }
    const fall = steep(this.limits[0])
    if (!fall || derived || worse.length === 0) return null
    const upper = isUpper(this.limits[0].comparator)
    const values = trail.map(({ value }) => (upper ? -value : value))
    const last = upper ? -compared : compared
    const fallen = Math.max(...values) - last
    if (fallen < fall.change || Math.min(...values) < last) return null
    // The nearest limit that falling as far again would reach.
    const near = worse.toReversed().find(({ value }) => Math.abs(compared - value) <= fallen)
    return near ? { limit: near, sample } : null
  }
}

/** What counts as falling or rising fast, in the sensor's folder. */
const steep = ({ observable, component }: Limit) =>
  component === 'value' ? sensorDefinitions[sensorOf(observable)].quantity?.steep : undefined

const SENSOR_OF = new Map(
  Object.values(sensorDefinitions).flatMap(({ kind, quantity, pressure }) => {
    const observable = (quantity ?? pressure)?.observable
    return observable ? [[observable, kind] as const] : []
  }),
)

/** The sensor whose own number an observable is. */
export const sensorOf = (observable: Measurement['observable']): SensorKind => SENSOR_OF.get(observable) ?? 'pulse'

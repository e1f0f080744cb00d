/**
 * How far each vital sign is known: since when it has had no value that can be trusted, and since when its sensor gives
 * impossible ones. Pure bookkeeping; `evaluate.ts` makes conditions of what it says.
 */
import type { Measurement, SensorKind } from '#fhir/measurement.js'
import { limitedAs } from '#gateway/clinical/limits/limits.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { sensorOf } from './limit-watch.js'

/** Impossible values for so long are "check the probe"; values that are impossible for a minute hide something. */
const CHECK_PROBE_MS = 15_000
const HIDDEN_MS = 60_000
/** A sensor that says that it is off has explained its impossible values. */
const EXPLAINED_MS = 10_000
/** Messages no further apart than this, so often in a row, come from a device that watches all the time. */
const STEADY_GAP_MS = 60_000
const STEADY_COUNT = 10

/** Remarks of values that are recorded, but on which nobody should rely. */
const DOUBTED = new Set(['uncertain', 'poor-signal', 'jump'])

interface VitalSign {
  readonly sensor: SensorKind
  readonly devices: Set<string>
  /** When it last had a value that can be trusted, or was first heard of. */
  knownAt: number
  everTrusted: boolean
  /** Whether its impossible values are known to be over. */
  possible: boolean
  heardAt: number
  /** Messages in a row; infinite for a sensor that is continuous by its nature. */
  row: number
  impossible: { readonly since: number; at: number } | null
  /** What was said of it last. */
  said: string
}

/** What is to be said of one vital sign. null: nothing new is known, and what was said stays. */
export interface Doubt {
  readonly sensor: SensorKind
  readonly unknown: boolean | null
  readonly checkProbe: boolean | null
  readonly hidden: boolean | null
}

export class Trust {
  readonly #signs = new Map<SensorKind, VitalSign>()

  /** The sensor spoke, whatever it said. */
  heard(sensor: SensorKind, deviceId: string, spot: boolean, now: number): void {
    const sign = this.#sign(sensor, now)
    sign.devices.add(deviceId)
    if (!spot) sign.row = Number.POSITIVE_INFINITY
    else if (now > sign.heardAt && Number.isFinite(sign.row))
      sign.row = now - sign.heardAt <= STEADY_GAP_MS ? sign.row + 1 : 1
    sign.heardAt = now
  }

  /** A possible value. @param at its own time, on the clock of `now` */
  possible({ observable, sensor, remarks }: Measurement, at: number, now: number): void {
    const own = this.#signs.get(sensor)
    if (own) Object.assign(own, { impossible: null, possible: true })
    if (remarks.some((remark) => DOUBTED.has(remark))) return
    const sign = this.#sign(sensorOf(limitedAs(observable)), now)
    sign.knownAt = Math.max(sign.knownAt, Math.min(at, now))
    sign.everTrusted = true
  }

  impossible({ sensor, deviceId }: Measurement, now: number): void {
    const sign = this.#sign(sensor, now)
    sign.devices.add(deviceId)
    sign.impossible ??= { since: now, at: now }
    sign.possible = false
    sign.impossible.at = now
  }

  /** @param sinceMs for how long the sensor has said that it is off or broken */
  off(sensor: SensorKind, sinceMs: number): void {
    const sign = this.#signs.get(sensor)
    if (sign && sinceMs >= EXPLAINED_MS && sign.impossible) Object.assign(sign, { impossible: null, possible: true })
  }

  /** Nothing more will come of these. @returns their sensors, of which nothing is to be said any more */
  end(devices: ReadonlySet<string>): SensorKind[] {
    return [...this.#signs.values()].flatMap((sign) => {
      if ([...sign.devices].some((device) => !devices.has(device))) return []
      this.#signs.delete(sign.sensor)
      return [sign.sensor]
    })
  }

  /** @param explained a wider condition says that nothing comes from the device. @param agrees see `HIDDEN_MS`: a second channel */
  tick(now: number, explained: (deviceId: string) => boolean, agrees: (sensor: SensorKind) => boolean): Doubt[] {
    return [...this.#signs.values()].flatMap((sign) => {
      const doubt = this.#doubt(sign, now, explained, agrees)
      const said = `${doubt.unknown} ${doubt.checkProbe} ${doubt.hidden}`
      if (said === sign.said && !sign.impossible) return []
      sign.said = said
      return [doubt]
    })
  }

  #doubt(
    sign: VitalSign,
    now: number,
    explained: (deviceId: string) => boolean,
    agrees: (sensor: SensorKind) => boolean,
  ): Doubt {
    const { sensor, devices, everTrusted, impossible } = sign
    // The clock may have been set back.
    sign.knownAt = Math.min(sign.knownAt, now)
    const { trustedWithinMs } = sensorDefinitions[sensor]
    // What is measured on request is not steady.
    const isWatched = sign.row >= STEADY_COUNT || sensorDefinitions[sensor].silentAfterMs === null
    const over = trustedWithinMs !== undefined && isWatched && now - sign.knownAt > trustedWithinMs
    const unknown = over ? ([...devices].every(explained) ? null : true) : everTrusted ? false : null
    if (!impossible) {
      const ended = sign.possible ? false : null
      return { sensor, unknown, checkProbe: ended, hidden: ended }
    }
    const hidden = impossible.at - impossible.since >= HIDDEN_MS || agrees(sensor)
    return { sensor, unknown, checkProbe: !hidden && now - impossible.since >= CHECK_PROBE_MS, hidden }
  }

  #sign(sensor: SensorKind, now: number): VitalSign {
    let sign = this.#signs.get(sensor)
    if (!sign) {
      sign = {
        sensor,
        devices: new Set(),
        knownAt: now,
        everTrusted: false,
        heardAt: now,
        row: 0,
        possible: false,
        impossible: null,
        said: '',
      }
      this.#signs.set(sensor, sign)
    }
    return sign
  }
}

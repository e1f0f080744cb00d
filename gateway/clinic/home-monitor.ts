import type { CheckIn } from '#gateway/liveness/check-in.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { conditionsOf, type HomeRecord, type HomeRules, isMissing } from './home-record.js'
import type { RegisteredHome } from './home-register.js'
import type { HomeStore } from './home-store.js'

export interface HomeMonitorDependencies {
  readonly homes: () => readonly RegisteredHome[]
  readonly store: HomeStore
  readonly rules: HomeRules
  readonly clock: Clock
  readonly logger: Logger
}

/** What becomes of a genuine check-in: it is taken, was taken already, or says a time that cannot be now. */
export type Hearing = 'taken' | 'repeated' | 'wrong-time'

/** Of Standard Webhooks: somebody may have held back what is older. */
const WINDOW_MS = 300_000
/** The monitor is asked every second. In a longer pause it heard nothing either. */
const LONGEST_STEP_MS = 5000
const SAVE_MS = 5000

/** Hears the homes and counts their silence. */
export class HomeMonitor implements HealthCheck {
  readonly #options: HomeMonitorDependencies
  readonly #records = new Map<string, HomeRecord>()
  #listened: number
  #stretch: number
  #lookedAt: number
  #savedAt: number
  #canSave = true

  /** Begins a stretch of listening. */
  constructor(options: HomeMonitorDependencies) {
    const { store, clock } = options
    this.#options = options
    const { listened, stretch } = store.listening()
    this.#listened = listened
    this.#stretch = stretch + 1
    this.#lookedAt = this.#savedAt = clock.monotonic()
    const watched = new Set(options.homes().map(({ id }) => id))
    for (const record of store.records()) {
      // A home that comes back into the configuration one day must not be silent for all that time.
      if (watched.has(record.id)) this.#records.set(record.id, record)
      else store.delete(record.id)
    }
    this.#meetHomes()
    this.#save()
  }

  /** False after the disk has refused: what is heard then does not outlive a restart. */
  get canSave(): boolean {
    return this.#canSave
  }

  get listening() {
    return { listened: this.#listened, stretch: this.#stretch }
  }

  /** Records of the homes that are watched. */
  records(): HomeRecord[] {
    return this.#options.homes().flatMap(({ id }) => this.#records.get(id) ?? [])
  }

  /** Takes a check-in whose signature holds. @param signedAt epoch ms */
  hear(home: RegisteredHome, checkIn: CheckIn, signedAt: number): Hearing {
    this.#listen()
    const { clock, logger } = this.#options
    const at = clock.now()
    const record = this.#recordOf(home)
    if (checkIn.sequence <= record.sequence) return 'repeated'
    if (Math.abs(signedAt - at) > WINDOW_MS) {
      // Said once: somebody who holds an old check-in could send it again and again.
      if (record.clockRefusedAt === null) {
        logger.warn(
          { home: home.id },
          'a genuine check-in says a time that cannot be now: look at that gateway’s clock',
        )
        this.#keep({ ...record, clockRefusedAt: at })
      }
      return 'wrong-time'
    }
    if (record.missing) logger.info({ home: home.id }, 'a home is heard again')
    const heard = { at, listened: this.#listened, stretch: this.#stretch, beat: checkIn }
    this.#keep({ ...record, sequence: checkIn.sequence, heard, missing: false, clockRefusedAt: null })
    return 'taken'
  }

  check(): SystemCondition[] {
    this.#listen()
    const { homes, rules, logger, clock } = this.#options
    this.#meetHomes()
    const conditions = homes().flatMap((home) => {
      let record = this.#recordOf(home)
      if (!record.missing && isMissing(record, this.listening, home.missingAfterMs)) {
        logger.warn({ home: home.id }, 'a home has fallen silent')
        record = this.#keep({ ...record, missing: true })
      }
      return conditionsOf(record, this.listening, rules)
    })
    if (clock.monotonic() - this.#savedAt >= SAVE_MS) this.#save()
    return conditions
  }

  forget(id: string): void {
    this.#records.delete(id)
    this.#options.store.delete(id)
  }

  stop(): void {
    this.#listen()
    this.#save()
  }

  #listen(): void {
    const now = this.#options.clock.monotonic()
    const passed = now - this.#lookedAt
    this.#lookedAt = now
    this.#listened += Math.min(passed, LONGEST_STEP_MS)
    if (passed > LONGEST_STEP_MS) this.#stretch++
  }

  #meetHomes(): void {
    for (const home of this.#options.homes()) {
      const known = this.#records.get(home.id)
      if (!known) this.#keep(this.#recordOf(home))
      else if (known.keyId !== home.keyId) this.#keep({ ...known, keyId: home.keyId, sequence: 0 })
    }
  }

  #recordOf({ id, keyId }: RegisteredHome): HomeRecord {
    const known = this.#records.get(id)
    if (known) return known.keyId === keyId ? known : { ...known, keyId, sequence: 0 }
    return {
      ...{ id, keyId, knownListened: this.#listened },
      ...{ sequence: 0, heard: null, missing: false, clockRefusedAt: null },
    }
  }

  #keep(record: HomeRecord): HomeRecord {
    this.#records.set(record.id, record)
    this.#save(record)
    return record
  }

  /** A disk that refuses must not make homes look silent: what was heard counts; `canSave` says that it is not kept. */
  #save(...records: readonly HomeRecord[]): void {
    const { store, clock, logger } = this.#options
    try {
      store.save(this.listening, ...(this.#canSave ? records : this.#records.values()))
      this.#canSave = true
      this.#savedAt = clock.monotonic()
    } catch (error) {
      if (this.#canSave) logger.error({ err: error }, 'the disk refuses; what is heard now is lost with a restart')
      this.#canSave = false
    }
  }
}

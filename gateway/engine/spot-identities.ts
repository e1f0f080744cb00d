import { createHash } from 'node:crypto'
import type { Observation } from '@medplum/fhirtypes'
import type { Measurement } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import type { StoredValue } from '#gateway/journal/api/measurements.js'
import { IDENTITY_CONFLICT } from '#gateway/model/reading.js'

/** What the journal has under an identifier; `gone`: its content left the gateway. Null: nothing. */
export type StoredContent = StoredValue['content'] | 'gone' | null

/** Values of one time in a memory that are looked through for one that has moved up. */
const MAX_ALIKE = 16

/** Identities remembered, so that they are recognised before they are stored. */
const MAX_REMEMBERED = 2000
/** Said with a value whose identity was given long ago: whether it said the same cannot be known any more. */
const REUSED = 'identity-reused'

export interface Placed {
  readonly measurement: Measurement
  /** It was there before: a redelivery, never alarmed on again. */
  readonly repeated: boolean
}

/**
 * Tells a value that is sent again from another one under the same name. Equal content is a redelivery. Other content is a
 * conflict: the value is kept under a name made of its content, so that its own redelivery is recognised. What is no value
 * of the patient (absent, or impossible) never has the name that a real one needs.
 *
 * Where retention has taken the content, the value is kept so too, and judged as any other: a device that counts anew after
 * years must alarm. What an alert names keeps its content, so that nothing that alarmed alarms again.
 */
export class SpotIdentities {
  readonly #stored: (identifier: string) => StoredContent
  readonly #remembered = new Map<string, string>()

  constructor(stored: (identifier: string) => StoredContent) {
    this.#stored = stored
  }

  /**
   * @param memory whether it is a record of a device's memory, whose name ends in its number among those of its time. The oldest
   *   records make room for new ones, so the same one may come with a smaller number. Read again after its content has gone, it
   *   is a repetition
   */
  place(measurement: Measurement, memory: boolean): Placed {
    const own = isReal(measurement) ? measurement : renamed(measurement, '0')
    const content = contentOf(own)
    const first = this.#look(own)
    if (first === 'new' || first === 'same') return { measurement: own, repeated: first === 'same' }
    if (first === 'gone' && memory && own.timedByDevice) return { measurement: own, repeated: true }
    const ofTime = memory ? { ...own, identifier: own.identifier.replace(NUMBER, 'L') } : own
    const moved = memory && alikes(ofTime.identifier).find((name) => this.#known(name) === content)
    if (moved) return { measurement: { ...own, identifier: moved }, repeated: true }
    const other = renamed(ofTime, digestOf(content))
    const conflict = { ...other, remarks: [...other.remarks, first === 'gone' ? REUSED : IDENTITY_CONFLICT] }
    return { measurement: conflict, repeated: this.#look(conflict) === 'same' }
  }

  /** Whether one of this name was there before, whatever it said: for devices that number their values themselves. */
  isRepeated(measurement: Measurement): boolean {
    return this.#look(measurement) !== 'new'
  }

  #look(measurement: Measurement): 'new' | 'same' | 'other' | 'gone' {
    const { identifier } = measurement
    const content = contentOf(measurement)
    const known = this.#known(identifier)
    if (!this.#remembered.has(identifier)) this.#remember(identifier, known ?? content)
    if (known === null) return 'new'
    if (known === GONE) return 'gone'
    return known === content ? 'same' : 'other'
  }

  #known(identifier: string): string | null {
    return this.#remembered.get(identifier) ?? knownContent(this.#stored(identifier))
  }

  #remember(identifier: string, content: string): void {
    this.#remembered.set(identifier, content)
    if (this.#remembered.size <= MAX_REMEMBERED) return
    for (const oldest of [...this.#remembered.keys()].slice(0, MAX_REMEMBERED / 2)) this.#remembered.delete(oldest)
  }
}

/** No content is the word. */
const GONE = 'gone'

/** Of a memory's record: `…L`, `…L.2` (`measurementIdentifier`). */
const NUMBER = /L(?:\.\d+)?$/
const alikes = (first: string): string[] =>
  Array.from({ length: MAX_ALIKE }, (_, i) => (i === 0 ? first : `${first}.${i + 1}`))

const isReal = ({ value, quality }: Measurement): boolean =>
  value.type !== 'absent' && quality !== 'implausible' && quality !== 'missing'

/** In digits, as a repetition of a time is told apart (`movedIdentifier`). */
const renamed = (measurement: Measurement, mark: string): Measurement => ({
  ...measurement,
  identifier: `${measurement.identifier}.${mark}`,
})

const digestOf = (content: string): string => String(createHash('sha256').update(content).digest().readUInt32BE())

/** Both forms as the Observation's value, which is what a batch keeps of a measurement. */
const contentOf = (measurement: Measurement): string =>
  saidBy(observationOf(measurement, { patient: 'unknown', home: 'unknown' }))

function knownContent(stored: StoredContent): string | null {
  if (stored === null) return null
  if (stored === 'gone') return GONE
  return 'measurement' in stored ? contentOf(stored.measurement) : saidBy(JSON.parse(stored.observation) as Observation)
}

/** Members in the order of their names: a batch's JSON is canonical (RFC 8785). */
function saidBy({ valueQuantity, valueCodeableConcept, component, dataAbsentReason }: Observation): string {
  return JSON.stringify({ valueQuantity, valueCodeableConcept, component, dataAbsentReason }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

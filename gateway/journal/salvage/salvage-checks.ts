/**
 * Checks that make a row of a damaged file believable, and that find the table of a row whose page has lost its tree. A
 * table without a check is salvaged as long as its tree holds.
 */
import { SENSOR_KINDS } from '#fhir/measurement.js'
import type { RowCipher } from '#gateway/journal/sqlite/cipher.js'
import { openLeaf, openMeasurement, openTransition } from '#gateway/journal/sqlite/sealed-rows.js'
import { PRIORITIES } from '#gateway/model/alert.js'
import { isLaneKey } from '#gateway/model/lane.js'
import { NOTIFICATION_REASONS } from '#gateway/model/notification.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { RawRow, SqliteValue } from './sqlite-pages.js'

export interface RowCheck {
  readonly table: string
  /** Throws, or returns false, for what is no row of this table. `rowid` is null in a table without row ids. */
  readonly accepts: (values: readonly SqliteValue[], rowid: number | null) => boolean
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const wholeOrNull = (value: unknown) => value === null || whole(value)
const text = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && !value.includes('\ufffd')
const textOrNull = (value: unknown) => value === null || text(value)
const like = (pattern: RegExp) => (value: unknown) => typeof value === 'string' && pattern.test(value)
const hash = like(/^0x[0-9a-f]{64}$/)
const address = like(/^0x[0-9a-fA-F]{40}$/)
const among = (values: readonly unknown[]) => (value: unknown) => values.includes(value)

const sensor = among(SENSOR_KINDS)
const priority = among(PRIORITIES)
const reason = among(NOTIFICATION_REASONS)
const lane = (value: unknown) => typeof value === 'string' && isLaneKey(value)
const signature = like(/^0x[0-9a-fA-F]{130}$/)
/** An INTEGER PRIMARY KEY: the row id stands for it. */
const id = (value: unknown) => value === null

/** Rows with a row id, or without one, that begin with such values. */
function shape(hasRowid: boolean, ...columns: ((value: unknown) => boolean)[]): RowCheck['accepts'] {
  return (values, rowid) => (rowid !== null) === hasRowid && columns.every((accepts, index) => accepts(values[index]))
}

/** In the order in which rows are worth having, should the disk fill up meanwhile. */
export function rowChecks(cipher: RowCipher): RowCheck[] {
  return [
    { table: 'epoch_key', accepts: shape(false, text, like(/^[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+\.[\w-]+$/)) },
    {
      table: 'batch',
      accepts: shape(true, id, address, hash, hash, whole, whole, whole, whole, address, signature, whole),
    },
    {
      table: 'leaf',
      accepts: ([batch, position, measurement, salt, observation], rowid) => {
        if (rowid === null || !whole(batch) || !whole(position) || !whole(measurement)) return false
        if (observation instanceof Uint8Array) {
          openLeaf(cipher, batch, position, observation)
          return true
        }
        return salt instanceof Uint8Array && salt.length === 32 && isObject(observation)
      },
    },
    { table: 'anchor_transaction', accepts: shape(true, id, like(/^0x[0-9a-f]+$/), hash, whole) },
    { table: 'anchor_receipt', accepts: shape(true, id, hash, whole, hash, whole, whole) },
    {
      table: 'lane',
      // Five numbers, six from schema 4 on; then, from schema 9 on, the parts of the key.
      accepts: ([key, ...rest], rowid) =>
        rowid === null && lane(key) && rest.slice(0, 6).every(whole) && rest.slice(6).every(textOrNull),
    },
    {
      table: 'outbox',
      accepts: shape(true, id, lane, text, whole, text, whole, whole, wholeOrNull, textOrNull, wholeOrNull),
    },
    {
      table: 'measurement',
      accepts: ([id, identifier, kind, at, payload, samples, batch], rowid) => {
        if (id !== null || rowid === null || !text(identifier) || !Number.isFinite(at)) return false
        // A batched one may have been restored from its leaf, which does not tell the sensor.
        if (batch !== null) return whole(batch) && payload === null && (kind === '' || sensor(kind))
        if (!sensor(kind)) return false
        if (payload instanceof Uint8Array) {
          openMeasurement(cipher, identifier, payload)
          return true
        }
        return isObject(payload) && (samples === null || samples instanceof Uint8Array)
      },
    },
    {
      table: 'alert_transition',
      accepts: ([id, alertId, condition, kind, rank, state, at, raisedAt, , , value], rowid) => {
        if (id !== null || rowid === null || !text(alertId) || !text(condition) || !text(kind) || !priority(rank))
          return false
        if (!text(state) || !whole(at) || !whole(raisedAt)) return false
        if (value instanceof Uint8Array) openTransition(cipher, { alertId, state, at }, value)
        return value === null || value instanceof Uint8Array || typeof value === 'number'
      },
    },
    { table: 'alert_delivery', accepts: shape(true, id, whole, wholeOrNull, text, textOrNull, reason, whole) },
    {
      table: 'notification',
      accepts: shape(true, id, text, whole, text, reason, text, textOrNull, whole, wholeOrNull),
    },
    { table: 'total', accepts: shape(false, like(/^(measurement|batches)\.\w+$/), whole) },
  ]
}

/** `believable`, `not`, or `sealed`: a blob that the key does not open. */
export function judge(check: RowCheck, { values, rowid }: RawRow): 'believable' | 'not' | 'sealed' {
  try {
    return check.accepts(values, rowid) ? 'believable' : 'not'
  } catch (error) {
    return error instanceof HomebeatError && error.code === 'journal.altered' ? 'sealed' : 'not'
  }
}

function isObject(json: unknown): boolean {
  return typeof json === 'string' && typeof JSON.parse(json) === 'object'
}

import type { Hour } from '#gateway/clinical/scores/hourly.js'
import type { HourlyStore } from '#gateway/journal/api/journal.js'
import type { RowCipher } from './cipher.js'
import { HOURLY } from './queries.js'
import { openJson, sealJson } from './sealed-rows.js'
import type { Tables } from './tables.js'

interface HourlyRow {
  readonly number: string
  readonly hour: number
  readonly payload: Uint8Array
}

/** @param tables the open ones; throws `journal.closed` when there are none. */
export function hourlyStore(tables: () => Pick<Tables, 'database' | 'cipher'>): HourlyStore {
  return {
    put(hours, since) {
      const { database, cipher } = tables()
      database.transaction(() => {
        for (const hour of hours) {
          const row = encode(cipher, hour)
          database.run(HOURLY.put, row.number, row.hour, row.payload)
        }
        database.run(HOURLY.prune, since)
      })
    },
    all() {
      const { database, cipher } = tables()
      return database.all<HourlyRow>(HOURLY.all).map((row) => decode(cipher, row))
    },
  }
}

const contextOf = (number: string, hour: number) => `hourly_aggregate/payload/${number}/${hour}`

function encode(cipher: RowCipher, { number, hour, count, mean, min, max }: Hour): HourlyRow {
  return { number, hour, payload: sealJson(cipher, { count, mean, min, max }, contextOf(number, hour)) }
}

function decode(cipher: RowCipher, { number, hour, payload }: HourlyRow): Hour {
  const { count, mean, min, max } = openJson(cipher, payload, contextOf(number, hour)) as Omit<Hour, 'number' | 'hour'>
  return { number, hour, count, mean, min, max }
}

import type { Hour } from '#gateway/clinical/scores/hourly.js'
import type { HourlyStore } from '#gateway/journal/api/hourly.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { HOURLY } from './queries.js'
import { opened, openJson, sealJson } from './sealed-rows.js'

interface HourlyRow {
  readonly number: string
  readonly hour: number
  readonly payload: Uint8Array
}

export function hourlyStore(database: Database, cipher: RowCipher): HourlyStore {
  return {
    put(hours, since) {
      database.transaction(() => {
        for (const hour of hours) {
          const row = encode(cipher, hour)
          database.run(HOURLY.put, row.number, row.hour, row.payload)
        }
        database.run(HOURLY.prune, since)
      })
    },
    all() {
      return database.all<HourlyRow>(HOURLY.all).flatMap((row) => opened(() => decodeHour(cipher, row)) ?? [])
    },
  }
}

const contextOf = (number: string, hour: number) => `hourly_aggregate/payload/${number}/${hour}`

function encode(cipher: RowCipher, { number, hour, count, mean, min, max }: Hour): HourlyRow {
  return { number, hour, payload: sealJson(cipher, { count, mean, min, max }, contextOf(number, hour)) }
}

export function decodeHour(cipher: RowCipher, { number, hour, payload }: HourlyRow): Hour {
  const { count, mean, min, max } = openJson(cipher, payload, contextOf(number, hour)) as Omit<Hour, 'number' | 'hour'>
  return { number, hour, count, mean, min, max }
}

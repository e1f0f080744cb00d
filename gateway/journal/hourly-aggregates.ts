import type { Hour, Trended } from '#gateway/scores/hourly.js'
import type { Database } from './database.js'
import type { HourlyStore } from './journal.js'
import { HOURLY } from './queries.js'

interface HourlyRow {
  readonly number: string
  readonly hour: number
  readonly payload: string
}

/** @param database the open one; throws `journal.closed` when there is none. */
export function hourlyStore(database: () => Database): HourlyStore {
  return {
    put(hours, since) {
      const open = database()
      open.transaction(() => {
        for (const hour of hours) {
          const row = encode(hour)
          open.run(HOURLY.put, row.number, row.hour, row.payload)
        }
        open.run(HOURLY.prune, since)
      })
    },
    all: () => database().all<HourlyRow>(HOURLY.all).map(decode),
  }
}

function encode({ number, hour, count, mean, min, max }: Hour): HourlyRow {
  return { number, hour, payload: JSON.stringify({ count, mean, min, max }) }
}

function decode({ number, hour, payload }: HourlyRow): Hour {
  const { count, mean, min, max } = JSON.parse(payload) as Omit<Hour, 'number' | 'hour'>
  return { number: number as Trended, hour, count, mean, min, max }
}

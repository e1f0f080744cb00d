import type { Actor } from '#gateway/alerts/alert.js'
import type { EntryJournal, Observed } from '#gateway/entry/entry.js'
import type { Database } from './database.js'
import { PATIENT_ENTRIES } from './queries.js'

interface EntryRow {
  readonly at: number
  readonly what: string
  readonly value: string
  readonly actor: string
  readonly via: string
}

/** @param database the open one; throws `journal.closed` when there is none. */
export function entryJournal(database: () => Database): EntryJournal {
  return {
    append(observed) {
      const { at, what, value, actor, via } = encode(observed)
      database().run(PATIENT_ENTRIES.insert, at, what, value, actor, via)
    },
    latest(what) {
      const row = database().get<EntryRow>(PATIENT_ENTRIES.latest, what)
      return row ? decode(row) : null
    },
  }
}

function encode({ at, what, value, actor }: Observed): EntryRow {
  return { at, what, value, actor: actor.by, via: actor.via }
}

function decode({ at, what, value, actor, via }: EntryRow): Observed {
  return { at, what, value, actor: { by: actor, via: via as Actor['via'] } } as Observed
}

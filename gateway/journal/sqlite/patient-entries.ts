import type { Actor } from '#gateway/model/alert.js'
import type { EntryJournal, Observed } from '#gateway/model/manual-observation.js'
import type { RowCipher } from './cipher.js'
import { PATIENT_ENTRIES } from './queries.js'
import { openJson, sealJson } from './sealed-rows.js'
import type { Tables } from './tables.js'

interface EntryRow {
  readonly at: number
  readonly what: string
  readonly value: Uint8Array
  readonly actor: string
  readonly via: string
}

/** @param tables the open ones; throws `journal.closed` when there are none. */
export function entryJournal(tables: () => Pick<Tables, 'database' | 'cipher'>): EntryJournal {
  return {
    append(observed) {
      const { database, cipher } = tables()
      const { at, what, value, actor, via } = encode(cipher, observed)
      database.run(PATIENT_ENTRIES.insert, at, what, value, actor, via)
    },
    latest(what) {
      const { database, cipher } = tables()
      const row = database.get<EntryRow>(PATIENT_ENTRIES.latest, what)
      return row ? decode(cipher, row) : null
    },
  }
}

const contextOf = (what: string, at: number) => `patient_entry/value/${what}/${at}`

function encode(cipher: RowCipher, { at, what, value, actor }: Observed): EntryRow {
  return { at, what, value: sealJson(cipher, value, contextOf(what, at)), actor: actor.by, via: actor.via }
}

function decode(cipher: RowCipher, { at, what, value, actor, via }: EntryRow): Observed {
  return {
    at,
    what,
    value: openJson(cipher, value, contextOf(what, at)),
    actor: { by: actor, via: via as Actor['via'] },
  } as Observed
}

import type { Actor } from '#gateway/model/alert.js'
import type { ManualObservationJournal, Observed } from '#gateway/model/manual-observation.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { PATIENT_ENTRIES } from './queries.js'
import { opened, openJson, sealJson } from './sealed-rows.js'

interface EntryRow {
  readonly at: number
  readonly what: string
  readonly value: Uint8Array
  readonly actor: string
  readonly via: string
}

export function manualObservationStore(database: Database, cipher: RowCipher): ManualObservationJournal {
  return {
    append(observed) {
      const { at, what, value, actor, via } = encode(cipher, observed)
      database.run(PATIENT_ENTRIES.insert, at, what, value, actor, via)
    },
    latest(what) {
      const row = database.get<EntryRow>(PATIENT_ENTRIES.latest, what)
      // Not an older one in its place: what was seen last is not known.
      return row ? opened(() => decodeEntry(cipher, row)) : null
    },
  }
}

const contextOf = (what: string, at: number) => `patient_entry/value/${what}/${at}`

function encode(cipher: RowCipher, { at, what, value, actor }: Observed): EntryRow {
  return { at, what, value: sealJson(cipher, value, contextOf(what, at)), actor: actor.by, via: actor.via }
}

export function decodeEntry(cipher: RowCipher, { at, what, value, actor, via }: EntryRow): Observed {
  return {
    at,
    what,
    value: openJson(cipher, value, contextOf(what, at)),
    actor: { by: actor, via: via as Actor['via'] },
  } as Observed
}

import type { SettingChange } from '#gateway/clinical/settings/change.js'
import type { SettingsJournal } from '#gateway/clinical/settings/patient-settings.js'
import type { Actor } from '#gateway/model/alert.js'
import type { RowCipher } from './cipher.js'
import { SETTING_CHANGES } from './queries.js'
import { openJson, sealJson } from './sealed-rows.js'
import type { Tables } from './tables.js'

interface SettingChangeRow {
  readonly at: number
  readonly kind: string
  readonly name: string
  readonly change: Uint8Array
  readonly actor: string
  readonly via: string
}

/** @param tables the open ones; throws `journal.closed` when there are none. */
export function settingsJournal(tables: () => Pick<Tables, 'database' | 'cipher'>): SettingsJournal {
  return {
    append(change) {
      const { database, cipher } = tables()
      const { at, kind, name, change: sealed, actor, via } = encode(cipher, change)
      database.run(SETTING_CHANGES.insert, at, kind, name, sealed, actor, via)
    },
    all() {
      const { database, cipher } = tables()
      return database.all<SettingChangeRow>(SETTING_CHANGES.all).map((row) => decode(cipher, row))
    },
  }
}

const contextOf = ({ kind, name, at }: Pick<SettingChangeRow, 'kind' | 'name' | 'at'>) =>
  `setting_change/change/${kind}/${name}/${at}`

/** Why is often a diagnosis: it is sealed with the change. */
function encode(cipher: RowCipher, { at, kind, name, change, actor, why }: SettingChange): SettingChangeRow {
  const sealed = sealJson(cipher, { change, why }, contextOf({ kind, name, at }))
  return { at, kind, name, change: sealed, actor: actor.by, via: actor.via }
}

function decode(cipher: RowCipher, row: SettingChangeRow): SettingChange {
  const { at, kind, name, actor, via } = row
  const { change, why } = openJson(cipher, row.change, contextOf(row)) as { change: unknown; why: string }
  return { at, kind, name, change, actor: { by: actor, via: via as Actor['via'] }, why } as SettingChange
}

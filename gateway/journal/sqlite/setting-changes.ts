import type { SettingChange } from '#gateway/clinical/settings/change.js'
import type { SettingsJournal } from '#gateway/clinical/settings/patient-settings.js'
import type { Actor } from '#gateway/model/alert.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { SETTING_CHANGES } from './queries.js'
import { opened, openJson, sealJson } from './sealed-rows.js'

interface SettingChangeRow {
  readonly at: number
  readonly kind: string
  readonly name: string
  readonly change: Uint8Array
  readonly actor: string
  readonly via: string
}

export function settingStore(database: Database, cipher: RowCipher): SettingsJournal {
  return {
    append(change) {
      const { at, kind, name, change: sealed, actor, via } = encode(cipher, change)
      database.run(SETTING_CHANGES.insert, at, kind, name, sealed, actor, via)
    },
    all() {
      return database
        .all<SettingChangeRow>(SETTING_CHANGES.all)
        .flatMap((row) => opened(() => decodeChange(cipher, row)) ?? [])
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

export function decodeChange(cipher: RowCipher, row: SettingChangeRow): SettingChange {
  const { at, kind, name, actor, via } = row
  const { change, why } = openJson(cipher, row.change, contextOf(row)) as { change: unknown; why: string }
  return { at, kind, name, change, actor: { by: actor, via: via as Actor['via'] }, why } as SettingChange
}

import type { Actor } from '#gateway/alerts/alert.js'
import type { SettingChange } from '#gateway/settings/change.js'
import type { SettingsJournal } from '#gateway/settings/settings-book.js'
import type { Database } from './database.js'
import { SETTING_CHANGES } from './queries.js'

interface SettingChangeRow {
  readonly at: number
  readonly kind: string
  readonly name: string
  readonly change: string
  readonly actor: string
  readonly via: string
  readonly why: string
}

/** @param database the open one; throws `journal.closed` when there is none. */
export function settingsJournal(database: () => Database): SettingsJournal {
  return {
    append(change) {
      const { at, kind, name, change: value, actor, via, why } = encode(change)
      database().run(SETTING_CHANGES.insert, at, kind, name, value, actor, via, why)
    },
    all: () => database().all<SettingChangeRow>(SETTING_CHANGES.all).map(decode),
  }
}

function encode({ at, kind, name, change, actor, why }: SettingChange): SettingChangeRow {
  return { at, kind, name, change: JSON.stringify(change), actor: actor.by, via: actor.via, why }
}

function decode({ at, kind, name, change, actor, via, why }: SettingChangeRow): SettingChange {
  const by = { by: actor, via: via as Actor['via'] }
  return { at, kind, name, change: JSON.parse(change), actor: by, why } as SettingChange
}

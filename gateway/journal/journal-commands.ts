import { z } from 'zod'
import type { DamageStore } from '#gateway/journal/api/damages.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'

/** What a person may tell a running gateway about its journal. */
export function journalCommands(damages: Pick<DamageStore, 'accept'>): ControlCommand[] {
  return [command('journal.accept-damage', z.strictObject({}), () => ({ accepted: damages.accept() }))]
}

import { z } from 'zod'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'

/** What a person may tell a running gateway about its journal. */
export function journalCommands(journal: { acceptDamage(): number }): ControlCommand[] {
  return [command('journal.accept-damage', z.strictObject({}), () => ({ accepted: journal.acceptDamage() }))]
}

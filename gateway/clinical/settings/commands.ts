/** What a clinician may tell the running gateway of the patient's limits and settings. */
import { z } from 'zod'
import { actorName } from '#gateway/model/actor.js'
import { ACTION_PATHS } from '#gateway/model/alert.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { limitChange } from './change.js'
import type { PatientSettings } from './patient-settings.js'

const why = z
  .string()
  .trim()
  .min(3, 'say why, in a few words')
  .max(500, 'say why in at most 500 characters')
  .regex(/^[^\p{Cc}]*$/u, 'say why in one line')
const name = z.string().min(1).max(100)
const signed = { by: actorName, via: z.enum(ACTION_PATHS).default('command-line'), why }

export function settingsCommands(settings: PatientSettings): ControlCommand[] {
  return [
    command('limits.list', z.strictObject({}), () => settings.limits()),
    command(
      'limits.set',
      z.strictObject({ condition: name, change: limitChange, ...signed }),
      ({ condition, change, by, via, why }) => settings.setLimit(condition, change, { by, via }, why),
    ),
    command('limits.reset', z.strictObject({ condition: name, ...signed }), ({ condition, by, via, why }) =>
      settings.resetLimit(condition, { by, via }, why),
    ),
    command('limits.log', z.strictObject({ limit: z.number().int().min(1).max(1000).default(100) }), ({ limit }) =>
      settings.log(limit),
    ),
    command('settings.list', z.strictObject({}), () => settings.settings()),
    command(
      'settings.set',
      z.strictObject({ key: name, value: z.union([z.number(), z.string().max(100)]), ...signed }),
      ({ key, value, by, via, why }) => settings.setSetting(key, value, { by, via }, why),
    ),
    command('settings.reset', z.strictObject({ key: name, ...signed }), ({ key, by, via, why }) =>
      settings.resetSetting(key, { by, via }, why),
    ),
  ]
}

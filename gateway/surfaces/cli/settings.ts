import { Command } from 'commander'
import type { ListedSetting } from '#gateway/clinical/settings/patient-settings.js'
import { loadConfig } from '#gateway/config/load.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { verb } from './exit.js'
import { originWords } from './limits.js'
import { type HomeOptions, homeVerb, type SignedOptions, signing } from './options.js'

/** `homebeat settings list|set|reset`: clinical settings that are no limit; `homebeat limits log` has their changes. */
export function settingsCommand(): Command {
  return new Command('settings')
    .description("the patient's clinical settings, e.g. the SpO2 scale of NEWS2")
    .addCommand(homeVerb('list', 'the settings in force, and where each comes from').action(verb(list)))
    .addCommand(
      signing(homeVerb('set', 'change a setting; it holds at once'))
        .argument('<key>', 'as `homebeat settings list` names it')
        .argument('<value>')
        .action(verb(set)),
    )
    .addCommand(
      signing(homeVerb('reset', 'back to what the configuration says'))
        .argument('<key>', 'as `homebeat settings list` names it')
        .action(verb(reset)),
    )
}

async function list({ config, json }: HomeOptions): Promise<void> {
  const settings = await callGateway<ListedSetting[]>(loadConfig(config).dataDir, 'settings.list')
  process.stdout.write(json ? `${JSON.stringify(settings)}\n` : `${settings.map(line).join('\n')}\n`)
}

async function set(key: string, text: string, { config, json, by, why }: SignedOptions): Promise<void> {
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  const input = { key, value, by, why }
  answer(await callGateway<ListedSetting>(loadConfig(config).dataDir, 'settings.set', input), json)
}

async function reset(key: string, { config, json, by, why }: SignedOptions): Promise<void> {
  answer(await callGateway<ListedSetting>(loadConfig(config).dataDir, 'settings.reset', { key, by, why }), json)
}

function answer(setting: ListedSetting, json = false): void {
  process.stdout.write(json ? `${JSON.stringify(setting)}\n` : `${line(setting)}\n`)
}

function line({ key, value, unit, range, label, origin }: ListedSetting): string {
  return `${key.padEnd(30)} ${`${value} ${unit}`.trim().padEnd(10)} ${label}; ${range} (${originWords(origin)})`
}

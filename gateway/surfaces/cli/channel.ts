import { Command } from 'commander'
import { ConfiguredChannels } from '#gateway/alarms/channels/configured-channels.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { VapidKey } from '#gateway/alarms/channels/vapid.js'
import { vapidPath } from '#gateway/alarms/channels/webpush.js'
import { type LoadedConfig, loadConfig } from '#gateway/config/load.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { systemClock, wait } from '#gateway/platform/clock.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { reachOf } from '#gateway/platform/net/reach.js'
import { EXIT, verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

export function channelCommand(): Command {
  return new Command('channel')
    .description('the ways in which alerts reach people')
    .addCommand(
      new Command('list')
        .description('say which channels are configured, and whom they reach')
        .addOption(CONFIG_OPTION())
        .option('--json', 'print one JSON object')
        .action(verb(list)),
    )
    .addCommand(
      new Command('test')
        .description(
          'send a message that is marked as a test, as an alert would come; exit code 1 if it was not delivered',
        )
        .argument('<name>', 'of the channel')
        .addOption(CONFIG_OPTION())
        .option('--contact <id>', 'whom to reach, where the channel has several contacts')
        .action(verb(test)),
    )
    .addCommand(
      new Command('push-key')
        .description('print the public key that a browser needs to subscribe to web push; makes it on first use')
        .addOption(CONFIG_OPTION())
        .action(verb(pushKey)),
    )
}

async function list({ config: file, json }: { config: string; json?: boolean }): Promise<void> {
  const channels = compose(loadConfig(file)).book.list()
  const lines = channels.map(
    ({ name, about, contacts }) => `${name.padEnd(16)} ${contacts.join(', ') || 'told of everything'}: ${about}`,
  )
  const text = lines.join('\n') || 'No alert channel is configured: nobody is told of anything (alerts.channels).'
  process.stdout.write(json ? `${JSON.stringify({ channels })}\n` : `${text}\n`)
}

async function test(name: string, { config: file, contact }: { config: string; contact?: string }): Promise<void> {
  const loaded = loadConfig(file)
  const outcome = await callGateway<DeliveryOutcome>(loaded.dataDir, 'channel.test', { name, contact }).catch(
    (error: unknown) => {
      if (error instanceof HomebeatError && error.code === 'control.not-running')
        return testAlone(loaded, name, contact)
      throw error
    },
  )
  process.stdout.write(`${name}: ${describe(outcome)}\n`)
  if (outcome.class !== 'delivered') process.exitCode = EXIT.failed
}

/** No gateway runs: this process is the one that may use the channel. */
async function testAlone(loaded: LoadedConfig, name: string, contact: string | undefined): Promise<DeliveryOutcome> {
  ensureDataDir(loaded.dataDir)
  const { book, channels } = compose(loaded)
  const channel = channels.find((one) => one.name === name)
  try {
    const outcome = await book.test(name, contact)
    if (outcome.class === 'delivered') await wait(systemClock, channel?.testMs ?? 0)
    return outcome
  } finally {
    await channel?.stop?.()
  }
}

async function pushKey({ config: file }: { config: string }): Promise<void> {
  const { dataDir } = loadConfig(file)
  ensureDataDir(dataDir)
  process.stdout.write(`${(await VapidKey.loadOrCreate(vapidPath(dataDir))).publicKey}\n`)
}

function compose({ config, baseDir, dataDir }: LoadedConfig) {
  const home = config.home.id
  const reach = reachOf({ proxy: config.proxy, baseDir })
  const dependencies = { fetch: reach(), reach, stream: process.stderr, home, baseDir, dataDir }
  const { channels: configs, contacts, preview } = config.alerts
  const channels = configs.map((channel) => createChannel(channel, dependencies))
  return { channels, book: new ConfiguredChannels({ channels, contacts, home, preview, clock: systemClock }) }
}

function describe(outcome: DeliveryOutcome): string {
  switch (outcome.class) {
    case 'delivered':
      return outcome.detail === undefined ? 'delivered' : `delivered (${outcome.detail})`
    case 'ambiguous':
      return `perhaps delivered: ${outcome.reason}`
    case 'transient':
      return `not delivered now: ${outcome.reason}`
    default:
      return `not delivered: ${outcome.reason}`
  }
}

import { join } from 'node:path'
import { Command, Option } from 'commander'
import { z } from 'zod'
import type { Measurement } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import { loadConfig } from '#gateway/config/load.js'
import { listing, type RetryResult, type UnmappedListing } from '#gateway/engine/mapping-commands.js'
import { decodeMqtt } from '#gateway/intake/decode/mqtt.js'
import { loadMappings, type Mappings } from '#gateway/intake/mapping/load.js'
import { type ForeignMessage, type Mapped, Mapper, type RuleName } from '#gateway/intake/mapping/mapper.js'
import { filterOf } from '#gateway/intake/mapping/topic-pattern.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { printable } from '#gateway/platform/printable.js'
import { EXIT, verb } from './exit.js'
import { CONFIG_OPTION, upTo } from './options.js'

const MAX_FILE_BYTES = 16 * 1024 * 1024
const PREVIEW = 80

interface Json {
  readonly json?: boolean
}

/** `homebeat map --dry-run messages.json`: what the mappings make of other people's MQTT messages. */
export function mapCommand(): Command {
  const json = () => new Option('--json', 'print JSON')
  return new Command('map')
    .description("try and look after the mappings of other people's MQTT messages (docs/mqtt.md)")
    .option(
      '--dry-run <file>',
      'messages {topic, payload}: one, an array, or JSON lines; nothing is stored (exit code 1: one is unmapped)',
    )
    .option('--topic <topic>', 'with --dry-run: the topic of messages that name none')
    .option('--device <id>', 'with --dry-run: who published messages that name nobody', 'sender')
    .addOption(
      new Option('-c, --config <file>', "take this configuration's own mappings beside the shipped ones").env(
        'HOMEBEAT_CONFIG',
      ),
    )
    .addOption(json())
    .action(verb(async (options: DryRunOptions) => dryRun(options)))
    .addCommand(
      new Command('list')
        .description('the mapping templates, in the order in which they are tried, with their topics')
        .option('-c, --config <file>', "with this configuration's own mappings")
        .addOption(json())
        .action(verb(async (_: unknown, self: Command) => list(self.optsWithGlobals()))),
    )
    .addCommand(
      new Command('unmapped')
        .description('messages that became no reading, newest first, each with its reason')
        .addOption(CONFIG_OPTION())
        .option('--limit <n>', 'at most so many', upTo(1000), 20)
        .addOption(json())
        .action(verb(async (_: unknown, self: Command) => unmapped(self.optsWithGlobals()))),
    )
    .addCommand(
      new Command('retry')
        .description('put the kept messages through the mappings of the running gateway again')
        .addOption(CONFIG_OPTION())
        .addOption(json())
        .action(verb(async (_: unknown, self: Command) => retry(self.optsWithGlobals()))),
    )
    .addCommand(
      new Command('discard')
        .description('delete the kept messages of one device: they are nobody’s readings')
        .argument('<device>', 'as `homebeat map unmapped` names it')
        .addOption(CONFIG_OPTION())
        .addOption(json())
        .action(verb(async (device: string, _: unknown, self: Command) => discard(device, self.optsWithGlobals()))),
    )
}

interface DryRunOptions extends Json {
  readonly dryRun?: string
  readonly topic?: string
  readonly device: string
  readonly config?: string
}

const messageSchema = z.object({
  topic: z.string().max(1000).optional(),
  payload: z.unknown().refine((payload) => payload !== undefined, 'is missing'),
  device: z.string().max(100).optional(),
  receivedAt: z.iso.datetime({ offset: true }).optional(),
  encoding: z.enum(['utf-8', 'base64']).optional(),
})

interface Trial {
  readonly topic: string
  readonly outcome: 'mapped' | 'repeated' | 'ignored' | 'unmapped'
  readonly by: string | null
  readonly code?: string
  readonly reason?: string
  readonly measurements: readonly Measurement[]
}

function dryRun(options: DryRunOptions): void {
  if (options.dryRun === undefined) {
    throw new HomebeatError(
      'usage.map',
      'Give --dry-run <file> with messages to try, or one of list, unmapped, retry, discard (homebeat map --help).',
    )
  }
  const mappings = mappingsOf(options.config)
  const mapper = new Mapper({ ...mappings, zoneOffsetMinutes: (at) => -new Date(at).getTimezoneOffset() })
  const normaliser = new Normaliser({ patient: 'dry-run' })
  const trials = readMessages(options.dryRun).map((message, i): Trial => {
    const topic = message.topic ?? options.topic
    if (topic === undefined) {
      throw new HomebeatError('usage.dry-run', `Message ${i + 1} names no topic: write it there, or give --topic.`)
    }
    const receivedAt = message.receivedAt === undefined ? Date.now() : Date.parse(message.receivedAt)
    const foreign = { topic, payload: bytesOf(message), receivedAt, deviceId: message.device ?? options.device }
    const mapped = topic.startsWith('homebeat/') ? byContract(foreign) : mapper.map(foreign)
    if (mapped.outcome === 'unmapped') {
      const { outcome, code, reason, nearest } = mapped
      return { topic, outcome, by: nearest ? nameOf(nearest) : null, code, reason, measurements: [] }
    }
    const readings = mapped.outcome === 'mapped' ? mapped.readings : []
    const measurements = readings.flatMap((reading) =>
      normaliser.accept(reading, receivedAt).judged.map(({ measurement }) => measurement),
    )
    return { topic, outcome: mapped.outcome, by: nameOf(mapped), measurements }
  })
  process.stdout.write(options.json ? `${JSON.stringify(trials, null, 2)}\n` : trials.map(describe).join(''))
  if (trials.some(({ outcome }) => outcome === 'unmapped')) process.exitCode = EXIT.failed
}

const CONTRACT: RuleName = { template: 'homebeat', rule: 'v1' }
const nameOf = ({ template, rule }: RuleName) => `${template}/${rule}`

/** Reads Homebeat's own topics. A trial does not check who may publish them: the broker does. */
function byContract(message: ForeignMessage): Mapped {
  const deviceId = message.topic.split('/')[2] ?? ''
  const frame = { ...message, deviceId, format: 'mqtt-publish' as const, transport: 'dry-run', settle: () => {} }
  const { readings, refused } = decodeMqtt(frame)
  if (!refused) return { outcome: 'mapped', readings, ...CONTRACT }
  return { outcome: 'unmapped', code: refused.code, reason: refused.reason, nearest: CONTRACT }
}

function describe({ topic: raw, outcome, by, reason, measurements }: Trial): string {
  const topic = printable(raw)
  if (outcome === 'unmapped') return `${topic}\n  unmapped${by ? `, nearest ${by}` : ''}: ${reason}\n`
  if (outcome === 'ignored') return `${topic}\n  ${by} says that this is no measurement\n`
  if (outcome === 'repeated') return `${topic}\n  ${by}: the same as before, no new reading\n`
  return [`${topic}\n  mapped by ${by}\n`, ...measurements.map((m) => `    ${measurementLine(m)}\n`)].join('')
}

function measurementLine({ observable, value, at, deviceId, quality, remarks }: Measurement): string {
  const unit = TERMINOLOGY[observable].unit ?? ''
  const words =
    value.type === 'quantity'
      ? `${value.value} ${unit}`
      : value.type === 'bloodPressure'
        ? `${value.systolic}/${value.diastolic} ${unit}`
        : value.type === 'position'
          ? value.position
          : 'no value'
  const said = remarks.length > 0 ? ` (${remarks.join(', ')})` : ''
  return `${observable} ${words}, ${new Date(at).toISOString()}, device ${deviceId}, ${quality}${said}`
}

function list(options: Json & { readonly config?: string }): void {
  const { templates } = mappingsOf(options.config)
  if (options.json) process.stdout.write(`${JSON.stringify(templates, null, 2)}\n`)
  else
    for (const { template, title, example, rules } of templates) {
      process.stdout.write(`${template}: ${title}${example ? ' [example: names are one home’s]' : ''}\n`)
      for (const { name, topic, ignore, readings, identity } of rules) {
        const what = ignore
          ? 'no measurement'
          : `${readings.map(({ sensor }) => sensor).join(', ')}, identity: ${identity}`
        process.stdout.write(`  ${name.padEnd(24)} ${filterOf(topic).padEnd(40)} ${what}\n`)
      }
    }
}

async function unmapped(options: Json & { readonly config: string; readonly limit: number }): Promise<void> {
  const { dataDir } = loadConfig(options.config)
  const { counts, messages } = await listingOf(dataDir, options.limit)
  // `--dry-run` takes an array of messages.
  if (options.json) return void process.stdout.write(`${JSON.stringify(messages, null, 2)}\n`)
  const total = counts.reduce((sum, { waiting }) => sum + waiting, 0)
  const overflowed = counts.reduce((sum, count) => sum + count.overflowed, 0)
  process.stdout.write(
    `${total} ${total === 1 ? 'message' : 'messages'} kept${overflowed > 0 ? `, ${overflowed} not kept: their room was used up` : ''}\n`,
  )
  for (const { id, device, topic, receivedAt, code, reason, payload } of messages) {
    const preview = payload.length > PREVIEW ? `${payload.slice(0, PREVIEW)}…` : payload
    process.stdout.write(
      `${id}  ${receivedAt}  ${device}  ${printable(topic)}\n    ${code}: ${reason}\n    ${printable(preview)}\n`,
    )
  }
}

async function listingOf(dataDir: string, limit: number): Promise<UnmappedListing> {
  try {
    return await callGateway<UnmappedListing>(dataDir, 'map.unmapped', { limit })
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.code !== 'control.not-running') throw error
  }
  const journal = openJournalReader(join(dataDir, 'journal.db'))
  try {
    return listing(journal.unmapped, limit)
  } finally {
    journal.close()
  }
}

async function retry(options: Json & { readonly config: string }): Promise<void> {
  const result = await callGateway<RetryResult>(loadConfig(options.config).dataDir, 'map.retry')
  const { looked, mapped, measurements } = result
  process.stdout.write(
    options.json
      ? `${JSON.stringify(result)}\n`
      : `${mapped} of ${looked} kept messages are mapped now, ${measurements} measurements of them; ${looked - mapped} stay\n`,
  )
}

async function discard(device: string, options: Json & { readonly config: string }): Promise<void> {
  const result = await callGateway<{ discarded: number }>(loadConfig(options.config).dataDir, 'map.discard', { device })
  process.stdout.write(
    options.json ? `${JSON.stringify(result)}\n` : `${result.discarded} messages of ${printable(device)} are deleted\n`,
  )
}

function mappingsOf(config: string | undefined): Mappings {
  if (config === undefined) return loadMappings([], '.')
  const loaded = loadConfig(config)
  return loadMappings(loaded.config.mappings, loaded.baseDir)
}

function readMessages(file: string): z.output<typeof messageSchema>[] {
  const text = readText(file)
  const parsed = parseMessages(text)
  const result = z.array(messageSchema).max(100_000).safeParse(parsed)
  if (parsed === null || !result.success) {
    throw new HomebeatError(
      'usage.dry-run',
      `${file} has no messages: give {"topic": …, "payload": …}, an array of them, or one on each line.`,
    )
  }
  return result.data
}

function parseMessages(text: string): unknown {
  try {
    const whole: unknown = JSON.parse(text)
    return Array.isArray(whole) ? whole : [whole]
  } catch {
    try {
      return text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as unknown)
    } catch {
      return null
    }
  }
}

function readText(file: string): string {
  try {
    const bytes = readBounded(file, MAX_FILE_BYTES)
    if (bytes !== null) return bytes.toString()
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError('usage.dry-run', `${file} cannot be read (${code}): name a file of messages.`, { cause })
  }
  throw new HomebeatError('usage.dry-run', `${file} is larger than ${MAX_FILE_BYTES / 1024 ** 2} MiB: split it.`)
}

/** A text stands for the payload as sent; any other value is sent as JSON. */
function bytesOf({ payload, encoding }: z.output<typeof messageSchema>): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8')
  return Buffer.from(JSON.stringify(payload))
}

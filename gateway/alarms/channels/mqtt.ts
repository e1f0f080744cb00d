import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { IClientOptions } from 'mqtt'
import { parseMqttUrl } from '#gateway/intake/transports/mqtt/address.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { AlertChannel, AlertNotice, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { readCa } from './credentials.js'
import { HomeAssistantAlarms } from './home-assistant.js'
import { type Message, publish } from './mqtt-publish.js'
import { noticeJson } from './notice-json.js'

type MqttConfig = Extract<ChannelConfig, { type: 'mqtt' }>

const TIMEOUT_MS = 10_000

/**
 * Publishes each notice as JSON at QoS 1, with a connection of its own: delivered when the broker has acknowledged it.
 *
 * @throws HomebeatError `config.transport-url`, `channel.login`, `channel.ca-file`, `secret.*`
 */
export function mqttChannel(
  config: MqttConfig,
  dependencies: Pick<ChannelDependencies, 'home' | 'baseDir' | 'timeoutMs'>,
): AlertChannel {
  return new MqttChannel(config, dependencies)
}

class MqttChannel implements AlertChannel {
  readonly name: string
  readonly about: string
  readonly #prefix: string
  readonly #retainState: boolean
  readonly #timeoutMs: number
  readonly #options: () => IClientOptions
  readonly #alarms: HomeAssistantAlarms | null
  /** How long publishing at the start may take, ms. */
  #stop = new AbortController()

  constructor(config: MqttConfig, dependencies: Pick<ChannelDependencies, 'home' | 'baseDir' | 'timeoutMs'>) {
    const { name, url, topicPrefix, retainState, homeAssistant } = config
    const { home, timeoutMs = TIMEOUT_MS } = dependencies
    this.name = name
    this.#prefix = topicPrefix ?? `homebeat/v1/${home}/alerts`
    this.#retainState = retainState
    this.#timeoutMs = timeoutMs
    this.#options = () => connectOptions(config, dependencies)
    this.#options()
    this.#alarms = homeAssistant === undefined ? null : new HomeAssistantAlarms(home, this.#prefix, homeAssistant)
    const { shown, tls } = parseMqttUrl(url)
    const extra = `${retainState ? ', retained states' : ''}${this.#alarms ? ', Home Assistant discovery' : ''}`
    this.about = `publishes to ${this.#prefix}/+ at ${shown}${tls ? '' : ' (not encrypted)'}${extra}`
  }

  /** Tells Home Assistant what is active now; where the broker is away, the next notice does. */
  async start(open: readonly AlertNotice[] = []): Promise<void> {
    if (!this.#alarms) return
    this.#stop = new AbortController()
    for (const notice of open) this.#alarms.take(notice)
    void this.#publish(this.#alarms.messages(), this.#stop.signal)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
  }

  async notify(notice: AlertNotice, signal: AbortSignal): Promise<DeliveryOutcome> {
    if (signal.aborted) return { class: 'transient', reason: 'stopped before sending' }
    this.#alarms?.take(notice)
    return this.#publish([...(this.#alarms?.messages() ?? []), ...this.#messagesOf(notice)], signal)
  }

  async #publish(messages: readonly Message[], signal: AbortSignal): Promise<DeliveryOutcome> {
    let options: IClientOptions
    try {
      // The password is read anew for each message: it may have been renewed.
      options = { ...this.#options(), clientId: `homebeat-${this.name}-${randomBytes(4).toString('hex')}` }
    } catch (error) {
      return { class: 'transient', reason: error instanceof Error ? error.message : String(error) }
    }
    return publish(options, messages, AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]))
  }

  #messagesOf(notice: AlertNotice): Message[] {
    const { alertId, key, state, reason } = notice
    const json = JSON.stringify({ key, ...noticeJson(notice) })
    const told = { topic: `${this.#prefix}/${alertId}`, payload: json, retain: false }
    if (!this.#retainState || reason === 'test' || reason === 'digest') return [told]
    // An empty retained message removes the topic: topics of past alerts must not pile up at the broker.
    const payload = state === 'cleared' ? '' : json
    return [{ topic: `${this.#prefix}/${alertId}/state`, payload, retain: true }, told]
  }
}

function connectOptions(
  { name, url, passwordFile, caFile }: MqttConfig,
  { baseDir }: Pick<ChannelDependencies, 'baseDir'>,
) {
  const { host, port, tls, user } = parseMqttUrl(url)
  if ((user === undefined) !== (passwordFile === undefined))
    throw new HomebeatError(
      'channel.login',
      `The alert channel ${name} has only one of a user (mqtt://user@host) and passwordFile: give both, or neither.`,
    )
  return {
    ...{ protocol: tls ? 'mqtts' : 'mqtt', host, port },
    ...(user !== undefined && { username: user }),
    ...(passwordFile !== undefined && { password: Buffer.from(readSecret(resolve(baseDir, passwordFile))) }),
    ...(caFile !== undefined && { ca: readCa(name, caFile, baseDir) }),
  } satisfies IClientOptions
}

import type { IPublishPacket } from 'mqtt'
import type { Outlet } from '#gateway/intake/transports/outlet.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { FrameOutcome } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { matches, statusOf, statusTopic } from './acl.js'
import { deviceOfTopic, MAX_MESSAGE_BYTES, TOPIC_ROOT } from './address.js'
import { MAX_DEVICES, type Presence } from './presence.js'

const TOO_LONG = `messages of more than ${MAX_MESSAGE_BYTES / 1024} KiB`
/** How long the home is told of a message that was not kept. */
const TOO_LONG_MS = 3_600_000

export interface SiteIntakeDependencies {
  readonly transport: string
  /** What is read beside `homebeat/v1/`, and the device that it belongs to. */
  readonly subscribe: readonly { readonly topic: string; readonly device: string }[]
  readonly outlet: Outlet
  readonly presence: Presence
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Makes a Frame of each message that the site's broker passes on. It believes the topic's device segment. What is too long
 * to be held in memory is acknowledged, or that broker would send nothing else any more; people are told that it is not kept.
 */
export class SiteIntake implements HealthCheck {
  readonly #dependencies: SiteIntakeDependencies
  readonly #devices = new Set<string>()
  #tooLongAt = Number.NEGATIVE_INFINITY

  constructor(dependencies: SiteIntakeDependencies) {
    this.#dependencies = dependencies
  }

  /** `message-too-long-<transport>`: a message was not kept within the last hour. */
  check(): SystemCondition[] {
    const { transport, clock } = this.#dependencies
    const present = clock.monotonic() - this.#tooLongAt < TOO_LONG_MS
    return [{ condition: `message-too-long-${transport}`, priority: 'low', delayMs: 0, present }]
  }

  /** Resolves when the next one may be looked at. @param ended the connection, which then acknowledges nothing */
  async take(packet: IPublishPacket, ended: AbortSignal, settled: (outcome: FrameOutcome) => void): Promise<void> {
    const { transport, outlet, clock, logger } = this.#dependencies
    const receivedAt = clock.now()
    const { topic } = packet
    const payload = Buffer.from(packet.payload)
    const deviceId = this.#deviceOf(topic)
    if (deviceId !== null && topic === statusTopic(deviceId) && this.#hear(deviceId, payload))
      return settled({ outcome: 'committed' })
    const refusal = refusalOf(deviceId, payload, packet) ?? this.#tooMany(deviceId)
    if (refusal === TOO_LONG) {
      this.#tooLongAt = clock.monotonic()
      logger.warn({ device: deviceId, bytes: payload.length }, 'a message is too long and is not kept')
    }
    if (deviceId === null || refusal !== null) {
      const reason = refusal ?? 'messages'
      outlet.refuse(reason)
      return settled({ outcome: 'refused', code: 'mqtt.message-refused', reason })
    }
    let done = false
    const settle = (outcome: FrameOutcome) => {
      if (done) return
      done = true
      if (outcome.outcome === 'refused') logger.warn({ device: deviceId, code: outcome.code }, 'a message was refused')
      settled(outcome)
    }
    await outlet.whenRoom()
    if (ended.aborted) return
    outlet.push({ format: 'mqtt-publish', transport, receivedAt, topic, payload, deviceId, settle })
  }

  #deviceOf(topic: string): string | null {
    if (topic.startsWith(TOPIC_ROOT)) return deviceOfTopic(topic)
    return this.#dependencies.subscribe.find((entry) => matches(entry.topic, topic))?.device ?? null
  }

  /** Names that somebody makes up must not add up, here or in what is kept of each device. */
  #tooMany(deviceId: string | null): string | null {
    if (deviceId === null || this.#devices.has(deviceId)) return null
    if (this.#devices.size >= MAX_DEVICES) return `messages of more than ${MAX_DEVICES} devices`
    this.#devices.add(deviceId)
    return null
  }

  /** @returns false when it is not a status. */
  #hear(deviceId: string, payload: Buffer): boolean {
    const { presence } = this.#dependencies
    const status = statusOf(payload)
    if (status === 'online') presence.here(deviceId)
    else if (status === 'offline') presence.lost(deviceId)
    // An empty payload takes a retained status back (3.3.1.3).
    else if (payload.length === 0) presence.gone(deviceId)
    else return false
    return true
  }
}

function refusalOf(deviceId: string | null, payload: Buffer, packet: IPublishPacket): string | null {
  if (deviceId === null) return 'messages on a topic without a valid device id'
  if (packet.retain) return 'retained messages'
  if (payload.length > MAX_MESSAGE_BYTES) return TOO_LONG
  return null
}

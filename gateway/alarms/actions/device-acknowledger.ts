import type { TransportConfig } from '#gateway/intake/transports/config.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { AlarmActions } from './alarm-actions.js'

/** So many message ids are remembered: a redelivery of "all" must not acknowledge what was raised since. */
const MAX_REMEMBERED = 500

/** Which devices may acknowledge: those that the configuration names, and all of a site's broker that it trusts. */
export function acknowledgersOf(
  transports: readonly Pick<TransportConfig, 'name' | 'url' | 'devices' | 'acknowledge'>[],
): (transport: string, deviceId: string) => boolean {
  const byName = new Map(transports.map((transport) => [transport.name, transport]))
  return (name, deviceId) => {
    const { acknowledge = false, devices = [] } = byName.get(name) ?? {}
    return acknowledge || devices.some(({ id, mayAcknowledge }) => id === deviceId && mayAcknowledge === true)
  }
}

/** Acts on what devices of the home acknowledge; the decoder has seen to it that they may. */
export class DeviceAcknowledger {
  readonly #actions: Pick<AlarmActions, 'open' | 'acknowledge'>
  readonly #logger: Logger
  readonly #seen = new Set<string>()

  constructor(options: { readonly actions: Pick<AlarmActions, 'open' | 'acknowledge'>; readonly logger: Logger }) {
    this.#actions = options.actions
    this.#logger = options.logger
  }

  /** Null where the event is another one. Resolves when the acknowledgement is durable, or there was nothing to acknowledge. */
  act(event: DeviceEvent): Promise<void> | null {
    return event.type === 'acknowledge' ? this.#acknowledge(event) : null
  }

  async #acknowledge(event: Extract<DeviceEvent, { type: 'acknowledge' }>): Promise<void> {
    const { deviceId, alert, at, messageId } = event
    const key = `${deviceId} ${messageId}`
    if (this.#seen.has(key)) return
    const raised = this.#actions.open().flatMap(({ alertId, raisedAt }) => (raisedAt <= at ? [alertId] : []))
    try {
      await this.#actions.acknowledge(alert === 'all' ? raised : [alert], { by: deviceId, via: 'mqtt' })
    } catch (error) {
      if (!(error instanceof HomebeatError) || error.code !== 'alarm.unknown') throw error
      this.#logger.info({ device: deviceId }, 'a device acknowledged an alarm that is over or never was')
    }
    this.#seen.add(key)
    for (const oldest of this.#seen) {
      if (this.#seen.size <= MAX_REMEMBERED) break
      this.#seen.delete(oldest)
    }
  }
}

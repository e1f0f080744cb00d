import type { Logger } from '#gateway/platform/logger.js'
import { SaidOnce } from '#gateway/platform/said-once.js'
import { TOPIC_ROOT } from './address.js'

/** Says where devices publish that is not theirs, and what to change: once for each device and prefix. */
export class ForeignTopics {
  readonly #logger: Logger
  /** Devices and prefixes. */
  readonly #said = new SaidOnce(500)

  constructor(logger: Logger) {
    this.#logger = logger
  }

  note(device: string, topic: string): void {
    const prefix = prefixOf(topic)
    if (!this.#said.first(`${device} ${prefix}`)) return
    const advice =
      topic.startsWith('homebeat/') || topic.startsWith('$')
        ? `its own are below ${TOPIC_ROOT}${device}/`
        : `if these are its readings, give it the prefix: transports[].devices with id: ${device} and topics: ["${prefix}"]`
    this.#logger.info({ device }, `what device ${device} publishes below ${prefix} is dropped: ${advice}`)
  }
}

/** `tele/plug` of `tele/plug/SENSOR`: what `transports[].devices[].topics` would name. */
function prefixOf(topic: string): string {
  const levels = topic.split('/')
  const prefix = levels.slice(0, Math.min(2, Math.max(1, levels.length - 1))).join('/')
  return prefix.replace(/[^\w./:@-]/g, '?').slice(0, 60)
}

import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { Transport } from '#gateway/model/transport.js'
import type { Logger } from '#gateway/platform/logger.js'

/** A kit keeps the constants of its shield; the gateway's formulas need them whenever the kit has started. */
export function askCalibration(transport: Transport, event: DeviceEvent, logger: Logger): void {
  if (event.type !== 'boot' && !(event.type === 'transport' && event.event === 'connected')) return
  transport.send?.({ command: 'readCalibration' }).catch((error) => {
    logger.debug({ transport: transport.name, err: error }, 'no calibration from the kit: nominal constants hold')
  })
}

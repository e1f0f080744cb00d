/** The gateway of a home: site → intake → engine → batches and lanes, with the page looking on. */

import { checkSecretFiles } from '#gateway/config/files.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { batchesOf, batchParts } from './batches.js'
import { channelParts, channelsOf } from './channels.js'
import { engineOf, engineParts } from './engine.js'
import { intakeOf, intakeParts } from './intake.js'
import { linksOf } from './links.js'
import { laneQueueParts, pollerParts, pushesOf } from './outbound.js'
import { type Program, program } from './program.js'
import { saidBeside } from './said-beside.js'
import { type GatewayDependencies, siteOf, siteParts } from './site.js'
import { standingParts } from './standing-parts.js'
import { surfaceParts } from './surfaces.js'

export interface Gateway extends Program {
  status(): GatewayStatus
}

/**
 * Opens the journal and the keys, and composes the gateway; nothing is read or sent before its `start()`.
 * @throws HomebeatError `data-dir.*`, `secret.*`, `gateway-key.*`, `journal.*`, `limits.*`, `config.*`
 */
export async function composeGateway(loaded: LoadedConfig, dependencies: GatewayDependencies): Promise<Gateway> {
  checkSecretFiles(loaded)
  const site = await siteOf(loaded, dependencies)
  const { home, journal, clock, logger } = site
  const { alerts } = loaded.config
  const links = await linksOf(site)
  const channels = channelsOf({
    ...site,
    alerts,
    said: saidBeside(site),
    ...(links && { acknowledgeUrl: links.acknowledgeUrl }),
  })
  const pushes = pushesOf(site)
  const intake = intakeOf(site)
  for (const one of [...intake.transports, ...channels.channels]) await one.probe?.()
  // From here on the journal is open: whoever composes must start and stop the gateway, or stop the journal.
  await journal.start()
  try {
    const engine = await engineOf(site, intake)
    const batches = batchesOf(site, engine)
    const { actions, recorder, pipeline, feed } = engine
    const beside = links ? [links.server(actions)] : []
    const parts = [
      ...engineParts(site, engine),
      ...siteParts(site),
      ...channelParts(channels, { actions, home, logger, beside }),
      ...laneQueueParts(site, pushes, channels.lanes),
      ...batchParts(site, batches),
      ...intakeParts(site, intake, engine, batches),
      ...pollerParts(site, engine),
      ...surfaceParts(site, intake, engine),
    ]
    const standing = standingParts({
      ...site,
      onTick: (conditions) => recorder.note(pipeline.tick(clock.run.now(), conditions)),
    })
    return { ...program(parts, { name: 'gateway', standing, clock, logger }), status: () => feed.status() }
  } catch (error) {
    await journal.stop()
    throw error
  }
}

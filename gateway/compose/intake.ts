/** What brings readings in: transports, their mappings and devices, and a pump for each transport. */
import { join } from 'node:path'
import { acknowledgersOf, DeviceAcknowledger } from '#gateway/alarms/actions/device-acknowledger.js'
import { mappingCommands } from '#gateway/engine/mapping-commands.js'
import { Pump } from '#gateway/engine/pump.js'
import { loadMappings } from '#gateway/intake/mapping/load.js'
import { UnmappedCheck } from '#gateway/intake/mapping/unmapped-check.js'
import { askCalibration } from '#gateway/intake/transports/ask-calibration.js'
import { kitJobs } from '#gateway/intake/transports/kit-jobs.js'
import { deviceCommands } from '#gateway/intake/transports/mqtt/device-commands.js'
import { EnrolledDevices } from '#gateway/intake/transports/mqtt/enrolled-devices.js'
import { createTransport } from '#gateway/intake/transports/registry.js'
import type { Batches } from './batches.js'
import type { Engine } from './engine.js'
import type { Part } from './program.js'
import type { Site } from './site.js'

export type Intake = ReturnType<typeof intakeOf>

/** @throws HomebeatError `config.*`, `devices.*`, `private-file.*`: nothing is opened then */
export function intakeOf({ config, baseDir, dataDir, clock, logger }: Site) {
  const devices = EnrolledDevices.open(join(dataDir, 'devices.json'), clock)
  const dependencies = { clock: clock.run, logger, baseDir, dataDir, devices }
  return {
    mappings: loadMappings(config.mappings, baseDir),
    mayAcknowledge: acknowledgersOf(config.transports),
    devices,
    transports: config.transports.map((transport) => createTransport(transport, dependencies)),
  }
}

export function intakeParts(site: Site, intake: Intake, engine: Engine, batches: Batches): Part[] {
  const { config, journal, clock, logger } = site
  const { transports, devices } = intake
  const { pipeline, recorder, timekeeper, actions } = engine
  const acknowledger = new DeviceAcknowledger({ actions, logger })
  const pumps = transports.map(
    (transport) =>
      new Pump({
        ...{ transport, pipeline, recorder, clock: clock.run, timekeeper, logger },
        act: (event) => {
          askCalibration(transport, event, logger)
          return acknowledger.act(event)
        },
        onCommitted: () => batches.full.committed(),
      }),
  )
  return [
    {
      name: 'transports',
      stage: 'inbound',
      lifecycle: pumps,
      health: [...transports, new UnmappedCheck(() => journal.unmapped.isFull())],
      commands: [
        ...deviceCommands(devices, config.transports),
        ...mappingCommands({ journal, recorder, pipeline, clock }),
      ],
      jobs: config.transports.flatMap(({ schedule }, i) => kitJobs(transports[i], schedule, clock)),
      drain: async () => {
        try {
          const { durable } = recorder.record(pipeline.flush(clock.run.now()))
          await Promise.all([durable, recorder.finish()])
          // A gateway that is stopped just after its start closes what it has, if the contract answers in time.
          await site.agreement.asked()
          await batches.batcher.closeIfDue('stop')
        } catch (error) {
          logger.error({ err: error }, 'the last readings could not be stored')
        }
      },
    },
  ]
}

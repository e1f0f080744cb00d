/**
 * drainTimesRealTime: what a home has gathered while its FHIR server and its chain were away goes out when they are
 * back. The journal is made as a gateway would have made it: the kit's lines through the pipeline in virtual time, stored
 * values from cuff and glucometer, a batch every five minutes. Then the real program drains it.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { limitsOnRecord } from '#gateway/clinical/limits/limits-on-record.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { Address } from '#gateway/model/batch.js'
import { Batcher } from '#gateway/outbound/batches/batcher.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { systemClock } from '#gateway/platform/clock.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { Child } from '#simulators/demo/child.js'
import { GatewayProcess } from './gateway-process.js'
import { asEmg, KitLines } from './kit-lines.js'
import { DEVICES, payloadOf, topicOf } from './messages.js'
import { sleep } from './processes.js'

const HOME = 'bench-home'
const PATIENT = 'bench-patient'
const TARGET = 'care-team'
const CHAIN = 'consortium'
const BATCH_EVERY_MS = 5 * 60_000
const SPOTS = DEVICES.filter(({ sensor }) => sensor === 'bloodPressure' || sensor === 'glucose')
const SPOT_EVERY_MS = 3 * 3_600_000
/** The EMG shares the ECG's input: a minute of it every three hours. */
const EMG_MS = 60_000

export interface Drain {
  readonly timesRealTime: number
  readonly hours: number
  readonly batches: number
  readonly observations: number
  /** Speed in the last quarter of the batches over that in the second one: 1 is linear. The first has the start-up. */
  readonly linearity: number
}

export async function drain(hours: number): Promise<Drain> {
  const gateway = new GatewayProcess()
  const simulate = (verb: string, ...args: string[]) =>
    new Child({
      name: verb,
      args: [
        join(packageRoot, 'dist', 'simulators', 'cli', 'main.js'),
        verb,
        '--port',
        '0',
        ...args,
        '--exit-with-parent',
      ],
      logFile: join(gateway.folder, `${verb}.log`),
    })
  ensureDataDir(gateway.dataDir)
  const signer = await loadOrCreateGatewayKey(join(gateway.dataDir, 'keys', 'gateway.key'))
  const servers = [simulate('fhir-server'), simulate('chain', '--enrol', signer.address)] as const
  try {
    const [fhir, chain] = await Promise.all([
      servers[0].ready<{ listening: string }>(),
      servers[1].ready<{ listening: string; chainId: number; contract: string }>(),
    ])
    const { observations } = await outage(gateway.dataDir, hours, signer, chain)
    // From the start of the program on: the first batches go out while it still starts.
    const startedAt = performance.now()
    await gateway.start({
      home: { id: HOME, patient: PATIENT },
      transports: [gateway.broker(0)],
      fhir: { targets: [{ name: TARGET, url: fhir.listening }] },
      chain: { endpoints: [chain.listening], chainId: chain.chainId, contract: chain.contract, name: CHAIN },
    })
    const batches = (await gateway.status()).batches.closed
    /** When each quarter of the batches was through. */
    const quarters: number[] = []
    for (;;) {
      const { lanes } = await gateway.status()
      const deepest = Math.max(...lanes.map(({ depth }) => depth))
      const rejected = lanes.find((lane) => lane.rejected > 0)
      if (rejected) throw new Error(`lane ${rejected.lane} was refused something: ${rejected.lastReason}`)
      const passed = performance.now() - startedAt
      while (quarters.length < 4 && deepest <= batches * (1 - (quarters.length + 1) / 4)) quarters.push(passed)
      if (deepest === 0) {
        const [first = 0, second = 0, third = 0, fourth = 0] = quarters
        const linearity = (second - first) / (fourth - third)
        return { timesRealTime: (hours * 3_600_000) / passed, hours, batches, observations, linearity }
      }
      await sleep(100)
    }
  } finally {
    await gateway.stop()
    await Promise.all(servers.map((server) => server.stop()))
    gateway.remove()
  }
}

/** Fills the journal with `hours` up to now. */
async function outage(
  dataDir: string,
  hours: number,
  signer: Awaited<ReturnType<typeof loadOrCreateGatewayKey>>,
  chain: { readonly chainId: number; readonly contract: string },
): Promise<{ observations: number }> {
  const journal = journalOf({
    path: join(dataDir, 'journal.db'),
    lanes: [...fhirRoutes(TARGET, 'sealed'), anchorRoute(CHAIN)],
    clock: systemClock,
    logger: silentLogger,
    commit: { maxDelayMs: 0, maxCount: 10_000 },
  })
  await journal.start()
  const limits = limitsInForce({})
  const devices = { kit: 'kit-1' }
  const pipeline = new Pipeline({ patient: PATIENT, limits, active: [], devices })
  const batcher = new Batcher({
    journal,
    signer,
    domain: { chainId: chain.chainId, contract: chain.contract as Address },
    observationOf: (measurement) =>
      signedForm(observationOf(measurement, { patient: PATIENT, home: HOME, ...limitsOnRecord(measurement, limits) })),
    random: randomBytes,
    clock: systemClock,
    maxCount: 500,
  })
  const lines = KitLines.record()
  const endAt = Date.now()
  const origin = endAt - hours * 3_600_000
  const settle = () => {}
  let observations = 0
  let pending: ReturnType<Pipeline['accept']>['measurements'][number][] = []
  let nextBatch = BATCH_EVERY_MS
  let nextSpot = 0
  let nextTick = 0
  const close = async () => {
    await journal.commit({ measurements: pending, transitions: [] })
    observations += pending.length
    pending = []
    await batcher.closeIfDue('time')
  }
  for (let line = lines.next(); line.ms < hours * 3_600_000; line = lines.next()) {
    const now = origin + line.ms
    const inEmg = line.ms % SPOT_EVERY_MS < EMG_MS
    const text = line.text.slice(0, -1)
    const frame = { format: 'kit-line', transport: 'kit', receivedAt: now, settle } as const
    pending.push(...pipeline.accept({ ...frame, line: inEmg ? asEmg(text) : text }, now).measurements)
    if (line.ms >= nextTick) {
      pending.push(...pipeline.tick(now).measurements)
      nextTick += 1000
    }
    if (line.ms >= nextSpot) {
      for (const device of SPOTS) {
        const payload = Buffer.from(payloadOf(device, nextSpot, `spot-${nextSpot}`, now))
        const mqtt = { format: 'mqtt-publish', transport: 'broker', receivedAt: now, settle } as const
        pending.push(
          ...pipeline.accept({ ...mqtt, topic: topicOf(device), payload, deviceId: device.id }, now).measurements,
        )
      }
      nextSpot += SPOT_EVERY_MS
    }
    if (line.ms >= nextBatch) {
      await close()
      nextBatch += BATCH_EVERY_MS
    }
  }
  pending.push(...pipeline.flush(endAt).measurements)
  await close()
  await journal.stop()
  return { observations }
}

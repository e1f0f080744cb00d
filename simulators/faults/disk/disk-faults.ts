/** A full disk, a read-only one, one that errs, and a slow card, under a gateway at work. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { Checks, type FaultReport } from '../check.js'
import { Rig } from '../rig.js'
import { pause, until } from '../waiting.js'
import { FaultyDisk } from './faulty-disk.js'

/** Log lines of a gateway that meets the fault, with readings, deliveries, anchors or batches. */
const REFUSES =
  /the disk refuses|the journal refused|could not be closed|scheduled action failed|the disk reports an error/
const SLOW_SYNC_MS = 300
const MAX_ERRORS = 20
const ERROR_SAID_MS = 1000
/** The gateway needs about 120 MB; a queue that grows while nothing can be written would show. */
const MEMORY_MB = 400

/** @param forMs how long each fault lasts */
export async function runDiskFaults(forMs: number): Promise<FaultReport> {
  const rig = new Rig()
  const disk = new FaultyDisk(rig.home.dataDir)
  const checks = new Checks()
  try {
    const env = await disk.environment()
    await rig.start()
    rig.gateway.start(env)
    await rig.gateway.ready()
    const { publisher } = rig
    const more = (than: number) => until('acknowledgements', () => publisher.messages > than + 4)
    await more(0)
    const log = () => readFileSync(rig.home.logFile, 'utf8')
    const missing = (identifiers: readonly string[]) => missingFrom(join(rig.home.dataDir, 'journal.db'), identifiers)

    for (const fault of ['full', 'read-only'] as const) {
      const said = log().length
      const before = publisher.acknowledged.length
      disk.set({ fault })
      await until('the gateway to find its disk refusing', () => REFUSES.test(log().slice(said)))
      await pause(forMs)
      // What was stored before the fault may be acknowledged after it began.
      const during = publisher.acknowledged.slice(before)
      checks.add(
        `while the disk is ${fault}, nothing is acknowledged that the journal does not hold`,
        missing(during) === 0,
        `${missing(during)} of ${during.length}`,
      )
      checks.add(`while the disk is ${fault}, the gateway stays and answers`, (await rig.gateway.status()) !== null)
      disk.set({ fault: 'none' })
      await more(publisher.messages)
      checks.add(`when the disk is no longer ${fault}, the gateway goes on by itself`, true)
    }

    const said = log().length
    const isSaid = () => REFUSES.test(log().slice(said))
    // The first may hit SQLite's checkpoint, where it is harmless and unsaid: the log has what was committed.
    for (let errors = 0; errors < MAX_ERRORS && !isSaid(); errors++) {
      disk.set({ fault: 'error', times: 1 })
      await pause(ERROR_SAID_MS)
    }
    checks.add('an input/output error is said', isSaid())
    await more(publisher.messages)
    checks.add('an input/output error passes', true)

    disk.set({ fault: 'slow', ms: SLOW_SYNC_MS })
    const [acknowledged, alerts] = [publisher.messages, rig.doctor.received.length]
    await pause(forMs)
    await more(acknowledged)
    checks.add(`with syncs of ${SLOW_SYNC_MS} ms, senders are still acknowledged`, true)
    await until('an alert over a slow disk', () => rig.doctor.received.length > alerts)
    checks.add('on a slow disk, alerts still go out', true, `${rig.doctor.received.length - alerts} alerts`)
    checks.add(
      'memory stays bounded',
      rig.gateway.residentMb() < MEMORY_MB,
      `${rig.gateway.residentMb().toFixed(0)} MB`,
    )
    publisher.pause()
    disk.set({ fault: 'none' })

    const audit = await rig.finish()
    checks.audit('after all of it', audit)
    return checks.report('disk', rig, audit)
  } finally {
    await rig.stop()
    disk.remove()
  }
}

/** How many measurements a journal does not hold, read beside the gateway and not through its disk. */
function missingFrom(journal: string, identifiers: readonly string[]): number {
  const database = new Sqlite(journal, { readonly: true })
  try {
    const held = database.prepare('SELECT 1 FROM measurement WHERE identifier = ?')
    return identifiers.filter((identifier) => held.get(identifier) === undefined).length
  } finally {
    database.close()
  }
}

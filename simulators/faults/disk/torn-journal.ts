/**
 * Power cuts on a disk that says "done" too early: the end of the journal's write-ahead log is torn off or filled with
 * what the card happened to hold. What was durable before must still be there; the gateway must start, and say so.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Checks, type FaultReport } from '../check.js'
import { Dice } from '../dice.js'
import { Rig } from '../rig.js'
import { pause, until } from '../waiting.js'
import { FaultyDisk } from './faulty-disk.js'

export async function runTornJournal(cuts: number, seed: number): Promise<FaultReport> {
  // No batch before the end: what left the home before the disk forgot it could not be taken back.
  const rig = new Rig({ batches: { cron: '0 0 1 1 *', maxCount: 5000 } })
  const disk = new FaultyDisk(rig.home.dataDir)
  const dice = new Dice(seed)
  const checks = new Checks()
  /** Acknowledged while the disk was honest. */
  const durable: string[] = []
  const wal = join(rig.home.dataDir, 'journal.db-wal')
  try {
    const env = await disk.environment()
    await rig.start()
    const { publisher, gateway } = rig
    for (let cut = 1; cut <= cuts; cut++) {
      disk.set({ fault: 'none' })
      // Recovers, then ends in order, which empties the log: what is written next makes it longer, and can be told apart.
      for (const recovering of [true, false]) {
        gateway.start(env)
        await gateway.ready()
        if (recovering) await gateway.stop()
      }
      const from = publisher.messages
      await until('acknowledgements', () => publisher.messages > from + 8)
      publisher.pause()
      await publisher.settled()
      durable.push(...publisher.acknowledged.splice(0))
      const honest = existsSync(wal) ? statSync(wal).size : 0
      disk.set({ fault: 'lie' })
      publisher.resume()
      await until('acknowledgements on a disk that lies', () => publisher.acknowledged.length > 8)
      await gateway.kill()
      // An acknowledgement of that time is no promise that the disk has kept.
      publisher.acknowledged.splice(0)
      checks.add(`cut ${cut}: there is something to tear off`, tear(wal, honest, dice))
    }
    disk.set({ fault: 'none' })
    gateway.start(env)
    await gateway.ready()
    await pause(100)
    const said = readFileSync(rig.home.logFile, 'utf8').split('did not stop cleanly last time').length - 1
    checks.add('every start after a cut says that the journal was recovered', said === cuts, `${said} of ${cuts}`)
    publisher.acknowledged.unshift(...durable)
    const audit = await rig.finish()
    checks.audit('after torn journals', audit)
    return checks.report('torn journal', rig, audit)
  } finally {
    await rig.stop()
    disk.remove()
  }
}

/** Cuts the file somewhere after `from`, or fills the rest with noise. False when nothing was written there. */
function tear(file: string, from: number, dice: Dice): boolean {
  const size = existsSync(file) ? statSync(file).size : 0
  if (size <= from) return false
  const at = from + dice.below(size - from)
  const descriptor = openSync(file, 'r+')
  try {
    if (dice.next() < 0.5) ftruncateSync(descriptor, at)
    else {
      const noise = Buffer.from(Array.from({ length: size - at }, () => dice.below(256)))
      writeSync(descriptor, noise, 0, noise.length, at)
    }
  } finally {
    closeSync(descriptor)
  }
  return true
}

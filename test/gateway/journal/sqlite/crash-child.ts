/** Commits under load until it is killed, and prints one line for each promise that was kept. Run by crash.test.ts. */
import { writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock } from '#gateway/platform/clock.js'
import { told } from '#test/support/told.js'
import { journalAt, measurement, nextBatch, transition } from '../journal-fixture.js'

const [path, run] = process.argv.slice(2) as [string, string]
const journal = journalAt(path, { clock: systemClock, commit: { maxDelayMs: 2, maxCount: 25 } })
await journal.start()
// The clock's timers do not keep a process alive, and nothing else here does.
setInterval(() => {}, 1000)

async function sender(name: number): Promise<void> {
  for (let count = 0; ; count++) {
    const id = `${run}-${name}-${count}`
    const alert = name === 0 && count % 7 === 0
    const transitions = alert ? [transition({ alertId: id, raisedAt: count })] : []
    const samples = Array.from({ length: 100 }, (_, index) => (index * count) % 1000)
    const scale = { periodMs: 4, origin: 0, factor: 1, lowerLimit: 0, upperLimit: 1023 }
    const value = { type: 'waveform', ...scale, samples } as const
    await journal.commit({ measurements: [measurement(id, { sensor: 'ecg', value })], ...told(transitions) })
    writeSync(1, `measurement ${id}\n`)
    if (alert) writeSync(1, `alert ${id}\n`)
    if (name === 1 && count % 10 === 9) {
      const batch = nextBatch(journal)
      journal.batches.close(batch)
      writeSync(1, `batch ${batch.header.number} ${batch.leaves.map(({ identifier }) => identifier).join(' ')}\n`)
    }
    await nextTurn()
  }
}

await Promise.all([0, 1, 2, 3].map(sender))

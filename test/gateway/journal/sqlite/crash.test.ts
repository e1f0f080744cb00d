import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { laneKey } from '#gateway/model/lane.js'
import { journalAt, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url))

/** Runs the committing process and ends it with SIGKILL after so many lines. Returns every line it wrote. */
async function runAndKill(path: string, run: number, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import=tsx', '--conditions=homebeat-source', CHILD, path, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    if (said.length === lines) child.kill('SIGKILL')
  }
  const [code, signal] = await exited
  if (signal !== 'SIGKILL') throw new Error(`the committing process ended by itself with code ${code}`)
  return said
}

describe('The journal of a gateway that is killed', () => {
  const folder = new TemporaryFolder()
  after(() => folder.remove())

  it('holds everything whose commit had resolved, once, after each of several kills', async function () {
    this.timeout(120_000)
    const kept: string[][] = []
    for (let run = 0; run < 4; run++) {
      const lines = 20 + Math.floor(Math.random() * 400)
      kept.push(...(await runAndKill(folder.journal, run, lines)).map((line) => line.split(' ')))

      const journal = journalAt(folder.journal)
      await journal.start()
      try {
        const why = `killed after ${lines} lines of run ${run}`
        const alerts = new Set(journal.alerts.latest(100_000).map(({ alertId }) => alertId))
        let measurements = 0
        for (const [what, id, ...leaves] of kept as [string, string, ...string[]][]) {
          if (what === 'measurement') {
            measurements++
            expect(journal.measurements.has(id), `${id}, ${why}`).to.equal(true)
          } else if (what === 'alert') expect(alerts.has(id), `${id}, ${why}`).to.equal(true)
          else
            expect(journal.batches.byNumber(Number(id))?.leaves.map(({ identifier }) => identifier)).to.deep.equal(
              leaves,
            )
        }
        const total = journal.measurements.counts().ecg
        expect(total).to.be.at.least(measurements)
        const batched = journal.batches
          .numbers()
          .reduce((sum, number) => sum + (journal.batches.byNumber(number)?.leaves.length ?? 0), 0)
        expect(batched + journal.measurements.unbatchedCount()).to.equal(total)
        const owed = Object.fromEntries(journal.outbox.depths().map(({ lane, depth }) => [laneKey(lane), depth]))
        expect(owed['alert:doctor'], why).to.equal(alerts.size)
        expect(owed['anchor:consortium'], why).to.equal(journal.batches.numbers().length)
      } finally {
        await journal.stop()
      }
    }
    expect(kept.length).to.be.at.least(80)
  })
})

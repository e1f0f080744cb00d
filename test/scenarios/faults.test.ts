import { existsSync } from 'node:fs'
import { expect } from 'chai'
import type { FaultReport } from '#simulators/faults/check.js'
import { runDiskFaults } from '#simulators/faults/disk/disk-faults.js'
import { runTornJournal } from '#simulators/faults/disk/torn-journal.js'
import { runFarEndFaults } from '#simulators/faults/far-ends/far-end-faults.js'
import { runSiteFaults } from '#simulators/faults/site/site-faults.js'
import { missingForSite } from '#simulators/faults/suite.js'

const missingForDisk = existsSync('/usr/bin/cc') ? null : 'there is no C compiler'

/** `npm run faults` runs the same for longer. */
const CASES: readonly { title: string; missing: string | null; run: () => Promise<FaultReport> }[] = [
  {
    title: 'a disk that is full, read-only, errs and is slow',
    missing: missingForDisk,
    run: () => runDiskFaults(1000),
  },
  {
    title: 'a disk that lies, and a journal with its end torn off',
    missing: missingForDisk,
    run: () => runTornJournal(2, 20_260_101),
  },
  {
    title: 'a FHIR server and a chain in every kind of trouble',
    missing: null,
    run: () => runFarEndFaults({ outageMs: 1500, brief: true }),
  },
  {
    title: 'the site’s broker restarted, the kit’s cable pulled',
    missing: missingForSite(),
    run: () => runSiteFaults(1),
  },
]

describe('faults under a gateway at work', function () {
  this.timeout(300_000)

  // Each waits most of its time, and has a gateway and far ends of its own: side by side they take as long as one.
  const running = new Map<string, Promise<FaultReport>>()
  before(() => {
    for (const { title, missing, run } of CASES) {
      if (missing !== null) continue
      const report = run()
      report.catch(() => {}) // told by its test
      running.set(title, report)
    }
  })

  for (const { title, missing } of CASES) {
    it(`${title}${missing === null ? '' : ` (skipped: ${missing})`}`, async function () {
      const report = running.get(title)
      if (!report) return this.skip()
      const { checks, audits } = await report
      expect(checks.filter(({ ok }) => !ok)).to.deep.equal([])
      expect(audits[0]?.acknowledged).to.be.above(20)
    })
  }
})

/** All faults, one after the other: what `npm run faults` runs, and the default suite in small. */
import { existsSync } from 'node:fs'
import type { FaultReport } from './check.js'
import { runDiskFaults } from './disk/disk-faults.js'
import { runTornJournal } from './disk/torn-journal.js'
import { runFarEndFaults } from './far-ends/far-end-faults.js'
import { fuzz } from './fuzz/fuzz-run.js'
import { runKills } from './kill-run.js'
import type { Reports } from './result.js'
import { Rig } from './rig.js'
import { MOSQUITTO } from './site/mosquitto.js'
import { runSiteFaults } from './site/site-faults.js'

export interface SuiteOptions {
  /** 0 leaves the kills out. */
  readonly kills: number
  readonly seed: number
  /** Fuzzed inputs; 0 leaves them out. */
  readonly fuzz: number
  readonly say: (text: string) => void
}

export async function runSuite({ kills, seed, fuzz: inputs, say }: SuiteOptions): Promise<Reports> {
  const killed = kills > 0 ? await killing(kills, seed, say) : null
  const faults: FaultReport[] = []
  const missing = missingForSite()
  const cases: readonly { name: string; run: () => Promise<FaultReport>; missing?: string | null }[] = [
    { name: 'a disk that is full, read-only, faulty, slow', run: () => runDiskFaults(5000) },
    { name: 'a journal torn off', run: () => runTornJournal(10, seed) },
    { name: 'a FHIR server and a chain in trouble', run: () => runFarEndFaults({ outageMs: 60_000 }) },
    { name: 'a broker restarted, a cable pulled', run: () => runSiteFaults(3), missing },
  ]
  for (const { name, run, missing } of cases) {
    say(missing ? `Left out: ${name}: ${missing}.` : `Next: ${name} …`)
    if (!missing) faults.push(await run().catch((error: Error) => broken(name, error)))
  }
  if (inputs > 0) say(`Next: ${inputs} fuzzed inputs …`)
  return { kills: killed, faults, fuzz: inputs > 0 ? fuzz({ inputs, seed }) : null }
}

async function killing(kills: number, seed: number, say: (text: string) => void) {
  const rig = new Rig({ perSecond: 6 })
  try {
    const report = await runKills(rig, {
      kills,
      seed,
      onKill: (count) => {
        if (count % 20 === 0) say(`${count} of ${kills} kills`)
      },
    })
    const { lost, duplicates, doubleAnchors, gapsInBatches, problems } = report.audit
    if (lost + duplicates + doubleAnchors + gapsInBatches + problems.length === 0) rig.remove()
    else say(`Journal and log of the kills are kept in ${rig.home.folder}`)
    return report
  } finally {
    await rig.stop()
  }
}

/** A run that did not come to its end is a finding, and no reason to leave out the others. */
function broken(name: string, error: Error): FaultReport {
  return { name, checks: [{ what: 'it comes to its end', ok: false, found: error.message }], audits: [] }
}

/** What is missing on this machine for the site's faults, as a sentence, or null. */
export function missingForSite(): string | null {
  if (!existsSync(MOSQUITTO)) return 'mosquitto is not installed'
  return existsSync('/usr/bin/socat') ? null : 'socat is not installed'
}

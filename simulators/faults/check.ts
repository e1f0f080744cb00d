/** What a fault must leave true, said as it is found. */
import type { Audit } from './audit.js'

export interface Check {
  /** A sentence that is true when all is well. */
  readonly what: string
  readonly ok: boolean
  /** What was found. */
  readonly found: string
}

export interface FaultReport {
  readonly name: string
  readonly checks: readonly Check[]
  /** Audits of the far ends, where the fault reaches so far. */
  readonly audits: readonly Audit[]
}

export class Checks {
  readonly all: Check[] = []

  add(what: string, ok: boolean, found: unknown = ''): void {
    this.all.push({ what, ok, found: String(found) })
  }

  /** The end of a run; where something is wrong its folder stays, with the gateway's log. */
  report(name: string, rig: { remove(): void; readonly home: { readonly folder: string } }, audit: Audit): FaultReport {
    if (this.all.every(({ ok }) => ok)) rig.remove()
    else this.add(`journal and log are kept in ${rig.home.folder}`, false)
    return { name, checks: this.all, audits: [audit] }
  }

  /** Checks that nothing was lost or doubled, and that everything is anchored and verifies. */
  audit(
    after: string,
    { lost, duplicates, doubleAnchors, gapsInBatches, problems, acknowledged, batches }: Audit,
  ): void {
    const found = { acknowledged, lost, duplicates, doubleAnchors, gapsInBatches, batches }
    const ok = lost + duplicates + doubleAnchors + gapsInBatches + problems.length === 0
    this.add(
      `${after}: nothing acknowledged is lost, nothing is twice, every batch is anchored once and verifies`,
      ok,
      [JSON.stringify(found), ...problems.slice(0, 3)].join('; '),
    )
  }
}

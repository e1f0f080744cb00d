import { expect } from 'chai'
import type { Audit } from '#simulators/faults/audit.js'
import { Checks } from '#simulators/faults/check.js'
import { faultsCommand } from '#simulators/faults/command.js'
import { Dice } from '#simulators/faults/dice.js'
import { MOMENTS, planKill } from '#simulators/faults/kill-plan.js'
import { type Reports, resultOf, shortcomings } from '#simulators/faults/result.js'

const sound: Audit = {
  acknowledged: 100,
  lost: 0,
  duplicates: 0,
  doubleAnchors: 0,
  gapsInBatches: 0,
  batches: 3,
  problems: [],
}
const moments = Object.fromEntries(MOMENTS.map((moment) => [moment, 1])) as Record<(typeof MOMENTS)[number], number>

function reports(changes: Partial<Audit> = {}): Reports {
  const checks = new Checks()
  checks.audit('after it', { ...sound, ...changes })
  const disk = { name: 'disk', checks: checks.all, audits: [{ ...sound, ...changes }] }
  return { kills: { kills: 6, moments, audit: sound }, faults: [disk], fuzz: null }
}

describe('the result of the faults', () => {
  it('adds up what every run left at the far ends', () => {
    expect(resultOf(reports({ lost: 2 }))).to.deep.equal({
      kills: 6,
      acknowledged: 200,
      lost: 2,
      duplicates: 0,
      doubleAnchors: 0,
      gapsInBatches: 0,
    })
    expect(shortcomings(reports())).to.deep.equal([])
  })

  for (const what of ['lost', 'duplicates', 'doubleAnchors', 'gapsInBatches'] as const) {
    it(`is a failure where ${what} is not 0`, async () => {
      expect(shortcomings(reports({ [what]: 1 }))).to.have.length.above(1)
      const written: string[] = []
      const before = process.exitCode
      const command = faultsCommand(
        (text) => written.push(text),
        async () => reports({ [what]: 1 }),
      )
      const write = process.stderr.write
      process.stderr.write = () => true
      try {
        await command.parseAsync(['--json'], { from: 'user' })
        expect(process.exitCode).to.equal(1)
      } finally {
        process.stderr.write = write
        process.exitCode = before
      }
      expect(written).to.have.length(1)
      expect(JSON.parse(written[0] ?? '')).to.include({ kills: 6, acknowledged: 200, [what]: 1 })
    })
  }

  it('is a failure where a batch does not verify, where inputs are not counted, or where something was thrown', () => {
    const counts = { received: 3, accepted: 1, refused: 1 }
    const heap = { atTenth: 0, atEnd: 2 ** 30 }
    const fuzz = { inputs: 6, serial: counts, mqtt: { ...counts, accepted: 2 }, thrown: ['TypeError'], heap }
    expect(shortcomings({ kills: null, faults: [], fuzz })).to.have.length(3)
    expect(shortcomings(reports({ problems: ['batch 2 does not verify'] }))).to.have.length(1)
  })
})

describe('the plan of the kills', () => {
  it('is the same for the same seed, and has every moment', () => {
    const plan = (seed: number) => {
      const dice = new Dice(seed)
      return Array.from({ length: 200 }, () => planKill(dice))
    }
    expect(plan(3)).to.deep.equal(plan(3))
    expect(plan(3)).to.not.deep.equal(plan(4))
    expect(new Set(plan(3).map(({ moment }) => moment))).to.have.all.keys(...MOMENTS)
    for (const { moment, delayMs } of plan(3)) {
      expect(delayMs).to.be.within(0.5, 1500)
      if (moment === 'at work') expect(delayMs).to.be.at.least(20)
    }
  })
})

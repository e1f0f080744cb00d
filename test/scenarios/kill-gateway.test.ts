import type { Observation } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { type KillReport, runKills } from '#simulators/faults/kill-run.js'
import { Rig } from '#simulators/faults/rig.js'

const KILLS = 20

describe('killing the gateway in the middle of its work', function () {
  this.timeout(300_000)
  const rig = new Rig({ perSecond: 6 })
  let report: KillReport

  before(async () => {
    report = await runKills(rig, { kills: KILLS, seed: 20_260_101 })
  })
  after(async () => {
    await rig.stop()
    rig.remove()
  })

  it('kills it where something is half done', () => {
    expect(report.kills).to.equal(KILLS)
    expect(Object.values(report.moments).filter((count) => count > 0)).to.have.length.above(3)
  })

  it('loses nothing that it acknowledged, and doubles nothing', () => {
    const { acknowledged, lost, duplicates } = report.audit
    expect({ lost, duplicates }).to.deep.equal({ lost: 0, duplicates: 0 })
    // It was at work, at every kill.
    expect(acknowledged).to.be.above(10 * KILLS)
  })

  it('anchors every batch exactly once, without a gap, and all of them verify', () => {
    const { doubleAnchors, gapsInBatches, problems, batches } = report.audit
    expect({ doubleAnchors, gapsInBatches, problems }).to.deep.equal({
      doubleAnchors: 0,
      gapsInBatches: 0,
      problems: [],
    })
    expect(batches).to.be.above(KILLS / 4)
  })

  it('would have found one lost, one twice', async () => {
    const search = await rig.fhir.repository.search<Observation>({ resourceType: 'Observation', count: 1 })
    const { id: _id, ...copy } = search.entry?.map(({ resource }) => resource)[0] ?? expect.fail('no Observation')
    await rig.fhir.repository.createResource(copy)
    const found = await rig.audit([...rig.publisher.acknowledged, 'never-there'], false)
    expect(found).to.include({ lost: 1, duplicates: 1 })
  })
})

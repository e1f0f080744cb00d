import { expect } from 'chai'
import { SENSOR_KINDS } from '#fhir/measurement.js'
import { KIT_SENSORS } from '#gateway/clinical/sensors/registry.js'
import type { DemoResult } from '#simulators/demo/result.js'
import { runNode } from '#test/support/run.js'

describe('the demo, as a person runs it', function () {
  this.timeout(240_000)

  it('drives the whole line and ends with one JSON object that says so', async () => {
    const { code, stdout, stderr } = await runNode(
      ['dist/simulators/demo/main.js', '--for', '45s', '--json', '--port', '0'],
      {
        patienceMs: 220_000,
      },
    )
    expect(code, stderr).to.equal(0)
    expect(stdout.trim().split('\n'), stdout).to.have.length(1)
    const result = JSON.parse(stdout) as DemoResult

    expect(Object.keys(result.measurements)).to.have.members([...SENSOR_KINDS])
    for (const sensor of KIT_SENSORS) expect(result.measurements[sensor], sensor).to.be.greaterThan(0)

    const low = result.alerts.find((alert) => alert.condition === 'low-oxygen-saturation')
    expect(low, JSON.stringify(result.alerts)).to.not.equal(undefined)
    expect(low?.deliveredTo).to.include.members(['doctor', 'terminal'])
    expect(new Date(low?.raisedAt ?? '').getTime()).to.be.closeTo(Date.now(), 240_000)

    expect(result.fhir.accepted).to.be.greaterThan(20)
    expect(result.fhir.failed).to.equal(0)
    expect(result.batches.closed).to.be.greaterThan(3)
    expect(result.batches.anchored).to.equal(result.batches.closed)
    expect(result.batches.verified).to.equal(result.batches.closed)
    expect(result.frames.received).to.be.greaterThan(300)
    expect(result.frames.refused).to.equal(0)
  })
})

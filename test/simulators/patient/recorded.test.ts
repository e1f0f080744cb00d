import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { createPatient } from '#simulators/patient/patients.js'
import { withRecord } from '#simulators/patient/recorded.js'
import { KitHost, unpack } from '#test/simulators/board/kit-host.js'
import { sharedData } from '#test/support/shared-data.js'

const steady = () => createPatient({ script: 'steady', seed: 1 })
const fixture = (name: string) => join(packageRoot, 'test/fixtures/wfdb', name)

describe('A patient with a recorded ECG', function () {
  this.timeout(60_000)

  it('has the record’s samples at their times, straight lines between, and begins again at its end', async () => {
    const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as {
      two: { MLII: (number | null)[] }
    }
    const digital = expected.two.MLII
    const volts = (adc: number | null) => (adc === null ? 2.5 : Math.min(5, Math.max(0, 2.5 + (adc - 1024) / 200)))
    const patient = await withRecord(steady(), fixture('two.hea'))
    for (const [i, adc] of digital.entries())
      expect(patient.ecg((i * 1000) / 360 + 1e-6), `sample ${i}`).to.be.closeTo(volts(adc), 1e-3)
    expect(patient.ecg((0.5 * 1000) / 360)).to.be.closeTo(
      (volts(digital[0] as number) + volts(digital[1] as number)) / 2,
      1e-3,
    )
    const length = (digital.length * 1000) / 360
    expect(patient.ecg(length + 5)).to.be.closeTo(patient.ecg(5), 1e-3)
    expect(patient.vitals(3000)).to.deep.equal(steady().vitals(3000))
    expect(patient.airflow(3000)).to.equal(steady().airflow(3000))
  })

  it('says what is wrong with a record, and which', async () => {
    const refusal = async (path: string, signal?: string) => {
      try {
        await withRecord(steady(), path, signal)
      } catch (error) {
        return error as HomebeatError
      }
      return undefined
    }
    expect((await refusal(fixture('none.hea')))?.code).to.equal('replay.not-found')
    const wrong = await refusal(fixture('two.hea'), 'aVR')
    expect(wrong).to.be.instanceOf(HomebeatError)
    expect(wrong?.message).to.match(/two\.hea cannot be played: .*aVR/)
  })

  it('is sampled by the firmware: a real recording comes out of the kit within one step', async function () {
    const patient = await withRecord(steady(), sharedData(this, 'mitdb/100.hea'))
    const kit = new KitHost(patient)
    const lines = kit.run(10_000).filter(({ type }) => type === 'E')
    expect(lines.length).to.be.above(95)
    let beats = 0
    let below = true
    for (const { time, fields } of lines) {
      for (const [i, count] of unpack(fields[2] as string).entries()) {
        // The conversion is 0.1 to 0.5 ms after the tick it is stamped with, and a real QRS is steep.
        const near = [0, 0.15, 0.3, 0.45, 0.6].map((ms) => (patient.ecg(time + 4 * i + ms) / 5) * 1024)
        expect(count).to.be.within(Math.min(...near) - 1.5, Math.max(...near) + 0.5)
        if (below && count > 620) beats++
        below = count < 560 ? true : count > 620 ? false : below
      }
    }
    // The first ten seconds of record 100 have 13 annotated beats.
    expect(beats).to.be.within(12, 13)
  })
})

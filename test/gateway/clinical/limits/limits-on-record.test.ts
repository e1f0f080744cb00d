import { expect } from 'chai'
import type { Measurement, MeasurementValue, Observable } from '#fhir/measurement.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { limitsOnRecord } from '#gateway/clinical/limits/limits-on-record.js'

const limits = limitsInForce()

function measured(
  observable: Observable,
  value: MeasurementValue,
  quality: Measurement['quality'] = 'good',
): Measurement {
  return { identifier: 'i', sensor: 'spo2', observable, deviceId: 'd', at: 0, value, quality, remarks: [] }
}
const quantity = (observable: Observable, value: number) =>
  limitsOnRecord(measured(observable, { type: 'quantity', value }), limits)

describe('alerts/limits-on-record', () => {
  it('gives the range that crosses no limit, bounds included', () => {
    expect(quantity('oxygenSaturation', 97).referenceRange).to.deep.equal({ low: 92 })
    expect(quantity('pulseRate', 70).referenceRange).to.deep.equal({ low: 50, high: 110 })
    expect(quantity('respiratoryRate', 15).referenceRange).to.deep.equal({ low: 9, high: 24 })
    expect(quantity('bodyTemperature', 36.8).referenceRange).to.deep.equal({ low: 35.1, high: 37.9 })
  })

  it('says normal, beyond, or critically beyond', () => {
    expect(quantity('oxygenSaturation', 92).interpretation).to.equal('N')
    expect(quantity('oxygenSaturation', 91).interpretation).to.equal('L')
    expect(quantity('oxygenSaturation', 88).interpretation).to.equal('LL')
    expect(quantity('pulseRate', 131).interpretation).to.equal('HH')
    expect(quantity('bodyTemperature', 38).interpretation).to.equal('H')
  })

  it('interprets a blood pressure by its components and claims no single range for it', () => {
    const of = (systolic: number, diastolic: number) =>
      limitsOnRecord(measured('bloodPressure', { type: 'bloodPressure', systolic, diastolic }), limits)
    expect(of(120, 80)).to.deep.equal({ interpretation: 'N' })
    expect(of(90, 60)).to.deep.equal({ interpretation: 'LL' })
    expect(of(150, 125)).to.deep.equal({ interpretation: 'HH' })
  })

  it('follows the limits of this patient', () => {
    const own = limitsInForce({
      'reduced-oxygen-saturation': { enabled: false },
      'low-oxygen-saturation': { value: 88 },
    })
    expect(limitsOnRecord(measured('oxygenSaturation', { type: 'quantity', value: 90 }), own)).to.deep.equal({
      referenceRange: { low: 89 },
      interpretation: 'N',
    })
  })

  it('judges nothing that is absent, implausible or has no limits', () => {
    expect(limitsOnRecord(measured('pulseRate', { type: 'absent', reason: 'unknown' }), limits)).to.deep.equal({})
    expect(
      limitsOnRecord(measured('pulseRate', { type: 'quantity', value: 400 }, 'implausible'), limits),
    ).to.deep.equal({})
    expect(quantity('skinConductance', 4)).to.deep.equal({})
  })
})

import { expect } from 'chai'
import { OBSERVABLES, type Observable } from '#fhir/measurement.js'
import { CODES, LOINC, MDC } from '#fhir/systems.js'
import { BLOOD_PRESSURE_COMPONENTS, DEVICE_TYPES, POSITIONS, TERMINOLOGY } from '#fhir/terminology.js'

/** Written out by hand from the R4 profiles, LOINC and IEEE 11073-10101: a slip in the table must show here. */
const PINNED: Readonly<
  Record<Observable, readonly [loinc: string[], mdc: string[], unit: string | null, profile: string]>
> = {
  pulseRate: [['8867-4'], [], '/min', 'heartrate'],
  oxygenSaturation: [['2708-6', '59408-5'], ['150456'], '%', 'oxygensat'],
  airflowWaveform: [[], [], '1', ''],
  respiratoryRate: [['9279-1'], ['151562'], '/min', 'resprate'],
  bodyTemperature: [['8310-5'], ['150364'], 'Cel', 'bodytemp'],
  ecgWaveform: [['11524-6'], ['131328'], 'V', ''],
  heartRate: [['8867-4'], ['147842'], '/min', 'heartrate'],
  bloodGlucose: [['41653-7'], ['160184'], 'mg/dL', ''],
  skinConductance: [[], [], 'uS', ''],
  skinConductanceLevel: [[], [], 'uS', ''],
  bloodPressure: [['85354-9'], ['150020'], 'mm[Hg]', 'bp'],
  bodyPosition: [['8361-8'], [], null, ''],
  emgWaveform: [[], [], 'V', ''],
  emgEnvelope: [[], [], 'mV', ''],
  bodyWeight: [['29463-7'], ['188736'], 'kg', 'bodyweight'],
}

describe('the terminology', () => {
  for (const observable of OBSERVABLES) {
    it(`codes ${observable} as pinned`, () => {
      const row = TERMINOLOGY[observable]
      const [loinc, mdc, unit, profile] = PINNED[observable]
      const codes = (system: string) => row.codings.filter((coding) => coding.system === system).map(({ code }) => code)
      expect(codes(LOINC)).to.deep.equal(loinc)
      expect(codes(MDC)).to.deep.equal(mdc)
      expect(row.unit).to.equal(unit)
      expect(row.profile).to.equal(profile ? `http://hl7.org/fhir/StructureDefinition/${profile}` : undefined)
      expect(codes(CODES.observable)).to.deep.equal(loinc.length + mdc.length === 0 ? [observable] : [])
      expect(row.source).to.match(/\w{3}/)
    })
  }

  it('gives a pulse the MDC code of what measured it', () => {
    const { mdcBySensor } = TERMINOLOGY.pulseRate
    const codes = Object.fromEntries(Object.entries(mdcBySensor ?? {}).map(([sensor, coding]) => [sensor, coding.code]))
    expect(codes).to.deep.equal({ pulse: '149530', spo2: '149530', bloodPressure: '149546', ecg: '147842' })
  })

  it('puts every Observable into one data class, and vital signs with a profile into theirs', () => {
    const byClass: Record<string, Observable[]> = {}
    for (const observable of OBSERVABLES) {
      const { dataClass } = TERMINOLOGY[observable]
      byClass[dataClass] = [...(byClass[dataClass] ?? []), observable]
    }
    expect(byClass).to.deep.equal({
      'vital-signs': [
        'pulseRate',
        'oxygenSaturation',
        'respiratoryRate',
        'bodyTemperature',
        'heartRate',
        'bloodPressure',
        'bodyWeight',
      ],
      waveform: ['airflowWaveform', 'ecgWaveform', 'emgWaveform'],
      laboratory: ['bloodGlucose'],
      activity: ['skinConductance', 'skinConductanceLevel', 'bodyPosition', 'emgEnvelope'],
    })
  })

  it('codes the parts of a blood pressure', () => {
    const codes = (which: 'systolic' | 'diastolic') => BLOOD_PRESSURE_COMPONENTS[which].codings.map(({ code }) => code)
    expect(codes('systolic')).to.deep.equal(['8480-6', '150021'])
    expect(codes('diastolic')).to.deep.equal(['8462-4', '150022'])
  })

  it('codes lying positions in SNOMED CT, and gives upright words only', () => {
    const codes = Object.fromEntries(
      Object.entries(POSITIONS).map(([position, { coding }]) => [position, coding?.code]),
    )
    expect(codes).to.deep.equal({
      supine: '40199007',
      prone: '1240000',
      'left-lateral': '102536004',
      'right-lateral': '102535000',
      upright: undefined,
    })
  })

  it('types devices as IEEE 11073-10101 does', () => {
    expect(DEVICE_TYPES.gateway.code).to.equal('531981')
    expect(DEVICE_TYPES.multiFunction.code).to.equal('528384')
    const codes = Object.fromEntries(
      OBSERVABLES.flatMap((observable) => {
        const { device } = TERMINOLOGY[observable]
        return device ? [[observable, device.code]] : []
      }),
    )
    expect(codes).to.deep.equal({
      pulseRate: '528388',
      oxygenSaturation: '528388',
      ecgWaveform: '528390',
      heartRate: '528390',
      bloodPressure: '528391',
      bodyTemperature: '528392',
      bloodGlucose: '528401',
      bodyWeight: '528399',
      respiratoryRate: '528397',
      airflowWaveform: '528397',
    })
  })
})

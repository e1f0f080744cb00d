import { expect } from 'chai'
import fc from 'fast-check'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { literalKey, signedForm, unsignedPaths, withLiterals } from '#fhir/signed-form.js'
import { IDENTIFIERS } from '#fhir/systems.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { context, everyVariant } from './sample-measurements.js'

const observations = everyVariant().map((measurement) => observationOf(measurement, context))
const literals = new Map([
  [literalKey({ system: IDENTIFIERS.patient, value: context.patient }), 'Patient/1'],
  [literalKey({ system: IDENTIFIERS.device, value: 'home-1/kit-1' }), 'Device/2'],
  [literalKey({ system: IDENTIFIERS.gateway, value: 'home-1' }), 'Device/3'],
])

describe('the signed form', () => {
  it('is the same before a server stored an Observation and after, whatever the server added', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...observations),
        fc.record(
          {
            versionId: fc.string(),
            lastUpdated: fc.constant('2026-01-02T09:00:00Z'),
            source: fc.string(),
            tag: fc.constant([{ system: 'http://example.org', code: 'x' }]),
            project: fc.uuid(),
          },
          { requiredKeys: [] },
        ),
        fc.uuid(),
        fc.boolean(),
        (observation, meta, id, reversed) => {
          const pushed = withLiterals(observation, literals)
          const stored = { ...pushed, id, meta: { ...pushed.meta, ...meta } }
          // Servers may order keys otherwise; canonical JSON does not mind.
          const entries = Object.entries(stored)
          const shown = Object.fromEntries(reversed ? entries.reverse() : entries)
          expect(canonicalJson(signedForm(shown))).to.equal(canonicalJson(signedForm(observation)))
        },
      ),
    )
  })

  it('leaves an Observation that came from no server as it is', () => {
    for (const observation of observations) expect(signedForm(observation)).to.deep.equal(observation)
  })

  it('differs when anything that was measured differs', () => {
    const [observation] = observations
    if (!observation) throw new Error('no sample')
    const other = { ...observation, valueQuantity: { ...observation.valueQuantity, value: 73 } }
    expect(canonicalJson(signedForm(other))).to.not.equal(canonicalJson(signedForm(observation)))
    const elsewhere = { ...observation, subject: { identifier: { system: IDENTIFIERS.patient, value: 'other' } } }
    expect(canonicalJson(signedForm(elsewhere))).to.not.equal(canonicalJson(signedForm(observation)))
  })

  it('keeps a reference that has no identifier beside it', () => {
    expect(signedForm({ resourceType: 'Observation', encounter: { reference: 'Encounter/7' } })).to.deep.equal({
      resourceType: 'Observation',
      encounter: { reference: 'Encounter/7' },
    })
  })

  it('adds literals beside every logical reference it knows, also in extensions', () => {
    const [observation] = observations
    const text = JSON.stringify(withLiterals(observation, literals))
    for (const literal of literals.values()) expect(text).to.include(`"reference":"${literal}"`)
  })

  it('names the paths that it leaves out', () => {
    const resource = {
      id: '1',
      meta: { tag: [], profile: ['p'] },
      subject: { reference: 'Patient/1', identifier: { value: 'p-1' }, display: 'X' },
      performer: [{ identifier: { value: 'd' }, reference: 'Device/1' }, { reference: 'Device/2' }],
    }
    expect(unsignedPaths(resource)).to.deep.equal([
      ...['id', 'meta.tag', 'subject.reference', 'subject.display', 'performer[0].reference'],
    ])
    expect(unsignedPaths(signedForm(resource))).to.deep.equal([])
  })
})

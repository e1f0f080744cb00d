import { expect } from 'chai'
import fc from 'fast-check'
import { isLaneKey, isSameLane, LANE_KINDS, type Lane, laneKey, laneOf } from '#gateway/model/lane.js'
import { alertUndelivered, conditionsOf } from '#gateway/outbound/lanes/lane-conditions.js'
import { name } from '#gateway/platform/config-grammar.js'

/** Every id that the configuration takes. */
const id = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/).filter((text) => name.safeParse(text).success)
const lane = fc
  .record({ kind: fc.constantFrom(...LANE_KINDS), name: id, contact: fc.option(id, { nil: undefined }) })
  .map(({ kind, name, contact }): Lane => ({ kind, name, ...(kind === 'alert' && contact && { contact }) }))

/** Two lanes whose ids are cut out of one text: what a glue would make equal. */
const neighbours = fc
  .tuple(fc.stringMatching(/^[a-z0-9][a-z0-9-]{2,20}[a-z0-9]$/), fc.nat(20), fc.nat(20))
  .map(([text, ...cuts]) => cuts.map((cut) => parted(text, 1 + (cut % (text.length - 2)))))

function parted(text: string, at: number): Lane {
  const [channel, contact] = [text.slice(0, at), text.slice(at).replace(/^-/, '')]
  return name.safeParse(contact).success ? { kind: 'alert', name: channel, contact } : { kind: 'alert', name: text }
}

describe('A lane', () => {
  it('is the same after its key was written and read', () => {
    fc.assert(fc.property(lane, (one) => void expect(laneOf(laneKey(one))).to.deep.equal(one)))
  })

  it('has the key by which people and older journals know it', () => {
    expect(
      [
        { kind: 'fhir', name: 'care' } as const,
        { kind: 'alert', name: 'sms', contact: 'nurse-1' } as const,
        { kind: 'alert', name: 'sms-nurse-1' } as const,
        { kind: 'anchor', name: 'consortium' } as const,
      ].map(laneKey),
    ).to.deep.equal(['fhir:care', 'alert:sms/nurse-1', 'alert:sms-nurse-1', 'anchor:consortium'])
  })

  for (const text of ['', 'care', 'fhir:', ':care', 'pager:care', 'alert:/nurse-1', 'alert:sms/', 'fhir/care'])
    it(`is not read from "${text}"`, () => {
      expect(isLaneKey(text)).to.equal(false)
      expect(() => laneOf(text)).to.throw(RangeError)
    })

  it('shares its key and the condition of its undelivered alerts with no other', () => {
    const differ = (one: Lane, other: Lane) => {
      if (isSameLane(one, other)) expect(one).to.deep.equal(other)
      else if (one.kind === 'alert' && other.kind === 'alert')
        expect(alertUndelivered(one)).to.not.equal(alertUndelivered(other))
    }
    fc.assert(fc.property(lane, lane, differ))
    fc.assert(
      fc.property(neighbours, ([one, other]) => differ(one as Lane, other as Lane)),
      { numRuns: 2000 },
    )
  })

  it('names all conditions that are raised about it', () => {
    expect(conditionsOf({ kind: 'alert', name: 'sms', contact: 'nurse-1' })).to.include.members([
      'alert-undelivered-sms.nurse-1',
      'alert-undelivered-sms-nurse-1',
    ])
  })
})

import { expect } from 'chai'
import type { OutboxKind } from '#gateway/journal/api/outbox.js'
import { lanesOwed, owedAfter } from '#gateway/journal/routing.js'
import { laneKey, laneOf, type Recipient } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { alertRoute, anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'

const NURSE = { channel: 'sms', contact: 'nurse-1' }
const ROUTES = [
  ...[...fhirRoutes('care', 'clear'), ...fhirRoutes('vault', 'sealed'), anchorRoute('consortium')],
  ...[alertRoute({ channel: 'terminal' }), alertRoute(NURSE), alertRoute({ channel: 'sms-nurse-1' })],
]

const OWED: [kind: OutboxKind, recipient: Recipient | undefined, lanes: string[]][] = [
  ['batch', undefined, ['fhir:care', 'fhir:vault', 'anchor:consortium']],
  ['alert', undefined, ['fhir-alert:care']],
  ['communication', undefined, ['fhir-alert:care']],
  ['undelivered', undefined, ['fhir-alert:care']],
  ['flag', undefined, ['fhir-alert:care']],
  ['notification', { channel: 'terminal' }, ['alert:terminal', 'fhir-alert:care']],
  ['notification', NURSE, ['alert:sms/nurse-1', 'fhir-alert:care']],
  ['notification', { channel: 'sms-nurse-1' }, ['alert:sms-nurse-1', 'fhir-alert:care']],
  // Nobody is there to be told: the server hears of no message that was never to be sent.
  ['notification', { channel: 'sms', contact: 'nurse-2' }, []],
  ['notification', { channel: 'sms' }, []],
  ['notification', undefined, []],
]

const AFTER: [lane: string, kind: OutboxKind, outcome: DeliveryOutcome['class'], owed: string | null][] = [
  ['alert:terminal', 'notification', 'delivered', 'communication'],
  ['alert:sms/nurse-1', 'notification', 'permanent', 'undelivered'],
  ['alert:terminal', 'notification', 'transient', null],
  ['alert:terminal', 'notification', 'ambiguous', null],
  // Of the CommunicationRequest, not of the message.
  ['fhir-alert:care', 'notification', 'delivered', null],
  ['fhir-alert:care', 'notification', 'permanent', null],
  ['fhir:care', 'batch', 'delivered', null],
  ['anchor:consortium', 'batch', 'permanent', null],
]

describe('Who owes what to which lane', () => {
  for (const [kind, recipient, lanes] of OWED)
    it(`${kind}${recipient ? ` for ${Object.values(recipient).join(' ')}` : ''}: ${lanes.join(', ') || 'nobody'}`, () => {
      expect(lanesOwed(ROUTES, kind, recipient).map(laneKey)).to.deep.equal(lanes)
    })

  for (const [lane, kind, outcome, owed] of AFTER)
    it(`a ${kind} of ${lane} that is ${outcome}: ${owed ?? 'nothing'}`, () => {
      expect(owedAfter({ lane: laneOf(lane), kind }, outcome)).to.equal(owed)
    })

  it('nothing where nothing is configured', () => {
    expect(lanesOwed([], 'batch')).to.deep.equal([])
  })
})

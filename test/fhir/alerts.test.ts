import { readFileSync } from 'node:fs'
import type { Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import fc from 'fast-check'
import type { AlertEvent, Episode } from '#fhir/alert-event.js'
import { communicationNotDone, communicationOf, communicationRequestOf, type Message } from '#fhir/communication.js'
import { detectedIssueOf } from '#fhir/detected-issue.js'
import { flagOf } from '#fhir/flag.js'
import { asksForTask, TASK_STATUSES, taskAfter, taskOf } from '#fhir/task.js'
import { expectValidFhir } from '#test/support/fhir-validator.js'
import { context } from './sample-measurements.js'

const T0 = Date.UTC(2026, 0, 2, 8, 31)
const MINUTE = 60_000
const raised: AlertEvent = {
  ...{ alertId: `low-oxygen-saturation-${T0}`, condition: 'low-oxygen-saturation', kind: 'physiological' },
  ...{ priority: 'high', state: 'active', at: T0, raisedAt: T0, observable: 'oxygenSaturation', measurement: 'm-1' },
} as const
const { measurement: _measurement, ...later } = raised
const actor = { by: 'doctor-1', via: 'link', note: 'I call her' }
const acknowledged: AlertEvent = { ...later, state: 'acknowledged', at: T0 + 2 * MINUTE, actor }
const latched: AlertEvent = { ...later, state: 'latched', at: T0 + MINUTE }
const cleared: AlertEvent = { ...later, state: 'cleared', at: T0 + 9 * MINUTE, measurement: 'm-9' }
const technical: AlertEvent = {
  ...{ alertId: `journal-damaged-${T0}`, condition: 'journal-damaged', kind: 'technical', priority: 'medium' },
  ...{ state: 'active', at: T0, raisedAt: T0 },
} as const
const message: Message = {
  ...{
    key: `${raised.alertId}:raised:1:mail/doctor-1`,
    reason: 'raised',
    channel: 'mail',
    contact: 'doctor-1',
    at: T0,
  },
} as const
const digest: Message = {
  ...{ key: `digest:${T0}:nurse`, reason: 'digest', channel: 'mail', contact: 'nurse', at: T0 + MINUTE },
  ...{ covers: ['probe-off-spo2-1', 'probe-off-ecg-2'] },
} as const
const toChannel: Message = { key: 'k', reason: 'reminder', channel: 'terminal', at: T0 }

const made = {
  'DetectedIssue raised': detectedIssueOf([raised], context),
  'DetectedIssue acknowledged': detectedIssueOf([raised, acknowledged], context),
  'DetectedIssue latched': detectedIssueOf([raised, latched], context),
  'DetectedIssue cleared': detectedIssueOf([raised, acknowledged, cleared], context),
  'DetectedIssue technical': detectedIssueOf([technical], context),
  'Task requested': taskOf([raised], context),
  'Task accepted': taskOf([raised, acknowledged], context),
  'Task completed': taskOf([raised, acknowledged, cleared], context),
  'Task cancelled': taskOf([raised, cleared], context),
  'CommunicationRequest active': communicationRequestOf(message, raised, 'active', context),
  'CommunicationRequest of a digest': communicationRequestOf(
    digest,
    { ...raised, priority: 'low' },
    'completed',
    context,
  ),
  'CommunicationRequest to a channel': communicationRequestOf(toChannel, technical, 'active', context),
  'CommunicationRequest revoked': communicationRequestOf(message, raised, 'revoked', context),
  'Communication completed': communicationOf(message, raised, T0 + 1500, context),
  'Communication not done': communicationNotDone(message, raised, context),
  'Flag active': flagOf([technical], context),
  'Flag inactive': flagOf([raised, cleared], context),
}

describe('the resources about an alert', () => {
  it('are those of the golden file', () => {
    const golden = JSON.parse(readFileSync('test/fixtures/fhir/alerts.json', 'utf8')) as unknown
    expect(JSON.parse(JSON.stringify(made))).to.deep.equal(golden)
  })

  for (const [name, resource] of Object.entries(made)) {
    it(`are valid R4: ${name}`, function () {
      this.timeout(60_000)
      expectValidFhir(resource)
    })
  }

  it('carry no value, no limit and no address', () => {
    const valued = { ...raised, value: 77.75, limit: { comparator: '<=', value: 91.25 } }
    const sent = { ...message, address: 'anna@example.org' }
    const all = [
      ...[detectedIssueOf([valued], context), taskOf([valued], context), flagOf([valued], context)],
      ...[communicationRequestOf(sent, valued, 'active', context), communicationOf(sent, valued, T0, context)],
    ]
    expect(JSON.stringify(all)).to.not.match(/77\.75|91\.25|anna@/)
  })

  it('say in words what they are about, as the home calls it', () => {
    const words = (condition: string) => `Words for ${condition}`
    const named = { ...context, words }
    const issue = detectedIssueOf([raised, acknowledged, cleared], named)
    expect(issue.code?.coding?.[0]?.display).to.equal('Words for low-oxygen-saturation')
    expect(issue.detail).to.equal(
      'Words for low-oxygen-saturation: high priority, about the patient, since 2026-01-02T08:31:00.000Z. Acknowledged by doctor-1 at 2026-01-02T08:33:00.000Z. Over since 2026-01-02T08:40:00.000Z.',
    )
    expect(issue.evidence?.[0]?.detail?.[0]?.display).to.be.a('string')
    expect(issue.patient?.display).to.equal(context.patient)
    const task = taskOf([raised], named)
    expect(task.code?.text).to.equal('Attend to: Words for low-oxygen-saturation')
    expect(task.focus?.display).to.equal('Words for low-oxygen-saturation')
    expect(task.description).to.match(/^Words for low-oxygen-saturation \(high priority\): accept/)
    expect(flagOf([raised], context).code.coding?.[0]?.display).to.equal('Low oxygen saturation')
  })

  it('name the Observation that raised the alert, not the one that ended it', () => {
    const issue = detectedIssueOf([raised, acknowledged, cleared], context)
    expect(issue.implicated?.map(({ identifier }) => identifier?.value)).to.deep.equal(['m-1'])
  })

  it('say of every acknowledgement when and by whom', () => {
    const again = { ...acknowledged, at: T0 + 8 * MINUTE, actor: { by: 'nurse', via: 'button' } }
    const issue = detectedIssueOf([raised, acknowledged, again], context)
    expect(issue.mitigation?.map(({ date, author }) => [date, author?.identifier?.value])).to.deep.equal([
      ['2026-01-02T08:33:00.000Z', 'home-1/doctor-1'],
      ['2026-01-02T08:39:00.000Z', 'home-1/nurse'],
    ])
  })

  it('ask for somebody only where the priority is high or medium', () => {
    expect((['high', 'medium', 'low'] as const).map((priority) => asksForTask({ priority }))).to.deep.equal([
      true,
      true,
      false,
    ])
  })
})

describe('a Task that a server holds', () => {
  const requested = { ...taskOf([raised], context), id: 't-1' }
  const changed = (changes: Partial<Task>, ...rest: AlertEvent[]) =>
    taskAfter({ ...requested, ...changes }, [raised, ...rest], context)

  it('is accepted by who acknowledged at home, whoever had claimed it', () => {
    const claimed = { status: 'received', owner: { display: 'Dr. Gray' } } as const
    expect(changed(claimed, acknowledged)).to.deep.include({
      ...{ id: 't-1', status: 'accepted', lastModified: '2026-01-02T08:33:00.000Z' },
      owner: { identifier: { system: 'urn:homebeat:contact', value: 'home-1/doctor-1' }, display: 'doctor-1' },
    })
  })

  it('keeps what others wrote into it', () => {
    const others = { note: [{ text: 'seen' }], input: [{ type: { text: 'x' }, valueString: 'y' }] }
    expect(changed(others, acknowledged)).to.deep.include({ input: others.input })
    expect(changed(others, acknowledged)?.note?.map(({ text }) => text)).to.deep.equal(['seen', 'I call her'])
  })

  it('is left alone once it says as much, or somebody has begun or ended it', () => {
    expect(changed({})).to.equal(null)
    expect(changed({ status: 'accepted', note: [{ text: 'I call her' }] }, acknowledged)).to.equal(null)
    for (const status of ['in-progress', 'on-hold', 'completed', 'rejected', 'failed', 'cancelled'] as const)
      expect(changed({ status }, acknowledged, cleared), status).to.equal(null)
  })

  it('is completed, not cancelled, where a doctor accepted it just before the alert cleared by itself', () => {
    const owner = { display: 'Dr. Gray' }
    expect(changed({ status: 'accepted', owner }, cleared)).to.deep.include({ status: 'completed', owner })
    expect(changed({}, cleared)).to.deep.include({ status: 'cancelled' })
  })

  it('never goes back, and comes to rest', () => {
    const ORDER = ['draft', 'requested', 'received', 'accepted', 'ready', 'completed', 'cancelled']
    const stages: Episode[] = [
      [raised],
      [raised, latched],
      [raised, acknowledged],
      [raised, acknowledged, cleared],
      [raised, cleared],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...TASK_STATUSES), fc.constantFrom(...stages), (status, episode) => {
        const before = { ...requested, status }
        const result = taskAfter(before, episode, context)
        if (!result) return
        expect(ORDER.indexOf(result.status)).to.be.at.least(ORDER.indexOf(status))
        expect(taskAfter(result, episode, context)).to.equal(null)
      }),
    )
  })
})

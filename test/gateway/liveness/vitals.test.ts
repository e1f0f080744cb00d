import { expect } from 'chai'
import type { LaneDepth } from '#gateway/journal/api/outbox.js'
import { checkInSchema } from '#gateway/liveness/check-in.js'
import { vitalsOf } from '#gateway/liveness/vitals.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { laneOf } from '#gateway/model/lane.js'
import type { TransportStatus } from '#gateway/model/transport.js'

const now = Date.UTC(2026, 0, 1, 12)
const journal = {
  alerts: { active: (): AlertTransition[] => [] },
  outbox: { depths: (): LaneDepth[] => [] },
  damages: { open: () => [] },
}
const transport = (url: string, state: TransportStatus['state']) => ({
  status: () => ({ name: 'a', url, state, sentence: '' }),
})
const kit = transport('serial:///dev/ttyACM0', 'connected')
const base = { journal, refused: () => false, transports: [kit] }

describe('liveness/vitals', () => {
  it('is well where a source is connected and the disk takes what is read', () => {
    expect(vitalsOf(base, now).reasons).to.deep.equal([])
  })

  it('counts a broker that waits for sleeping devices as a source, and a kit that is waited for as none', () => {
    const reasons = (url: string) => vitalsOf({ ...base, transports: [transport(url, 'waiting')] }, now).reasons
    expect(reasons('mqtts+broker://0.0.0.0:8883')).to.deep.equal([])
    expect(reasons('serial:///dev/ttyACM0')).to.deep.equal(['no-source'])
    expect(reasons('mqtt://broker.lan:1883')).to.deep.equal(['no-source'])
  })

  it('says that somebody is not monitored, until when and not who said it, and asks for no kit then', () => {
    const paused = {
      reason: 'hospital',
      actor: { by: 'anna', via: 'console' },
      since: now,
      until: now + 60_000,
    } as const
    const transports = [transport('serial:///dev/ttyACM0', 'waiting')]
    const vitals = vitalsOf({ ...base, transports, notMonitored: () => paused }, now)
    expect(vitals.reasons).to.deep.equal([])
    const [since, until] = [new Date(now).toISOString(), new Date(now + 60_000).toISOString()]
    expect(vitals.notMonitored).to.deep.equal({ reason: 'hospital', since, until })
    expect(JSON.stringify(vitals)).not.to.contain('anna')
    expect(checkInSchema.shape.notMonitored.parse(vitals.notMonitored)).to.deep.equal(vitals.notMonitored)
    expect(vitalsOf({ ...base, transports, notMonitored: () => null }, now)).to.not.have.property('notMonitored')
  })

  it('says which proof is missing', () => {
    expect(vitalsOf({ ...base, refused: () => true }, now).reasons).to.deep.equal(['commit-refused'])
    const unreadable = {
      ...journal,
      outbox: {
        depths: () => {
          throw new Error('disk')
        },
      },
    }
    expect(vitalsOf({ ...base, journal: unreadable }, now)).to.deep.include({
      reasons: ['journal-unreadable'],
      journal: 'unreadable',
    })
  })

  it('counts alarms by kind and priority, but no exercise, and never names one', () => {
    const alert = (condition: string, kind: AlertTransition['kind'], priority: AlertTransition['priority']) =>
      ({ alertId: `${condition}-1`, condition, kind, priority, state: 'active', at: now, raisedAt: now }) as const
    const open = [
      alert('low-oxygen-saturation', 'physiological', 'high'),
      alert('high-pulse', 'physiological', 'medium'),
      alert('probe-off-spo2', 'technical', 'low'),
      alert('rehearsal', 'technical', 'high'),
    ]
    const lanes = [
      {
        lane: laneOf('fhir:a'),
        depth: 1,
        oldestAt: now - 5000,
        delivered: 0,
        rejected: 0,
        resourcesAccepted: 0,
        resourcesFailed: 0,
      },
      {
        lane: laneOf('fhir:b'),
        depth: 1,
        oldestAt: now - 9000,
        delivered: 0,
        rejected: 0,
        resourcesAccepted: 0,
        resourcesFailed: 0,
      },
    ]
    const vitals = vitalsOf(
      { ...base, journal: { ...journal, alerts: { active: () => open }, outbox: { depths: () => lanes } } },
      now,
    )
    expect(vitals.alerts).to.deep.equal({
      physiological: { high: 1, medium: 1, low: 0 },
      technical: { high: 0, medium: 0, low: 1 },
    })
    expect(vitals.oldestSeconds).to.deep.equal({ fhir: 9, alert: null, anchor: null })
    expect(JSON.stringify(vitals)).not.to.match(/oxygen|pulse|probe/)
  })
})

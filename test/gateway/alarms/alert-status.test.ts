import { expect } from 'chai'
import { alertsOf } from '#gateway/alarms/alert-status.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { AlarmHome } from './alarm-home.js'

describe('The alerts of the status', () => {
  let home: AlarmHome
  beforeEach(async () => {
    home = await new AlarmHome().start()
  })
  afterEach(() => home.stop())
  const statusOf = (alertId: string) =>
    alertsOf(home.journal, home.clock.now()).find((alert) => alert.alertId === alertId)

  it('name the sensor, the limit, and the worst value while it lasts, also when it is over', async () => {
    const [alertId = ''] = await home.glucose(52)
    expect(statusOf(alertId)).to.include({ sensor: 'glucose' })
    expect(statusOf(alertId)?.limit).to.match(/^below \d+ mg\/dL$/)
    await home.glucose(41)
    // Nobody has kept it yet, and the value of the raising is not the worst.
    expect(statusOf(alertId)).to.not.have.property('worst')
    await home.glucose(50)
    await home.actions.acknowledge([alertId], { by: 'nurse-1', via: 'console' })
    expect(statusOf(alertId)).to.include({ state: 'acknowledged', worst: '41 mg/dL' })
    await home.glucose(120)
    expect(statusOf(alertId)).to.include({ state: 'cleared', worst: '41 mg/dL' })
    const stored = home.journal.alerts.episode(alertId).map(({ state, worst }: AlertTransition) => [state, worst])
    expect(stored).to.deep.equal([
      ['active', undefined],
      ['acknowledged', 41],
      ['cleared', 41],
    ])
  })
})

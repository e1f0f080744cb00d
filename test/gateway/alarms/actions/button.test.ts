import { expect } from 'chai'
import { acknowledgeByButton } from '#gateway/alarms/actions/button.js'
import type { Acknowledgement } from '#gateway/alarms/channels/channel.js'
import type { Actor } from '#gateway/model/alert.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { settle } from '#test/support/test-clock.js'

describe('The button of a channel', () => {
  let press: (acknowledgement: Acknowledgement) => void
  const board = {
    onAcknowledged: (listener: typeof press) => {
      press = listener
    },
  }

  it('acknowledges what the channel shows, in its name; a channel without one is passed over', async () => {
    const acts: [unknown, Actor][] = []
    const actions = {
      acknowledge: async (ids: readonly string[] | 'all', actor: Actor) => {
        acts.push([ids, actor])
        return [...ids]
      },
    }
    acknowledgeByButton([{}, board], actions, silentLogger)
    press({ channel: 'hall', at: 1, alertIds: ['low-glucose-1'] })
    await settle()
    expect(acts).to.deep.equal([[['low-glucose-1'], { by: 'hall', via: 'button' }]])
  })

  it('says in the log where that was refused, and works on', async () => {
    const warnings: unknown[] = []
    const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) } as never
    const actions = { acknowledge: () => Promise.reject(new Error('over')) }
    acknowledgeByButton([board], actions, logger)
    press({ channel: 'hall', at: 1, alertIds: ['low-glucose-1'] })
    press({ channel: 'hall', at: 2, alertIds: ['low-glucose-1'] })
    await settle()
    expect(warnings).to.have.length(2)
  })
})

import { expect } from 'chai'
import type { AlertChannel, AlertNotice } from '#gateway/alarms/channels/channel.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { laneOf } from '#gateway/model/lane.js'
import type { Notification } from '#gateway/model/notification.js'
import { AlertDeliverer } from '#gateway/outbound/alerts/alert-deliverer.js'
import { shouldBehaveLikeDeliverer } from '#test/behaviours/deliverer.behaviour.js'
import { Receiver } from '#test/gateway/alarms/channels/receiver.js'
import { journalAt, TemporaryFolder, transition } from '#test/gateway/journal/journal-fixture.js'
import { told } from '#test/support/told.js'

describe('The alert deliverer', () => {
  shouldBehaveLikeDeliverer('The alert deliverer on a webhook', async () => {
    const receiver = new Receiver()
    const url = await receiver.start()
    const folder = new TemporaryFolder()
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [], ...told([transition()]) })
    const entry = journal.outbox.claim(laneOf('alert:doctor')) as OutboxEntry
    const channel = createChannel(
      { type: 'webhook', name: 'doctor', url },
      { fetch, stream: { write: () => {} }, home: 'home-7', baseDir: '.', dataDir: '.' },
    )
    return {
      deliverer: new AlertDeliverer({ channel, journal, home: 'home-7' }),
      entry,
      unknown: { ...entry, ref: 999 },
      received: () => new Set(receiver.received.map(({ headers }) => headers['idempotency-key'])).size,
      disconnect: () => receiver.stop(),
      async hang() {
        receiver.hanging = true
      },
      async stop() {
        await receiver.stop()
        await journal.stop()
        folder.remove()
      },
    }
  })

  it('gives a reminder its own time beside that of the raising, and what else is known when it is sent', async () => {
    const folder = new TemporaryFolder()
    const journal = journalAt(folder.journal)
    await journal.start()
    const notices: AlertNotice[] = []
    const channel: AlertChannel = {
      ...{ name: 'doctor', about: '' },
      async notify(notice) {
        notices.push(notice)
        return { class: 'delivered' }
      },
    }
    const raised = transition()
    const { notifications } = told([raised], ['doctor'])
    const reminder = {
      ...(notifications[0] as Notification),
      key: 'r',
      reason: 'reminder' as const,
      at: raised.at + 300_000,
    }
    await journal.commit({ measurements: [], transitions: [raised], notifications: [...notifications, reminder] })
    const surroundings = () => ({ call: ['At home: 1'] })
    const deliverer = new AlertDeliverer({ channel, journal, home: 'home-7', surroundings })
    const lane = laneOf('alert:doctor')
    for (let entry = journal.outbox.claim(lane); entry; entry = journal.outbox.claim(lane)) {
      journal.outbox.launch(entry)
      await deliverer.deliver(entry, new AbortController().signal)
      journal.outbox.settle(entry, { class: 'delivered' }, 1)
    }
    expect(
      notices.map(({ reason, at, raisedAt }) => [reason, at - raised.raisedAt, raisedAt - raised.raisedAt]),
    ).to.deep.equal([
      ['raised', 0, 0],
      ['reminder', 300_000, 0],
    ])
    expect(notices[1]?.details).to.contain('Whom to call: At home: 1.').and.contain('Other open alarms: none.')
    await journal.stop()
    folder.remove()
  })
})

import { createChannel } from '#gateway/alarms/channels/registry.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { laneOf } from '#gateway/model/lane.js'
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
})

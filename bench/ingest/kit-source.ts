/**
 * A process: the kit's lines over raw TCP. In real time, or as fast as the gateway
 * takes them. Says `{seconds}` when all are sent.
 */
import { type AddressInfo, createServer } from 'node:net'
import { KitLines } from './kit-lines.js'

export interface KitSourceOptions {
  /** Seconds of the kit's time. */
  readonly seconds: number
  readonly pace: 'real-time' | 'fast'
}

const { seconds, pace } = JSON.parse(process.argv[2] ?? '{}') as KitSourceOptions
/** Written at once in a hurry. */
const BLOCK_LINES = 50
/** The firmware's lines leave it within some milliseconds of each other; so does a USB adapter's latency timer. */
const SLICE_MS = 16

const recorded = KitLines.record()
/** A gateway opens a port once to see that it can, before it reads from it: each connection hears all from the start. */
const server = createServer(async (socket) => {
  let proceed = () => {}
  socket.on('error', () => {})
  socket.on('drain', () => proceed())
  socket.on('close', () => proceed())
  const startedAt = performance.now()
  const lines = recorded.fromStart()
  let line = lines.next()
  while (line.ms < seconds * 1000) {
    if (pace === 'real-time') {
      const now = performance.now() - startedAt
      let due = ''
      for (; line.ms <= now && line.ms < seconds * 1000; line = lines.next()) due += line.text
      if (due !== '') socket.write(due, 'latin1')
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
      if (socket.destroyed) return
      continue
    }
    let block = ''
    for (let i = 0; i < BLOCK_LINES && line.ms < seconds * 1000; i++, line = lines.next()) block += line.text
    if (!socket.write(block, 'latin1')) await new Promise<void>((resolve) => (proceed = resolve))
    if (socket.destroyed) return // what made the wait above end
  }
  await new Promise<void>((resolve) => socket.end(resolve))
  process.send?.({ seconds: (performance.now() - startedAt) / 1000 })
})
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port, linesPerSecond: recorded.perSecond }),
)
process.on('disconnect', () => process.exit())

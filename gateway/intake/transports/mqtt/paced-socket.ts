import type { Socket } from 'node:net'
import type { Clock } from '#gateway/platform/clock.js'

/**
 * Slows a socket's reader down to `bytesPerSecond`: what is not read fills the window of TCP, and the sender waits.
 * Two seconds' worth may come at once. The reader must take bytes with `read()` on `readable`, as aedes does.
 */
export function paceSocket(socket: Socket, bytesPerSecond: number, clock: Clock): void {
  const read = socket.read.bind(socket)
  /** When all bytes so far are paid for, monotonic ms. */
  let paidAt = clock.monotonic()
  let cancel: (() => void) | null = null
  socket.read = (size?: number) => {
    const now = clock.monotonic()
    const behind = paidAt - now
    if (behind > 2000) {
      cancel ??= clock.after(Math.ceil(behind - 2000) + 1, () => {
        cancel = null
        socket.emit('readable')
      })
      return null
    }
    const chunk: Buffer | null = read(size)
    if (chunk !== null) paidAt = Math.max(paidAt, now) + (chunk.length / bytesPerSecond) * 1000
    return chunk
  }
  socket.once('close', () => cancel?.())
}

import { read } from 'node:fs'
import { promisify } from 'node:util'
import type { SerialBinding, SerialBindingPort } from './binding.js'

const readFile = promisify(read)

/** What the native binding's ports are on Linux and macOS, as far as it is needed here. */
interface UnixPort extends SerialBindingPort {
  readonly fd: number | null
  /** Polls once for each call. The callback gets an error when the port is closed. */
  readonly poller: { once(event: 'readable', callback: (error: Error | null) => void): unknown }
}

/**
 * The machine's own serial ports. On Linux and macOS with a `read` of our own: the binding's (13.0.0) takes a read of 0
 * bytes as "try again", which a port whose cable was pulled answers for ever. It then fills the memory until the
 * process dies, and no `close` event ever comes.
 */
export async function nativeBinding(): Promise<SerialBinding> {
  const { SerialPort } = await import('serialport')
  const binding = SerialPort.binding as unknown as SerialBinding
  if (process.platform === 'win32') return binding
  return {
    list: () => binding.list(),
    async open(options) {
      const port = (await binding.open(options)) as UnixPort
      port.read = (buffer, offset, length) => readPort(port, buffer, offset, length)
      return port
    },
  }
}

/** Resolves with at least one byte. Rejects when the port was closed (`canceled`), or has gone. */
async function readPort(
  port: UnixPort,
  buffer: Buffer,
  offset: number,
  length: number,
): Promise<{ buffer: Buffer; bytesRead: number }> {
  for (;;) {
    if (!port.isOpen || port.fd === null) throw canceled()
    try {
      const { bytesRead } = await readFile(port.fd, buffer, offset, length, null)
      // The port is opened non-blocking and with VMIN 1: without data a read fails (EAGAIN); 0 bytes are a hang-up.
      if (bytesRead === 0) throw new Error('the device hung up')
      return { buffer, bytesRead }
    } catch (error) {
      if (!port.isOpen) throw canceled()
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN' && code !== 'EWOULDBLOCK' && code !== 'EINTR') throw error
    }
    await new Promise<void>((resolve, reject) =>
      port.poller.once('readable', (error) => (error ? reject(error) : resolve())),
    )
  }
}

/** The stream takes an error of this form as the end of a read, not as a loss of the port. */
function canceled(): Error {
  return Object.assign(new Error('the port was closed'), { canceled: true })
}

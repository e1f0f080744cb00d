import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SerialPort } from 'serialport'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { describeAddress, type SerialAddress } from './address.js'
import type { SerialBinding } from './binding.js'
import { nativeBinding } from './native-binding.js'
import { explainPortError } from './port-errors.js'
import { findPort } from './ports.js'

const CONNECT_TIMEOUT_MS = 10_000
/** The kit sends several lines a second: a bridge that is silent for so long has gone without saying so. */
const SILENCE_MS = 60_000

/** An open way to the kit. */
export interface Link {
  /** Where it leads now, for people. */
  readonly where: string
  readonly stream: Duplex
  /** Resolves when the way is gone, with the reason if there is one. Never rejects. */
  readonly closed: Promise<HomebeatError | null>
  /** Resolves when it is closed, so that it can be opened again. */
  close(): Promise<void>
}

export interface LinkDependencies {
  readonly clock: Clock
  readonly binding?: SerialBinding | undefined
}

/** @throws HomebeatError `serial.permission`, `serial.not-found`, `serial.ambiguous`, `serial.busy`, `serial.refused`, `serial.unreachable`, `serial.unusable` */
export function openLink(address: SerialAddress, dependencies: LinkDependencies, signal?: AbortSignal): Promise<Link> {
  if (address.kind === 'tcp') return openTcp(address, dependencies, signal)
  return address.kind === 'usb' ? openUsb(address, dependencies) : openDevice(address, dependencies)
}

type DeviceAddress = Extract<SerialAddress, { kind: 'device' }>
type UsbAddress = Extract<SerialAddress, { kind: 'usb' }>
type TcpAddress = Extract<SerialAddress, { kind: 'tcp' }>

/** The port list is asked with each attempt: a kit that is plugged in again may be `/dev/ttyACM1` now. */
async function openUsb({ usb, baud }: UsbAddress, dependencies: LinkDependencies): Promise<Link> {
  const binding = dependencies.binding ?? (await nativeBinding())
  return openDevice({ kind: 'device', path: await findPort(usb, binding), baud }, { ...dependencies, binding })
}

async function openDevice(address: DeviceAddress, dependencies: LinkDependencies): Promise<Link> {
  // Loaded when first needed: a gateway that only speaks MQTT must run where the native binding does not.
  const { SerialPort: Port } = await import('serialport')
  // The constructor takes a `binding` too; its type does not say so.
  const options: { path: string; baudRate: number; autoOpen: false; binding: SerialBinding } = {
    path: address.path,
    baudRate: address.baud,
    autoOpen: false,
    binding: dependencies.binding ?? (await nativeBinding()),
  }
  const port: SerialPort = new Port(options)
  await new Promise<void>((resolve, reject) =>
    port.open((error) => (error ? reject(explainPortError(error, address.path)) : resolve())),
  )
  let failure: HomebeatError | null = null
  const closed = new Promise<HomebeatError | null>((resolve) => {
    port.once('close', (error?: Error | null) => resolve(failure ?? lost(error, address.path)))
    port.on('error', (error: Error) => {
      failure ??= explainPortError(error, address.path)
      if (port.isOpen) port.close(() => {})
    })
    port.once('end', () => {
      if (port.isOpen) port.close(() => {})
    })
  })
  return {
    where: address.path,
    stream: port,
    closed,
    async close() {
      if (port.isOpen) port.close(() => {})
      await closed
    },
  }
}

function lost(error: Error | null | undefined, path: string): HomebeatError | null {
  if (!error) return null
  return new HomebeatError('serial.lost', `${path} was unplugged or reset: plug the kit in again`, {
    retry: 'transient',
    cause: error,
  })
}

async function openTcp(address: TcpAddress, dependencies: LinkDependencies, signal?: AbortSignal): Promise<Link> {
  const where = describeAddress(address)
  const socket = connect({ host: address.host, port: address.port, noDelay: true })
  socket.setKeepAlive(true, 10_000)
  let failure: HomebeatError | null = null
  const closed = new Promise<HomebeatError | null>((resolve) => {
    socket.on('error', (error) => {
      failure ??= explainPortError(error, where)
    })
    socket.once('close', () => resolve(failure))
  })
  const giveUp = () => socket.destroy()
  const cancelTimeout = dependencies.clock.after(CONNECT_TIMEOUT_MS, () => {
    failure = explainPortError({ code: 'ETIMEDOUT' }, where)
    socket.destroy()
  })
  signal?.addEventListener('abort', giveUp, { once: true })
  if (signal?.aborted) giveUp()
  const connected = new Promise<true>((resolve) => socket.once('connect', () => resolve(true)))
  const outcome = await Promise.race([connected, closed])
  cancelTimeout()
  signal?.removeEventListener('abort', giveUp)
  if (outcome !== true)
    throw (
      outcome ?? new HomebeatError('serial.refused', `${where} closed the connection at once`, { retry: 'transient' })
    )

  const stopWatching = watchSilence(
    dependencies.clock,
    (heard) => socket.on('data', heard),
    () => {
      failure ??= new HomebeatError('serial.silent', `${where} sent nothing for ${SILENCE_MS / 1000} s`, {
        retry: 'transient',
      })
      socket.destroy()
    },
  )
  void closed.then(stopWatching)
  return {
    where,
    stream: socket,
    closed,
    async close() {
      socket.destroy()
      await closed
    },
  }
}

/** One timer whatever the data rate: it looks back instead of being set again with each chunk. */
function watchSilence(clock: Clock, listen: (heard: () => void) => void, silent: () => void): () => void {
  let lastHeard = clock.monotonic()
  let cancel = () => {}
  listen(() => {
    lastHeard = clock.monotonic()
  })
  const check = () => {
    const left = lastHeard + SILENCE_MS - clock.monotonic()
    if (left <= 0) silent()
    else cancel = clock.after(left, check)
  }
  check()
  return () => cancel()
}

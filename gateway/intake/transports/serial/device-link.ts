import type { SerialPort } from 'serialport'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { SerialAddress } from './address.js'
import type { SerialBinding } from './binding.js'
import type { Link, LinkDependencies } from './link.js'
import { nativeBinding } from './native-binding.js'
import { explainPortError } from './port-errors.js'
import { findPort } from './ports.js'

type DeviceAddress = Extract<SerialAddress, { kind: 'device' }>
type UsbAddress = Extract<SerialAddress, { kind: 'usb' }>

/** The port list is asked with each attempt: a kit that is plugged in again may be `/dev/ttyACM1` now. */
export async function openUsb({ usb, baud }: UsbAddress, dependencies: LinkDependencies): Promise<Link> {
  const binding = dependencies.binding ?? (await nativeBinding())
  return openDevice({ kind: 'device', path: await findPort(usb, binding), baud }, { ...dependencies, binding })
}

export async function openDevice(address: DeviceAddress, dependencies: LinkDependencies): Promise<Link> {
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

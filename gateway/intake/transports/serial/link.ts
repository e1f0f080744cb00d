import type { Duplex } from 'node:stream'
import type { Clock } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { SerialAddress } from './address.js'
import type { SerialBinding } from './binding.js'
import { openDevice, openUsb } from './device-link.js'
import { openTcp } from './tcp-link.js'

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

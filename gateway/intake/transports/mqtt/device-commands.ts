/** What a person may tell a running gateway of its devices (`homebeat device …`). */
import { z } from 'zod'
import type { TransportConfig } from '#gateway/intake/transports/config.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { DEVICE_ID } from './address.js'
import type { DeviceSummary, EnrolledDevices } from './enrolled-devices.js'

const id = z.string().regex(DEVICE_ID, 'a device id is 1 to 32 lower-case letters, digits and hyphens')

/** A device as `device.list` tells it. */
export interface ListedDevice extends Omit<DeviceSummary, 'state'> {
  readonly state: DeviceSummary['state'] | 'configured'
}

/** `device.list`, `device.add`, `device.enrol`, `device.revoke`. */
export function deviceCommands(store: EnrolledDevices, transports: readonly TransportConfig[]): ControlCommand[] {
  const configured = new Set(
    transports.flatMap(({ devices }) =>
      devices.flatMap((device) => (device.secretFile === undefined ? [] : [device.id])),
    ),
  )
  const hasBroker = transports.some(({ url }) => /^mqtts?\+broker:/.test(url))
  /** Two sources of one secret would make it a riddle which one counts. */
  const notConfigured = (device: string) => {
    if (!hasBroker)
      throw new HomebeatError('devices.no-broker', 'No transport is a broker for devices: add an mqtts+broker:// one.')
    if (configured.has(device))
      throw new HomebeatError(
        'devices.configured',
        `${device} has its secret in the configuration: remove its secretFile in transports[].devices and restart first.`,
      )
  }
  return [
    command('device.list', z.strictObject({}), (): ListedDevice[] => [
      ...[...configured].map((device) => ({ id: device, state: 'configured' as const, codeExpiresAt: null })),
      ...store.list().filter((device) => !configured.has(device.id)),
    ]),
    command('device.add', z.strictObject({ id }), async (input) => {
      notConfigured(input.id)
      return { id: input.id, credential: await store.add(input.id) }
    }),
    command('device.enrol', z.strictObject({ id, minutes: z.number().min(1).max(1440) }), async (input) => {
      notConfigured(input.id)
      return { id: input.id, ...(await store.enrol(input.id, input.minutes)) }
    }),
    command('device.revoke', z.strictObject({ id }), (input) => {
      notConfigured(input.id)
      store.revoke(input.id)
      return { id: input.id }
    }),
  ]
}

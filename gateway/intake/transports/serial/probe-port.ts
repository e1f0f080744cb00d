import { HomebeatError } from '#gateway/platform/errors.js'
import type { SerialAddress } from './address.js'
import { type LinkDependencies, openLink } from './link.js'

/** No waiting helps against these; everything else is a cable, a bridge or a network that may still come. */
const MISCONFIGURED = new Set(['serial.permission', 'serial.busy', 'serial.unusable'])

/**
 * Opens a port once and closes it again; resets an Uno. Resolves also when the port is not there yet.
 * @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable`
 */
export async function probePort(address: SerialAddress, dependencies: LinkDependencies): Promise<void> {
  try {
    const link = await openLink(address, dependencies)
    await link.close()
  } catch (error) {
    if (error instanceof HomebeatError && MISCONFIGURED.has(error.code)) throw error
  }
}

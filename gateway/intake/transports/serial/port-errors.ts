import type { ErrorCode } from '#gateway/platform/error-codes.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/**
 * The native binding gives its errors as text only ("Error: Permission denied, cannot open /dev/x"), sockets give a
 * code: this is the one place that reads either.
 */
const CAUSES: readonly {
  readonly code: ErrorCode
  readonly matches: RegExp
  readonly say: (where: string) => string
}[] = [
  {
    code: 'serial.permission',
    matches: /EACCES|EPERM|permission denied|access denied|operation not permitted/i,
    say: (where) =>
      `no permission to open ${where}: add the user to the group dialout ("sudo usermod -aG dialout <user>") and log in again`,
  },
  {
    code: 'serial.busy',
    matches: /EBUSY|EAGAIN|cannot lock|resource busy|temporarily unavailable|port is locked/i,
    say: (where) => `${where} is in use: is another program (a second gateway, a serial monitor) using it?`,
  },
  {
    code: 'serial.not-found',
    matches: /ENOENT|ENODEV|ENXIO|no such file|no such device|file not found|port does not exist/i,
    say: (where) => `there is no ${where}: is the kit plugged in, and is the path in transports[].url right?`,
  },
  {
    code: 'serial.refused',
    matches: /ECONNREFUSED/,
    say: (where) => `${where} refused the connection: is the serial bridge running, and is the port right?`,
  },
  {
    code: 'serial.not-found',
    matches: /ENOTFOUND|EAI_AGAIN/,
    say: (where) => `the name of ${where} cannot be resolved: check the host in transports[].url and the network`,
  },
  {
    code: 'serial.unreachable',
    matches: /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN/,
    say: (where) => `${where} cannot be reached: is the serial bridge switched on and on this network?`,
  },
]

/** A HomebeatError that says what to do. `transient`: a cable can be plugged in again. */
export function explainPortError(error: unknown, where: string): HomebeatError {
  if (error instanceof HomebeatError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  const text = `${typeof code === 'string' ? code : ''} ${String(message ?? error)}`
  const known = CAUSES.find((cause) => cause.matches.test(text))
  if (known) return new HomebeatError(known.code, known.say(where), { retry: 'transient', cause: error })
  const said = String(message ?? error).replace(/\s+/g, ' ')
  return new HomebeatError('serial.unusable', `cannot use ${where} as a serial port: ${said}`, {
    retry: 'transient',
    cause: error,
  })
}

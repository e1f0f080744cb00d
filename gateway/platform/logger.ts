/**
 * Logging: pino, JSON lines on stderr. Levels by who reads it: error = the caregiver must act, warn = it may become
 * an error, info = a change of state, debug = for engineers. Never a health value, a name or a secret.
 */
import { pino } from 'pino'

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(bindings: object): Logger }

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const MAX_UNWRITTEN_BYTES = 1024 * 1024

export function createLogger(level: LogLevel): Logger {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES })
  // A log that cannot be written, e.g. to a full disk, must end nothing.
  destination.on('error', () => {})
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

export const silentLogger: Logger = pino({ level: 'silent' })

import type { ErrorCode } from './error-codes.js'

/**
 * The one error base. Callers branch on `code` and `retry`, never on text.
 *
 * retry: `transient` nothing happened at the other end, try again; `ambiguous` it may have happened,
 * repeat only because the operation is idempotent; `permanent` trying again will not help.
 */
export type RetryClass = 'transient' | 'ambiguous' | 'permanent'

export class HomebeatError extends Error {
  override readonly name = 'HomebeatError'
  /** Dotted, stable, e.g. `serial.permission`; `docs/errors.md` lists them. */
  readonly code: ErrorCode
  readonly retry: RetryClass

  /** @param message one line for people that says what to do; no health value, no secret. */
  constructor(code: ErrorCode, message: string, options: { retry?: RetryClass; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retry = options.retry ?? 'permanent'
  }
}

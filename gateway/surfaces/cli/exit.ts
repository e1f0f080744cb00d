/** How a verb ends: exit codes, and the one line that says what to do. */
import { HomebeatError } from '#gateway/platform/errors.js'

/** 0 done · 1 failed · 2 wrong use or configuration · 3 verification failed. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notVerified: 3 } as const

/** Writes the error for people on stderr, one line, and sets the exit code. `HOMEBEAT_DEBUG=1` adds the stack. */
export function reportError(error: unknown): void {
  if (error instanceof HomebeatError) {
    process.stderr.write(`homebeat: ${error.message}\n`)
    process.exitCode = /^(config|usage)\./.test(error.code) ? EXIT.usage : EXIT.failed
    return
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  process.stderr.write(`homebeat: unexpected: ${message.replace(/\s+/g, ' ').slice(0, 500)}\n`)
  if (process.env['HOMEBEAT_DEBUG'] && stack) process.stderr.write(`${stack}\n`)
  process.exitCode = EXIT.failed
}

/** Wraps a verb's action so that every error ends as one line and an exit code. */
export function verb<Args extends unknown[]>(
  action: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args)
    } catch (error) {
      reportError(error)
    }
  }
}

/** How a verb ends: exit codes, and the one line that says what to do. */
import { HomebeatError } from '#gateway/platform/errors.js'
import { printableLines } from '#gateway/platform/printable.js'

/** 0 done · 1 failed · 2 wrong use or configuration · 3 verification failed. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notVerified: 3 } as const

/** Writes the error for people on stderr, one line, and sets the exit code. `HOMEBEAT_DEBUG=1` adds the stack. */
export function reportError(error: unknown): void {
  if (error instanceof HomebeatError) {
    process.stderr.write(`homebeat: ${printableLines(error.message)}\n`)
    process.exitCode = /^(config|usage)\./.test(error.code) ? EXIT.usage : EXIT.failed
    return
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined }
  process.stderr.write(`homebeat: unexpected: ${printableLines(message.replace(/\s+/g, ' '))}\n`)
  if (process.env['HOMEBEAT_DEBUG'] && stack) process.stderr.write(`${stack}\n`)
  process.exitCode = EXIT.failed
}

/** Wraps a verb's action: the process lives until it ends, and every error is one line and an exit code. */
export function verb<Args extends unknown[]>(
  action: (...args: Args) => Promise<void>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    // Neither signal handlers nor the timers of the clock keep a process alive: what is waited for may be nothing else.
    const alive = setInterval(() => {}, 2 ** 30)
    try {
      await action(...args)
    } catch (error) {
      reportError(error)
    } finally {
      clearInterval(alive)
    }
  }
}

/** For a process that people started: nothing that goes wrong in it, foreseen or not, is told as a stack. */
export function endInOneLine(): void {
  process.on('uncaughtException', (error) => {
    reportError(error)
    process.exit()
  })
  // Nobody reads any more, as after `| head`: what was begun goes on to its verdict.
  const onLost = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    reportError(
      new HomebeatError('output.lost', `What was to be said could not be written (${error.code}): check the disk.`),
    )
  }
  process.stdout.on('error', onLost)
  // There is nowhere left to say it.
  process.stderr.on('error', () => {})
}

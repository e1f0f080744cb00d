import { EXIT } from './exit.js'

/** Terminals, npm and `timeout` often send one Ctrl-C twice; a person who insists takes longer than this. */
const INSISTING_MS = 2000

/** A second signal ends the process at once: what is committed is safe, what is not delivered is so after a restart. */
export function stopAsked(stdinToo: boolean): Promise<string> {
  return new Promise((resolve) => {
    let askedAt: number | null = null
    const onSignal = (signal: string) => {
      if (askedAt !== null && performance.now() - askedAt > INSISTING_MS) process.exit(EXIT.failed)
      askedAt ??= performance.now()
      resolve(signal)
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    if (stdinToo) {
      process.stdin.resume()
      process.stdin.once('end', () => resolve('standard input closed'))
      process.stdin.once('error', () => resolve('standard input closed'))
    }
  })
}

/** An orderly end takes no longer than this once the program has stopped. */
const LEAVING_MS = 2000

/** Ends the process soon after its program has stopped, whatever still holds it: a request, a socket, a timer. */
export function leave(): void {
  setTimeout(() => process.exit(), LEAVING_MS).unref()
}

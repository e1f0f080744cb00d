/**
 * How long a simulator's process lives: until it is told to end, or until the process that started it is gone, so
 * that a demo or a test that is killed leaves no orphan behind.
 */
import type { Command } from 'commander'

export type EndReason = 'SIGINT' | 'SIGTERM' | 'parent-gone'

/** Within this a second signal is the same wish as the first. */
const REPEATED_MS = 1500

/** Injected in tests. */
export interface LifetimeDependencies {
  readonly signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>
  readonly stdin: Pick<NodeJS.ReadableStream, 'once' | 'off' | 'resume'> & { unref?: () => void }
}

export interface LifetimeOptions {
  readonly exitWithParent?: boolean | undefined
}

/** Adds the shared `--exit-with-parent` to a verb; pass the parsed option to `lifetime`. */
export function withLifetimeOption(command: Command): Command {
  return command.option('--exit-with-parent', 'also end when standard input closes (the starting process is gone)')
}

/**
 * Resolves on SIGINT or SIGTERM, and with `exitWithParent` also when standard input ends: the starting process holds
 * its other end and the kernel closes it however that process dies. Keeps the process alive until then.
 */
export function lifetime(
  options: LifetimeOptions = {},
  { signals, stdin }: LifetimeDependencies = { signals: process, stdin: process.stdin },
): Promise<EndReason> {
  return new Promise((resolve) => {
    // A signal handler alone does not keep Node's event loop alive.
    const alive = setInterval(() => {}, 2 ** 30)
    const end = (reason: EndReason) => {
      clearInterval(alive)
      // Ctrl-C often comes twice, from the terminal and from the starting process: it must not cut the stopping short.
      // After a while a further one is meant, and ends the process at once.
      setTimeout(() => {
        signals.off('SIGINT', onInt)
        signals.off('SIGTERM', onTerm)
      }, REPEATED_MS).unref()
      for (const event of ['end', 'close', 'error']) stdin.off(event, onStdin)
      if (options.exitWithParent) stdin.unref?.()
      resolve(reason)
    }
    const onInt = () => end('SIGINT')
    const onTerm = () => end('SIGTERM')
    const onStdin = () => end('parent-gone')
    signals.on('SIGINT', onInt)
    signals.on('SIGTERM', onTerm)
    if (options.exitWithParent) {
      for (const event of ['end', 'close', 'error']) stdin.once(event, onStdin)
      stdin.resume() // 'end' only comes to a stream that is read
    }
  })
}

/** The one line on standard output by which a starting process knows that this one is ready, and where. */
export function printReady(ready: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

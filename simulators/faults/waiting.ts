import { HomebeatError } from '#gateway/platform/errors.js'

/** Milliseconds of real time; keeps the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** @throws HomebeatError `faults.waited` when it did not come true in time */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { everyMs = 50, patienceMs = 120_000 }: { everyMs?: number; patienceMs?: number } = {},
): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > end)
      throw new HomebeatError('faults.waited', `Waited ${patienceMs / 1000} s in vain for ${what}.`)
    await pause(everyMs)
  }
}

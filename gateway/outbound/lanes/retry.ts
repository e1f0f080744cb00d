/**
 * When to try again: exponential backoff with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture
 * Blog, 2015), so that many homes do not come back to a recovered server in the same second.
 */

export interface RetryPolicy {
  /** Ceiling of the first delay, milliseconds; it doubles with each failure in a row. */
  readonly firstMs: number
  /** Highest ceiling, milliseconds. */
  readonly maxMs: number
  /** Longest Retry-After that is honoured, milliseconds: a mistaken one must not silence a lane for days. */
  readonly maxRetryAfterMs: number
}

export const RETRY_POLICY: RetryPolicy = { firstMs: 1000, maxMs: 300_000, maxRetryAfterMs: 3_600_000 }

/** During a drain (shutdown) the process waits for the lane: no retry is later than this, milliseconds. */
export const DRAIN_RETRY_MS = 500

/** Highest delay after this many failures in a row (from 1), milliseconds. */
export function backoffCeiling(failures: number, policy: RetryPolicy = RETRY_POLICY): number {
  // 2^1023 is the last finite power; the cap makes a year of failures no special case.
  return Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(Math.max(0, failures - 1), 50))
}

/**
 * Milliseconds until the next attempt: between 0 and the ceiling by `random` (0 ≤ random < 1), never sooner than the
 * other end asked for.
 */
export function retryDelay(
  failures: number,
  random: number,
  retryAfterMs: number | undefined,
  policy: RetryPolicy = RETRY_POLICY,
): number {
  const jittered = Math.round(random * backoffCeiling(failures, policy))
  const asked = retryAfterMs === undefined || !(retryAfterMs > 0) ? 0 : Math.min(retryAfterMs, policy.maxRetryAfterMs)
  return Math.max(jittered, asked)
}

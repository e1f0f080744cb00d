import type { Clock } from '#gateway/platform/clock.js'

/** One device id at one address may fail five times, then once a minute. */
const PER_DEVICE = { burst: 5, perMinute: 1 }
/**
 * One address may fail twenty times, then ten times a minute, whatever names it tries. A forgotten device does not use
 * that up.
 */
const PER_ADDRESS = { burst: 20, perMinute: 10 }
const MAX_ENTRIES = 2048
const MAX_DELAY_MS = 4000

interface Allowance {
  left: number
  at: number
}

/**
 * Makes guessing slow, and then impossible for a while. The number of remembered addresses is bounded: the longest
 * quiet one goes first.
 */
export class LoginGuard {
  readonly #clock: Clock
  readonly #allowances = new Map<string, Allowance>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one attempt. @returns false when there is none left for now. */
  enter(address: string, id: string): boolean {
    const network = networkOf(address)
    const [all, own] = [this.#of(network, PER_ADDRESS), this.#of(`${network} ${id}`, PER_DEVICE)]
    if (all.left < 1 || own.left < 1) return false
    all.left--
    own.left--
    return true
  }

  /** Gives the attempt back: it was right. */
  succeeded(address: string, id: string): void {
    const network = networkOf(address)
    this.#of(network, PER_ADDRESS).left++
    this.#of(`${network} ${id}`, PER_DEVICE).left++
  }

  /** How long the answer to a failed attempt waits, ms; the first one does not. */
  delay(address: string): number {
    const failed = PER_ADDRESS.burst - Math.floor(this.#of(networkOf(address), PER_ADDRESS).left)
    return failed <= 1 ? 0 : Math.min(MAX_DELAY_MS, 125 * 2 ** (failed - 1))
  }

  get size(): number {
    return this.#allowances.size
  }

  #of(key: string, { burst, perMinute }: { burst: number; perMinute: number }): Allowance {
    const now = this.#clock.monotonic()
    const entry = this.#allowances.get(key) ?? { left: burst, at: now }
    entry.left = Math.min(burst, entry.left + ((now - entry.at) / 60_000) * perMinute)
    entry.at = now
    this.#allowances.delete(key)
    this.#allowances.set(key, entry)
    for (const oldest of this.#allowances.keys()) {
      if (this.#allowances.size <= MAX_ENTRIES) break
      this.#allowances.delete(oldest)
    }
    return entry
  }
}

/** One household's IPv6 hosts choose their addresses: the /64 counts as one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!plain.includes(':') || plain === '::1') return plain
  const [head = '', tail] = plain.split('::')
  const groups = head.split(':')
  const all = tail === undefined ? groups : [...groups, ...Array(8).fill('0'), ...tail.split(':')]
  return `${all.slice(0, 4).join(':')}::/64`
}

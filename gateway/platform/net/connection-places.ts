import type { Socket } from 'node:net'
import type { Clock } from '#gateway/platform/clock.js'
import type { KnownAddresses } from './known-addresses.js'
import { networkOf } from './login-guard.js'

/** How many connections may be there that nobody has admitted yet, and for how long. */
export interface PlaceLimits {
  readonly perAddress: number
  readonly inAll: number
  /** From its accept until its first packet or request has come whole, ms. */
  readonly patienceMs: number
  /** An address that is shared by right, e.g. a reverse proxy's: it has no share of its own. */
  readonly isShared?: (address: string) => boolean
}

/** How long a port counts as full after a connection has lost its place. */
const FULL_MS = 60_000

interface Place {
  readonly socket: Socket
  readonly network: string
  readonly cancelDeadline: () => void
  asks: boolean
}

/**
 * The places of connections that are not admitted yet. A newcomer always gets one: the oldest that has said nothing loses
 * its own, first of the same address when that has its share, then of addresses that nobody was ever admitted from. Who is
 * admitted needs no place.
 */
export class ConnectionPlaces {
  readonly #clock: Clock
  readonly #limits: PlaceLimits
  readonly #refuse: (what: string, from: string) => void
  /** In the order of their coming. */
  readonly #strangers = new Map<string, Place>()
  readonly #known: KnownAddresses
  #fullAt = Number.NEGATIVE_INFINITY

  /** @param refuse counts a connection that lost its place, in one of a few fixed phrases */
  constructor(
    clock: Clock,
    limits: PlaceLimits,
    known: KnownAddresses,
    refuse: (what: string, from: string) => void = () => {},
  ) {
    this.#clock = clock
    this.#limits = limits
    this.#known = known
    this.#refuse = refuse
  }

  /** Whether somebody takes so many connections that others lost theirs, a moment ago. */
  get full(): boolean {
    return this.#clock.monotonic() - this.#fullAt < FULL_MS
  }

  /** A connection has come; before its TLS handshake. */
  enter(socket: Socket): void {
    const { perAddress, inAll, patienceMs, isShared } = this.#limits
    const key = keyOf(socket)
    const address = socket.remoteAddress ?? ''
    const network = networkOf(address)
    const cancelDeadline = this.#clock.after(patienceMs, () => {
      if (!place.asks) this.#drop(place, `connections that did not say for ${patienceMs / 1000} s who they are`)
    })
    const place: Place = { socket, network, cancelDeadline, asks: false }
    this.#strangers.set(key, place)
    socket.once('close', () => this.#leave(key, place))
    const alike = [...this.#strangers.values()].filter((one) => one.network === network)
    if (alike.length > perAddress && !isShared?.(address))
      this.#evict(alike, `connections above ${perAddress} of one address that were not admitted yet`)
    else if (this.#strangers.size > inAll) {
      const all = [...this.#strangers.values()]
      const unknown = all.filter((one) => !this.#known.has(one.network))
      this.#evict(unknown.length > 0 ? unknown : all, `connections above ${inAll} that were not admitted yet`)
    }
  }

  /** Its first packet, or request, has come whole. */
  asks(socket: Socket): void {
    const place = this.#strangers.get(keyOf(socket))
    if (place) place.asks = true
  }

  admitted(socket: Socket): void {
    const key = keyOf(socket)
    const place = this.#strangers.get(key)
    if (!place) return
    this.#leave(key, place)
    this.#known.add(place.network)
  }

  /** Whether nobody has admitted it yet. */
  isStranger(socket: Socket): boolean {
    return this.#strangers.has(keyOf(socket))
  }

  /** Keeps who was admitted for the next start. */
  close(): void {
    this.#known.close()
  }

  #evict(from: readonly Place[], what: string): void {
    const place = from.find(({ asks }) => !asks) ?? from[0]
    this.#fullAt = this.#clock.monotonic()
    if (place) this.#drop(place, what)
  }

  #drop(place: Place, what: string): void {
    this.#refuse(what, 'connection')
    this.#leave(keyOf(place.socket), place)
    place.socket.destroy()
  }

  #leave(key: string, place: Place): void {
    place.cancelDeadline()
    if (this.#strangers.get(key) === place) this.#strangers.delete(key)
  }
}

/** The same for a connection and for its TLS. */
const keyOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

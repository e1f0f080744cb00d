import type { Socket } from 'node:net'
import type { Clock } from '#gateway/platform/clock.js'
import { networkOf } from '#gateway/platform/net/login-guard.js'

/** Connections that nobody has admitted yet: of one address, and over all. */
export const STRANGERS_PER_ADDRESS = 16
export const MAX_STRANGERS = 64
/** From its accept until its CONNECT has come. A connection that says nothing, or half of it, takes nobody's place for long. */
export const FIRST_PACKET_MS = 10_000
/** How long the broker counts as full after a connection has lost its place. */
const FULL_MS = 60_000
/** Addresses of admitted devices that are remembered. */
const MAX_KNOWN = 256

interface Place {
  readonly socket: Socket
  readonly network: string
  readonly cancelDeadline: () => void
  asks: boolean
}

/**
 * The places of connections that are not admitted yet. A newcomer always gets one: the oldest that has said nothing loses
 * its own, first of the same address when that has its share, then of addresses that no device ever came from. An admitted
 * device needs no place: there is one connection for each.
 */
export class ConnectionPlaces {
  readonly #clock: Clock
  readonly #refuse: (what: string, from: string) => void
  /** In the order of their coming. */
  readonly #strangers = new Map<string, Place>()
  readonly #known = new Set<string>()
  #fullAt = Number.NEGATIVE_INFINITY

  /** @param refuse counts a connection that lost its place, in one of a few fixed phrases */
  constructor(clock: Clock, refuse: (what: string, from: string) => void) {
    this.#clock = clock
    this.#refuse = refuse
  }

  /** Whether somebody takes so many connections that others lost theirs, a moment ago. */
  get full(): boolean {
    return this.#clock.monotonic() - this.#fullAt < FULL_MS
  }

  /** A connection has come; before its TLS handshake. */
  enter(socket: Socket): void {
    const key = keyOf(socket)
    const network = networkOf(socket.remoteAddress ?? '')
    const cancelDeadline = this.#clock.after(FIRST_PACKET_MS, () => {
      if (!place.asks) this.#drop(place, 'connections that did not say for ten seconds who they are')
    })
    const place: Place = { socket, network, cancelDeadline, asks: false }
    this.#strangers.set(key, place)
    socket.once('close', () => this.#leave(key, place))
    const alike = [...this.#strangers.values()].filter((one) => one.network === network)
    if (alike.length > STRANGERS_PER_ADDRESS)
      this.#evict(alike, `connections above ${STRANGERS_PER_ADDRESS} of one address that were not admitted yet`)
    else if (this.#strangers.size > MAX_STRANGERS) {
      const all = [...this.#strangers.values()]
      const unknown = all.filter((one) => !this.#known.has(one.network))
      this.#evict(unknown.length > 0 ? unknown : all, `connections above ${MAX_STRANGERS} that were not admitted yet`)
    }
  }

  /** Its CONNECT has come whole. */
  asks(socket: Socket): void {
    const place = this.#strangers.get(keyOf(socket))
    if (place) place.asks = true
  }

  admitted(socket: Socket): void {
    const key = keyOf(socket)
    const place = this.#strangers.get(key)
    if (!place) return
    this.#leave(key, place)
    this.#known.delete(place.network)
    this.#known.add(place.network)
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN) break
      this.#known.delete(oldest)
    }
  }

  /** Whether it may not send more than a CONNECT yet. */
  isStranger(socket: Socket): boolean {
    return this.#strangers.has(keyOf(socket))
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

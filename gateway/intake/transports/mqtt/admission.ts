import type { Socket } from 'node:net'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { LoginGuard } from '#gateway/platform/net/login-guard.js'
import { statusOf, statusTopic } from './acl.js'
import { DEVICE_ID } from './address.js'
import { type Admitted, type Client, type ConnectPacket, type PublishPacket, refusal } from './aedes.js'
import type { AllowedDevices } from './allowed-devices.js'
import type { Enrolment } from './enrolment.js'

const MAX_WILL_BYTES = 1024
const MAX_SECRET_LENGTH = 4096

export interface AdmissionDependencies {
  readonly devices: AllowedDevices
  readonly enrolment: Enrolment
  /** Counts what was refused, in one of a few fixed phrases. */
  readonly refuse: (what: string, device: string) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** Decides who may connect: by its credential, or by its one-time code, and with a last will that is its own. */
export class Admission {
  readonly #dependencies: AdmissionDependencies
  readonly #guard: LoginGuard
  readonly #connects = new WeakMap<Client, ConnectPacket>()
  /** The wills of admitted devices, by which aedes asks leave to publish one. */
  readonly #wills = new WeakSet<object>()
  readonly #wrongWills = new Set<string>()

  constructor(dependencies: AdmissionDependencies) {
    this.#dependencies = dependencies
    this.#guard = new LoginGuard(dependencies.clock)
  }

  /** A CONNECT has come; `authenticate` follows. */
  note(client: Client, packet: ConnectPacket): void {
    this.#connects.set(client, packet)
  }

  /** Whether the device promised to stay, by a last will. */
  hasWill(client: Client): boolean {
    return this.#connects.get(client)?.will !== undefined
  }

  /** Whether its will has not been published: it left by a DISCONNECT. */
  keptWill(client: Client): boolean {
    const will = this.#connects.get(client)?.will
    // aedes has asked leave to publish a will before this, unless there was a DISCONNECT.
    return will !== undefined && this.#wills.has(will)
  }

  /** Whether this is the will of an admitted device, which is then used up. */
  takeWill(packet: PublishPacket): boolean {
    return this.#wills.delete(packet)
  }

  async authenticate(
    client: Client,
    user: string | undefined,
    password: Buffer | undefined,
    done: Admitted,
  ): Promise<void> {
    const { devices, enrolment, refuse, clock } = this.#dependencies
    const { id } = client
    const secret = password?.toString() ?? ''
    const address = (client.conn as Socket).remoteAddress ?? ''
    const known = user === id && DEVICE_ID.test(id) && secret !== '' && secret.length <= MAX_SECRET_LENGTH
    if (known && devices.recognises(id, secret)) return this.#admit(client, done)
    if (!this.#guard.enter(address, id)) {
      refuse('connections after too many wrong passwords', 'login')
      return done(refusal(3), false)
    }
    const verdict = known ? await devices.verify(id, secret) : 'wrong'
    if (verdict === 'busy') {
      refuse('connections while too many others were checked', 'login')
      return done(refusal(3), false)
    }
    if (verdict === 'wrong') {
      // aedes forgets the QoS 2 messages of this id when a clean connection closes: they are another one's.
      client.clean = false
      refuse('connections of unknown devices or with a wrong password', 'login')
      const delay = this.#guard.delay(address)
      if (delay > 0) await wait(clock, delay)
      // Also for a device that is not known, so that nobody can ask which are.
      return done(refusal(4), false)
    }
    this.#guard.succeeded(address, id)
    if (verdict === 'credential') return this.#admit(client, done)
    enrolment.begin(client)
    // Nothing of what the device has waiting here belongs to who only has its code.
    const connect = this.#connects.get(client)
    if (connect) connect.clean = true
    client.clean = true
    done(null, true)
  }

  /** An authenticated device, whose will must be its own. */
  #admit(client: Client, done: Admitted): void {
    const { refuse, logger } = this.#dependencies
    const { id } = client
    const will = this.#connects.get(client)?.will
    if (!will || this.#isRightWill(id, will)) {
      this.#wrongWills.delete(id)
      if (will) this.#wills.add(will)
      done(null, true)
      return
    }
    refuse('connections with a last will that is not the device’s own', id)
    if (!this.#wrongWills.has(id))
      logger.warn({ device: id }, `device ${id} is refused: its last will must be "offline" on ${statusTopic(id)}`)
    this.#wrongWills.add(id)
    client.clean = false
    done(refusal(5), false)
  }

  /**
   * A will is never published: it says that the device promised to stay. Firmware has it on topics of its own, with a word of
   * its own for it; below `homebeat/` it is the contract's, and so it must be right.
   */
  #isRightWill(id: string, { topic, payload }: NonNullable<ConnectPacket['will']>): boolean {
    if (topic === statusTopic(id)) return statusOf(payload) === 'offline'
    return !topic.startsWith('homebeat/') && payload.length <= MAX_WILL_BYTES
  }
}

/** What the types of aedes leave out, or do not name. */
import type { Aedes, AuthenticateError, Client } from 'aedes'

export type { Client }
export type PublishPacket = Parameters<Aedes['authorizePublish']>[1]
export type Subscription = Parameters<Aedes['authorizeSubscribe']>[1]
export type Done = (error?: Error | null) => void
export type Admitted = (error: AuthenticateError | null, success: boolean | null) => void

/** A CONNECT, as far as it matters here. */
export interface ConnectPacket {
  readonly clientId: string
  /** 5: MQTT 5; 4: 3.1.1; 3: 3.1. */
  readonly protocolVersion?: number
  readonly properties?: { readonly maximumPacketSize?: number }
  readonly username?: string
  clean: boolean
  will?: { topic: string; payload: Uint8Array }
}

export type Broker = Aedes & {
  /** By client id. */
  readonly clients: Readonly<Record<string, Client>>
  readonly persistence: Persistence
}

interface Persistence {
  /** A QoS 2 message whose exchange has not ended; rejects when there is none. */
  incomingGetPacket(client: Client, packet: PublishPacket): Promise<unknown>
  incomingStorePacket(client: Client, packet: PublishPacket): Promise<void>
  addSubscriptions(client: Client, subscriptions: readonly Subscription[]): Promise<void>
}

/** @param returnCode of the CONNACK (3.2.2.3): 3 not now, 4 bad user name or password, 5 not authorized. */
export function refusal(returnCode: 3 | 4 | 5): AuthenticateError {
  const said = { 3: 'not now', 4: 'bad user name or password', 5: 'not authorized' }[returnCode]
  return Object.assign(new Error(said), { returnCode }) as AuthenticateError
}

import mqtt, { type IClientOptions } from 'mqtt'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

export interface Message {
  readonly topic: string
  readonly payload: string
  readonly retain: boolean
}

/** MQTT 5 has an acknowledgement that can refuse; 3.1.1 is for brokers that know nothing newer. */
const VERSIONS = [5, 4] as const
/** CONNACK: 1 (MQTT 3.1.1) and 0x84 (MQTT 5). */
const UNACCEPTABLE_VERSION: ReadonlySet<unknown> = new Set([1, 0x84])
/** CONNACK: bad user name or password, not authorized; 3.1.1 and 5. */
const BAD_LOGIN: ReadonlySet<unknown> = new Set([4, 5, 0x86, 0x87])
const NOT_AUTHORIZED = 0x87
const NO_SUBSCRIBER = 0x10
const INVALID_TOPIC = 0x90
/** How long a broker may take to close the connection, ms. */
const GRACE_MS = 2000
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/

/** Publishes all of them at QoS 1 on one connection. Never rejects; delivered when each was acknowledged. */
export async function publish(
  options: IClientOptions,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  for (const protocolVersion of VERSIONS) {
    const outcome = await attempt({ ...options, protocolVersion, reconnectPeriod: 0 }, messages, signal)
    if (outcome !== 'other version') return outcome
  }
  return { class: 'transient', reason: 'the MQTT broker speaks neither MQTT 5 nor 3.1.1' }
}

function attempt(
  options: IClientOptions,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<DeliveryOutcome | 'other version'> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ class: 'transient', reason: 'stopped before sending' })
    let sent = false
    const finish = (outcome: DeliveryOutcome | 'other version') => {
      signal.removeEventListener('abort', onAbort)
      const delivered = outcome !== 'other version' && outcome.class === 'delivered'
      client.end(!delivered)
      // A broker that does not close its side must not keep the connection, nor the process.
      if (delivered) setTimeout(() => client.stream.destroy(), GRACE_MS).unref()
      resolve(outcome)
    }
    const onAbort = () =>
      finish({ class: sent ? 'ambiguous' : 'transient', reason: 'no answer from the MQTT broker in time' })
    const client = mqtt.connect(options)
    signal.addEventListener('abort', onAbort, { once: true })
    client.on('error', (error) => finish(outcomeOfError(error, sent)))
    client.on('close', () =>
      finish({ class: sent ? 'ambiguous' : 'transient', reason: 'the MQTT broker closed the connection' }),
    )
    // A publish's own result does not say so. Brokers answer in the order of the messages: the last one counts.
    let unheard = false
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') unheard = packet.reasonCode === NO_SUBSCRIBER
    })
    client.once('connect', () => {
      sent = true
      const publishing = messages.map(({ topic, payload, retain }) =>
        client.publishAsync(topic, payload, { qos: 1, retain }),
      )
      Promise.all(publishing).then(
        () => finish({ class: 'delivered', ...(unheard && { detail: 'nobody has subscribed' }) }),
        (error) => finish(outcomeOfRefusal(error)),
      )
    })
  })
}

function outcomeOfError(error: Error & { code?: unknown }, sent: boolean): DeliveryOutcome | 'other version' {
  const { code } = error
  if (sent) return { class: 'ambiguous', reason: 'the connection to the MQTT broker was lost' }
  if (UNACCEPTABLE_VERSION.has(code)) return 'other version'
  if (BAD_LOGIN.has(code))
    return { class: 'transient', reason: 'the MQTT broker refuses the login: renew the user and its passwordFile' }
  if (CERTIFICATE.test(String(code)))
    return { class: 'transient', reason: `the MQTT broker's certificate is not trusted (${code}): check caFile` }
  return { class: 'transient', reason: `no connection to the MQTT broker (${code ?? 'unknown'})` }
}

function outcomeOfRefusal({ code }: { readonly code?: unknown }): DeliveryOutcome {
  if (code === INVALID_TOPIC) return { class: 'permanent', reason: 'the MQTT broker refuses the topic' }
  if (code === NOT_AUTHORIZED)
    return { class: 'transient', reason: "the MQTT broker's access list does not let this user publish there" }
  if (typeof code === 'number') return { class: 'transient', reason: `the MQTT broker refuses the message (${code})` }
  return { class: 'ambiguous', reason: 'the connection to the MQTT broker was lost' }
}

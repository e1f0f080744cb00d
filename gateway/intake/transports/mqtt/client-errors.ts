import type { ErrorCode } from '#gateway/platform/error-codes.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/** What to do about it, by the code of a socket error, a TLS error or a CONNACK (MQTT 3.1.1, 3.2.2.3). */
const ADVICE: Readonly<Record<string, readonly [code: ErrorCode, sentence: (where: string) => string]>> = {
  ECONNREFUSED: ['mqtt.refused', (where) => `${where} refused the connection: is the MQTT broker running there?`],
  ENOTFOUND: ['mqtt.not-found', (where) => `the name of ${where} cannot be resolved: check transports[].url`],
  EAI_AGAIN: ['mqtt.not-found', (where) => `the name of ${where} cannot be resolved now: check the network`],
  EHOSTUNREACH: ['mqtt.unreachable', (where) => `${where} cannot be reached: check the network`],
  ENETUNREACH: ['mqtt.unreachable', (where) => `${where} cannot be reached: check the network`],
  ETIMEDOUT: ['mqtt.unreachable', (where) => `${where} does not answer: check the network`],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['mqtt.certificate', (where) => untrusted(where)],
  SELF_SIGNED_CERT_IN_CHAIN: ['mqtt.certificate', (where) => untrusted(where)],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['mqtt.certificate', (where) => untrusted(where)],
  CERT_HAS_EXPIRED: ['mqtt.certificate', (where) => `the certificate of ${where} has expired: renew it`],
  ERR_TLS_CERT_ALTNAME_INVALID: ['mqtt.certificate', (where) => `the certificate of ${where} is for another name`],
  2: [
    'mqtt.client-id',
    (where) => `${where} refused the client id: choose another with ?clientId= in transports[].url`,
  ],
  3: ['mqtt.unavailable', (where) => `the MQTT broker ${where} is not available now`],
  4: ['mqtt.password', (where) => refusedLogin(where)],
  5: ['mqtt.password', (where) => refusedLogin(where)],
}

const untrusted = (where: string) =>
  `the certificate of ${where} is not trusted: name its authority's file in transports[].tls.caFile`
const refusedLogin = (where: string) =>
  `${where} refused the user name or password: check the user in transports[].url and transports[].passwordFile`

export function explainMqttError(error: Error & { code?: string | number }, where: string): HomebeatError {
  if (error instanceof HomebeatError) return error
  const advice = ADVICE[String(error.code)]
  if (advice) return new HomebeatError(advice[0], advice[1](where), { retry: 'transient', cause: error })
  const said = error.message.replace(/\s+/g, ' ')
  return new HomebeatError('mqtt.failed', `the connection to the MQTT broker ${where} failed: ${said}`, {
    retry: 'transient',
    cause: error,
  })
}

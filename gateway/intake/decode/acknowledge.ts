/** `homebeat/v1/<device>/acknowledge` (docs/mqtt.md): a device of the home says that somebody knows of an alarm. */
import { z } from 'zod'
import { MESSAGE_ID } from '#gateway/intake/decode/mqtt-contract.js'
import { type Decoded, NOTHING, refuse } from '#gateway/model/decoded.js'
import type { MqttFrame } from '#gateway/model/transport.js'
import { DEVICE_TOPIC_ID, MQTT_MAX_PAYLOAD, parseJson } from './mqtt.js'

const TOPIC = new RegExp(`^homebeat/v1/(${DEVICE_TOPIC_ID})/acknowledge$`)

export const ACKNOWLEDGE_CONTRACT = z.strictObject({
  /** The sender's own message id: what makes a redelivery recognisable. */
  id: z.string().regex(MESSAGE_ID),
  /** An alert's id, or all that were raised by `at`. */
  alert: z.string().regex(/^[A-Za-z0-9._:-]{1,200}$/),
  /** ISO 8601 with a zone: when it was pressed; the arrival where it is left out. */
  at: z.iso.datetime({ offset: true }).optional(),
})

export const isAcknowledgement = ({ topic }: Pick<MqttFrame, 'topic'>): boolean => TOPIC.test(topic)

/**
 * @param allowed whether the configuration lets this device acknowledge.
 * @param shiftMs from the frame's time to wall time, in which alerts have theirs.
 */
export function decodeAcknowledgement(frame: MqttFrame, allowed: boolean, shiftMs = 0): Decoded {
  const { deviceId, payload } = frame
  if (TOPIC.exec(frame.topic)?.[1] !== deviceId)
    return refuse('device', 'The topic names another device than the one that sent it.')
  if (!allowed)
    return refuse(
      'acknowledge',
      'This device may not acknowledge alarms: the configuration must allow it (mayAcknowledge).',
    )
  if (payload.byteLength > MQTT_MAX_PAYLOAD) return refuse('size', 'The payload is longer than 64 KiB.')
  const parsed = ACKNOWLEDGE_CONTRACT.safeParse(parseJson(payload))
  if (!parsed.success)
    return refuse(
      'payload',
      'The acknowledge payload is refused: give {"id", "alert"}, "alert" an alert’s id or "all".',
    )
  const { id, alert, at: sent } = parsed.data
  const arrival = frame.receivedAt + shiftMs
  // A time that lies ahead must not reach what nobody can have seen.
  const at = sent === undefined ? arrival : Math.min(Date.parse(sent), arrival)
  return { ...NOTHING, events: [{ type: 'acknowledge', deviceId, at, messageId: id, alert }] }
}

/** The MQTT contract for other people's programs: JSON Schema, generated from what the decoder itself believes. */
import { z } from 'zod'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { MQTT_CONTRACT } from '#gateway/intake/decode/mqtt-contract.js'
import { ACKNOWLEDGE_CONTRACT } from './acknowledge.js'

/** JSON Schema (draft 2020-12) of version 1: one schema per sensor, by its name, and `acknowledge`, below `$defs`. */
export function mqttContractSchema(): Record<string, unknown> {
  const $defs: Record<string, object> = Object.fromEntries(
    [...MQTT_CONTRACT].map(([sensor, contract]) => {
      const { $schema: _, ...schema } = z.toJSONSchema(contract, { io: 'input' })
      const title = `homebeat/v1/<device>/${sensor}`
      const examples = [{ id: '1', ...sensorDefinitions[sensor].example }]
      return [sensor, { title, ...schema, anyOf: [{ required: ['id'] }, { required: ['at'] }], examples }]
    }),
  )
  const { $schema: _, ...acknowledge } = z.toJSONSchema(ACKNOWLEDGE_CONTRACT, { io: 'input' })
  $defs['acknowledge'] = { title: 'homebeat/v1/<device>/acknowledge', ...acknowledge }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:homebeat:mqtt:v1',
    title: 'Homebeat MQTT payloads, version 1',
    description:
      'Generated from the decoder. The payload of homebeat/v1/<device>/<sensor> is #/$defs/<sensor>; docs/mqtt.md says the rest.',
    $defs,
  }
}

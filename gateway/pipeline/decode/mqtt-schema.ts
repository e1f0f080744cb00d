/** The MQTT contract for other people's programs: JSON Schema, generated from what the decoder itself believes. */
import { z } from 'zod'
import { MQTT_CONTRACT } from './mqtt.js'

/** JSON Schema (draft 2020-12) of version 1: one schema per sensor, by its name, below `$defs`. */
export function mqttContractSchema(): Record<string, unknown> {
  const $defs = Object.fromEntries(
    [...MQTT_CONTRACT].map(([sensor, contract]) => {
      const { $schema: _, ...schema } = z.toJSONSchema(contract, { io: 'input' })
      return [
        sensor,
        { title: `homebeat/v1/<device>/${sensor}`, ...schema, anyOf: [{ required: ['id'] }, { required: ['at'] }] },
      ]
    }),
  )
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:homebeat:mqtt:v1',
    title: 'Homebeat MQTT payloads, version 1',
    description:
      'Generated from the decoder. The payload of homebeat/v1/<device>/<sensor> is #/$defs/<sensor>; docs/mqtt.md says the rest.',
    $defs,
  }
}

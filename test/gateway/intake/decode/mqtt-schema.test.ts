import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { z } from 'zod'
import { Decoder } from '#gateway/intake/decode/decoder.js'
import { decodeMqtt } from '#gateway/intake/decode/mqtt.js'
import { mqttContractSchema } from '#gateway/intake/decode/mqtt-schema.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { mqttFrame } from '#test/gateway/engine/frames.js'

type Schemas = { readonly $defs: Record<string, Parameters<typeof z.fromJSONSchema>[0]> }

const docs = (file: string) => readFileSync(join(packageRoot, 'docs', file), 'utf8')
const committed = JSON.parse(docs('mqtt.schema.json')) as Schemas

const decoder = new Decoder({ mayAcknowledge: () => true })

/** Lines of the document's code blocks that are a topic and a payload. */
const examples = [...docs('mqtt.md').matchAll(/^(homebeat\/v1\/[^/\s]+\/(\w+))\s+(\{.*\})$/gm)].map(
  ([, topic = '', sensor = '', payload = '']) => ({ topic, sensor, payload }),
)

/** Without its `anyOf` (id or at), which zod's reader misunderstands; that is looked at by itself. */
const takes = (sensor: string, payload: unknown): boolean => {
  const { anyOf: _, ...schema } = committed.$defs[sensor] as { anyOf?: unknown }
  return z.fromJSONSchema(schema).safeParse(payload).success
}

describe('docs/mqtt.schema.json', () => {
  it('is what the decoder believes (else: npm run docs:mqtt)', () => {
    expect(committed).to.deep.equal(mqttContractSchema())
  })

  it('has a schema for each sensor that the document’s table names, and for acknowledging', () => {
    const [contract = ''] = docs('mqtt.md').split('\n# ')
    const named = [...contract.matchAll(/^\| `(\w+)` /gm)].map(([, sensor]) => sensor)
    expect(Object.keys(committed.$defs)).to.have.members([...named, 'acknowledge'])
  })

  it('takes the document’s own examples, as the decoder does', () => {
    expect(examples).to.have.length.greaterThan(1)
    for (const { topic, sensor, payload } of examples) {
      expect(takes(sensor, JSON.parse(payload)), topic).to.equal(true)
      expect(decoder.decode(mqttFrame(topic, payload)).refused, topic).to.equal(null)
    }
  })

  it('refuses what the decoder refuses', () => {
    const good = { id: '1', value: 71, unit: '/min' }
    expect(takes('pulse', good)).to.equal(true)
    for (const [what, schema] of Object.entries(committed.$defs)) {
      if (what === 'acknowledge') continue
      expect(schema).to.deep.include({ anyOf: [{ required: ['id'] }, { required: ['at'] }] })
    }
    for (const wrong of [
      { ...good, unit: 'bpm' },
      { ...good, value: '71' },
      { ...good, name: 'x' },
      { ...good, id: 'a b' },
      { ...good, at: '2026-01-01T12:00:00' },
    ]) {
      expect(takes('pulse', wrong), JSON.stringify(wrong)).to.equal(false)
      expect(decodeMqtt(mqttFrame('homebeat/v1/cuff-1/pulse', JSON.stringify(wrong))).refused).not.to.equal(null)
    }
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseMappingFile, shippedTemplates } from '#gateway/intake/mapping/load.js'
import { Mapper } from '#gateway/intake/mapping/mapper.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { T0 } from '#test/gateway/engine/frames.js'

interface Golden {
  readonly devices: Record<string, string>
  readonly messages: {
    readonly what: string
    readonly topic: string
    readonly payload: string
    readonly by?: string
    readonly outcome?: string
    readonly code?: string
    readonly readings?: { readonly at: string; readonly status?: string; readonly messageId?: string }[]
  }[]
}

const FIXTURES = join(packageRoot, 'test', 'fixtures', 'mqtt')

describe('The shipped mapping templates', () => {
  it('each have golden messages, and name where their format is documented', () => {
    const templates = shippedTemplates()
    expect(templates.map(({ template }) => `${template}.json`)).to.have.members(readdirSync(FIXTURES))
    for (const { source, template } of templates) expect(source, template).not.to.deep.equal([])
  })

  it('and the document’s own example are mapping files', () => {
    const text = readFileSync(join(packageRoot, 'docs', 'mqtt.md'), 'utf8')
    const example = /^```yaml\n(# mappings\.yaml\n.*?)^```$/ms.exec(text)?.[1] ?? ''
    const mapper = new Mapper(parseMappingFile(example, 'mappings.yaml'))
    const payload = new TextEncoder().encode(`{"finger":true,"spo2":97,"ts":${T0 / 1000}}`)
    const mapped = mapper.map({ topic: 'ox/7/json', payload, receivedAt: T0, deviceId: 'bridge' })
    expect(mapped).to.include({ outcome: 'mapped', rule: 'finger' })
  })

  for (const file of readdirSync(FIXTURES)) {
    const { devices, messages }: Golden = JSON.parse(readFileSync(join(FIXTURES, file), 'utf8'))
    const mapper = new Mapper({ templates: shippedTemplates(), devices, zoneOffsetMinutes: 60 })
    for (const { what, topic, payload, by, outcome, code, readings } of messages) {
      it(`${file}: ${what}`, () => {
        const message = { topic, payload: new TextEncoder().encode(payload), receivedAt: T0, deviceId: 'sender' }
        const mapped = mapper.map(message)
        const rule = mapped.outcome === 'unmapped' ? mapped.nearest : mapped
        expect(rule && `${rule.template}/${rule.rule}`).to.equal(by)
        if (code !== undefined) expect(mapped).to.include({ outcome: 'unmapped', code })
        else if (outcome !== undefined) expect(mapped.outcome).to.equal(outcome)
        else {
          expect(mapped.outcome).to.equal('mapped')
          const found = mapped.outcome === 'mapped' ? mapped.readings : []
          expect(found).to.have.length(readings?.length ?? 0)
          for (const [i, wanted] of (readings ?? []).entries()) {
            expect(found[i]).to.deep.include({ status: 'ok', spot: true, ...wanted, at: Date.parse(wanted.at) })
          }
        }
      })
    }
  }
})

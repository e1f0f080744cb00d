import { expect } from 'chai'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { mappingCommands, type RetryResult, type UnmappedListing } from '#gateway/engine/mapping-commands.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Recorder } from '#gateway/engine/recorder.js'
import { type Mappings, parseMappingFile, shippedTemplates } from '#gateway/intake/mapping/load.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { ControlCommand } from '#gateway/platform/control-socket/command.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { mqttFrame, T0 } from '#test/gateway/engine/frames.js'
import { journalAt, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'

const SITE = `
templates:
  - template: site
    title: our oximeter
    rules:
      - { name: noise, topic: ox/3, ignore: true }
      - { name: spo2, topic: ox/1, readings: [{ sensor: spo2, value: { pointer: /o2 }, unit: { fixed: "%" } }] }
`

describe('Messages that became no reading', () => {
  let folder: TemporaryFolder
  let journal: Journal
  const clock = new TestClock()

  beforeEach(async () => {
    folder = new TemporaryFolder()
    journal = journalAt(folder.journal)
    await journal.start()
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  const pipelineWith = (mappings: Mappings) =>
    new Pipeline({ patient: 'p-1', limits: limitsInForce({}), active: [], mappings })
  const nothing: Mappings = { templates: shippedTemplates(), devices: {} }
  const site: Mappings = { templates: parseMappingFile(SITE, 'site.yaml').templates, devices: {} }

  async function run<Result>(name: string, pipeline: Pipeline, input: object = {}): Promise<Result> {
    const commands = mappingCommands({
      ...{ journal, pipeline, clock },
      recorder: new Recorder({ journal, clock, logger: silentLogger }),
    })
    const found = commands.find((one) => one.name === name) as ControlCommand
    return (await found.run(found.input.parse(input) as never)) as Result
  }

  async function arrive(pipeline: Pipeline, topic: string, payload: string, receivedAt = T0): Promise<void> {
    const step = pipeline.accept({ ...mqttFrame(topic, payload, receivedAt), deviceId: 'bridge' }, receivedAt)
    expect(step.refused?.code).to.equal(step.unmapped?.[0]?.code)
    await journal.commit(step)
  }

  it('are kept with their reason, own contract and others’, and listed newest first', async () => {
    const pipeline = pipelineWith(nothing)
    await arrive(pipeline, 'ox/1', '{"o2":91}')
    await arrive(pipeline, 'homebeat/v1/bridge/pulse', '{"id":"1","value":71,"unit":"bpm"}', T0 + 1)
    await arrive(pipeline, 'homebeat/v2/bridge/pulse', '{}', T0 + 2)
    const { messages, counts } = await run<UnmappedListing>('map.unmapped', pipeline, { limit: 2 })
    expect(messages).to.deep.equal([
      {
        ...{ id: 3, device: 'bridge', topic: 'homebeat/v2/bridge/pulse', receivedAt: '2026-01-01T12:00:00.002Z' },
        ...{ code: 'decode.version', payload: '{}', encoding: 'utf-8' },
        reason: 'The topic names version 2 of the contract; this gateway knows version 1.',
      },
      {
        ...{ id: 2, device: 'bridge', topic: 'homebeat/v1/bridge/pulse', receivedAt: '2026-01-01T12:00:00.001Z' },
        ...{ code: 'decode.payload', payload: '{"id":"1","value":71,"unit":"bpm"}', encoding: 'utf-8' },
        reason: 'The pulse payload is refused: "unit" must be one of /min.',
      },
    ])
    expect(counts).to.have.length(1)
  })

  it('become measurements at their own arrival when a mapping takes them, without an alarm, and only once', async () => {
    const before = pipelineWith(nothing)
    await arrive(before, 'ox/1', '{"o2":80}')
    await arrive(before, 'ox/2', '{"o2":80}')
    const pipeline = pipelineWith(site)
    expect(await run<RetryResult>('map.retry', pipeline)).to.deep.equal({ looked: 2, mapped: 1, measurements: 1 })
    expect(journal.measurements.unbatched(10)).to.have.length(1)
    expect(journal.measurements.unbatched(10)[0]).to.deep.include({
      ...{ observable: 'oxygenSaturation', deviceId: 'bridge', at: T0, quality: 'questionable' },
      ...{ value: { type: 'quantity', value: 80 }, remarks: ['identity-by-arrival'] },
    })
    expect(journal.alerts.active()).to.deep.equal([])
    expect(await run<RetryResult>('map.retry', pipeline)).to.deep.equal({ looked: 1, mapped: 0, measurements: 0 })
    // The same message in the live line is alarmed on: a mapped value counts like any other.
    const live = pipeline.accept({ ...mqttFrame('ox/1', '{"o2":80}'), deviceId: 'bridge' }, T0)
    expect(live.measurements).to.have.length(1)
    expect(live.unmapped).to.equal(undefined)
  })

  it('are tried in pages, however many wait', async () => {
    const before = pipelineWith(nothing)
    for (let i = 0; i < 250; i++) await arrive(before, 'ox/1', `{"o2":${90 + (i % 5)}}`, T0 + i)
    const result = await run<RetryResult>('map.retry', pipelineWith(site))
    expect(result).to.deep.equal({ looked: 250, mapped: 250, measurements: 250 })
    expect(journal.measurements.unbatchedCount()).to.equal(250)
  })

  it('that a rule ignores are cleared', async () => {
    await arrive(pipelineWith(nothing), 'ox/3', 'noise')
    const result = await run<RetryResult>('map.retry', pipelineWith(site))
    expect(result).to.deep.equal({ looked: 1, mapped: 1, measurements: 0 })
    expect(journal.unmapped.after(0, 10)).to.deep.equal([])
  })

  it('of a device are deleted when a person says so', async () => {
    const pipeline = pipelineWith(nothing)
    await arrive(pipeline, 'ox/1', 'x')
    expect(await run('map.discard', pipeline, { device: 'bridge' })).to.deep.equal({ discarded: 1 })
    expect(journal.unmapped.counts()).to.deep.equal([])
  })
})

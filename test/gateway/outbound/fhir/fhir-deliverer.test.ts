import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { FhirDeliverer } from '#gateway/outbound/fhir/fhir-deliverer.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { sample } from '#test/fhir/sample-measurements.js'
import { DeliveryHome, transition } from './delivery-home.js'

describe('the FHIR deliverer', () => {
  const server = new FhirServerSimulator({ port: 0, token: 'open-sesame' })
  const never = new AbortController().signal
  let home: DeliveryHome
  let folder: string
  let tokenFile: string
  let entry: ReturnType<DeliveryHome['owed']>[number]

  beforeEach(async function () {
    this.timeout(60_000)
    folder = mkdtempSync(join(tmpdir(), 'homebeat-token-'))
    tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'open-sesame\n', { mode: 0o600 })
    await server.start()
    home = new DeliveryHome()
    await home.start(Array.from({ length: 60 }, (_, index) => sample('pulseRate', { identifier: `p-${index}` })))
    const [first] = home.owed(laneOf('fhir:care'))
    if (!first) throw new Error('the journal owes no batch')
    entry = first
  })
  afterEach(async () => {
    server.faults.clear()
    await home.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const deliver = (signal = never, target: { timeoutSeconds?: number } = {}) =>
    home.deliverer({ url: server.url, tokenFile, ...target }).deliver(entry, signal)
  const reasonOf = (outcome: DeliveryOutcome) => ('reason' in outcome ? outcome.reason : '')

  it('sends at most 50 Observations in a transaction', async () => {
    const before = server.requests
    expect(await deliver()).to.deep.equal({ outcome: { class: 'delivered' }, resources: 60 })
    expect(server.requests - before).to.equal(2)
    expect(server.repository.count('Observation')).to.equal(60)
  })

  it('waits as long as a busy server asks', async () => {
    server.faults.next(1, { type: 'status', status: 503, retryAfterSeconds: 7 })
    const { outcome } = await deliver()
    expect(outcome).to.deep.include({ class: 'transient', retryAfterMs: 7000 })
    expect((await deliver()).outcome.class).to.equal('delivered')
  })

  it('asks a busy server no second time for a sealed document either', async () => {
    server.faults.next(1, { type: 'status', status: 429, retryAfterSeconds: 7 })
    const vault = home.deliverer({ url: server.url, tokenFile, mode: 'sealed' })
    const before = server.requests
    expect((await vault.deliver(entry, never)).outcome).to.deep.include({ class: 'transient', retryAfterMs: 7000 })
    expect(server.requests - before).to.equal(1)
  })

  it('leaves nothing out because of a conflict', async () => {
    const vault = home.deliverer({ url: server.url, tokenFile, mode: 'sealed' })
    for (const status of [409, 412]) {
      server.faults.next(1, { type: 'status', status }, 'POST')
      expect((await vault.deliver(entry, never)).outcome.class, String(status)).to.equal('transient')
    }
    expect((await vault.deliver(entry, never)).outcome.class).to.equal('delivered')
    expect(server.repository.count('DocumentReference')).to.equal(1)
  })

  it('calls an answer that is no FHIR no success, and repeats without a duplicate', async () => {
    for (const body of [
      '<html>It works!</html>',
      '{"resourceType":"Bundle","entry":[{"resp',
      '{"resourceType":"Patient"}',
    ]) {
      server.faults.next(1, { type: 'garbage', body })
      expect((await deliver()).outcome.class, body).to.be.oneOf(['transient', 'ambiguous'])
    }
    expect((await deliver()).outcome.class).to.equal('delivered')
    expect(server.repository.count('Observation')).to.equal(60)
  })

  it('calls a server error ambiguous, and repeats it without a duplicate', async () => {
    server.faults.next(1, { type: 'status', status: 500 })
    expect((await deliver()).outcome.class).to.equal('ambiguous')
    server.faults.next(1, { type: 'cut' })
    expect((await deliver()).outcome.class).to.equal('ambiguous')
    expect(server.repository.count('Observation')).to.equal(50)
    expect((await deliver()).outcome.class).to.equal('delivered')
    expect(server.repository.count('Observation')).to.equal(60)
    expect(server.repository.count('Patient')).to.equal(1)
  })

  it('gives up on a server that does not answer, as ambiguous', async () => {
    server.faults.next(1, { type: 'hang' })
    const { outcome } = await deliver(never, { timeoutSeconds: 1 })
    expect(outcome).to.deep.equal({ class: 'ambiguous', reason: 'no answer within 1 s' })
  })

  it('stops waiting when it is told to', async () => {
    const stopping = new AbortController()
    server.faults.next(1, { type: 'hang' })
    const delivery = deliver(stopping.signal)
    stopping.abort()
    expect((await delivery).outcome).to.deep.include({ class: 'ambiguous' })
  })

  it('says that nobody listens, and that nothing happened', async () => {
    const { url } = server
    await server.stop()
    const { outcome } = await home.deliverer({ url, tokenFile }).deliver(entry, never)
    expect(outcome).to.deep.equal({ class: 'transient', reason: 'no connection (ECONNREFUSED)' })
  })

  it('keeps what waits while the token is wrong, missing or open to others', async () => {
    writeFileSync(tokenFile, 'wrong')
    const wrong = await deliver()
    expect(wrong.outcome.class).to.equal('transient')
    expect(reasonOf(wrong.outcome)).to.include('tokenFile')
    chmodSync(tokenFile, 0o644)
    expect(reasonOf((await deliver()).outcome)).to.include('chmod 600')
    rmSync(tokenFile)
    expect((await deliver()).outcome.class).to.equal('transient')
    writeFileSync(tokenFile, 'open-sesame', { mode: 0o600 })
    expect((await deliver()).outcome.class).to.equal('delivered')
  })

  it('never gives an alert to a sealed target', async () => {
    await home.alert(transition())
    const before = server.requests
    for (const owed of home.owed(laneOf('fhir:care'))) {
      const sealed = home.deliverer({ url: server.url, tokenFile, mode: 'sealed' })
      expect((await sealed.deliver(owed, never)).outcome.class).to.equal('permanent')
    }
    expect(server.requests).to.equal(before)
  })

  it('does not send a sealed document a second time', async () => {
    const sealed = home.deliverer({ url: server.url, tokenFile, mode: 'sealed' })
    expect(await sealed.deliver(entry, never)).to.deep.equal({ outcome: { class: 'delivered' }, resources: 2 })
    const before = server.requests
    expect(await sealed.deliver(entry, never)).to.deep.equal({ outcome: { class: 'delivered' }, resources: 2 })
    expect(server.requests - before).to.equal(1)
    expect(server.repository.count('Binary')).to.equal(1)
    expect(server.repository.count('Observation')).to.equal(0)
  })

  it('repeats a sealed document whose answer was lost', async () => {
    const sealed = home.deliverer({ url: server.url, tokenFile, mode: 'sealed' })
    server.faults.next(1, { type: 'status', status: 404 }) // a server that does not let us search
    server.faults.next(1, { type: 'cut' })
    expect((await sealed.deliver(entry, never)).outcome.class).to.equal('ambiguous')
    server.faults.next(1, { type: 'status', status: 403 })
    expect((await sealed.deliver(entry, never)).outcome.class).to.equal('delivered')
    expect(server.repository.count('DocumentReference')).to.equal(1)
    expect(server.repository.count('Binary')).to.equal(1)
  })

  it('gives up on what the journal does not hold', async () => {
    const deliverer = home.deliverer({ url: server.url, tokenFile })
    for (const kind of ['batch', 'alert', 'communication'] as const) {
      const { outcome } = await deliverer.deliver({ ...entry, kind, ref: 99 }, never)
      expect(outcome).to.deep.equal({ class: 'permanent', reason: `the ${kind} is not in the journal` })
    }
  })

  it('tries again what the disk refuses while a batch is sealed', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    })
    const deliverer = new FhirDeliverer({
      target: { name: 'vault', mode: 'sealed', url: server.url, timeoutSeconds: 5, tasks: false, pollSeconds: 15 },
      journal: home.journal,
      envelopes: { envelopes: () => Promise.reject(full) },
      home: home.home,
      patient: home.patient,
      fetch,
      logger: silentLogger,
    })
    const { outcome } = await deliverer.deliver({ ...entry, lane: laneOf('fhir:vault'), kind: 'batch', ref: 1 }, never)
    expect(outcome.class).to.equal('transient')
  })

  it('never counts a batch whose Observations have left the journal as delivered', async () => {
    for (const mode of ['clear', 'sealed'] as const) {
      const deliverer = home.deliverer({ url: server.url, tokenFile, mode }, fetch, {
        ...home.journal,
        batches: { ...home.journal.batches, byNumber: () => ({ ...home.batch, leaves: [], leafHashes: [] }) },
      })
      expect((await deliverer.deliver({ ...entry, kind: 'batch', ref: 1 }, never)).outcome.class).to.equal('permanent')
    }
  })

  it('refuses to send readings or a token over plain HTTP to another machine', () => {
    const make = (target: object) => () => home.deliverer({ url: 'http://192.0.2.1/fhir', ...target })
    expect(make({ mode: 'clear' })).to.throw(HomebeatError, 'https://')
    expect(make({ mode: 'sealed', tokenFile })).to.throw(HomebeatError, 'https://')
    expect(make({ mode: 'sealed' })).to.not.throw()
    expect(make({ mode: 'clear', url: 'https://fhir.example.org/fhir' })).to.not.throw()
  })
})

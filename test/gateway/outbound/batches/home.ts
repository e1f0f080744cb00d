/** A home for the tests of anchoring: a real journal in a temporary folder, its batcher, measurements to put in. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import type { Measurement } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { AnchorDomain, ClosedBatch } from '#gateway/model/batch.js'
import { laneOf } from '#gateway/model/lane.js'
import { Batcher, type BatcherOptions } from '#gateway/outbound/batches/batcher.js'
import { anchorRoute } from '#gateway/outbound/lanes/configured-lanes.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

export const START = Date.UTC(2026, 0, 1, 12)

export const TEST_DOMAIN: AnchorDomain = { chainId: 4242, contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3' }

export function pulse(i: number, at = START + i * 1000): Measurement {
  return {
    identifier: `kit-1-pulse-${i}`,
    sensor: 'pulse',
    observable: 'pulseRate',
    deviceId: 'kit-1',
    at,
    value: { type: 'quantity', value: 60 + (i % 30) },
    quality: 'good',
    remarks: [],
  }
}

export function ecg(i: number, at = START + i * 1000): Measurement {
  return {
    identifier: `kit-1-ecg-${i}`,
    sensor: 'ecg',
    observable: 'ecgWaveform',
    deviceId: 'kit-1',
    at,
    value: {
      type: 'waveform',
      periodMs: 4,
      origin: 0,
      factor: 0.005,
      lowerLimit: 0,
      upperLimit: 1023,
      samples: [500, 501, null, 700, 498],
    },
    quality: 'good',
    remarks: [],
  }
}

export class Home {
  readonly clock = new TestClock(START)
  readonly wallet = new Wallet(Wallet.createRandom().privateKey)
  readonly domain: AnchorDomain
  readonly journal: Journal
  readonly folder: string

  constructor(domain: AnchorDomain, folder: string) {
    this.domain = domain
    this.folder = folder
    this.journal = journalOf({
      path: join(folder, 'journal.sqlite'),
      lanes: [anchorRoute('test')],
      clock: this.clock,
      logger: silentLogger,
      commit: { maxDelayMs: 0, maxCount: 1 },
    })
  }

  static async open(domain: AnchorDomain = TEST_DOMAIN): Promise<Home> {
    const home = new Home(domain, await mkdtemp(join(tmpdir(), 'homebeat-anchoring-')))
    await home.journal.start()
    return home
  }

  async close(): Promise<void> {
    await this.journal.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  batcher(options: Partial<BatcherOptions> = {}): Batcher {
    return new Batcher({
      journal: this.journal,
      signer: this.wallet,
      domain: this.domain,
      observationOf: (measurement) => signedForm(observationOf(measurement, { patient: 'patient-1', home: 'home-1' })),
      random: randomBytes,
      clock: this.clock,
      maxCount: 100,
      ...options,
    })
  }

  async commit(measurements: readonly Measurement[]): Promise<void> {
    await this.journal.commit({ measurements, transitions: [] })
  }

  /** Commits `count` new measurements and closes them as one batch. */
  async batch(count = 3): Promise<ClosedBatch> {
    const done = this.journal.batches.numbers().length * 1000
    await this.commit(Array.from({ length: count }, (_, i) => pulse(done + i)))
    const batch = await this.batcher().closeIfDue('time')
    if (!batch) throw new Error('nothing was closed')
    return batch
  }
}

export function anchorEntry(ref: number): OutboxEntry {
  return { id: ref, lane: laneOf('anchor:test'), kind: 'batch', ref, state: 'claimed', attempts: 0, createdAt: START }
}

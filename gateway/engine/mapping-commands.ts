/** What a person may ask a running gateway about messages that became no reading. */
import { z } from 'zod'
import type { Measurement } from '#fhir/measurement.js'
import type { Pipeline } from '#gateway/engine/pipeline.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { KeptMessage, UnmappedCount } from '#gateway/model/unmapped.js'
import type { Clock } from '#gateway/platform/clock.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import type { Recorder } from './recorder.js'

/** Messages put through in one commit. */
const PAGE = 100

/** A kept message as JSON carries it; the payload as text, or as base64 where it is no UTF-8. */
export interface UnmappedEntry {
  readonly id: number
  readonly device: string
  readonly topic: string
  readonly receivedAt: string
  readonly code: string
  readonly reason: string
  readonly payload: string
  readonly encoding: 'utf-8' | 'base64'
}

export interface UnmappedListing {
  readonly counts: readonly UnmappedCount[]
  /** Newest first. */
  readonly messages: readonly UnmappedEntry[]
}

export interface RetryResult {
  readonly looked: number
  readonly mapped: number
  readonly measurements: number
}

export const listingSchema = z.strictObject({ limit: z.number().int().min(1).max(1000).default(20) })

export function listing(journal: Pick<Journal['unmapped'], 'counts' | 'latest'>, limit: number): UnmappedListing {
  return { counts: journal.counts(), messages: journal.latest(limit).map(entryOf) }
}

export function mappingCommands(parts: {
  readonly journal: Pick<Journal, 'unmapped'>
  readonly recorder: Pick<Recorder, 'recover'>
  readonly pipeline: Pick<Pipeline, 'recover' | 'recovery'>
  readonly clock: Clock
}): ControlCommand[] {
  const { journal, recorder, pipeline, clock } = parts
  return [
    command('map.unmapped', listingSchema, ({ limit }) => listing(journal.unmapped, limit)),
    command('map.discard', z.strictObject({ device: z.string().min(1).max(100) }), ({ device }) => ({
      discarded: journal.unmapped.discard(device),
    })),
    command('map.retry', z.strictObject({}), async (): Promise<RetryResult> => {
      const run = pipeline.recovery()
      const result = { looked: 0, mapped: 0, measurements: 0 }
      for (let page = journal.unmapped.after(0, PAGE); page.length > 0; ) {
        const measurements: Measurement[] = []
        const mapped: number[] = []
        for (const message of page) {
          const found = pipeline.recover(message, run, clock.now())
          if (!found) continue
          measurements.push(...found)
          mapped.push(message.id)
        }
        await recorder.recover(measurements, mapped)
        result.looked += page.length
        result.mapped += mapped.length
        result.measurements += measurements.length
        page = journal.unmapped.after(page.at(-1)?.id ?? 0, PAGE)
      }
      return result
    }),
  ]
}

function entryOf({ id, deviceId, topic, receivedAt, code, reason, payload }: KeptMessage): UnmappedEntry {
  const head = { id, device: deviceId, topic, receivedAt: new Date(receivedAt).toISOString(), code, reason }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
    return { ...head, payload: text, encoding: 'utf-8' }
  } catch {
    return { ...head, payload: Buffer.from(payload).toString('base64'), encoding: 'base64' }
  }
}

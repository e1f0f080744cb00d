/** A WFDB record with its reference annotations, read whole. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SignalFile } from '#gateway/intake/transports/replay/record.js'
import type { WfdbHeader } from '#gateway/intake/transports/replay/wfdb.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { parseAnnotations, type Reference } from './annotations.js'

const BLOCK = 16_384

export interface BenchRecord {
  readonly name: string
  readonly rateHz: number
  /** ADC counts. */
  readonly samples: readonly (number | null)[]
  readonly lowest: number
  readonly highest: number
  readonly countsPerMillivolt: number | undefined
  readonly reference: Reference
}

/** Paths without `.hea`. @param given a record with or without `.hea`, or a folder of records */
export function recordPaths(given: readonly string[]): string[] {
  return given.flatMap((path) => {
    if (!existsSync(path) || !statSync(path).isDirectory()) return [path.replace(/\.hea$/, '')]
    const found = readdirSync(path).filter((file) => file.endsWith('.hea'))
    if (found.length === 0) throw new HomebeatError('bench.record', `The folder ${path} has no .hea files.`)
    return found.sort().map((file) => join(path, file.slice(0, -4)))
  })
}

/** @param signal its number from 0 @param required false: a record without annotations has none @throws HomebeatError in one line */
export async function readRecord(path: string, signal: number, required = true): Promise<BenchRecord> {
  const choose = ({ signals }: WfdbHeader) => {
    const chosen = signals[signal]
    if (chosen) return chosen
    throw new HomebeatError('bench.record', `it has ${signals.length} signals: --signal counts from 0.`)
  }
  const name = basename(path)
  const annotations = `${path}.annotations.txt`
  const file = await SignalFile.open(`${path}.hea`, choose).catch((error: Error) => {
    throw new HomebeatError('bench.record', `Record ${name} cannot be read: ${error.message}`, { cause: error })
  })
  try {
    const text = await readFile(annotations, 'utf8').catch(() => {
      if (!required) return ''
      throw new HomebeatError(
        'bench.annotations',
        `Record ${name} has no reference annotations: put what "rdann -v" prints into ${annotations}.`,
      )
    })
    const samples: (number | null)[] = []
    for (let first = 0; first < file.length; first += BLOCK) {
      for (const sample of await file.read(first, Math.min(BLOCK, file.length - first))) samples.push(sample)
    }
    const { calibrated, units, gain, lowest, highest } = file.signal
    return {
      name,
      rateHz: file.header.frequency,
      samples,
      lowest,
      highest,
      countsPerMillivolt: calibrated && units.toLowerCase() === 'mv' ? gain : undefined,
      reference: parseAnnotations(text),
    }
  } finally {
    await file.close()
  }
}

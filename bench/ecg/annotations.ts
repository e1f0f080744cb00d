/** Reference annotations as `rdann` prints them: time, sample number, type, sub, chan, num, aux. Pure. */
import { HomebeatError } from '#gateway/platform/errors.js'

/** Types that stand for a beat (annot(5) of the WFDB Applications Guide). */
const BEAT_TYPES: ReadonlySet<string> = new Set('NLRBAaJSVrFejnE/fQ?')
const LINE = /^\s*(?:\[[^\]]*\]|\S+)\s+(\d{1,12})\s+(\S+)\s+-?\d+\s+-?\d+\s+-?\d+(?:\s+(.*))?$/

export interface Span {
  readonly from: number
  /** Exclusive; infinite where the record ends first. */
  readonly to: number
}

/** All in sample numbers. */
export interface Reference {
  readonly beats: readonly number[]
  /** Ventricular flutter or fibrillation: no beats to be counted. */
  readonly flutter: readonly Span[]
  readonly rhythms: readonly (Span & { readonly name: string })[]
}

/** @throws HomebeatError `bench.annotations` with the line that is wrong */
export function parseAnnotations(text: string): Reference {
  const beats: number[] = []
  const flutter: Span[] = []
  const rhythms: (Span & { name: string })[] = []
  let flutterFrom: number | null = null
  let rhythm: { from: number; name: string } | null = null
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '' || /^\s*Time\s/.test(line)) continue
    const match = LINE.exec(line)
    if (!match) {
      throw new HomebeatError('bench.annotations', `Line ${i + 1} of the annotations is not one that rdann prints.`)
    }
    const at = Number(match[1])
    const type = match[2] as string
    const aux = (match[3] ?? '').trim()
    if (BEAT_TYPES.has(type)) beats.push(at)
    if (type === '[') flutterFrom ??= at
    if (type === ']' && flutterFrom !== null) {
      flutter.push({ from: flutterFrom, to: at + 1 })
      flutterFrom = null
    }
    if (type === '+' && aux.startsWith('(')) {
      if (rhythm) rhythms.push({ ...rhythm, to: at })
      rhythm = { from: at, name: aux.slice(1) }
    }
  }
  if (flutterFrom !== null) flutter.push({ from: flutterFrom, to: Number.POSITIVE_INFINITY })
  if (rhythm) rhythms.push({ ...rhythm, to: Number.POSITIVE_INFINITY })
  return { beats: beats.sort((a, b) => a - b), flutter, rhythms }
}

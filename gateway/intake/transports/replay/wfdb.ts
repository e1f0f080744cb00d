/**
 * Headers of PhysioNet records (`.hea`), after header(5) of the WFDB Applications Guide. Pure: text in, record out.
 * Headers come from anywhere, so every field is checked and bounded, and what cannot be played rightly is refused in words.
 */
import { HomebeatError } from '#gateway/platform/errors.js'
import { isSampleFormat, SAMPLE_FORMATS } from './samples.js'

export const MAX_HEADER_BYTES = 64 * 1024
const MAX_LINE = 1024
const MAX_SIGNALS = 256
const MAX_HZ = 100_000
/** Six months at 250 Hz; also far below where whole numbers and byte positions lose precision. */
const MAX_SAMPLES = 4e9
const MAX_COMMENTS = 500
/** header(5): what an uncalibrated signal may be assumed to have. */
const DEFAULT_GAIN = 200
const DEFAULT_HZ = 250
const DEFAULT_BITS = 12

export interface WfdbSignal {
  /** Position in the header, from 0. */
  readonly index: number
  /** In the header's folder; a bare name. */
  readonly fileName: string
  readonly format: number
  readonly samplesPerFrame: number
  /** Samples by which this signal lies behind the first. */
  readonly skew: number
  /** Bytes before the first sample of the file. */
  readonly byteOffset: number
  /** ADC units per physical unit. */
  readonly gain: number
  /** False when the header gives no gain (or 0): amplitudes are relative. */
  readonly calibrated: boolean
  /** ADC units at physical zero. */
  readonly baseline: number
  /** As written, e.g. `mV`. */
  readonly units: string
  readonly adcResolution: number
  readonly adcZero: number
  /** Lowest and highest ADC value the converter could give. */
  readonly lowest: number
  readonly highest: number
  readonly initialValue: number | undefined
  readonly checksum: number | undefined
  readonly blockSize: number
  readonly description: string
}

export interface WfdbHeader {
  readonly name: string
  /** Frames per second: the sampling frequency of every signal with one sample a frame. */
  readonly frequency: number
  /** Samples of each signal; undefined when the header leaves it out. */
  readonly sampleCount: number | undefined
  /** `hh:mm:ss` as written; often the time of a tape, not of a day. */
  readonly baseTime: string | undefined
  /** `dd/mm/yyyy` as written. */
  readonly baseDate: string | undefined
  readonly signals: readonly WfdbSignal[]
  /** Info strings after the last signal line; may be about a person: never logged. */
  readonly comments: readonly string[]
}

/** @throws HomebeatError `replay.format` */
export function formatError(problem: string): HomebeatError {
  return new HomebeatError('replay.format', problem)
}

/** @throws HomebeatError `replay.format` with what is wrong, and in which line */
export function parseHeader(text: string): WfdbHeader {
  if (text.length > MAX_HEADER_BYTES) throw formatError(`the header is longer than ${MAX_HEADER_BYTES} bytes`)
  const comments: string[] = []
  const lines: { text: string; number: number }[] = []
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line.length > MAX_LINE) throw formatError(`line ${i + 1} of the header is longer than ${MAX_LINE} characters`)
    if (line.startsWith('#')) {
      if (comments.length < MAX_COMMENTS) comments.push(line.slice(1).trim())
    } else if (line !== '') lines.push({ text: line, number: i + 1 })
  }
  const [recordLine, ...signalLines] = lines
  if (!recordLine) throw formatError('the header is empty')
  const { signalCount, ...record } = parseRecordLine(recordLine.text)
  if (signalLines.length < signalCount) {
    throw formatError(`the header names ${signalCount} signals but describes ${signalLines.length}`)
  }
  const signals = signalLines
    .slice(0, signalCount)
    .map((line, index) => parseSignalLine(line.text, index, `line ${line.number} of the header`))
  return { ...record, signals, comments }
}

function parseRecordLine(line: string): Omit<WfdbHeader, 'signals' | 'comments'> & { signalCount: number } {
  const [nameField = '', signalField, frequencyField, countField, baseTime, baseDate] = line.split(/\s+/)
  const name = /^([A-Za-z0-9_-]{1,64})(\/\d{1,9})?$/.exec(nameField)
  if (!name || !signalField || !/^\d{1,9}$/.test(signalField)) {
    throw formatError('this is not a WFDB header: its first line must begin with a record name and a number of signals')
  }
  if (name[2]) {
    throw formatError('this record has several segments: replay one of them by naming the header of that segment')
  }
  const signalCount = Number(signalField)
  if (signalCount === 0) throw formatError('this record has no signals')
  if (signalCount > MAX_SIGNALS) throw formatError(`the header names more than ${MAX_SIGNALS} signals`)
  // frequency[/counter frequency[(base counter)]]: the counter only labels positions.
  const frequency = frequencyField === undefined ? DEFAULT_HZ : decimal(frequencyField.split('/')[0] ?? '')
  if (!(frequency > 0 && frequency <= MAX_HZ)) {
    throw formatError(`the header's sampling frequency must be more than 0 and at most ${MAX_HZ} Hz`)
  }
  const count = countField === undefined ? 0 : /^\d{1,10}$/.test(countField) ? Number(countField) : Number.NaN
  if (!(count <= MAX_SAMPLES)) throw formatError(`the header's number of samples must be a number up to ${MAX_SAMPLES}`)
  if (baseTime !== undefined && !/^\d{1,2}(:\d{1,2}){0,2}(\.\d{1,9})?$/.test(baseTime)) {
    throw formatError("the header's base time must be hh:mm:ss")
  }
  if (baseDate !== undefined && !/^\d{1,2}\/\d{1,2}\/\d{1,4}$/.test(baseDate)) {
    throw formatError("the header's base date must be dd/mm/yyyy")
  }
  return { name: name[1] as string, frequency, sampleCount: count || undefined, baseTime, baseDate, signalCount }
}

function parseSignalLine(line: string, index: number, where: string): WfdbSignal {
  const fields = line.split(/\s+/)
  const [fileName = '', formatField, gainField, ...rest] = fields
  // Only a file beside the header: a header must not reach other folders.
  if (fileName.length > 255 || /[/\\\0]/.test(fileName) || fileName.startsWith('.')) {
    throw formatError(`${where} names a signal file outside the header's folder`)
  }
  if (fileName === '-' || fileName === '~') throw formatError(`${where} names no signal file`)
  const format = /^(\d{1,4})(?:x(\d{1,6}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?$/.exec(formatField ?? '')
  if (!format) throw formatError(`${where} has no valid storage format after its file name`)
  const gain = /^([^()/]+)(?:\((-?\d{1,10})\))?(?:\/(\S{1,32}))?$/.exec(gainField ?? '0')
  const written = decimal(gain?.[1] ?? '')
  if (!gain || !Number.isFinite(written) || written < 0) {
    throw formatError(`${where} has no valid gain: write it as 200, 200(1024) or 200(1024)/mV`)
  }
  const bits = integer(rest[0], 0, where, 'ADC resolution')
  if (bits < 0 || bits > 32) throw formatError(`${where} has an ADC resolution outside 0 to 32 bits`)
  const adcZero = integer(rest[1], 0, where, 'ADC zero')
  const number = Number(format[1])
  return {
    index,
    fileName,
    format: number,
    samplesPerFrame: Number(format[2] ?? 1),
    skew: Number(format[3] ?? 0),
    byteOffset: Number(format[4] ?? 0),
    gain: written === 0 ? DEFAULT_GAIN : written,
    calibrated: written !== 0,
    baseline: gain[2] === undefined ? adcZero : Number(gain[2]),
    units: gain[3] ?? 'mV',
    adcResolution: bits || DEFAULT_BITS,
    adcZero,
    ...converterRange(number, bits, adcZero),
    initialValue: rest[2] === undefined ? undefined : integer(rest[2], 0, where, 'initial value'),
    checksum: rest[3] === undefined ? undefined : integer(rest[3], 0, where, 'checksum'),
    blockSize: integer(rest[4], 0, where, 'block size'),
    // Field 9 to the end of the line, spaces and all.
    description: /^(?:\S+\s+){8}(.*)$/.exec(line)?.[1] ?? '',
  }
}

/** What the converter could give. Where its resolution is not stated, what the file format can hold. */
function converterRange(format: number, bits: number, zero: number): { lowest: number; highest: number } {
  if (bits > 0) return { lowest: zero - 2 ** (bits - 1), highest: zero + 2 ** (bits - 1) - 1 }
  const { lowest, highest } = SAMPLE_FORMATS[isSampleFormat(format) ? format : 16]
  return { lowest, highest }
}

function integer(field: string | undefined, fallback: number, where: string, name: string): number {
  if (field === undefined) return fallback
  if (!/^[+-]?\d{1,10}$/.test(field)) throw formatError(`${where} has a ${name} that is not a whole number`)
  return Number(field)
}

function decimal(field: string): number {
  return /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?$/.test(field) ? Number(field) : Number.NaN
}

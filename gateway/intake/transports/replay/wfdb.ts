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

/** How a signal is stored: what somebody needs who reads another signal of the same file. */
export interface WfdbLayout {
  readonly format: number
  readonly samplesPerFrame: number
  /** Samples by which this signal lies behind the first. */
  readonly skew: number
  /** Bytes before the first sample of the file. */
  readonly byteOffset: number
}

/** A signal line of the header, read or not. */
export interface WfdbLine {
  /** Position in the header, from 0. */
  readonly index: number
  /** A bare name in the header's folder, where the line can be read. */
  readonly fileName: string
  /** Field 9, e.g. the lead's name. */
  readonly description: string
}

export interface WfdbSignal extends WfdbLine, WfdbLayout {
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
}

/** A signal that cannot be played, and why. It is in nobody's way who asks for another one. */
export interface UnreadableSignal extends WfdbLine {
  /** Null where it cannot be read either. */
  readonly layout: WfdbLayout | null
  readonly problem: HomebeatError
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
  /** At least one. */
  readonly signals: readonly WfdbSignal[]
  readonly unreadable: readonly UnreadableSignal[]
  /** Info strings after the last signal line; may be about a person: never logged. */
  readonly comments: readonly string[]
}

/** @throws HomebeatError `replay.format` */
export function formatError(problem: string): HomebeatError {
  return new HomebeatError('replay.format', problem)
}

/**
 * @param text may begin with a byte order mark, of UTF-8 also where it was read as Latin-1
 * @throws HomebeatError `replay.format` with what is wrong, and in which line, when no signal can be read
 */
export function parseHeader(text: string): WfdbHeader {
  if (text.length > MAX_HEADER_BYTES) throw formatError(`the header is longer than ${MAX_HEADER_BYTES} bytes`)
  const comments: string[] = []
  const lines: { text: string; where: string }[] = []
  for (const [i, raw] of text
    .replace(/^(?:\ufeff|\u00ef\u00bb\u00bf)/, '')
    .split(/\r\n?|\n/)
    .entries()) {
    const line = raw.trim()
    if (line.startsWith('#')) {
      if (comments.length < MAX_COMMENTS) comments.push(line.slice(1, MAX_LINE).trim())
    } else if (line !== '') lines.push({ text: line, where: `line ${i + 1} of the header` })
  }
  const [recordLine, ...signalLines] = lines
  if (!recordLine) throw formatError('the header is empty')
  if (recordLine.text.length > MAX_LINE) throw tooLong(recordLine.where)
  const { signalCount, ...record } = parseRecordLine(recordLine.text)
  if (signalLines.length < signalCount) {
    throw formatError(`the header names ${signalCount} signals but describes ${signalLines.length}`)
  }
  const all = signalLines.slice(0, signalCount).map((line, index) => parseSignalLine(line.text, index, line.where))
  const signals = all.filter((one): one is WfdbSignal => !('problem' in one))
  const unreadable = all.filter((one): one is UnreadableSignal => 'problem' in one)
  if (signals.length === 0) throw (unreadable[0] as UnreadableSignal).problem
  return { ...record, signals, unreadable, comments }
}

const tooLong = (where: string): HomebeatError => formatError(`${where} is longer than ${MAX_LINE} characters`)

type RecordLine = Omit<WfdbHeader, 'signals' | 'unreadable' | 'comments'> & { signalCount: number }

function parseRecordLine(line: string): RecordLine {
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
  const count = countField === undefined ? 0 : decimal(countField)
  if (!(Number.isInteger(count) && count >= 0 && count <= MAX_SAMPLES))
    throw formatError(`the header's number of samples must be a number up to ${MAX_SAMPLES}`)
  if (baseTime !== undefined && !/^\d{1,2}(:\d{1,2}){0,2}([.,]\d{1,9})?$/.test(baseTime)) {
    throw formatError("the header's base time must be hh:mm:ss")
  }
  if (baseDate !== undefined && !/^\d{1,2}\/\d{1,2}\/\d{1,4}$/.test(baseDate)) {
    throw formatError("the header's base date must be dd/mm/yyyy")
  }
  return { name: name[1] as string, frequency, sampleCount: count || undefined, baseTime, baseDate, signalCount }
}

function parseSignalLine(line: string, index: number, where: string): WfdbSignal | UnreadableSignal {
  const [fileName = '', formatField, gainField, ...rest] = line.split(/\s+/)
  const format = /^(\d{1,4})(?:x(\d{1,6}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?$/.exec(formatField ?? '')
  const layout = format && {
    format: Number(format[1]),
    samplesPerFrame: Number(format[2] ?? 1),
    skew: Number(format[3] ?? 0),
    byteOffset: Number(format[4] ?? 0),
  }
  // Field 9 to the end of the line, spaces and all.
  const description = /^(?:\S+\s+){8}(.*)$/.exec(line.slice(0, MAX_LINE))?.[1] ?? ''
  const said = { index, fileName, description }
  try {
    if (line.length > MAX_LINE) throw tooLong(where)
    checkFileName(fileName, where)
    if (!layout) throw formatError(`${where} has no valid storage format after its file name`)
    return { ...said, ...layout, ...parseCalibration(layout.format, gainField, rest, where) }
  } catch (error) {
    return { ...said, layout, problem: error as HomebeatError }
  }
}

/** Only a file beside the header: a header must not reach other folders. */
function checkFileName(fileName: string, where: string): void {
  if (fileName.length > 255 || /[/\\\0]/.test(fileName) || fileName.startsWith('.')) {
    throw formatError(`${where} names a signal file outside the header's folder`)
  }
  if (fileName === '-' || fileName === '~') throw formatError(`${where} names no signal file`)
}

type Calibration = Omit<WfdbSignal, keyof WfdbLine | keyof WfdbLayout>

function parseCalibration(
  format: number,
  gainField: string | undefined,
  rest: readonly string[],
  where: string,
): Calibration {
  const gain = /^([^()/]+)(?:\((-?\d{1,10})\))?(?:\/(\S{1,32}))?$/.exec(gainField ?? '0')
  const written = decimal(gain?.[1] ?? '')
  if (!gain || !Number.isFinite(written) || written < 0) {
    throw formatError(`${where} has no valid gain: write it as 200, 200(1024) or 200(1024)/mV`)
  }
  const bits = integer(rest[0], 0, where, 'ADC resolution')
  if (bits < 0 || bits > 32) throw formatError(`${where} has an ADC resolution outside 0 to 32 bits`)
  const adcZero = integer(rest[1], 0, where, 'ADC zero')
  return {
    gain: written === 0 ? DEFAULT_GAIN : written,
    calibrated: written !== 0,
    baseline: gain[2] === undefined ? adcZero : Number(gain[2]),
    units: gain[3] ?? 'mV',
    adcResolution: bits || DEFAULT_BITS,
    adcZero,
    ...converterRange(format, bits, adcZero),
    initialValue: rest[2] === undefined ? undefined : integer(rest[2], 0, where, 'initial value'),
    checksum: rest[3] === undefined ? undefined : integer(rest[3], 0, where, 'checksum'),
    blockSize: integer(rest[4], 0, where, 'block size'),
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
  const number = decimal(field)
  if (!Number.isInteger(number) || Math.abs(number) > 9_999_999_999)
    throw formatError(`${where} has a ${name} that is not a whole number`)
  return number
}

/** With a point, or the comma of a writer's locale. `1,000` may be one or a thousand: NaN, as all that is no number. */
function decimal(field: string): number {
  const text = /^[+-]?\d{1,15},(?!\d{3}$)\d{1,15}$/.test(field) ? field.replace(',', '.') : field
  return /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN
}

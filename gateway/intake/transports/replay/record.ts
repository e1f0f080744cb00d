/** One signal of a WFDB record on disk. Reads only the blocks it is asked for: a day's file is never in memory. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { byteRange, Checksum, decodeSamples, isSampleFormat, SAMPLE_FORMATS, type SampleFormat } from './samples.js'
import { formatError, MAX_HEADER_BYTES, parseHeader, type WfdbHeader, type WfdbSignal } from './wfdb.js'

/** Frames read at a time while checking. */
const CHECK_FRAMES = 16_384

export class SignalFile {
  readonly header: WfdbHeader
  readonly signal: WfdbSignal
  /** Samples of the signal. */
  readonly length: number
  readonly #file: FileHandle
  readonly #format: SampleFormat
  /** Samples of a frame: of all signals that share the file. */
  readonly #width: number
  /** Position among them. */
  readonly #column: number

  private constructor(
    header: WfdbHeader,
    signal: WfdbSignal,
    file: FileHandle,
    layout: { format: SampleFormat; width: number; column: number; length: number },
  ) {
    this.header = header
    this.signal = signal
    this.length = layout.length
    this.#file = file
    this.#format = layout.format
    this.#width = layout.width
    this.#column = layout.column
  }

  /**
   * @param choose picks the signal to read.
   * @throws HomebeatError `replay.not-found`, `replay.unreadable`, `replay.format`
   */
  static async open(path: string, choose: (header: WfdbHeader) => WfdbSignal): Promise<SignalFile> {
    const header = parseHeader(await readHeader(path))
    const signal = choose(header)
    const { format, width, column } = layoutOf(header, signal)
    const file = await openFile(join(dirname(path), signal.fileName))
    try {
      const available = (await file.stat()).size - signal.byteOffset
      const samples = Math.max(0, format === 16 ? Math.floor(available / 2) : Math.floor((available * 2) / 3))
      const length = header.sampleCount ?? Math.floor(samples / width)
      if (length === 0) throw formatError(`${signal.fileName} holds no samples`)
      if (length * width > samples) {
        throw formatError(`${signal.fileName} is shorter than the header says: copy or download it again`)
      }
      return new SignalFile(header, signal, file, { format, width, column, length })
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Samples first … first + count − 1 in ADC units, `null` where the recording has no value. */
  async read(first: number, count: number): Promise<(number | null)[]> {
    const { invalid } = SAMPLE_FORMATS[this.#format]
    const samples: (number | null)[] = []
    for (const sample of await this.#readRaw(first, count)) samples.push(sample === invalid ? null : sample)
    return samples
  }

  /**
   * Reads the whole signal once and compares it with the header's initial value and checksum.
   * @throws HomebeatError `replay.format`: the file is not the one the header was written for, or is damaged.
   */
  async verify(signal?: AbortSignal): Promise<void> {
    const { initialValue, checksum, fileName } = this.signal
    if (initialValue !== undefined && (await this.#readRaw(0, 1))[0] !== initialValue) {
      throw formatError(`the first sample in ${fileName} is not the one in the header: copy or download both again`)
    }
    if (checksum === undefined) return
    const sum = new Checksum(this.#format)
    for (let first = 0; first < this.length; first += CHECK_FRAMES) {
      if (signal?.aborted) return
      for (const sample of await this.#readRaw(first, Math.min(CHECK_FRAMES, this.length - first))) sum.add(sample)
    }
    if (!sum.matches(checksum)) {
      throw formatError(`${fileName} does not have the checksum in the header: copy or download both again`)
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #readRaw(first: number, count: number): Promise<Int16Array> {
    const width = this.#width
    const { start, length } = byteRange(this.#format, first * width, count * width)
    const bytes = new Uint8Array(length)
    let got = 0
    while (got < length) {
      const { bytesRead } = await this.#file
        .read(bytes, got, length - got, this.signal.byteOffset + start + got)
        .catch((cause) => Promise.reject(unreadable(this.signal.fileName, cause)))
      if (bytesRead === 0) throw formatError(`${this.signal.fileName} has become shorter while it was played`)
      got += bytesRead
    }
    const all = decodeSamples(this.#format, bytes, first * width, count * width)
    if (width === 1) return all
    const own = new Int16Array(count)
    for (let i = 0; i < count; i++) own[i] = all[i * width + this.#column] as number
    return own
  }
}

/**
 * header(5): signals of one file stand together and are stored alike. Of the others only their place in a frame matters.
 */
function layoutOf(header: WfdbHeader, signal: WfdbSignal): { format: SampleFormat; width: number; column: number } {
  const group = [...header.signals, ...header.unreadable]
    .filter((other) => other.fileName === signal.fileName)
    .sort((a, b) => a.index - b.index)
  const { format, byteOffset, samplesPerFrame, skew } = signal
  let width = 0
  let column = 0
  for (const [i, other] of group.entries()) {
    const { index } = other
    const layout = 'problem' in other ? other.layout : other
    if (index !== (group[0]?.index ?? 0) + i)
      throw formatError(`the header lists the signals of ${signal.fileName} apart`)
    if (layout?.format !== format || layout.byteOffset !== byteOffset || layout.samplesPerFrame < 1) {
      throw formatError(`the header stores the signals of ${signal.fileName} in different ways`)
    }
    if (index < signal.index) column += layout.samplesPerFrame
    width += layout.samplesPerFrame
  }
  if (samplesPerFrame !== 1) {
    throw formatError('the signal has several samples a frame, which Homebeat does not replay: resample it first')
  }
  if (skew !== 0) throw formatError('the signal is skewed, which Homebeat does not replay: remove the skew first')
  if (!isSampleFormat(format)) {
    throw formatError(`format ${format} is not one that Homebeat replays: convert the record to format 212 or 16`)
  }
  return { format, width, column }
}

async function readHeader(path: string): Promise<string> {
  const file = await openFile(path)
  try {
    const stat = await file.stat()
    // A pipe or a device states no size, and may have no end.
    if (!stat.isFile() || stat.size > MAX_HEADER_BYTES)
      throw formatError(`${basename(path)} is no file, or too long for a WFDB header`)
    const bytes = await file.readFile()
    return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'latin1')
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    // Not blocking: a named pipe in place of a file must not hang the gateway.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new HomebeatError('replay.not-found', `There is no recording file ${path}: check the path.`, { cause })
    }
    throw unreadable(path, cause)
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new HomebeatError('replay.not-found', `${path} is not a file: name the record's .hea file.`)
}

function unreadable(path: string, cause: unknown): HomebeatError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
  return new HomebeatError(
    'replay.unreadable',
    `The recording file ${path} cannot be read (${code}): check its rights.`,
    {
      cause,
    },
  )
}

/**
 * Reads a SQLite file page by page, without SQLite: a damaged file has rows that SQLite cannot reach any more. Written
 * from the file format's description (https://www.sqlite.org/fileformat.html); trusts no number that it reads.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'

const HEADER_BYTES = 100
const WAL_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** The page size that SQLite has chosen since 3.12 (2016); Homebeat never asks for another. */
const PAGE_SIZE = 4096

export const PAGE = { indexInterior: 2, tableInterior: 5, indexLeaf: 10, tableLeaf: 13 } as const

export type SqliteValue = number | string | Uint8Array | null

export interface RawRow {
  /** Of a table with row ids. */
  readonly rowid: number | null
  readonly values: readonly SqliteValue[]
}

export interface TreePage {
  readonly type: (typeof PAGE)[keyof typeof PAGE]
  readonly children: readonly number[]
  /** Of leaves, and of interior pages of an index. */
  readonly rows: readonly RawRow[]
  /** Cells that make no sense. */
  readonly broken: number
}

/** The pages as the last commit left them: those of the write-ahead log stand before those of the file. */
export class SqlitePages {
  readonly pageSize: number
  readonly count: number
  readonly #database: number | null
  readonly #log: number | null
  readonly #frames: ReadonlyMap<number, number>

  constructor(path: string) {
    this.#database = existsSync(path) ? openSync(path, 'r') : null
    this.#log = existsSync(`${path}-wal`) ? openSync(`${path}-wal`, 'r') : null
    const header = this.#database === null ? null : read(this.#database, 0, HEADER_BYTES)
    this.pageSize = (header && pageSizeOf(header)) ?? PAGE_SIZE
    const log = this.#log === null ? null : scanLog(this.#log)
    this.#frames = log?.pageSize === this.pageSize ? log.pages : new Map()
    const size = this.#database === null ? 0 : Math.ceil(fstatSync(this.#database).size / this.pageSize)
    this.count = [...this.#frames.keys()].reduce((most, page) => Math.max(most, page), size)
  }

  /** @param number from 1. Null beyond the file's end. */
  page(number: number): Buffer | null {
    if (!Number.isInteger(number) || number < 1 || number > this.count) return null
    const frame = this.#frames.get(number)
    if (frame !== undefined && this.#log !== null) return read(this.#log, frame, this.pageSize)
    return this.#database === null ? null : read(this.#database, (number - 1) * this.pageSize, this.pageSize)
  }

  /** A page of a b-tree; null when it is none. */
  tree(number: number): TreePage | null {
    const page = this.page(number)
    return page && this.#tree(page, number === 1 ? HEADER_BYTES : 0)
  }

  close(): void {
    if (this.#database !== null) closeSync(this.#database)
    if (this.#log !== null) closeSync(this.#log)
  }

  #tree(page: Buffer, start: number): TreePage | null {
    const type = page[start] as TreePage['type']
    if (page.length < start + 12 || !Object.values(PAGE).includes(type)) return null
    const interior = type === PAGE.tableInterior || type === PAGE.indexInterior
    const count = page.readUInt16BE(start + 3)
    const pointers = start + (interior ? 12 : 8)
    const children: number[] = []
    const rows: RawRow[] = []
    let broken = 0
    for (let index = 0; index < count && pointers + 2 * index + 2 <= page.length; index++) {
      try {
        let at = page.readUInt16BE(pointers + 2 * index)
        if (at < pointers) throw new RangeError('a cell inside the header')
        if (interior) {
          children.push(page.readUInt32BE(at))
          at += 4
        }
        if (type !== PAGE.tableInterior) rows.push(this.#row(page, at, type === PAGE.tableLeaf))
      } catch {
        broken++
      }
    }
    if (interior) children.push(page.readUInt32BE(start + 8))
    return { type, children, rows, broken }
  }

  #row(page: Buffer, start: number, table: boolean): RawRow {
    const [size, rowidAt] = varint(page, start)
    const [rowid, at] = table ? varint(page, rowidAt) : [null, rowidAt]
    return { rowid, values: record(this.#payload(page, at, size, table)) }
  }

  /** The bytes of a cell, those on overflow pages too. */
  #payload(page: Buffer, at: number, size: number, table: boolean): Buffer {
    const usable = this.pageSize
    const most = table ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
    if (size <= most) return slice(page, at, size)
    if (size > this.count * usable) throw new RangeError('longer than the file')
    const least = Math.floor(((usable - 12) * 32) / 255) - 23
    const fitting = least + ((size - least) % (usable - 4))
    const local = fitting <= most ? fitting : least
    const parts = [slice(page, at, local)]
    let next = slice(page, at + local, 4).readUInt32BE(0)
    for (let left = size - local; left > 0; ) {
      const overflow = this.page(next)
      if (!overflow || overflow.length < usable) throw new RangeError('an overflow page is missing')
      const length = Math.min(left, usable - 4)
      parts.push(overflow.subarray(4, 4 + length))
      next = overflow.readUInt32BE(0)
      left -= length
    }
    return Buffer.concat(parts)
  }
}

/**
 * Whether a log lost something in its middle that had been committed: frames that do not verify, and after them a
 * commit with yet more frames behind. SQLite, which stops at the first, takes that for the end that a power cut tore
 * and drops all of it without a word. A real torn end has nothing behind its commit: what follows a commit is written
 * only once that commit is synced.
 */
export function logIsDamaged(path: string): boolean {
  if (!existsSync(`${path}-wal`)) return false
  const log = openSync(`${path}-wal`, 'r')
  try {
    return scanLog(log).damaged
  } finally {
    closeSync(log)
  }
}

interface LogScan {
  readonly pageSize: number
  /** Page number → offset of its newest committed content. */
  readonly pages: Map<number, number>
  readonly damaged: boolean
}

/** A log whose header does not verify has the salts of its first frames; the sum of the very first is lost. */
function scanLog(log: number): LogScan {
  const { size } = fstatSync(log)
  const whole = logHeader(log)
  const { little, pageSize, salts } = whole ?? {
    little: true,
    pageSize: PAGE_SIZE,
    salts: saltsOfFrames(log),
  }
  let sum: [number, number] = whole?.sum ?? [0, 0]
  const pages = new Map<number, number>()
  /** Behind a break: a torn end's remains too look like this, and are older than what was written over its beginning. */
  const behind = new Map<number, number>()
  let pending = new Map<number, number>()
  let broken = false
  let commitBehind = false
  let damaged = whole === null && size > WAL_HEADER_BYTES
  for (let at = WAL_HEADER_BYTES; at + FRAME_HEADER_BYTES + pageSize <= size; at += FRAME_HEADER_BYTES + pageSize) {
    const frame = read(log, at, FRAME_HEADER_BYTES + pageSize)
    if (frame.length < FRAME_HEADER_BYTES + pageSize) {
      broken = true
      sum = [0, 0]
      continue
    }
    // Of this round of the log, not of one before: the header's salts are in each frame.
    if (!frame.subarray(8, 16).equals(salts)) {
      broken = true
      // The sum goes on from what the frame says, so that one bad frame does not take all others with it.
      sum = [frame.readUInt32BE(16), frame.readUInt32BE(20)]
      continue
    }
    sum = checksum(frame.subarray(FRAME_HEADER_BYTES), checksum(frame.subarray(0, 8), sum, little), little)
    const verified = sum[0] === frame.readUInt32BE(16) && sum[1] === frame.readUInt32BE(20)
    sum = [frame.readUInt32BE(16), frame.readUInt32BE(20)]
    if (!verified) {
      broken = true
      continue
    }
    if (commitBehind) damaged = true
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER_BYTES)
    if (frame.readUInt32BE(4) === 0) continue
    for (const [page, offset] of pending) (broken ? behind : pages).set(page, offset)
    pending = new Map()
    commitBehind ||= broken
  }
  if (damaged) for (const [page, offset] of behind) pages.set(page, offset)
  return { pageSize, pages, damaged }
}

/** The value that most of the first frames have: one of them may be damaged too. */
function saltsOfFrames(log: number): Buffer {
  const salts = [0, 1, 2, 3, 4].map((frame) =>
    read(log, WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + PAGE_SIZE) + 8, 8),
  )
  const votes = (one: Buffer) => salts.filter((other) => other.length === 8 && other.equals(one)).length
  return salts.reduce((best, one) => (votes(one) > votes(best) ? one : best))
}

function logHeader(log: number) {
  const header = read(log, 0, WAL_HEADER_BYTES)
  if (header.length < WAL_HEADER_BYTES || header.readUInt32BE(0) >>> 1 !== 0x377f0682 >>> 1) return null
  const little = (header.readUInt32BE(0) & 1) === 0
  const pageSize = header.readUInt32BE(8)
  const sum = checksum(header.subarray(0, 24), [0, 0], little)
  if (sum[0] !== header.readUInt32BE(24) || sum[1] !== header.readUInt32BE(28) || !isPageSize(pageSize)) return null
  return { little, pageSize, salts: header.subarray(16, 24), sum }
}

/** https://www.sqlite.org/fileformat.html#checksum_algorithm */
function checksum(bytes: Buffer, [first, second]: [number, number], little: boolean): [number, number] {
  let a = first
  let b = second
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)) + b) >>> 0
    b = (b + (little ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

function pageSizeOf(header: Buffer): number | null {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return null
  const size = header.readUInt16BE(16)
  return isPageSize(size) ? size : null
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 32768 && (size & (size - 1)) === 0
}

function record(payload: Buffer): SqliteValue[] {
  const [headerSize, first] = varint(payload, 0)
  if (headerSize > payload.length) throw new RangeError('a header longer than its record')
  const values: SqliteValue[] = []
  let at = headerSize
  for (let typeAt = first; typeAt < headerSize; ) {
    const [type, next] = varint(payload, typeAt)
    typeAt = next
    const size = type >= 12 ? Math.floor((type - 12) / 2) : ([0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? Number.NaN)
    values.push(value(type, slice(payload, at, size)))
    at += size
  }
  if (at !== payload.length) throw new RangeError('a record of another length than its cell')
  return values
}

function value(type: number, bytes: Buffer): SqliteValue {
  if (type === 0) return null
  if (type === 8 || type === 9) return type - 8
  if (type === 7) return bytes.readDoubleBE(0)
  if (type <= 5) return bytes.readIntBE(0, bytes.length)
  if (type === 6) return Number(bytes.readBigInt64BE(0))
  return type % 2 === 0 ? bytes : bytes.toString('utf8')
}

/** Value and the offset behind it. What is larger than a safe integer is none of ours. */
function varint(bytes: Buffer, start: number): [number, number] {
  let number = 0
  for (let index = 0; index < 9; index++) {
    const byte = bytes[start + index]
    if (byte === undefined) throw new RangeError('beyond the end')
    number = number * 128 + (byte & 0x7f)
    if (byte < 128) {
      if (!Number.isSafeInteger(number)) break
      return [number, start + index + 1]
    }
  }
  throw new RangeError('a number too large')
}

function slice(bytes: Buffer, at: number, length: number): Buffer {
  if (!(length >= 0) || at + length > bytes.length) throw new RangeError('beyond the end')
  return bytes.subarray(at, at + length)
}

function read(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, length, at))
  } catch {
    // A sector that the card cannot read any more is as none; the others are still worth reading.
    return bytes.subarray(0, 0)
  }
}

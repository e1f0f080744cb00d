import { readFileSync } from 'node:fs'
import { committedHex } from '#firmware/build.js'
import { VirtualBoard, type VirtualBoardOptions } from '#simulators/board/board.js'
import type { VirtualPatient } from '#simulators/patient/patient.js'

/** CRC-16/CCITT-FALSE, written plainly and apart from every implementation under test. */
export function crc16(text: string): string {
  let crc = 0xffff
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte << 8
    for (let i = 0; i < 8; i++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc.toString(16).toUpperCase().padStart(4, '0')
}

export interface KitLine {
  readonly text: string
  readonly type: string
  readonly seq: number
  readonly time: number
  readonly fields: readonly string[]
}

/** The lines in what a port heard; noise between them is skipped, as PROTOCOL.md asks. */
export function linesIn(heard: string): KitLine[] {
  const lines: KitLine[] = []
  for (const [, text = ''] of heard.matchAll(/(![^!\n]*)\n/g)) {
    const star = text.lastIndexOf('*')
    if (star < 0 || crc16(text.slice(1, star)) !== text.slice(star + 1)) continue
    const [type = '', seq = '', time = '', ...fields] = text.slice(1, star).split(',')
    lines.push({ text, type, seq: Number.parseInt(seq, 16), time: Number.parseInt(time, 16), fields })
  }
  return lines
}

export function unpack(packed: string): number[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return (packed.match(/../g) ?? []).map((two) => alphabet.indexOf(two[0] ?? '') * 64 + alphabet.indexOf(two[1] ?? ''))
}

/** A board with the committed firmware and somebody who writes down everything it sends. */
export class KitHost {
  readonly board: VirtualBoard
  heard = ''
  #cseq = 0

  constructor(patient: VirtualPatient, options: Partial<VirtualBoardOptions> = {}) {
    const hex = readFileSync(committedHex, 'utf8')
    this.board = new VirtualBoard({ hex, patient, measureOnRequest: false, ...options })
    this.board.onSerial((bytes) => {
      this.heard += Buffer.from(bytes).toString('latin1')
    })
  }

  /** Runs and returns the lines that came meanwhile, whole ones only. */
  run(virtualMs: number): KitLine[] {
    this.heard = this.heard.slice(this.heard.lastIndexOf('\n') + 1)
    this.board.run(virtualMs)
    return linesIn(this.heard)
  }

  /** Sends a command and returns its number as the kit repeats it. */
  command(type: string, argument = ''): string {
    const cseq = (this.#cseq++).toString(16).toUpperCase().padStart(4, '0')
    const body = `${type},${cseq},${argument}`
    this.send(`?${body}*${crc16(body)}\n`)
    return cseq
  }

  send(text: string): void {
    this.board.write(Buffer.from(text, 'latin1'))
  }
}

/** The commands of firmware/PROTOCOL.md ("Gateway → kit") and their answers, the `K` lines. Pure. */
import type { KitCommand } from '#gateway/model/transport.js'
import { crc16Hex } from './crc16.js'

const TYPES = {
  identify: 'I',
  readCuff: 'P',
  readGlucometer: 'U',
  mode: 'M',
  rate: 'R',
  readCalibration: 'C',
  calibrate: 'C',
  resetCalibration: 'C',
} as const satisfies Record<KitCommand['command'], string>

function argumentOf(command: KitCommand): string {
  switch (command.command) {
    case 'mode':
      return command.mode
    case 'rate':
      return `${command.signal}=${command.hertz}`
    case 'calibrate':
      return `${command.name}=${command.value}`
    case 'resetCalibration':
      return 'nominal'
    default:
      return ''
  }
}

/** `?<type>,<cseq>,<argument>*<crc>` and its LF. @param cseq 0–65535. */
export function commandLine(command: KitCommand, cseq: number): string {
  const number = cseq.toString(16).toUpperCase().padStart(4, '0')
  const covered = `${TYPES[command.command]},${number},${argumentOf(command)}`
  return `?${covered}*${crc16Hex(covered)}\n`
}

export interface KitAnswer {
  readonly cseq: number
  readonly ok: boolean
  readonly detail: string
}

const ANSWER = /^!(K,[0-9A-F]{4},[0-9A-F]{8},([0-9A-F]{4}),(ok|err),([A-Za-z0-9._-]{0,60}))\*([0-9A-F]{4})$/

/** The answer that a kit line carries, or null: another line, or a damaged one. */
export function parseAnswer(line: string): KitAnswer | null {
  if (!line.startsWith('!K,')) return null
  const match = ANSWER.exec(line)
  if (!match) return null
  const [, covered, cseq, verdict, detail, crc] = match as unknown as [string, string, string, string, string, string]
  if (crc16Hex(covered) !== crc) return null
  return { cseq: Number.parseInt(cseq, 16), ok: verdict === 'ok', detail }
}

/** serialOfBare: bytes of kit lines through line guard and decode, over the bare ReadlineParser, by CPU time. */
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { ReadlineParser } from '@serialport/parser-readline'
import { median } from '#gateway/clinical/signals/statistics.js'
import { KitDecoder } from '#gateway/intake/decode/kit-decoder.js'
import { LineGuard } from '#gateway/intake/transports/serial/line-guard.js'
import { KitLines } from './kit-lines.js'

/** What the kernel's tty buffer hands over at most when its reader is behind. */
const CHUNK_BYTES = 4096

export interface SerialRate {
  readonly serialOfBare: number
  readonly mbPerSecond: number
  readonly bareMbPerSecond: number
}

const settle = () => {}

/** @param megabytes of lines; read in turns, medians. */
export async function serialRate(megabytes: number, turns: number): Promise<SerialRate> {
  const lines = KitLines.record()
  let text = ''
  while (text.length < megabytes * 1e6) text += lines.next().text
  const bytes = Buffer.from(text, 'latin1')
  const ours: number[] = []
  const bares: number[] = []
  for (let turn = 0; turn <= turns; turn++) {
    const bare = await bareSeconds(bytes)
    const own = await ownSeconds(bytes)
    if (turn === 0) continue // the compiler warms up
    bares.push(bytes.length / 1e6 / bare)
    ours.push(bytes.length / 1e6 / own)
  }
  const mbPerSecond = median(ours)
  const bareMbPerSecond = median(bares)
  return { serialOfBare: mbPerSecond / bareMbPerSecond, mbPerSecond, bareMbPerSecond }
}

async function bareSeconds(bytes: Buffer): Promise<number> {
  const parser = new ReadlineParser({ delimiter: '\n', encoding: 'latin1', readableObjectMode: true })
  parser.on('data', () => {})
  return timed(bytes, parser)
}

async function ownSeconds(bytes: Buffer): Promise<number> {
  const decoder = new KitDecoder({ deviceId: 'kit-1' })
  const guard = new LineGuard(() => {
    throw new Error('a line of the recording was refused')
  })
  let refused = 0
  guard.on('data', (line: string) => {
    if (decoder.decode({ format: 'kit-line', transport: 'kit', receivedAt: 0, line, settle }).refused) refused++
  })
  const seconds = await timed(bytes, guard)
  if (refused > 0) throw new Error(`${refused} lines of the recording were refused`)
  return seconds
}

/** CPU time: nothing is waited for here, and what others do on this machine is not what is measured. */
async function timed(bytes: Buffer, into: LineGuard | ReadlineParser): Promise<number> {
  const startedAt = process.cpuUsage()
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    if (!into.write(bytes.subarray(start, start + CHUNK_BYTES))) await once(into, 'drain')
  }
  into.end()
  await finished(into)
  const { user, system } = process.cpuUsage(startedAt)
  return (user + system) / 1e6
}

import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** `sun_path` of unix(7) holds 108 bytes with its end. */
const LONGEST = 107

/**
 * The path of the gateway's control socket: in its data folder, or in a private temporary folder where that path is too
 * long.
 */
export function socketPath(dataDir: string): string {
  const path = join(resolve(dataDir), 'control.sock')
  if (Buffer.byteLength(path) <= LONGEST) return path
  const short = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)
  return join(tmpdir(), `homebeat-${process.getuid?.() ?? 0}-${short}`, 'control.sock')
}

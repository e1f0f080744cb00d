import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 64 * 1024

/**
 * Reads a file, a pipe or a device of at most `maxBytes`: the size that a device like `/dev/zero` states is no bound.
 * @returns null when there is more. @throws as `node:fs`
 */
export function readBounded(path: string, maxBytes: number): Buffer | null {
  const descriptor = openSync(path, 'r')
  try {
    const chunks: Buffer[] = []
    for (let left = maxBytes + 1; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES))
      const read = readSync(descriptor, chunk)
      if (read === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, read))
      left -= read
    }
    return null
  } finally {
    closeSync(descriptor)
  }
}

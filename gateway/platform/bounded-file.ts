import { closeSync, constants, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 64 * 1024
/** For a pipe whose writer says nothing. */
const PATIENCE_MS = 5000
const LOOKED_AT_MS = 20

/**
 * Reads a file, a pipe or a device of at most `maxBytes`: the size that a device like `/dev/zero` states is no bound, and a
 * pipe that nobody writes to has no end.
 * @returns null when there is more. @throws as `node:fs`; EAGAIN where a pipe's writer says nothing for some seconds
 */
export function readBounded(path: string, maxBytes: number): Buffer | null {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const chunks: Buffer[] = []
    for (let left = maxBytes + 1; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, CHUNK_BYTES))
      const read = readPatiently(descriptor, chunk)
      if (read === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, read))
      left -= read
    }
    return null
  } finally {
    closeSync(descriptor)
  }
}

function readPatiently(descriptor: number, chunk: Buffer): number {
  for (let waited = 0; ; waited += LOOKED_AT_MS) {
    try {
      return readSync(descriptor, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || waited >= PATIENCE_MS) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOKED_AT_MS)
    }
  }
}

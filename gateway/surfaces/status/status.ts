/** The status of a gateway that this process does not run: asked where it listens, else read from its journal. */
import { join } from 'node:path'
import type { LoadedConfig } from '#gateway/config/load.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { VERSION } from '#gateway/platform/version.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { journalStatus } from './journal-status.js'
import { readRunFile } from './run-file.js'

const PATIENCE_MS = 5000

export async function statusOf(loaded: LoadedConfig): Promise<GatewayStatus> {
  return (await runningStatus(loaded.dataDir)) ?? storedStatus(loaded)
}

/** Null where no gateway answers: a run file may have been left behind by a crash. */
export async function runningStatus(dataDir: string): Promise<GatewayStatus | null> {
  const run = readRunFile(dataDir)
  if (!run) return null
  try {
    const response = await fetch(new URL('/api/status', run.console), { signal: AbortSignal.timeout(PATIENCE_MS) })
    return response.ok ? ((await response.json()) as GatewayStatus) : null
  } catch {
    return null
  }
}

/** @throws HomebeatError `journal.*` where there is no journal yet, or one that cannot be read. */
export function storedStatus({ config, dataDir }: LoadedConfig): GatewayStatus {
  const now = Date.now()
  const journal = openJournalReader(join(dataDir, 'journal.db'))
  try {
    return {
      version: VERSION,
      home: config.home.id,
      running: false,
      startedAt: null,
      now,
      transports: [],
      frames: { received: 0, lost: 0, refused: 0 },
      ...journalStatus(journal, now),
      process: null,
    }
  } finally {
    journal.close()
  }
}

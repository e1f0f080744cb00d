#!/usr/bin/env -S node --max-semi-space-size=2 --no-parallel-scavenge --heap-growing-percent=25
/**
 * `homebeat`: the verbs of `surfaces/cli/`. Those that run a program are handed what composes it.
 *
 * The first line keeps V8's young generation small: a gateway's garbage is short-lived, and on a Pi a quarter less memory
 * is worth the collections (`npm run bench:demo`). Two megabytes are collected sooner by one thread than handed out to
 * several, above all where others use the processor (`npm run bench:ingest`). The old generation is collected before it
 * grows by more than a quarter: V8 would let it double and more, and a Pi has other uses for that. A burst of thousands of
 * messages a second pays for it with about a fifth of its speed. Node 20, 22 and 24 know these flags.
 */
import { endInOneLine } from './surfaces/cli/exit.js'
import { runVerb } from './surfaces/cli/verbs.js'

endInOneLine()
await runVerb(
  {
    gateway: async () => (await import('./compose/gateway.js')).composeGateway,
    receiver: async () => (await import('./compose/clinic.js')).composeReceiver,
  },
  process.argv.slice(2),
)

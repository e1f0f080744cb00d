/** What does not fit in each run of `.ci/run`: `npm run proof -- NAME` runs it and writes `docs/proofs/NAME.md`. */
export interface Proof {
  readonly name: string
  /** A line of shell. Without `mocha` it prints one JSON object, whose members are the totals. */
  readonly command: string
  /** It is ended after so long. */
  readonly minutes: number
  /** What it shows, one sentence. */
  readonly shows: string
  /** The proof holds for these folders and files as they were. */
  readonly covers: readonly string[]
  /** What else takes part: name → a line of shell that prints its version. */
  readonly tools: Readonly<Record<string, string>>
  readonly mocha?: true
}

export const PROOFS: readonly Proof[] = [
  {
    name: 'kills',
    command: 'npm run --silent faults -- --json',
    minutes: 40,
    shows:
      'A gateway that is killed 200 times in its work, and has its disk, servers, chain, broker and cable broken, loses and doubles nothing that it acknowledged.',
    covers: [
      'gateway/engine',
      'gateway/intake/transports',
      'gateway/journal',
      'gateway/outbound',
      'gateway/platform/sqlite.ts',
      'simulators/faults',
    ],
    tools: { anvil: 'npx anvil --version', mosquitto: 'mosquitto -h' },
  },
]

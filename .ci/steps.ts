/** What `.ci/run` runs, in this order. */
export interface Step {
  readonly name: string
  /** A line of shell, run in the root of the project. */
  readonly command: string
  /** It is ended after so long: about twice what it takes on two cores. */
  readonly minutes: number
  /** What it shows, in a few words. */
  readonly covers: string
  /** It runs mocha, whose own report is counted; that there is none is a failure. */
  readonly mocha?: true
}

/** CI ends a run after 90 minutes, so no step begins later than this. */
export const LAST_START_MINUTES = 65

export const STEPS: readonly Step[] = [
  { name: 'lint', command: 'npm run lint', minutes: 6, covers: 'types, lint and format of every file' },
  { name: 'suite', command: 'npm test', minutes: 22, covers: "the default suite on this machine's Node", mocha: true },
  {
    name: 'demo on 24',
    command: '.ci/on-node 24 npm run demo -- --for 45s --port 0',
    minutes: 8,
    covers: "npm ci, build and the whole line on today's Node, which compiles nothing",
  },
  {
    name: 'gateway on 24',
    command: `.ci/on-node 24 bash -c "npm run --silent build && npx mocha --parallel --jobs 2 'test/gateway/**/*.test.ts'"`,
    minutes: 15,
    covers: "the gateway's tests on today's Node",
    mocha: true,
  },
  { name: 'scenarios', command: 'npm run scenarios', minutes: 8, covers: 'firmware and line in virtual time' },
  {
    name: 'faults',
    command: 'npm run faults -- --kills 20 --fuzz 100000',
    minutes: 15,
    covers: 'kills, disk, far ends, broker, cable, fuzzed inputs; 200 kills and a million inputs: docs/proofs/kills.md',
  },
  {
    name: 'walk-throughs',
    command: 'npm run docs:follow',
    minutes: 8,
    covers: 'every page of docs/how-to followed word by word in a copy of the project, its commands run',
  },
  {
    name: 'contracts',
    command: 'npm run test:contracts',
    minutes: 5,
    covers: "the contracts' unit, fuzz and invariant tests, coverage, gas and lint by forge",
    mocha: true,
  },
  {
    name: 'servers',
    command: 'npm run test:servers',
    minutes: 22,
    covers: 'HAPI FHIR and five geth validators, built from their sources',
    mocha: true,
  },
]

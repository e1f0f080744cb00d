/**
 * The floors of `gateway/`, lowest first: a room may import only from floors below its own. `test/boundaries.test.ts` holds
 * the code to it, and the table in `docs/architecture.md` is made from it (`npm run docs:floors`).
 */
export interface Room {
  /** Folder below `gateway/`. */
  readonly room: string
  readonly what: string
}

export const FLOORS: readonly Room[] = [
  { room: 'model', what: 'the words that all rooms share: types and constants, no behaviour' },
  {
    room: 'platform',
    what: 'errors, logger, schedule; `secrets/` key files; `net/` TLS, HTTP, logins; `control-socket/`',
  },
  { room: 'proofs', what: 'Merkle trees, canonical JSON, batch signatures, records: pure' },
  { room: 'clinical/sensors', what: 'a folder a sensor: conversion, range, label, icon, staleness: pure' },
  { room: 'intake', what: 'device → Reading: `transports/` by URL, `decode/`, `mapping/` of other people’s MQTT' },
  {
    room: 'clinical',
    what: 'Reading → what it says: `normalise/`, `signals/`, `analyse/`, `limits/`, `settings/`, `evaluate/`, `scores/`: pure',
  },
  { room: 'wording', what: 'how anything is said to people' },
  { room: 'journal', what: '`api/` a file a store; `sqlite/`; `salvage/`; `retention/`' },
  { room: 'time', what: 'run time, wall time, and what is moved when the clock is set' },
  { room: 'engine', what: 'frames in, steps recorded: pipeline, pumps, the recorder that alone commits a step' },
  { room: 'liveness', what: 'signed check-ins that prove that the gateway works; free disk space' },
  { room: 'alarms', what: 'who is told (`dispatch/`), who acts (`actions/`), `channels/`, `links/`, `explain/`' },
  { room: 'outbound', what: 'journal → far ends: `lanes/`, `fhir/`, `batches/`, `sealing/`, `chain/`, `alerts/`' },
  { room: 'clinic', what: 'the clinic’s programs: the receiver of check-ins' },
  { room: 'config', what: 'one schema, assembled from the config.ts of each room; loading and its problems' },
  { room: 'surfaces', what: 'where people and programs look in: `cli/`, `console/`, `status/`, `manual-observation/`' },
  { room: 'compose', what: 'composition only: the parts of a gateway and of a clinic, started and stopped in order' },
  { room: 'main.ts', what: 'the entry: the command line’s verbs, and what composes the programs that they run' },
]

/** Rooms that do no I/O, read no clock and roll no dice. */
export const PURE = [
  'clinical',
  'wording',
  'proofs',
  'intake/decode',
  'intake/mapping',
  'alarms/dispatch',
  'engine/pipeline',
]

/** Files of pure rooms that touch the world all the same, and say so. */
export const PURE_EXCEPTIONS: readonly string[] = [
  'gateway/intake/mapping/load.ts', // reads the site's mapping files once, at start
  'gateway/proofs/batch-signature.ts', // secp256k1 of ethers
  'gateway/proofs/record.ts', // EIP-55 of ethers
  'gateway/proofs/merkle.ts', // SHA-256 of node:crypto
]

/** Rooms that import each other, with the reason; two at most. */
export const MUTUAL: readonly { readonly rooms: string; readonly why: string }[] = []

/** Words of file names that others took the place of: liveness, check-in, clinic, manual observation, actions, poller, … */
export const OLD_WORDS = /heartbeat|^beat|watching|watcher|(^|-)(entry|entries|desk|rounds|edges|book|keeper)\b|keeper/

/** Files that have such a word with its own meaning. */
export const KEPT_WORDS: readonly string[] = [
  'gateway/clinical/signals/ecg/beat-detector.ts', // beats of the heart
  'gateway/clinical/signals/ecg/beat-shapes.ts',
  'gateway/clinical/signals/ecg/beat-times.ts',
  'gateway/time/timekeeper.ts', // one word of the dictionary: it keeps the time
]

/** -1: in no room. */
export function floorOf(file: string): number {
  const path = file.replace(/^gateway\//, '')
  const length = (room: string) => (path === room || path.startsWith(`${room}/`) ? room.length : 0)
  const longest = Math.max(...FLOORS.map(({ room }) => length(room)))
  return longest === 0 ? -1 : FLOORS.findIndex(({ room }) => length(room) === longest)
}

export const roomOf = (file: string): string => FLOORS[floorOf(file)]?.room ?? ''

/** The table in `docs/architecture.md`, highest floor first. */
export function floorsTable(): string {
  const rows = FLOORS.map(({ room, what }, floor) => `| ${floor} | \`gateway/${room}\` | ${what} |`).reverse()
  return ['| floor | room | what |', '| --- | --- | --- |', ...rows].join('\n')
}

const BLOCK = /(<!-- floors:begin[^>]*-->\n)[\s\S]*?(\n<!-- floors:end -->)/

export const withFloors = (page: string): string =>
  page.replace(BLOCK, (_, begin, end) => `${begin}\n${floorsTable()}\n${end}`)

/** What of a wrong configuration is right: the rest of it is looked at in the same run, so that all is said at once. */
import type { z } from 'zod'
import type { ConfigProblem } from './config-grammar.js'
import { problemsOf, wordsOf } from './config-words.js'
import { didYouMean } from './did-you-mean.js'

type Path = readonly PropertyKey[]

export interface Parsed<Config> {
  /** What is right, with the stand-in's parts where one that must be there is wrong; null where nothing is left. */
  readonly config: Config | null
  readonly problems: readonly ConfigProblem[]
  /** A problem of `config` as one of the file, or null where it only follows from another one. */
  readonly inFile: (problem: ConfigProblem) => ConfigProblem | null
}

const MOST_ROUNDS = 500

/** Whether there is a key at `path`, which no list is above of. */
function isThere(root: unknown, path: Path): boolean {
  let at = root
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, key)) return false
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return path.length > 0
}

/** @param standIn a part for each key at the top that must be there */
export function parseRightPart<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
  standIn: Readonly<Record<string, unknown>>,
): Parsed<z.output<Schema>> {
  const rest = structuredClone(given)
  const problems: ConfigProblem[] = []
  const said = new Set<string>()
  const wrong: Path[] = []
  /** Names of the entries that were left out, by the key of their list. */
  const gone = new Map<unknown, string[]>()
  /** Where an entry of a list stood, for lists of which some were left out. */
  const places = new Map<unknown, number[]>()

  const pathInFile = (path: Path): Path => {
    let at: unknown = rest
    return path.map((key) => {
      const place = typeof key === 'number' ? (places.get(at)?.[key] ?? key) : key
      at = (at as Record<PropertyKey, unknown> | undefined)?.[key]
      return place
    })
  }
  const inFile = ({ path, message, missing }: ConfigProblem): ConfigProblem | null => {
    const there = pathInFile(path)
    const begins = (path: Path, by: Path) => by.every((key, i) => path[i] === key)
    const isShort = (one: Path) =>
      one.length === there.length + 1 && typeof one.at(-1) === 'number' && begins(one, there)
    if (wrong.some((one) => begins(there, one) || isShort(one))) return null
    if (!missing) return { path: there, message }
    const { name, list, known } = missing
    const left = gone.get(list) ?? []
    return left.includes(name) ? null : { path: there, message: `${message}${didYouMean(name, [...known, ...left])}` }
  }
  /** Leaves out what is at `path`; where nothing is there, its owner. @returns whether there was something */
  const leaveOut = (path: Path): boolean => {
    const [key, above] = [path.at(-1), path.slice(0, -1)]
    const owner = above.reduce<unknown>((at, one) => (at as Record<PropertyKey, unknown> | undefined)?.[one], rest)
    if (key === undefined || typeof owner !== 'object' || owner === null) return key !== undefined && leaveOut(above)
    const part = (owner as Record<PropertyKey, unknown>)[key]
    wrong.push(pathInFile(path))
    if (Array.isArray(owner) && typeof key === 'number') {
      const { name, id, type } = (part ?? {}) as { name?: unknown; id?: unknown; type?: unknown }
      const names = [name ?? type, id].filter((one) => typeof one === 'string')
      gone.set(above.at(-1), [...(gone.get(above.at(-1)) ?? []), ...names])
      const kept = places.get(owner) ?? [...owner.keys()]
      places.set(owner, kept)
      kept.splice(key, 1)
      owner.splice(key, 1)
    } else if (Object.hasOwn(owner, key)) delete (owner as Record<PropertyKey, unknown>)[key]
    else if (above.length > 0) return leaveOut(above)
    else if (typeof key === 'string' && key in standIn) Object.assign(owner, { [key]: structuredClone(standIn[key]) })
    else return false
    return true
  }

  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = schema.safeParse(rest, { error: wordsOf })
    if (result.success) return { config: result.data, problems, inFile }
    const { issues } = result.error
    // After the first round only what a check across fields says is news; the others follow from what was left out.
    const news = round === 0 ? issues : issues.filter(({ code }) => code === 'custom')
    for (const problem of problemsOf(news)) {
      const key = JSON.stringify([pathInFile(problem.path), problem.message])
      const one = said.has(key) ? null : inFile(problem)
      said.add(key)
      if (one) problems.push(one)
    }
    const [first, ...others] = problemsOf(issues)
    if (!first || !leaveOut(first.path)) break
    // Keys outside of lists shift no other: a file of hundreds that are not known would else take as many rounds.
    for (const { path } of others) if (isThere(rest, path)) leaveOut(path)
  }
  return { config: null, problems, inFile }
}

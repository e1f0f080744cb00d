/** Shapes that several rooms' parts of the configuration have in common. */
import { validate as cronIsValid } from 'node-cron'
import { z } from 'zod'
import { HomebeatError } from './errors.js'

/** What is wrong at one place of a configuration. */
export interface ConfigProblem {
  readonly path: readonly PropertyKey[]
  /** What to do, without the path. */
  readonly message: string
  /** A name that is looked for in vain: no problem of its own where that part is there, but wrong. */
  readonly missing?: { readonly name: string; readonly list: string; readonly known: readonly string[] }
}

/** A schema with a check across its fields. What is absent is a problem at the path where it would stand. */
export function across<Schema extends z.ZodType>(
  schema: Schema,
  check: (value: z.output<Schema>) => Iterable<ConfigProblem>,
): Schema {
  return schema.superRefine((value, context) => {
    // Only where each value is right in itself: `parseRightPart` comes back without those that are not.
    if (context.issues.some(({ params }) => !(params as { across?: true } | undefined)?.across)) return
    for (const { path, message, missing } of check(value))
      context.addIssue({ code: 'custom', path: [...path], message, params: { across: true, missing } })
  })
}

/** What an act that refuses a configuration says of it, or null. */
export function refusalOf(act: () => unknown): string | null {
  try {
    act()
    return null
  } catch (error) {
    if (error instanceof HomebeatError) return error.message
    throw error
  }
}

/** A text that `parse` reads; its refusal is the problem. */
export const readBy = (parse: (text: string) => unknown, max = 500) =>
  z
    .string()
    .min(1)
    .max(max)
    .superRefine((text, { addIssue }) => {
      const message = refusalOf(() => parse(text))
      if (message !== null) addIssue({ code: 'custom', message })
    })

/** A pseudonym or the name of a part; names stand in topics, lanes and file names. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,31}$/,
    'use 1 to 32 lower-case letters, digits and hyphens, starting with a letter or digit',
  )

/** A cron expression of five or six fields (node-cron), local time. */
export const cron = z
  .string()
  .min(9)
  .max(120)
  .refine(cronIsValid, {
    error: ({ input }) => `"${String(input)}" is not a cron expression (five or six fields, e.g. "*/5 * * * *")`,
  })

export const httpUrl = z
  .url({
    protocol: /^https?$/,
    error: ({ input }) => (typeof input === 'string' ? 'give an http:// or https:// URL' : undefined),
  })
  .refine(hasLogin, 'write a % of user or password as %25')

/** Whether user and password of the URL, if it has them, can be read. */
function hasLogin(url: string): boolean {
  try {
    const { username, password } = new URL(url)
    return decodeURIComponent(username + password) !== null
  } catch {
    return !URL.canParse(url)
  }
}

/** A TCP port to listen on; 0: any free one. */
export const listenPort = z.number().int().min(0).max(65535)

/** A map that has all of these keys or none. */
export const together = <Schema extends z.ZodType<object>>(schema: Schema, keys: readonly string[]): Schema =>
  across(schema, function* (value) {
    const [there, absent] = [true, false].map((is) => keys.filter((key) => is === key in value))
    if (there?.length && absent?.length)
      yield { path: [absent[0] ?? ''], message: `is missing: give ${keys.join(' and ')} together, or neither` }
  })

/** A list whose items have different names. */
export const namedList = <Item extends z.ZodType<{ name: string }>>(item: Item, max: number) =>
  differing(z.array(item).max(max), 'name')

/** A list whose items differ in `key`. */
export const differing = <Key extends string, List extends z.ZodType<readonly { [K in Key]: string }[]>>(
  list: List,
  key: Key,
): List =>
  list.superRefine(
    (items: readonly (Partial<Record<string, unknown>> | null)[], { addIssue }) => {
      for (const [i, name] of items.map((item) => item?.[key]).entries())
        if (typeof name === 'string' && items.findIndex((other) => other?.[key] === name) < i)
          addIssue({ code: 'custom', path: [i, key], message: `the name "${name}" is used twice: give each its own` })
    },
    // Also where items are wrong in another way: their names are there.
    { when: ({ value }) => Array.isArray(value) },
  )

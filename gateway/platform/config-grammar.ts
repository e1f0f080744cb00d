/** Shapes that several rooms' parts of the configuration have in common. */
import { validate as cronIsValid } from 'node-cron'
import { z } from 'zod'

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
  .url({ protocol: /^https?$/, error: 'give an http:// or https:// URL' })
  .refine(hasLogin, 'write a % of user or password as %25')

/** Whether user and password of the URL, if it has them, can be read. */
function hasLogin(url: string): boolean {
  try {
    const { username, password } = new URL(url)
    return decodeURIComponent(username + password) !== null
  } catch {
    return false
  }
}

/** A TCP port to listen on; 0: any free one. */
export const listenPort = z.number().int().min(0).max(65535)

/** A list whose items have different names. */
export const namedList = <Item extends z.ZodType<{ name: string }>>(item: Item, max: number) =>
  z
    .array(item)
    .max(max)
    .superRefine((items, { addIssue }) => {
      for (const twice of usedTwice(items.map((one) => one.name)))
        addIssue({ code: 'custom', message: `the name "${twice}" is used twice` })
    })

/** Each of `names` that stands there more than once. */
export const usedTwice = (names: readonly string[]): string[] => [
  ...new Set(names.filter((one, i) => names.indexOf(one) !== i)),
]

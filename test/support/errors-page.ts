/** `docs/errors.md`: a row for each error code; the words stand in the page, the list of codes in the code. */
import { ERROR_CODES } from '#gateway/platform/error-codes.js'

export const ERRORS_PAGE = 'docs/errors.md'
/** Stands in a row that nobody has written yet. */
export const UNSAID = '…'

const ROW = /^\| `([a-z0-9-]+\.[a-z0-9-]+)` *\| (.*?) *\| (.*?) *\|$/gm

export const allCodes = (): string[] =>
  Object.entries(ERROR_CODES).flatMap(([family, names]) => names.map((name) => `${family}.${name}`))

/** The page for today's codes: what it says of a code stays, a new code gets a row without words, one that is gone goes. */
export function errorsPage(page: string): string {
  const said = new Map([...page.matchAll(ROW)].map(([, code, meaning, todo]) => [code, [meaning, todo]] as const))
  const introduction = page.split(/^## /m)[0]?.trimEnd()
  const sections = Object.entries(ERROR_CODES).map(([family, names]) => {
    const rows = names.map((name) => {
      const code = `${family}.${name}`
      const [meaning, todo] = said.get(code) ?? [UNSAID, UNSAID]
      return `| \`${code}\` | ${meaning} | ${todo} |`
    })
    return [`## ${family}`, '', '| code | meaning | what to do |', '| --- | --- | --- |', ...rows].join('\n')
  })
  return `${[introduction, ...sections].join('\n\n')}\n`
}

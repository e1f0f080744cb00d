/** Styles for a terminal, and text measured as it is seen. */

const ESCAPE = '\x1b['
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /\x1b\[[0-9;?]*[a-zA-Z]/g

const style =
  (on: string) =>
  (text: string): string =>
    text === '' ? '' : `${ESCAPE}${on}m${text}${ESCAPE}0m`

export const bold = style('1')
export const dim = style('2')
export const red = style('1;31')
export const yellow = style('1;33')
export const cyan = style('1;36')
export const green = style('32')

export const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`
export const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`

/** Draws a picture over the one before, line by line: nothing is cleared first, so nothing flickers. */
export function overdraw(picture: string): string {
  const lines = picture.split('\n').map((line) => `${line}${ESCAPE}K`)
  return `${ESCAPE}?2026h${ESCAPE}H${lines.join('\r\n')}${ESCAPE}J${ESCAPE}?2026l`
}

export function plain(text: string): string {
  return text.replace(SEQUENCE, '')
}

/** Columns that the text takes; everything the view prints is one column wide a character. */
export function width(text: string): number {
  return [...plain(text)].length
}

/** Exactly `columns` wide: padded, or cut with an ellipsis. Cutting drops the styles. */
export function sized(text: string, columns: number): string {
  if (columns <= 0) return ''
  const w = width(text)
  if (w <= columns) return text + ' '.repeat(columns - w)
  return `${[...plain(text)].slice(0, columns - 1).join('')}…`
}

/** At most `columns` wide. */
export function clip(text: string, columns: number): string {
  return width(text) <= columns ? text : sized(text, columns)
}

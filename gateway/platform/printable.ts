/** Of a line that people read: its begin says what is wrong, its end what to do. */
const LINE_LENGTH = 600
const MOST_LINES = 40

/** Text of strangers, without what could steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu, '·')
}

/** Text of an error: its lines, each and all of a length that people read. */
export function printableLines(text: string): string {
  const lines = text.trim().split(/\r?\n/)
  const more = lines.length > MOST_LINES ? [`… and ${lines.length - MOST_LINES} lines more`] : []
  return [...lines.slice(0, MOST_LINES).map((line) => shortened(printable(line))), ...more].join('\n')
}

function shortened(line: string): string {
  const half = LINE_LENGTH / 2
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, half)} … ${line.slice(-half)}`
}

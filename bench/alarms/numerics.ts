/**
 * Minute numerics of a bedside monitor as CSV: one row a minute, columns by their header, in any order. `0` is what the
 * monitor wrote when a probe was off, an empty field is no value.
 */
export type Cell = { readonly state: 'value'; readonly value: number } | { readonly state: 'off' | 'none' }

/** Columns this bench can use; names as a monitor writes them, without case, spaces and signs. */
const COLUMNS = {
  minute: ['minute', 'min', 'minutes'],
  heartRate: ['hr', 'heartrate'],
  pulse: ['pulse', 'pulserate', 'pr'],
  respiration: ['resp', 'rr', 'resprate', 'respiration', 'respiratoryrate'],
  saturation: ['spo2', 'sao2', 'oxygensaturation'],
  arterialSystolic: ['abpsys', 'artsys', 'ibpsys'],
  arterialDiastolic: ['abpdias', 'artdias', 'ibpdias'],
  cuffSystolic: ['nbpsys', 'nibpsys', 'sys', 'systolic'],
  cuffDiastolic: ['nbpdias', 'nibpdias', 'dias', 'diastolic'],
  temperature: ['temp', 'temperature', 'tempc'],
} as const
type Name = keyof typeof COLUMNS
export type Column = Exclude<Name, 'minute'>

export interface NumericsRow {
  readonly minute: number
  /** `none` where the file has no such column. */
  readonly cell: (column: Column) => Cell
}

export interface Numerics {
  readonly columns: readonly Column[]
  /** Headers of the file that this bench cannot use. */
  readonly skipped: readonly string[]
  readonly rows: readonly NumericsRow[]
}

const NONE: Cell = { state: 'none' }

/** @throws Error with the line and what is wrong with it */
export function readNumerics(text: string): Numerics {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
  const [head, ...body] = lines
  if (!head) throw new Error('the file is empty: the first line must name the columns, e.g. minute,HR,RESP,SpO2')
  const headers = head.line.split(',').map((header) => header.trim().replace(/^"(.*)"$/, '$1'))
  const names = headers.map(nameOf)
  const doubled = names.find((name, index) => name !== null && names.indexOf(name) !== index)
  if (doubled) throw new Error(`two columns are both ${doubled}: leave one of them out`)
  const columns = names.filter((name) => name !== null && name !== 'minute') as Column[]
  if (columns.length === 0)
    throw new Error(`no column of ${headers.join(', ')} can be used: name them e.g. HR, RESP, SpO2`)
  const rows: NumericsRow[] = []
  for (const { line, number } of body) {
    const fields = line.split(',')
    if (fields.length !== headers.length)
      throw new Error(`line ${number} has ${fields.length} fields, the header ${headers.length}`)
    const cells = new Map<Name, Cell>()
    for (const [index, name] of names.entries()) if (name) cells.set(name, cellOf(fields[index] ?? '', number))
    const before = rows.at(-1)
    const minute = minuteOf(
      cells.get('minute'),
      fields[names.indexOf('minute')],
      before ? before.minute + 1 : 0,
      number,
    )
    if (before && minute <= before.minute)
      throw new Error(`line ${number}: minute ${minute} does not come after ${before.minute}`)
    rows.push({ minute, cell: (column) => cells.get(column) ?? NONE })
  }
  if (rows.length === 0) throw new Error('the file has a header, but no rows')
  return { columns, skipped: headers.filter((_, index) => names[index] === null), rows }
}

function nameOf(header: string): Name | null {
  const plain = header.toLowerCase().replace(/[^a-z0-9]/g, '')
  const found = Object.entries(COLUMNS).find(([, names]) => (names as readonly string[]).includes(plain))
  return found ? (found[0] as Name) : null
}

function cellOf(field: string, line: number): Cell {
  const text = field.trim()
  if (text === '' || /^(-+|na|nan|null)$/i.test(text)) return NONE
  const value = Number(text)
  if (!Number.isFinite(value)) throw new Error(`line ${line}: ${text.slice(0, 20)} is not a number`)
  return value === 0 ? { state: 'off' } : { state: 'value', value }
}

/** Minute 0 is a minute, not a probe that is off. */
function minuteOf(cell: Cell | undefined, field: string | undefined, next: number, line: number): number {
  if (!cell) return next
  if (cell.state === 'none') throw new Error(`line ${line} has no minute${field ? `: ${field}` : ''}`)
  const minute = cell.state === 'value' ? cell.value : 0
  if (!Number.isInteger(minute)) throw new Error(`line ${line}: minute ${minute} is not a whole number`)
  return minute
}

/** @param indent spaces of each level; 0: one line */
export function printJson(value: unknown, indent = 0): void {
  process.stdout.write(`${JSON.stringify(value, null, indent)}\n`)
}

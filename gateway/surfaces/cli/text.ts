/** What `--check` says of a configuration without a problem. @param warnings keys that have another name today */
export function saidToBeRight(file: string, warnings: readonly string[] = []): void {
  process.stdout.write(
    `${[...warnings, `${file}: nothing is wrong with it and with the files that it names.`].join('\n')}\n`,
  )
}

/** @param indent spaces of each level; 0: one line */
export function printJson(value: unknown, indent = 0): void {
  process.stdout.write(`${JSON.stringify(value, null, indent)}\n`)
}

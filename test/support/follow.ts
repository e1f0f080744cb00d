/**
 * Follows walk-throughs of `docs/how-to/` word by word, each in a copy of the project: `npm run docs:follow [-- page …]`.
 * Ends with 1 where a command fails.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'
import { changed, howTos, instructionsOf } from './how-to.js'

const pages = process.argv.length > 2 ? process.argv.slice(2) : howTos()
const failed = pages.filter((page) => !follow(page))
console.log(failed.length === 0 ? `followed: ${pages.join(', ')}` : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

function follow(page: string): boolean {
  const copy = mkdtempSync(join(tmpdir(), `homebeat-how-to-${page}-`))
  try {
    const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
    for (const file of execFileSync('git', list, { cwd: packageRoot, encoding: 'utf8' }).split('\0'))
      if (file && existsSync(join(packageRoot, file)))
        cpSync(join(packageRoot, file), join(copy, file), { recursive: true })
    if (!existsSync(join(copy, 'node_modules')))
      symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'))
    for (const instruction of instructionsOf(page)) {
      if (instruction.do === 'run') {
        for (const command of instruction.text.trim().split('\n')) {
          console.log(`${page}: ${command}`)
          if (spawnSync(command, { cwd: copy, shell: true, stdio: 'inherit' }).status !== 0) return false
        }
        continue
      }
      const path = join(copy, instruction.path)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(
        path,
        instruction.do === 'create' ? instruction.text : changed(readFileSync(path, 'utf8'), instruction),
      )
    }
    return true
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** The walk-throughs of `docs/how-to/` as data: what a page tells its reader to write, change and run. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'

export type Instruction =
  | { readonly do: 'create'; readonly path: string; readonly text: string }
  | {
      readonly do: 'after' | 'before' | 'replace'
      readonly path: string
      /** Whole lines that stand in the file, once. */
      readonly anchor: string
      readonly text: string
    }
  | { readonly do: 'run'; readonly text: string }

const FENCE = '```[a-z]*\\n([\\s\\S]*?)```'
const FORMS = new RegExp(
  [
    `Create \`(?<created>[^\`]+)\`:\\n+${FENCE.replace('(', '(?<content>')}`,
    `In\\s+\`(?<changed>[^\`]+)\`, (?<how>after|before) the lines?\\n+${FENCE.replace('(', '(?<beside>')}\\n+add\\n+${FENCE.replace('(', '(?<added>')}`,
    `In\\s+\`(?<edited>[^\`]+)\`, replace\\n+${FENCE.replace('(', '(?<old>')}\\n+by\\n+${FENCE.replace('(', '(?<fresh>')}`,
    `Run:\\n+${FENCE.replace('(', '(?<commands>')}`,
  ].join('|'),
  'g',
)

export const howTos = (): string[] =>
  readdirSync(join(packageRoot, 'docs/how-to'))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => name.replace(/\.md$/, ''))

/** Instructions of a page in their order, and how many of its blocks of code are none. */
export function instructionsOf(page: string): Instruction[] {
  const text = readFileSync(join(packageRoot, 'docs/how-to', `${page}.md`), 'utf8')
  return [...text.matchAll(FORMS)].map(({ groups: found = {} }): Instruction => {
    if (found['created'] !== undefined) return { do: 'create', path: found['created'], text: found['content'] ?? '' }
    if (found['changed'] !== undefined) {
      const how = found['how'] === 'after' ? 'after' : 'before'
      return { do: how, path: found['changed'], anchor: found['beside'] ?? '', text: found['added'] ?? '' }
    }
    if (found['edited'] !== undefined)
      return { do: 'replace', path: found['edited'], anchor: found['old'] ?? '', text: found['fresh'] ?? '' }
    return { do: 'run', text: found['commands'] ?? '' }
  })
}

/** A file with an instruction done to it. Throws where its anchor does not stand there as whole lines, exactly once. */
export function changed(
  file: string,
  { do: how, path, anchor, text }: Exclude<Instruction, { do: 'create' | 'run' }>,
): string {
  const parts = `\n${file}`.split(`\n${anchor}`)
  if (parts.length !== 2) throw new Error(`${path}: the lines stand there ${parts.length - 1} times:\n${anchor}`)
  const put = { after: anchor + text, before: text + anchor, replace: text }[how]
  return parts.join(`\n${put}`).slice(1)
}

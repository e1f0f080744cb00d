/** Writes the table of floors into `docs/architecture.md` (`npm run docs:floors`). */
import { readFileSync, writeFileSync } from 'node:fs'
import { withFloors } from './floors.js'

const PAGE = 'docs/architecture.md'
writeFileSync(PAGE, withFloors(readFileSync(PAGE, 'utf8')))

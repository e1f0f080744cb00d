/** Brings the rows of `docs/errors.md` up to today's codes (`npm run docs:errors`). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { ERRORS_PAGE, errorsPage } from './errors-page.js'

writeFileSync(ERRORS_PAGE, errorsPage(existsSync(ERRORS_PAGE) ? readFileSync(ERRORS_PAGE, 'utf8') : '# Errors'))

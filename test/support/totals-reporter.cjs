'use strict'
// mocha's spec reporter, which also leaves its totals as JSON where HOMEBEAT_TOTALS names a file, for .ci/run.
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

module.exports = class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      if (process.env.HOMEBEAT_TOTALS) {
        writeFileSync(
          process.env.HOMEBEAT_TOTALS,
          JSON.stringify({ passed: passes, failed: failures, skipped: pending }),
        )
      }
    })
  }
}

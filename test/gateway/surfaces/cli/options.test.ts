import { expect } from 'chai'
import { runNode } from '#test/support/run.js'

/** Of nobody in the password file. */
const NAMELESS = 61_234
const PROGRAM = 'dist/gateway/main.js'

describe('the verbs that note who acts', () => {
  it('begin for a user without a name, as a service manager may make one', async function () {
    this.timeout(60_000)
    // Only root can become somebody else.
    const user = process.getuid?.() === 0 ? { uid: NAMELESS } : {}
    if ((await runNode([PROGRAM, '--version'], user)).code !== 0) {
      if (this.test) this.test.title += ' (skipped: another user cannot read this checkout)'
      this.skip()
    }
    for (const verb of ['limits', 'settings', 'enter', 'alarms', 'queue', 'clinic']) {
      const { code, stderr } = await runNode([PROGRAM, verb, '--help'], user)
      expect(code, `${verb}: ${stderr}`).to.equal(0)
    }
  })
})

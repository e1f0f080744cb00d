import { expect } from 'chai'
import { reportError } from '#gateway/surfaces/cli/exit.js'

describe('How a verb ends', () => {
  it('says also what nobody foresaw in one line, without a stack', () => {
    const { write } = process.stderr
    let said = ''
    process.stderr.write = ((text: string) => {
      said += text
      return true
    }) as typeof write
    try {
      reportError(new Error('spawn udevadm ENOENT\n  and more'))
      reportError(7)
    } finally {
      process.stderr.write = write
      process.exitCode = undefined
    }
    expect(said).to.equal('homebeat: unexpected: spawn udevadm ENOENT and more\nhomebeat: unexpected: 7\n')
  })
})

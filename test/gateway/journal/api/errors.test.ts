import { expect } from 'chai'
import { journalError } from '#gateway/journal/api/errors.js'

describe('What the operating system says of a journal', () => {
  const said = (code: string) =>
    journalError(Object.assign(new Error('x'), { code }), '/data/journal.db', 'open').message

  it('is told with what to do', () => {
    for (const code of ['EACCES', 'EPERM', 'EROFS'])
      expect(said(code), code).to.match(
        /^Could not open the journal \/data\/journal\.db: \/data must .* belong to the user/,
      )
    expect(said('EISDIR')).to.contain('cannot be read (EISDIR); is something else in its place?')
  })
})

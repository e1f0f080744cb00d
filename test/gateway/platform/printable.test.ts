import { expect } from 'chai'
import fc from 'fast-check'
import { printable, printableLines } from '#gateway/platform/printable.js'

describe('Text of strangers', () => {
  it('keeps letters of every script and loses what steers a terminal or turns its direction', () => {
    expect(printable('Łódź 東京 Ωmega 36.6 °C – “ok” 🙂')).to.equal('Łódź 東京 Ωmega 36.6 °C – “ok” 🙂')
    expect(printable('a\x1b[2J\x07\x9b\0\n\u202e\u200f\ud800b')).to.equal('a·[2J·······b')
  })

  it('of an error has lines that people read, whatever it quotes', () => {
    const said = printableLines(`There is no ${'x'.repeat(100_000)}: copy it there.\n${'line\n'.repeat(300)}`)
    const [first = '', ...rest] = said.split('\n')
    expect(first).to.match(/^There is no x+ … x+: copy it there\.$/)
    expect(first.length).to.be.below(700)
    expect(rest).to.have.length(40)
    expect(rest.at(-1)).to.equal('… and 261 lines more')
  })

  it('is never longer than it may be, nor has control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const said = printableLines(text)
        expect(said).to.not.match(/[^\P{C}\n]/u)
        for (const line of said.split('\n')) expect(line.length).to.be.below(700)
      }),
    )
  })
})

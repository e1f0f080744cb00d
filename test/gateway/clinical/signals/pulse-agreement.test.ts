import { expect } from 'chai'
import { PulseAgreement } from '#gateway/clinical/signals/pulse-agreement.js'

/** Feeds both each second; the times, in s, at which it began and ended. */
function play(seconds: number, ecg: (s: number) => number | null, pulse: (s: number) => number | null) {
  const agreement = new PulseAgreement()
  const turns: string[] = []
  let differs = false
  for (let s = 0; s <= seconds; s++) {
    for (const state of [agreement.ecg(s * 1000, ecg(s)), agreement.pulse(s * 1000, pulse(s))]) {
      if (state === 'unknown' || differs === (state === 'disagree')) continue
      differs = !differs
      turns.push(`${differs ? 'begin' : 'end'} ${s}`)
    }
  }
  return turns
}

describe('PulseAgreement', () => {
  it('begins after more than 30 s of difference and ends after 15 s of agreement', () => {
    expect(
      play(
        120,
        () => 80,
        (s) => (s >= 10 && s < 60 ? 60 : 80),
      ),
    ).to.deep.equal(['begin 41', 'end 75'])
  })

  it('bears 10 /min, or 15 % where that is more', () => {
    expect(
      play(
        100,
        () => 60,
        () => 69,
      ),
    ).to.deep.equal([])
    expect(
      play(
        100,
        () => 120,
        () => 105,
      ),
    ).to.deep.equal([])
    expect(
      play(
        100,
        () => 120,
        () => 100,
      ),
    ).to.deep.equal(['begin 31'])
  })

  it('says nothing while one of the two is unknown or old', () => {
    expect(
      play(
        100,
        (s) => (s % 25 === 0 ? null : 80),
        () => 50,
      ),
    ).to.deep.equal([])
    const agreement = new PulseAgreement()
    agreement.ecg(0, 80)
    agreement.pulse(0, 50)
    for (let s = 0; s < 100; s++) expect(agreement.tick(s * 1000)).to.not.equal('disagree')
  })
})

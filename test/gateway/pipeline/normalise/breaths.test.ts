import { expect } from 'chai'
import { BreathDetector, type Breathing } from '#gateway/pipeline/normalise/breaths.js'

const PERIOD = 40

/** Seconds of a signal in lines of one second; what was said after each. */
function run(
  detector: BreathDetector,
  from: number,
  seconds: number,
  signal: (t: number) => number | null,
): Breathing[] {
  return Array.from({ length: seconds }, (_, s) => {
    const start = (from + s) * 1000
    return detector.push(
      start,
      PERIOD,
      Array.from({ length: 25 }, (_, i) => signal((start + i * PERIOD) / 1000)),
    )
  })
}

/** Resting near zero, one half-sine of `height` counts per breath, with some noise. */
const breathing = (rate: number, height: number) => (t: number) => {
  const phase = ((t * rate) / 60) % 1
  const noise = 3 * Math.sin(t * 91) + 2 * Math.sin(t * 37)
  return Math.round(Math.max(0, 20 + noise + (phase < 0.45 ? height * Math.sin((phase / 0.45) * Math.PI) : 0)))
}

describe('the breath detector', () => {
  for (const rate of [6, 9, 12, 16, 25, 40]) {
    for (const height of [40, 300, 900]) {
      it(`finds ${rate} breaths a minute of ${height} counts`, () => {
        const said = run(new BreathDetector(), 0, 60, breathing(rate, height))
        expect(said.at(-1)?.rate).to.be.closeTo(rate, 0.6)
      })
    }
  }

  it('says nothing before two breaths, and never 0', () => {
    const said = run(new BreathDetector(), 0, 60, breathing(12, 300))
    expect(said[2]).to.deep.equal({ rate: null, sinceBreathMs: null })
    expect(said.every(({ rate }) => rate === null || rate > 5)).to.equal(true)
  })

  it('says that breathing stopped, and for how long', () => {
    const detector = new BreathDetector()
    run(detector, 0, 40, breathing(15, 300))
    const said = run(detector, 40, 25, breathing(0, 0))
    expect(said.at(-1)?.rate).to.equal(null)
    expect(said.at(-1)?.sinceBreathMs).to.be.within(24_000, 30_000)
    expect(run(detector, 65, 30, breathing(15, 300)).at(-1)?.rate).to.be.closeTo(15, 1)
  })

  it('finds no breath in the noise of a probe that hangs in the room', () => {
    const said = run(new BreathDetector(), 0, 60, (t) => Math.round(20 + 3 * Math.sin(t * 91) + 2 * Math.sin(t * 3)))
    expect(said.every(({ rate }) => rate === null)).to.equal(true)
  })

  it('is not misled by one spike', () => {
    const calm = breathing(15, 200)
    const said = run(new BreathDetector(), 0, 60, (t) => (Math.abs(t - 33.3) < 0.02 ? 1023 : calm(t)))
    expect(said.at(-1)?.rate).to.be.closeTo(15, 1)
  })
})

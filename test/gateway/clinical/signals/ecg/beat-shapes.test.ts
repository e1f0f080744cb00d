import { expect } from 'chai'
import { BeatShapes } from '#gateway/clinical/signals/ecg/beat-shapes.js'
import { smoothNoise } from '#simulators/patient/noise.js'
import { regular, syntheticEcg } from './synthetic.js'

const rateHz = 250
const beats = regular(800, 400, 120_000)

/** What is said of each beat, half a second after its R peak. */
function said(noise: (ms: number, i: number) => number, size = 200): { known: boolean; blurred: boolean }[] {
  const shapes = new BeatShapes(rateHz)
  let next = 0
  return syntheticEcg({ rateHz, seconds: 120, beats, noise }).flatMap((x, i) => {
    shapes.push(i, x)
    if (i * 4 < (beats[next] as number) + 500) return []
    const known = shapes.take((beats[next++] as number) / 4, size)
    return [{ known, blurred: shapes.blurred }]
  })
}

describe('BeatShapes', () => {
  it('knows a shape that was seen three times, and calls clean beats never blurred', () => {
    const all = said(() => 0)
    expect(all.map(({ known }) => known)).to.deep.equal(all.map((_, i) => i >= 2))
    expect(all.filter(({ blurred }) => blurred)).to.deep.equal([])
  })

  it('calls beats blurred under which motion lies, and clear again after it', () => {
    const motion = (ms: number) => (ms > 40_000 && ms < 80_000 ? 0.8 * (smoothNoise(3, ms / 60) - 0.5) : 0)
    const all = said(motion)
    const share = (from: number, to: number) => {
      const part = all.slice(from, to)
      return part.filter(({ blurred }) => blurred).length / part.length
    }
    expect(share(0, 49)).to.equal(0)
    expect(share(62, 99)).to.be.above(0.9)
    expect(share(115, 149)).to.equal(0)
  })
})

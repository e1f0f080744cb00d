import { expect } from 'chai'
import { GRAVITY, turning, type Vector } from '#simulators/patient/posture.js'

describe('Posture', () => {
  it('is 1 g upwards on the body’s axes: x right, y to the head, z out of the chest', () => {
    expect(GRAVITY).to.deep.include({
      supine: [0, 0, 1],
      prone: [0, 0, -1],
      'left-lateral': [1, 0, 0],
      'right-lateral': [-1, 0, 0],
      upright: [0, 1, 0],
    })
  })

  it('stays 1 g in every turn between two positions, and ends where it should', () => {
    const positions = Object.entries(GRAVITY)
    for (const [a, from] of positions) {
      for (const [b, to] of positions) {
        for (let f = 0; f <= 1; f += 0.05) {
          expect(Math.hypot(...turning(from, to, f)), `${a} → ${b} at ${f}`).to.be.closeTo(1, 1e-9)
        }
        const end: Vector = turning(from, to, 1)
        for (const i of [0, 1, 2] as const) expect(end[i]).to.be.closeTo(to[i], 1e-9)
      }
    }
  })
})

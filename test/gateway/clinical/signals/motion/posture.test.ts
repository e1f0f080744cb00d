import { expect } from 'chai'
import { Posture, positionOf } from '#gateway/clinical/signals/motion/posture.js'

const still = (x: number, y: number, z: number, samples = 10) =>
  Array.from({ length: samples }, () => [x * 256, y * 256, z * 256] as const)

describe('body position', () => {
  it('is the side that points up: x right, y up the spine, z out of the chest', () => {
    expect(positionOf([0, 0, 1])).to.equal('supine')
    expect(positionOf([0, 0, -1])).to.equal('prone')
    expect(positionOf([1, 0, 0])).to.equal('left-lateral')
    expect(positionOf([-1, 0, 0])).to.equal('right-lateral')
    expect(positionOf([0, 1, 0])).to.equal('upright')
    expect(positionOf([0, 0.35, 0.93])).to.equal('supine')
  })

  it('is undefined between the axes and head down, and unknown while the body is moved', () => {
    expect(positionOf([0.58, 0.58, 0.58])).to.equal('undefined')
    expect(positionOf([0, -1, 0])).to.equal('undefined')
    expect(positionOf([0, 0, 0.2])).to.equal(null)
    expect(positionOf([2, 0, 0])).to.equal(null)
  })

  it('changes only when the new one has held for a second', () => {
    const posture = new Posture()
    expect(posture.push(20, still(0, 0, 1))).to.equal(null)
    expect(posture.push(20, still(0, 0, 1, 60))).to.equal('supine')
    expect(posture.push(20, still(0, 1, 0, 20))).to.equal('supine')
    expect(posture.push(20, still(0, 0, 1, 100))).to.equal('supine')
    expect(posture.push(20, still(0, 1, 0, 200))).to.equal('upright')
  })
})

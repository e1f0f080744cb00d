import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { BreathingAnalyser } from '#gateway/clinical/signals/breathing/breathing-analyser.js'
import { MotionAnalyser } from '#gateway/clinical/signals/motion/motion-analyser.js'
import { MuscleAnalyser } from '#gateway/clinical/signals/muscle/muscle-analyser.js'
import { SkinAnalyser } from '#gateway/clinical/signals/skin/skin-analyser.js'
import { gaussian } from './blocks.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const heap = () => {
  collect()
  return process.memoryUsage().heapUsed
}

const random = gaussian(4)
const minute = <T>(rateHz: number, sample: (t: number) => T) =>
  Array.from({ length: 60 * rateHz }, (_, i) => sample(i / rateHz))

// Lively signals: every kind of event, so that every list is filled.
const airflow = minute(25, (t) => (t < 40 ? Math.round(200 + 150 * Math.sin((2 * Math.PI * t) / 4)) : 200))
const moves = minute(50, (t) => [0, Math.round(256 + 300 * Math.sin(12 * t)), Math.round(20 * random())] as const)
const muscle = minute(250, (t) => Math.round(512 + (t % 7 < 1 ? 60 : 2) * random()))
const skin = minute(4, (t) => 5 + Math.sin(t / 3))

describe('the analysers’ memory', () => {
  const cases = {
    motion: () => {
      const analyser = new MotionAnalyser({ rateHz: 50 })
      return () => analyser.push(moves).length
    },
    breathing: () => {
      const analyser = new BreathingAnalyser({ rateHz: 25 })
      return () => analyser.push(airflow).length
    },
    muscle: () => {
      const analyser = new MuscleAnalyser({ rateHz: 250 })
      return () => analyser.push(muscle).length
    },
    skin: () => {
      const analyser = new SkinAnalyser({ rateHz: 4 })
      return () => analyser.push(skin).length
    },
  }
  for (const [name, make] of Object.entries(cases)) {
    it(`does not grow: ${name}`, function () {
      this.timeout(60_000)
      const push = make()
      for (let i = 0; i < 20; i++) expect(push()).to.be.above(0)
      // One number kept for each sample would be 0.1 MB and more each time; of the muscle, 24 MB. What grows once is V8's.
      const grown = Array.from({ length: 3 }, () => {
        const before = heap()
        for (let i = 0; i < 200; i++) push()
        return (heap() - before) / 1e6
      })
      expect(Math.min(...grown), grown.join(', ')).to.be.below(0.1)
    })
  }
})

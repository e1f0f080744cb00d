import { expect } from 'chai'
import fc from 'fast-check'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { JumpGuard } from '#gateway/clinical/normalise/jumps.js'
import type { JumpLimits } from '#gateway/clinical/sensors/sensor-definition.js'
import { spo2 } from '#gateway/clinical/sensors/spo2/definition.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { T0, TestKit } from '#test/gateway/engine/frames.js'

const SPO2 = spo2.quantity?.jump as JumpLimits

/** One value a second; `h` held, `.` believed, for each. */
const run = (values: readonly number[], guard = new JumpGuard(SPO2), everyMs = 1000) =>
  values.map((value, i) => (guard.isJump(i * everyMs, value) ? 'h' : '.')).join('')

describe('a jump of the oximeter', () => {
  it('is held until three further seconds agree', () => {
    expect(run([97, 97, 97, 97, 84, 84, 84, 84, 84])).to.equal('....hhh..')
  })

  it('that goes back was never there', () => {
    expect(run([97, 97, 97, 97, 84, 83, 97, 97])).to.equal('....hh..')
  })

  it('is none where values change as blood does, or from a value that was not stable', () => {
    expect(run([97, 97, 97, 97, 92, 87, 80, 71, 62])).to.equal('.........')
    expect(run([97, 97, 84, 84])).to.equal('....')
  })

  it('to lower and lower values counts from its first second on', () => {
    expect(run([97, 97, 97, 97, 84, 79, 71, 66, 60])).to.equal('....hhh..')
  })

  it('is none after a silence, a reset or a clock set back', () => {
    const guard = new JumpGuard(SPO2)
    run([97, 97, 97, 97], guard)
    expect(guard.isJump(10_000, 80)).to.equal(false)
    run([97, 97, 97, 97], guard)
    guard.reset()
    expect(guard.isJump(4000, 80)).to.equal(false)
    expect(guard.isJump(1000, 97)).to.equal(false)
  })

  it('never hides what stays beyond it for longer than those seconds, whatever came before', () => {
    const saturation = fc.integer({ min: 70, max: 100 })
    fc.assert(
      fc.property(
        fc.array(saturation, { maxLength: 30 }),
        fc.array(fc.integer({ min: 50, max: 59 }), { minLength: 5, maxLength: 20 }),
        fc.constantFrom(250, 500, 1000),
        (before, low, everyMs) => {
          const guard = new JumpGuard(SPO2)
          run(before, guard, everyMs)
          let hidden = 0
          low.forEach((value, i) => {
            const since = i * everyMs
            if (guard.isJump((before.length + i) * everyMs, value)) hidden = Math.max(hidden, since)
          })
          expect(hidden).to.be.below(SPO2.confirmMs)
        },
      ),
    )
  })

  describe('in the pipeline', () => {
    const values = (bodies: readonly string[]) => {
      const pipeline = new Pipeline({ patient: 'p1', limits: limitsInForce(), active: [] })
      const kit = new TestKit()
      return bodies.map((body, s) => {
        const step = pipeline.accept(kit.frame('O', s * 1000, body), T0 + s * 1000)
        const { transitions } = pipeline.tick(T0 + s * 1000)
        return {
          step,
          raised: [...step.transitions, ...transitions].map(({ condition, state }) => `${condition} ${state}`),
        }
      })
    }
    const seconds = (n: number, body: string) => Array.from({ length: n }, () => body)

    it('is recorded as questionable, and is neither alarmed on nor ends an alarm', () => {
      const said = values([...seconds(5, 'o,72,97'), ...seconds(2, 'o,72,60'), ...seconds(20, 'o,72,97')])
      expect(said.flatMap(({ raised }) => raised)).to.deep.equal([])
      const jumped = said[5]?.step.measurements.find(({ observable }) => observable === 'oxygenSaturation')
      expect(jumped).to.deep.include({ quality: 'questionable', remarks: ['jump'] })
    })

    it('delays the alarm of a real desaturation by those seconds only', () => {
      const said = values([...seconds(5, 'o,72,97'), ...seconds(12, 'o,72,80')])
      const at = said.findIndex(({ raised }) => raised.includes('critically-low-oxygen-saturation active'))
      // Five seconds of delay after three of holding.
      expect(at).to.equal(5 + 3 + 5)
    })

    it('holds a pulse too', () => {
      const said = values([...seconds(5, 'o,72,97'), ...seconds(2, 'o,180,97'), ...seconds(20, 'o,72,97')])
      expect(said.flatMap(({ raised }) => raised)).to.deep.equal([])
      expect(said[5]?.step.measurements.find(({ observable }) => observable === 'pulseRate')?.remarks).to.deep.equal([
        'jump',
      ])
    })
  })
})

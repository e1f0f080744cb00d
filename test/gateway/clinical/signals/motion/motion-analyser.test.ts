import { expect } from 'chai'
import fc from 'fast-check'
import type { MotionEvent } from '#gateway/clinical/signals/motion/events.js'
import { MotionAnalyser, type MotionAnalyserOptions } from '#gateway/clinical/signals/motion/motion-analyser.js'
import { createPatient } from '#simulators/patient/patients.js'
import { expectBlocksNotToMatter, gaussian } from '#test/gateway/clinical/signals/blocks.js'
import { BACK, Body, LEFT, RATE, UP } from './body.js'

const FALLS = ['fall-phase', 'impact', 'lying-still', 'suspected-fall', 'recovered']
const analyse = (body: Body, options: Partial<MotionAnalyserOptions> = {}): MotionEvent[] =>
  new MotionAnalyser({ rateHz: RATE, ...options }).push(body.samples)
const story = (events: readonly MotionEvent[]) => events.map(({ type }) => type).filter((type) => FALLS.includes(type))
const find = <T extends MotionEvent['type']>(events: readonly MotionEvent[], type: T) =>
  events.find((event): event is Extract<MotionEvent, { type: T }> => event.type === type)

const fallen = (seed = 1) => new Body(seed).walk(20).drop(0.4, UP).impact(4, LEFT).swing(LEFT)

describe('the motion analyser', () => {
  describe('suspects a fall', () => {
    it('when weightlessness, an impact and stillness in another posture follow each other and nobody gets up', () => {
      const body = fallen()
      const impactAt = 20_400
      const events = analyse(body.still(70, LEFT))
      expect(story(events)).to.deep.equal(['fall-phase', 'impact', 'lying-still', 'suspected-fall'])
      expect(find(events, 'fall-phase')).to.include({ durationMs: 400 })
      expect(find(events, 'impact')?.at).to.be.within(impactAt, impactAt + 60)
      const raised = find(events, 'suspected-fall')
      expect(raised?.impactAt).to.be.within(impactAt, impactAt + 60)
      expect((raised?.at ?? 0) - impactAt).to.be.within(60_000, 61_000)
      expect(raised?.degrees).to.be.closeTo(90, 5)
      expect(raised?.body).to.equal('seen')
    })

    it('of the virtual patient who falls at 20 s', () => {
      const patient = createPatient({ script: 'fall', seed: 8 })
      const samples = Array.from({ length: 90 * RATE }, (_, i) => {
        const [x, y, z] = patient.acceleration(i * 20)
        return [Math.round(x * 256), Math.round(y * 256), Math.round(z * 256)] as const
      })
      const events = new MotionAnalyser({ rateHz: RATE }).push(samples)
      expect(story(events)).to.deep.equal(['fall-phase', 'impact', 'lying-still', 'suspected-fall'])
      expect(find(events, 'impact')?.at).to.be.within(20_400, 20_600)
      expect(find(events, 'suspected-fall')).to.include({ body: 'seen' })
    })

    it('of a body that struggles first and then lies still', () => {
      const body = fallen()
      for (let i = 0; i < 5; i++) body.turn(0.6, LEFT, BACK).turn(0.6, BACK, LEFT)
      expect(story(analyse(body.still(70, LEFT)))).to.include('suspected-fall')
    })

    it('also through a lost line in the fall, and through a hand-over after it', () => {
      const body = new Body().walk(20).drop(0.16, UP).lose(0.2).drop(0.1, UP).impact(4, LEFT).swing(LEFT)
      body.still(5, LEFT).lose(3).still(60, LEFT)
      expect(story(analyse(body))).to.include('suspected-fall')
    })

    it('where a body that lay before does not turn back', () => {
      const events = analyse(new Body().still(20, BACK).drop(0.3, BACK).impact(3.5, LEFT).swing(LEFT).still(70, LEFT))
      expect(story(events)).to.include('suspected-fall')
    })

    it('at any noise and with any angle beyond the limit, and not below it', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(40, 50, 70, 90, 120), (seed, degrees) => {
          const angle = (degrees * Math.PI) / 180
          const lying = [0, Math.cos(angle), Math.sin(angle)] as const
          const body = new Body(seed).still(10, UP).drop(0.3, UP).impact(3.5, lying).swing(lying).still(65, lying)
          expect(story(analyse(body)).includes('suspected-fall')).to.equal(degrees > 60)
        }),
        { numRuns: 20 },
      )
    })

    it('and says that nobody was felt where the strap lies as on a table', () => {
      const body = new Body().still(10, UP).unworn().drop(0.35, UP).impact(4, BACK, 0.06).swing(BACK).still(80, BACK)
      const events = analyse(body)
      expect(find(events, 'suspected-fall')).to.include({ body: 'not-seen' })
      expect(events.filter(({ type }) => type === 'quality').at(-1)).to.deep.include({ reasons: ['not-worn'] })
    })
  })

  describe('suspects none', () => {
    const cases: Record<string, () => Body> = {
      'of somebody who lies down': () => new Body().walk(20).turn(2, UP, BACK).still(90, BACK),
      'of somebody who drops onto the bed': () =>
        new Body().walk(20).turn(0.8, UP, BACK).impact(3, BACK).swing(BACK).still(90, BACK),
      'of somebody who sits down hard': () => new Body().walk(20).drop(0.2, UP).impact(3.5, UP).swing(UP).still(90, UP),
      'of somebody who jumps': () => {
        const body = new Body().walk(10)
        for (let i = 0; i < 10; i++) body.drop(0.3, UP, 0.05).impact(4, UP).still(1, UP)
        return body.still(90, UP)
      },
      'where the impact comes too late': () =>
        new Body().still(10, UP).drop(0.3, UP).still(1.2, LEFT).impact(4, LEFT).still(90, LEFT),
      'where the impact is soft': () => new Body().still(10, UP).drop(0.3, UP).impact(2, LEFT).still(90, LEFT),
      'where support was lost for a moment only': () =>
        new Body().still(10, UP).drop(0.08, UP).impact(4, LEFT).swing(LEFT).still(90, LEFT),
    }
    for (const [name, make] of Object.entries(cases)) {
      it(name, () => expect(story(analyse(make()))).to.not.include('suspected-fall'))
    }

    it('within eight hours of ordinary activity', function () {
      this.timeout(60_000)
      const random = gaussian(7)
      const analyser = new MotionAnalyser({ rateHz: RATE })
      const said: MotionEvent[] = []
      for (let hour = 0; hour < 8; hour++) {
        const body = new Body(hour + 1)
        while (body.ms < 3_600_000) {
          const seconds = 20 + Math.abs(random()) * 120
          body.walk(seconds, 0.2 + 0.15 * Math.abs(random()))
          body
            .drop(0.12, UP, 0.4)
            .impact(2.6 + Math.abs(random()), UP)
            .still(seconds, UP)
          body
            .turn(1.5, UP, BACK)
            .still(seconds * 2, BACK)
            .turn(2, BACK, LEFT)
            .still(seconds, LEFT)
            .turn(1.5, LEFT, UP)
        }
        said.push(...analyser.push(body.samples))
      }
      expect(story(said)).to.include('impact')
      expect(story(said)).to.not.include('suspected-fall')
      expect(story(said)).to.not.include('lying-still')
    })
  })

  describe('takes back', () => {
    it('a fall after which somebody stands up within the minute', () => {
      const events = analyse(fallen().still(15, LEFT).turn(2, LEFT, UP).still(60, UP))
      expect(story(events)).to.deep.equal(['fall-phase', 'impact', 'lying-still', 'recovered'])
      expect(find(events, 'recovered')).to.include({ by: 'upright', raised: false })
    })

    it('a suspicion when somebody is up later', () => {
      const events = analyse(fallen().still(90, LEFT).turn(2, LEFT, UP).still(10, UP))
      expect(find(events, 'recovered')).to.include({ by: 'upright', raised: true })
    })

    it('a fall after which somebody moves on for ten seconds, but not one after a few jerks', () => {
      const shake = (seconds: number) => (body: Body) =>
        body.part(
          seconds,
          () => LEFT,
          (t) => 1 + 0.25 * Math.sin(2 * Math.PI * 2 * t),
        )
      expect(find(analyse(shake(12)(fallen().still(10, LEFT)).still(60, LEFT)), 'recovered')).to.include({
        by: 'movement',
      })
      expect(story(analyse(shake(4)(fallen().still(10, LEFT)).still(60, LEFT)))).to.include('suspected-fall')
    })
  })

  it('takes every parameter from its options', () => {
    const body = fallen().still(40, LEFT)
    expect(story(analyse(body, { fall: { recoveryMs: 30_000 } }))).to.include('suspected-fall')
    expect(story(analyse(body, { fall: { impactG: 4.5 } }))).to.not.include('impact')
    expect(story(analyse(body, { fall: { freeFallMs: 500 } }))).to.deep.equal([])
    expect(story(analyse(body, { fall: { degrees: 120 } }))).to.not.include('lying-still')
  })

  it('keeps waiting for a recovery over an interruption of the line', () => {
    const analyser = new MotionAnalyser({ rateHz: RATE })
    analyser.push(fallen().still(10, LEFT).samples)
    analyser.reset(5000)
    const events = analyser.push(new Body(2).still(60, LEFT).samples)
    expect(story(events)).to.deep.equal(['suspected-fall'])
    expect((find(events, 'suspected-fall')?.at ?? 0) - 20_400).to.be.within(60_000, 61_000)
  })

  it('tells the posture', () => {
    const analyser = new MotionAnalyser({ rateHz: RATE })
    expect(analyser.position).to.equal(null)
    analyser.push(new Body().walk(60).samples)
    expect(analyser.position).to.equal('upright')
    analyser.push(new Body().turn(1, UP, BACK).still(119, BACK).samples)
    expect(analyser.position).to.equal('supine')
  })

  it('grades what is lost, at its end, or not 1 g', () => {
    const last = (body: Body) =>
      new MotionAnalyser({ rateHz: RATE, ...{} })
        .push(body.samples)
        .filter(({ type }) => type === 'quality')
        .at(-1)
    expect(last(new Body().still(20, BACK))).to.deep.include({ grade: 'good', reasons: [] })
    expect(last(new Body().still(10, BACK).still(5, BACK).lose(5))).to.deep.include({
      grade: 'bad',
      reasons: ['lost-samples'],
    })
    expect(last(new Body().still(30, [0, 0, 1.5]))).to.deep.include({ grade: 'bad', reasons: ['impossible-gravity'] })
    expect(last(new Body().still(10, [0, 9, 0]))).to.deep.include({ grade: 'bad', reasons: ['saturated'] })
    expect(() => new MotionAnalyser({ rateHz: 12.5 })).to.throw(RangeError)
  })

  it('says the same however the signal is cut', () => {
    expectBlocksNotToMatter(
      () => new MotionAnalyser({ rateHz: RATE }),
      fallen().still(70, LEFT).lose(2).walk(20).samples,
    )
  })
})

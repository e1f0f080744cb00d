import { expect } from 'chai'
import fc from 'fast-check'
import {
  type Condition,
  type Episode,
  INACTIVE,
  restored,
  type Sight,
  step,
} from '#gateway/clinical/evaluate/machine.js'
import { LimitGroup } from '#gateway/clinical/evaluate/machine-group.js'
import { crosses, isSafe, type Limit, limitGroups, limitsInForce } from '#gateway/clinical/limits/limits.js'
import type { AlertTransition } from '#gateway/model/alert.js'

const T0 = Date.UTC(2026, 0, 1)
const condition: Condition = { condition: 'low-x', kind: 'physiological', priority: 'high', delayMs: 10_000 }
const SIGHTS: Sight[] = ['crossed', 'between', 'safe', 'unknown', 'inhibited', 'withdrawn']

const saturation = limitGroups(limitsInForce()).find((group) => group[0]?.observable === 'oxygenSaturation') ?? []
const cause = (value: number) => ({ measurement: `m-${value}`, value })
const brief = (transitions: readonly AlertTransition[]) => transitions.map((t) => `${t.condition} ${t.state}`)

function walk(sights: readonly (readonly [Sight, number])[]): AlertTransition[] {
  let episode: Episode = INACTIVE
  return sights.flatMap(([sight, seconds]) => {
    const next = step(condition, episode, sight, T0 + seconds * 1000)
    episode = next.episode
    return next.transition ?? []
  })
}

describe('the alert machine', () => {
  it('keeps the furthest value beyond its limit, from before the raising on; after a restart it is not known', () => {
    for (const [comparator, values, worst] of [
      ['<', [70, 80, 75], 70],
      ['>', [150, 120, 130], 150],
    ] as const) {
      const limited: Condition = { ...condition, delayMs: 1000, limit: { comparator, value: 100 } }
      let episode: Episode = INACTIVE
      for (const [i, value] of values.entries()) {
        const next = step(limited, episode, 'crossed', T0 + i * 1000, cause(value))
        episode = next.episode
      }
      const { transition } = step(limited, episode, 'safe', T0 + 9000, cause(100))
      expect(transition).to.include({ state: 'cleared', worst })
      const before = { ...(transition as AlertTransition), state: 'acknowledged' } as const
      const after = step(limited, restored(before), 'safe', T0 + 9000, cause(100))
      expect(after.transition).to.include({ state: 'cleared' }).and.not.have.property('worst')
    }
  })

  it('raises when the limit was crossed for the delay, and not before', () => {
    expect(
      walk([
        ['crossed', 0],
        ['crossed', 9],
      ]),
    ).to.deep.equal([])
    expect(
      walk([
        ['crossed', 0],
        ['crossed', 10],
      ]),
    ).to.deep.equal([
      {
        alertId: `low-x-${T0 + 10_000}`,
        condition: 'low-x',
        kind: 'physiological',
        priority: 'high',
        state: 'active',
        at: T0 + 10_000,
        raisedAt: T0 + 10_000,
      },
    ])
  })

  it('raises on a tick when only the delay was missing', () => {
    expect(
      brief(
        walk([
          ['crossed', 0],
          ['unknown', 10],
        ]),
      ),
    ).to.deep.equal(['low-x active'])
    expect(walk([['unknown', 10]])).to.deep.equal([])
  })

  it('starts the delay anew after what does not hold', () => {
    for (const pause of ['between', 'safe'] as const) {
      expect(
        walk([
          ['crossed', 0],
          [pause, 5],
          ['crossed', 6],
          ['crossed', 15],
        ]),
      ).to.deep.equal([])
    }
  })

  it('of a windowed delay counts the known seconds: a gap neither adds nor resets, and what is not beyond fills the window', () => {
    const known = (sights: readonly (readonly [Sight, number])[]) => {
      let episode: Episode = INACTIVE
      return sights.flatMap(([sight, seconds]) => {
        const next = step({ ...condition, windowed: true }, episode, sight, T0 + seconds * 1000)
        episode = next.episode
        return next.transition ? [seconds] : []
      })
    }
    // A probe that shakes: seven known seconds, a gap of a minute, and then three.
    expect(
      known([
        ['crossed', 0],
        ['inhibited', 7],
        ['unknown', 60],
        ['crossed', 67],
        ['unknown', 69],
      ]),
    ).to.deep.equal([])
    expect(
      known([
        ['crossed', 0],
        ['inhibited', 7],
        ['unknown', 60],
        ['crossed', 67],
        ['unknown', 70],
      ]),
    ).to.deep.equal([70])
    for (const back of ['between', 'safe'] as const) {
      expect(
        known([
          ['crossed', 0],
          [back, 7],
          ['crossed', 9],
          ['crossed', 11],
          ['crossed', 12],
        ]),
      ).to.deep.equal([12])
      // Less than two thirds of the known time.
      expect(
        known([
          ['crossed', 0],
          [back, 7],
          ['crossed', 14],
          ['unknown', 20],
          ['unknown', 23],
        ]),
      ).to.deep.equal([])
    }
    // A gap of more than five minutes begins anew.
    expect(
      known([
        ['crossed', 0],
        ['inhibited', 9],
        ['crossed', 400],
        ['crossed', 405],
      ]),
    ).to.deep.equal([])
  })

  it('clears only at the safe value, and never because the probe fell off', () => {
    const active = [
      ['crossed', 0],
      ['crossed', 10],
    ] as const
    expect(brief(walk([...active, ['between', 11], ['inhibited', 12], ['unknown', 9999]]))).to.have.length(1)
    const [raised, cleared] = walk([...active, ['safe', 20]])
    expect(cleared).to.include({ state: 'cleared', alertId: raised?.alertId, at: T0 + 20_000, raisedAt: T0 + 10_000 })
  })

  it('raises and clears in turn, each episode once under its own id, whatever happens and wherever the clock goes', () => {
    const events = fc.array(fc.tuple(fc.constantFrom(...SIGHTS), fc.integer({ min: -20, max: 60 })), { maxLength: 200 })
    fc.assert(
      fc.property(events, (sights) => {
        const transitions = walk(sights)
        const raised = transitions.filter(({ state }) => state === 'active')
        expect(new Set(raised.map(({ alertId }) => alertId)).size).to.equal(raised.length)
        transitions.forEach((transition, i) => {
          expect(transition.state).to.equal(i % 2 === 0 ? 'active' : 'cleared')
          if (i % 2 === 1) expect(transition.alertId).to.equal(transitions[i - 1]?.alertId)
          expect(transition.at).to.be.at.least(transition.raisedAt)
        })
      }),
    )
  })
})

describe('limits of one number', () => {
  it('raise only the worst that holds; what it supersedes is cleared', () => {
    const group = new LimitGroup(saturation)
    const said: string[] = []
    const hold = (value: number, from: number, to: number) => {
      for (let s = from; s < to; s++) said.push(...brief(group.see(value, T0 + s * 1000, cause(value))))
    }
    hold(90, 0, 130)
    expect(said.splice(0)).to.deep.equal(['reduced-oxygen-saturation active'])
    hold(87, 130, 160)
    expect(said.splice(0)).to.deep.equal(['low-oxygen-saturation active', 'reduced-oxygen-saturation cleared'])
    hold(89, 160, 190)
    expect(said.splice(0)).to.deep.equal([])
    hold(91, 190, 320)
    expect(said.splice(0)).to.deep.equal(['low-oxygen-saturation cleared', 'reduced-oxygen-saturation active'])
    hold(97, 320, 321)
    expect(said.splice(0)).to.deep.equal(['reduced-oxygen-saturation cleared'])
  })

  it('name the value, the limit in force and the measurement that completed the condition', () => {
    const group = new LimitGroup(saturation)
    group.see(88, T0, cause(88))
    const [raised] = group.see(87, T0 + 15_000, cause(87))
    expect(raised).to.deep.include({
      condition: 'low-oxygen-saturation',
      observable: 'oxygenSaturation',
      measurement: 'm-87',
      value: 87,
      limit: { comparator: '<=', value: 88 },
    })
  })

  it('restored after a restart are not raised again, and clear under their old id', () => {
    const before = new LimitGroup(saturation)
    before.see(87, T0, cause(87))
    const active = before.see(87, T0 + 15_000, cause(87))
    const after = new LimitGroup(saturation, new Map(active.map((one) => [one.condition, restored(one)])))
    for (let s = 16; s < 60; s++) expect(after.see(87, T0 + s * 1000, cause(87))).to.deep.equal([])
    expect(after.see(99, T0 + 60_000, cause(99))[0]).to.include({ state: 'cleared', alertId: active[0]?.alertId })
  })

  it('have at most one alert active, which holds until its value is safe, for any course of values', () => {
    const byName = new Map(saturation.map((limit) => [limit.condition, limit as Limit]))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 80, max: 100 }), { maxLength: 300 }), (values) => {
        const group = new LimitGroup(saturation)
        const active = new Set<string>()
        values.forEach((value, s) => {
          for (const { condition: name, state } of group.see(value, T0 + s * 1000, cause(value))) {
            if (state === 'active') {
              expect(active.has(name)).to.equal(false)
              const limit = byName.get(name) as Limit
              // It is crossed now, and was for the delay in the window of one and a half delays.
              expect(crosses(limit.comparator, value, limit.value)).to.equal(true)
              const past = values.slice(Math.max(0, s - Math.ceil(1.5 * limit.delaySeconds)), s)
              const beyond = past.filter((one) => crosses(limit.comparator, one, limit.value))
              expect(beyond.length).to.be.at.least(limit.delaySeconds)
              active.add(name)
            } else {
              expect(active.delete(name)).to.equal(true)
            }
          }
          expect(active.size).to.be.at.most(1)
          for (const name of active) expect(isSafe(byName.get(name) as Limit, value)).to.equal(false)
        })
      }),
    )
  })
})

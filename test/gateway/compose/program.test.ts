import { expect } from 'chai'
import { z } from 'zod'
import { type Collected, type Part, program } from '#gateway/compose/program.js'
import { command } from '#gateway/platform/control-socket/command.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

describe('A program of parts', () => {
  let said: string[]
  let clock: TestClock

  beforeEach(() => {
    said = []
    clock = new TestClock()
  })

  const lifecycle = (name: string) => ({
    start: async () => void said.push(`start ${name}`),
    stop: async () => void said.push(`stop ${name}`),
  })
  const part = (stage: Part['stage'], name: string, more: Partial<Part> = {}): Part => ({
    ...{ name, stage, lifecycle: lifecycle(name) },
    ...more,
  })
  const drain = (name: string) => async (ms: number) => void said.push(`drain ${name} ${ms}`)
  const build = (parts: readonly Part[], standing: readonly Part[] = []) =>
    program(parts, { name: 'test', standing: () => standing, clock, logger: silentLogger })
  const taken = () => said.splice(0)

  it('starts by stage, in the order given within one, and stops in reverse', async () => {
    const running = build(
      [
        part('announce', 'check-in'),
        part('inbound', 'pump'),
        part('open', 'journal'),
        part('outbound', 'lane'),
        part('open', 'page'),
      ],
      [part('announce', 'tick'), part('open', 'control')],
    )
    await running.start()
    const order = ['journal', 'page', 'control', 'lane', 'pump', 'check-in', 'tick']
    expect(taken()).to.deep.equal(order.map((name) => `start ${name}`))
    await running.stop()
    expect(taken()).to.deep.equal(order.reverse().map((name) => `stop ${name}`))
  })

  it('starts and stops once, however often it is asked', async () => {
    const running = build([part('open', 'page'), part('outbound', 'lane', { drain: drain('lane') })])
    await running.stop()
    expect(taken()).to.deep.equal([])
    await Promise.all([running.start(), running.start()])
    expect(taken()).to.deep.equal(['start page', 'start lane'])
    await Promise.all([running.stop(), running.stop()])
    expect(taken()).to.deep.equal(['drain lane 10000', 'stop lane', 'stop page'])
  })

  it('drains once: when nothing comes in any more, before what delivers stops', async () => {
    const running = build([
      part('outbound', 'pushes', { drain: drain('pushes') }),
      part('outbound', 'alerts', { drain: drain('alerts') }),
      part('inbound', 'pump'),
      part('inbound', 'pollers', { drain: drain('pollers') }),
      part('inbound', 'last readings', { drain: drain('last readings') }),
    ])
    await running.start()
    taken()
    await running.stop(3000)
    expect(taken()).to.deep.equal([
      ...['stop last readings', 'stop pollers', 'stop pump'],
      ...['drain last readings 3000', 'drain pollers 3000'],
      ...['drain alerts 3000', 'drain pushes 3000'],
      ...['stop alerts', 'stop pushes'],
    ])
  })

  it('gives the drains of one stage its time together, and each stage its own', async () => {
    const slowly = (name: string) => async (ms: number) => {
      said.push(`drain ${name} ${ms}`)
      await clock.advance(2000)
    }
    const running = build([
      part('outbound', 'pushes', { drain: slowly('pushes') }),
      part('outbound', 'chain', { drain: slowly('chain') }),
      part('outbound', 'alerts', { drain: slowly('alerts') }),
      part('inbound', 'last readings', { drain: slowly('last readings') }),
    ])
    await running.start()
    taken()
    await running.stop(3000)
    expect(taken().filter((line) => line.startsWith('drain'))).to.deep.equal([
      ...['drain last readings 3000', 'drain alerts 3000', 'drain chain 1000', 'drain pushes 0'],
    ])
  })

  it('stops the two before it where the third part cannot start, drains nothing, and may be started again', async () => {
    let isBroken = true
    const third = {
      start: async () => {
        if (isBroken) throw new Error('the port is taken')
        said.push('start third')
      },
      stop: async () => void said.push('stop third'),
    }
    const running = build([
      part('open', 'first', { drain: drain('first') }),
      part('outbound', 'second', { drain: drain('second') }),
      part('inbound', 'third', { lifecycle: third }),
      part('announce', 'fourth'),
    ])
    const refusal = await running.start().catch((error: Error) => error.message)
    expect(refusal).to.equal('the port is taken')
    expect(taken()).to.deep.equal(['start first', 'start second', 'stop second', 'stop first'])
    isBroken = false
    await running.start()
    expect(taken()).to.deep.equal(['start first', 'start second', 'start third', 'start fourth'])
  })

  it('stops of a part of several only those that started, and at an orderly stop all of them at the same time', async () => {
    let release = () => {}
    const slow = { start: async () => {}, stop: () => new Promise<void>((resolve) => (release = resolve)) }
    const running = build([part('inbound', 'pumps', { lifecycle: [slow, lifecycle('mqtt')] }), part('open', 'page')])
    await running.start()
    taken()
    const stopped = running.stop()
    await Promise.resolve()
    expect(taken()).to.deep.equal(['stop mqtt'])
    release()
    await stopped
    expect(taken()).to.deep.equal(['stop page'])

    const broken = { start: () => Promise.reject(new Error('no cable')) }
    const failing = build([part('inbound', 'pumps', { lifecycle: [lifecycle('kit'), broken, lifecycle('mqtt')] })])
    expect(await failing.start().catch((error: Error) => error.message)).to.equal('no cable')
    expect(taken()).to.deep.equal(['start kit', 'stop kit'])
  })

  it('closes the others where one part refuses to stop, and says so', async () => {
    const refusing = { stop: () => Promise.reject(new Error('will not')) }
    const running = build([part('open', 'journal'), part('outbound', 'lane', { lifecycle: refusing })])
    await running.start()
    taken()
    expect(await running.stop().catch((error: Error) => error.message)).to.equal('will not')
    expect(taken()).to.deep.equal(['stop journal'])
  })

  it('closes the others where one part hangs in its stop and another in its drain', async () => {
    const hangs = () => new Promise<never>(() => {})
    const running = build([
      part('open', 'journal'),
      part('outbound', 'lane', { lifecycle: { stop: hangs } }),
      part('inbound', 'pump', { drain: hangs }),
    ])
    await running.start()
    taken()
    const stopped = running.stop(5000)
    await clock.advance(24_000)
    expect(taken()).to.deep.equal(['stop pump'])
    await clock.advance(22_000)
    await stopped
    expect(taken()).to.deep.equal(['stop journal'])
  })

  it('hands the commands, jobs and health checks of all parts to those that stand for them', async () => {
    const health = (condition: string) => ({
      check: () => [{ condition, priority: 'low' as const, delayMs: 0, present: true }],
    })
    const jobs = [{ name: 'close batch', cron: '* * * * *', action: async () => {} }]
    const commands = [command('queue.list', z.strictObject({}), () => [])]
    let collected: Collected | undefined
    const standing = (all: Collected) => {
      collected = all
      return []
    }
    program(
      [
        part('announce', 'time', { health: health('clock') }),
        part('open', 'transports', { health: [{}, health('device')], jobs }),
        part('open', 'queue', { commands }),
      ],
      { name: 'test', standing, clock, logger: silentLogger },
    )
    expect(collected?.health.flatMap((one) => one.check(0)).map(({ condition }) => condition)).to.deep.equal([
      ...['clock', 'device'],
    ])
    expect(collected).to.deep.include({ commands, jobs })
  })
})

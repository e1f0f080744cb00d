import { expect } from 'chai'
import type { SettingChange } from '#gateway/clinical/settings/change.js'
import type { ListedLimit, ListedSetting } from '#gateway/clinical/settings/patient-settings.js'
import type { Gateway } from '#gateway/compose/gateway.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import type { SaidScore } from '#gateway/surfaces/manual-observation/manual-observations.js'
import { TestHome } from '#test/support/home.js'

describe('A clinician at a running gateway', function () {
  this.timeout(60_000)
  let home: TestHome
  let gateway: Gateway | null = null

  beforeEach(async () => {
    home = new TestHome()
    await start()
  })
  afterEach(async () => {
    await gateway?.stop(0)
    home.remove()
  })

  async function start(): Promise<void> {
    await gateway?.stop(0)
    const loaded = home.configure({
      transports: [{ name: 'b', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      alerts: { limits: { 'elevated-glucose': { value: 240 } }, settings: { 'news2.max-age-entered': 60 } },
    })
    gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
  }
  const call = <Result>(name: string, input: unknown = {}) => callGateway<Result>(home.dataDir, name, input)
  const refusal = async (name: string, input: unknown): Promise<string> =>
    call(name, input).then(
      () => expect.fail('it should have been refused'),
      (error) => {
        expect(error).to.be.instanceOf(HomebeatError)
        expect(error.message).to.not.include('\n')
        return error.code
      },
    )
  const conditions = () =>
    gateway
      ?.status()
      .alerts.filter(({ state }) => state !== 'cleared')
      .map(({ condition }) => condition)
  const signed = { by: 'doctor-1', why: 'agreed on the ward round' }

  it('changes a limit that holds at once and after a restart', async () => {
    await call('patient.enter', { entry: { what: 'glucose', value: 245 }, by: 'nurse-1' })
    expect(conditions()).to.deep.equal(['elevated-glucose'])
    const off = { condition: 'elevated-glucose', change: { enabled: false }, ...signed }
    await call('limits.set', off)
    expect(conditions()).to.deep.equal([])
    await start()
    await call('patient.enter', { entry: { what: 'glucose', value: 245 }, by: 'nurse-1' })
    expect(conditions()).to.deep.equal([])
    expect(await call('limits.reset', { condition: 'elevated-glucose', ...signed })).to.deep.include({
      enabled: true,
      value: 240,
      origin: { from: 'configuration', source: 'project default, not verified: to be set by a clinician' },
    })
    await call('patient.enter', { entry: { what: 'glucose', value: 246 }, by: 'nurse-1' })
    expect(conditions()).to.deep.equal(['elevated-glucose'])
    const log = await call<SettingChange[]>('limits.log')
    expect(log.map(({ name, change, actor, why }) => ({ name, change, actor, why }))).to.deep.equal([
      { name: 'elevated-glucose', change: null, actor: { by: 'doctor-1', via: 'command-line' }, why: signed.why },
      {
        name: 'elevated-glucose',
        change: { enabled: false },
        actor: { by: 'doctor-1', via: 'command-line' },
        why: signed.why,
      },
    ])
  })

  it('must say why, and is told what is wrong', async () => {
    const set = (over: object) =>
      refusal('limits.set', { condition: 'low-pulse-rate', change: { value: 38 }, ...signed, ...over })
    expect(await set({ why: ' ' })).to.equal('control.input')
    expect(await set({ by: '' })).to.equal('control.input')
    expect(await set({ change: { comparator: '>' } })).to.equal('control.input')
    expect(await set({ change: { value: 10 } })).to.equal('limits.range')
    expect(await call('limits.log')).to.deep.equal([])
    const limits = await call<ListedLimit[]>('limits.list')
    expect(limits.find(({ condition }) => condition === 'low-pulse-rate')).to.include({ value: 40 })
  })

  it('enters what no sensor gives; the score has it, also after a restart', async () => {
    const enter = (entry: object) => call<SaidScore>('patient.enter', { entry, by: 'nurse-1' })
    await enter({ what: 'consciousness', value: 'confusion' })
    await enter({ what: 'oxygen', value: 'oxygen' })
    await enter({ what: 'temperature', value: 102.2, unit: '[degF]' })
    const score = await enter({ what: 'blood-pressure', systolic: 98, diastolic: 60 })
    expect(score).to.deep.include({ total: 8, risk: 'high', missing: ['respiration', 'oxygenSaturation', 'pulse'] })
    expect(score.words).to.contain(
      'NEWS2 at least 8 (high): air or oxygen 2, systolic pressure 2, consciousness 3, temperature 1. Incomplete: respiration missing; oxygen saturation missing; pulse missing. Ages: air or oxygen ',
    )
    await start()
    expect(await call<SaidScore>('patient.score')).to.deep.include({ total: 5, red: ['consciousness'] })
  })

  it('enters a weight that a scale shows, in kilograms or pounds, and no alarm is made of it', async () => {
    await call('patient.enter', { entry: { what: 'weight', value: 71.4 }, by: 'nurse-1' })
    await call('patient.enter', { entry: { what: 'weight', value: 157.6, unit: '[lb_av]' }, by: 'nurse-1' })
    expect(gateway?.status().measurements.bodyWeight).to.equal(2)
    expect(conditions()).to.deep.equal([])
  })

  it('enters nothing that cannot be', async () => {
    const refused = (entry: object) => refusal('patient.enter', { entry, by: 'nurse-1' })
    expect(await refused({ what: 'weight', value: 7.14 })).to.equal('manual-observation.implausible')
    expect(await refused({ what: 'weight', value: 71.4, unit: 'lb' })).to.equal('control.input')
    expect(await refused({ what: 'temperature', value: 98.6 })).to.equal('manual-observation.implausible')
    expect(await refused({ what: 'blood-pressure', systolic: 80, diastolic: 120 })).to.equal(
      'manual-observation.implausible',
    )
    expect(await refused({ what: 'consciousness', value: 'sleepy' })).to.equal('control.input')
    expect(await refused({ what: 'glucose', value: 6.1, unit: 'bottles' })).to.equal('control.input')
    expect(gateway?.status().measurements.bodyTemperature).to.equal(0)
  })

  it('sets the scale of the score', async () => {
    await call('patient.enter', { entry: { what: 'spo2', value: 90 }, by: 'nurse-1' })
    expect((await call<SaidScore>('patient.score')).red).to.deep.equal(['oxygenSaturation'])
    await call('settings.set', { key: 'news2.spo2-scale', value: 2, ...signed })
    expect((await call<SaidScore>('patient.score')).red).to.deep.equal([])
    const settings = await call<ListedSetting[]>('settings.list')
    expect(settings.find(({ key }) => key === 'news2.spo2-scale')?.origin).to.include({
      by: 'doctor-1',
      why: signed.why,
    })
    expect(settings.find(({ key }) => key === 'news2.max-age-entered')).to.deep.include({ value: 60 })
    expect(await refusal('settings.set', { key: 'news2.spo2-scale', value: '2', ...signed })).to.equal('settings.range')
  })
})

import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { Home } from '#test/gateway/outbound/batches/home.js'

describe('the epoch keys', () => {
  const masterKey = randomBytes(32)
  let home: Home
  beforeEach(async () => {
    home = await Home.open()
  })
  afterEach(() => home.close())

  const keys = (over: { masterKey?: Uint8Array; patient?: string } = {}) =>
    new EpochKeys({ store: home.journal.epochKeys, masterKey, patient: 'patient-1', random: randomBytes, ...over })

  it('are one for each patient, class and day', async () => {
    const made = [
      await keys().keyFor('waveform', '2026-01-01'),
      await keys().keyFor('waveform', '2026-01-02'),
      await keys().keyFor('vital-signs', '2026-01-01'),
      await keys({ patient: 'patient-2' }).keyFor('waveform', '2026-01-01'),
    ]
    expect(new Set(made.map(({ key }) => Buffer.from(key).toString('hex'))).size).to.equal(4)
    expect(made.every(({ key }) => key.length === 32)).to.equal(true)
    expect(made[3]?.epoch).to.equal('patient-2/waveform/2026-01-01')
  })

  it('are the same after a restart', async () => {
    const before = await keys().keyFor('waveform', '2026-01-01')
    expect(await keys().keyFor('waveform', '2026-01-01')).to.deep.equal(before)
    expect(await keys().existing(before.epoch)).to.deep.equal(before)
  })

  it('are one even if two are made at the same time', async () => {
    const [one, two] = await Promise.all([
      keys().keyFor('waveform', '2026-01-01'),
      keys().keyFor('waveform', '2026-01-01'),
    ])
    expect(one).to.deep.equal(two)
  })

  it('are not made by looking for them', async () => {
    expect(await keys().existing('patient-1/waveform/2026-01-01')).to.equal(null)
    expect(home.journal.epochKeys.list()).to.deep.equal([])
  })

  it('are never stored in clear', async () => {
    const { key, epoch } = await keys().keyFor('waveform', '2026-01-01')
    const wrapped = home.journal.epochKeys.get(epoch) ?? ''
    expect(wrapped.split('.').length).to.equal(5)
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(wrapped).not.to.contain(Buffer.from(key).toString(encoding))
  })

  it('do not open with another master key, nor when a row was put under another epoch', async () => {
    const { epoch } = await keys().keyFor('waveform', '2026-01-01')
    const other = await keys({ masterKey: randomBytes(32) })
      .existing(epoch)
      .catch((e) => e.code)
    expect(other).to.equal('epoch-key.wrapped')
    home.journal.epochKeys.put('patient-1/waveform/2026-01-02', home.journal.epochKeys.get(epoch) ?? '')
    const moved = await keys()
      .keyFor('waveform', '2026-01-02')
      .catch((e) => e.code)
    expect(moved).to.equal('epoch-key.wrapped')
  })
})

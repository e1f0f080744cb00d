import { expect } from 'chai'
import { VirtualKit } from '#simulators/board/virtual-kit.js'
import { createPatient } from '#simulators/patient/patients.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat calibrate', function () {
  this.timeout(90_000)
  const kit = new VirtualKit({
    patient: createPatient({ script: 'steady', seed: 1 }),
    port: { tcp: { host: '127.0.0.1', port: 0 } },
  })

  before(() => kit.start())
  after(() => kit.stop())

  async function constants(...args: string[]): Promise<Record<string, number>> {
    const { code, stdout, stderr } = await homebeat('calibrate', kit.url, ...args, '--json')
    expect(code, stderr).to.equal(0)
    return JSON.parse(stdout)
  }

  it('shows what a kit keeps, sets it, and the kit still knows after a reset', async () => {
    expect(await constants()).to.include({ 'temp-vref': 3000, 'skin-zero': 500 })
    expect(await constants('temp-vref=2985', 'skin-zero=510')).to.include({ 'temp-vref': 2985, 'skin-zero': 510 })
    // Opening the port resets the kit: this is what its EEPROM says.
    expect(await constants()).to.include({ 'temp-vref': 2985, 'skin-zero': 510, 'temp-ra': 4700 })
    expect(await constants('--nominal')).to.include({ 'temp-vref': 3000, 'skin-zero': 500 })
  })

  it('says in one line what is no setting, and what the kit refuses', async () => {
    const wrong = await homebeat('calibrate', kit.url, 'temp=12')
    expect(wrong.code).to.equal(2)
    expect(wrong.stderr).to.match(/^homebeat: "temp=12" is no setting: .*temp-vref/)
    const refused = await homebeat('calibrate', kit.url, 'temp-vref=1')
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.match(/^homebeat: the kit refused the command calibrate: bad-argument\n$/)
  })
})

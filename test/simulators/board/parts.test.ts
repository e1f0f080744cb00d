import { expect } from 'chai'
import fc from 'fast-check'
import { followMode } from '#simulators/board/follow-mode.js'
import { garble, sameRate } from '#simulators/board/garble.js'
import { parseIntelHex } from '#simulators/board/intel-hex.js'
import { BoardPacer } from '#simulators/board/pacer.js'
import { skinVolts, temperatureCounts } from '#simulators/board/sensor-curves.js'
import { TestClock } from '#test/support/test-clock.js'
import { FakePatient } from './fake-patient.js'
import { KitHost } from './kit-host.js'

describe('virtual board', function () {
  this.timeout(60_000)

  it('inverts the temperature formula: the published check values, which are rounded', () => {
    const published = [
      [25, 815],
      [35, 416.5],
      [36, 382.5],
      [37, 349],
      [38, 317],
      [39, 285],
      [40, 254],
      [42, 195.5],
    ] as const
    for (const [celsius, counts] of published)
      expect(temperatureCounts(celsius), `${celsius}`).to.be.closeTo(counts, 0.5)
    expect(temperatureCounts(80)).to.equal(0)
    expect(skinVolts(10)).to.equal(1)
  })

  it('hears at the same rate what was sent, and at another rate noise', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), (byte) => garble(byte, 9600, 9600)[0] === byte))
    expect(sameRate(117647, 115200)).to.equal(true)
    expect(sameRate(19200, 115200)).to.equal(false)
    expect(garble(0x55, 1200, 115200), 'each low bit is a break').to.deep.equal([0, 0, 0, 0, 0])
    expect(garble(0x00, 115200, 19200)).to.deep.equal([0xff])
  })

  it('refuses a damaged firmware file and says where it is damaged', () => {
    expect(parseIntelHex(':020000000102FB\n:00000001FF\n')[0]).to.equal(0x0201)
    for (const text of [
      '',
      ':020000000102FB\n',
      ':020000000102FC\n:00000001FF\n',
      'hello\n',
      ':00000003FD\n',
      ':02FFFF00000000\n',
    ])
      expect(() => parseIntelHex(text), text).to.throw(/firmware file is damaged at line \d/)
  })

  it('is reproducible: the same body gives the same bytes, however the time is cut', () => {
    const [whole, cut] = [new KitHost(new FakePatient()), new KitHost(new FakePatient())]
    whole.board.run(1234)
    for (let ms = 0; ms < 1234; ms++) cut.board.run(1)
    expect(cut.heard.length).to.be.above(1000)
    expect(cut.heard).to.equal(whole.heard)
    cut.board.run(1e-7)
    expect(cut.board.now).to.be.closeTo(1234, 0.1)
  })

  it('measures before a dump when asked to, with the body as it is then', () => {
    const kit = new KitHost(new FakePatient({ systolic: 151.4, diastolic: 93.6, pulse: 90 }), {
      measureOnRequest: true,
    })
    kit.run(100)
    kit.command('P')
    const [record] = kit.run(1500).filter((line) => line.type === 'P')
    expect(record?.fields.slice(3)).to.deep.equal(['151', '94', '90'])
    kit.command('U')
    const [glucose] = kit.run(2500).filter((line) => line.type === 'U')
    expect(glucose?.fields.slice(3)).to.deep.equal(['104', '00'])
  })

  it('has a caregiver who moves the jumper 300 ms after the firmware says another mode', () => {
    const kit = new KitHost(new FakePatient())
    followMode(kit.board)
    kit.run(2500)
    expect(kit.board.jumper).to.equal('ecg')
    kit.command('M', 'emg')
    kit.heard = ''
    while (!kit.heard.includes(',emg,0,')) kit.board.run(5)
    expect(kit.board.jumper).to.equal('ecg')
    kit.board.run(290)
    expect(kit.board.jumper).to.equal('ecg')
    kit.board.run(20)
    expect(kit.board.jumper).to.equal('emg')
    kit.command('M', 'ecg')
    kit.board.run(2000)
    expect(kit.board.jumper).to.equal('ecg')
  })

  it('keeps the pace of the clock, catches up after a hold-up, and jumps after a long one', async () => {
    const clock = new TestClock()
    const { board } = new KitHost(new FakePatient(), { startMs: 500 })
    const pacer = new BoardPacer(board, clock)
    await pacer.start()
    await pacer.start()
    await clock.advance(400)
    expect(board.now).to.be.closeTo(900, 0.01)
    let ran = 0
    board.onSerial(() => ran++)
    await clock.advance(20_000 - 400)
    expect(board.now).to.be.closeTo(20_500, 0.01)
    await pacer.stop()
    await clock.advance(1000)
    expect(board.now).to.be.closeTo(20_500, 0.01)
    expect(ran).to.be.above(0)
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { crc16, KitHost, linesIn } from '#test/simulators/board/kit-host.js'
import { goldenLines } from './golden-lines.js'

/** The bodies of PROTOCOL.md, written down again from its table. */
const BODY: Readonly<Record<string, RegExp>> = {
  B: /^1,\d+\.\d+\.\d+,([PEBW]+|-)$/,
  E: /^[oanf],4000,([A-Za-z0-9+/]{2}){25}$/,
  M: /^[oanf],4000,([A-Za-z0-9+/]{2}){25}$/,
  A: /^[oanf],40000,([A-Za-z0-9+/]{2}){25}$/,
  X: /^[oanf],20000,([A-Za-z0-9+/]{6}){10}$/,
  G: /^[oanf],250000,([A-Za-z0-9+/]{2}){4}$/,
  T: /^[oanf],\d{1,4}$/,
  O: /^(o,\d{1,3},\d{1,2}|[anf],,)$/,
  P: /^o,\d+,\d{4}-\d\d-\d\dT\d\d:\d\d,\d{1,3},\d{1,3},\d{1,3}$/,
  U: /^o,\d+,\d{4}-\d\d-\d\dT\d\d:\d\d,\d{1,5},[0-9A-F]{2}$/,
  H: /^(begin,(cuff|glucometer),0,0|end,(cuff|glucometer),\d+,\d+),\d+$/,
  L: /^([EMAGX],\d{4,6}|T,1000000),\d+$/,
  C: /^[a-z0-9-]+,\d{1,5}$/,
  K: /^[0-9A-F]{4},(ok|err),[a-z0-9.-]+$/,
  S: /^(ecg|emg),\d+,\d+,\d+$/,
}

describe('firmware lines', function () {
  this.timeout(60_000)

  it('are what the committed golden lines say, one of each type', () => {
    const golden = readFileSync(join(packageRoot, 'test', 'fixtures', 'kit', 'lines.txt'), 'utf8')
    expect(goldenLines()).to.equal(golden)
    for (const line of golden.trimEnd().split('\n')) {
      const [, type = '', body = ''] = /^!([A-Z]),[0-9A-F]{4},[0-9A-F]{8},(.*)\*/.exec(line) ?? []
      expect(body, line).to.match(BODY[type] ?? /^$/)
    }
  })

  it('all keep the grammar and the checksum and leave no gap in 20 s', () => {
    const kit = new KitHost(new FakePatient())
    kit.board.run(20_000)
    const whole = kit.heard.slice(0, kit.heard.lastIndexOf('\n') + 1)
    const texts = whole.split('\n').filter((line) => line !== '')
    for (const [index, text] of texts.entries()) {
      expect(text.length + 1).to.be.at.most(120)
      expect(text).to.match(/^![A-Z],[0-9A-F]{4},[0-9A-F]{8},[\x20-\x29\x2b-\x7e]*\*[0-9A-F]{4}$/)
      const star = text.indexOf('*')
      expect(text.slice(star + 1)).to.equal(crc16(text.slice(1, star)))
      expect(text.slice(21 - 4, star), text).to.match(BODY[text[1] as string] as RegExp)
      expect(Number.parseInt(text.slice(3, 7), 16)).to.equal(index)
    }
    expect(texts[0]).to.match(/^!B,0000,00000000,1,[\d.]+,P\*/)
    expect(linesIn(whole)).to.have.length(texts.length)
    expect(
      linesIn(whole)
        .filter((line) => line.type === 'S')
        .at(-1)?.fields,
    ).to.deep.equal(['ecg', '0', '0', '0'])
    expect(kit.board.receiveOverruns).to.equal(0)
  })

  it('come at their rates: the times of each kind of line follow its period exactly', () => {
    const kit = new KitHost(new FakePatient())
    const lines = kit.run(10_000)
    const steps = { E: 100, A: 1000, X: 200, G: 1000, T: 1000, O: 1000, S: 1000 }
    for (const [type, ms] of Object.entries(steps)) {
      const times = lines.filter((line) => line.type === type).map((line) => line.time)
      expect(times.length, type).to.be.within(10_000 / ms - 2, 10_000 / ms + 1)
      for (let i = 1; i < times.length; i++) expect((times[i] as number) - (times[i - 1] as number), type).to.equal(ms)
    }
  })

  it('go on with the next boot after a reset through DTR, with the cause', () => {
    const kit = new KitHost(new FakePatient())
    kit.run(1500)
    kit.heard = ''
    kit.board.reset()
    const [banner, second] = kit.run(500)
    expect(banner?.text).to.match(/^!B,0000,00000000,1,[\d.]+,E\*/)
    expect(second?.seq).to.equal(1)
    expect(second?.time).to.be.below(500)
  })
})

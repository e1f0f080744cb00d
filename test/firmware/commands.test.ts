import { expect } from 'chai'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { crc16, KitHost } from '#test/simulators/board/kit-host.js'

describe('firmware commands', function () {
  this.timeout(60_000)
  let kit: KitHost
  beforeEach(() => {
    kit = new KitHost(new FakePatient())
    kit.run(200)
  })
  const answers = (ms = 400) =>
    kit
      .run(ms)
      .filter((line) => line.type === 'K')
      .map((line) => line.fields.join(','))
  const framed = (body: string) => `?${body}*${crc16(body)}\n`

  it('identify the kit', () => {
    const cseq = kit.command('I')
    expect(answers()).to.deep.equal([`${cseq},ok,homebeat-0.1.0`])
  })

  it('are answered with the error that PROTOCOL.md names', () => {
    kit.send(framed('I,00A1,x'))
    expect(answers()).to.deep.equal(['00A1,err,bad-argument'])
    kit.send(framed('M,00A2,eeg'))
    expect(answers()).to.deep.equal(['00A2,err,bad-argument'])
    kit.send(framed('Z,00A3,'))
    expect(answers()).to.deep.equal(['00A3,err,unknown'])
    kit.send('?M,00A4,emg*0000\n')
    expect(answers()).to.deep.equal(['00A4,err,crc'])
  })

  it('are not answered when they have not even the shape of one, but counted', () => {
    for (const text of [
      '?I*1234\n',
      '?\n',
      '?I,00G1,*0000\n',
      `?${'x'.repeat(200)}\n`,
      '?I,0001\x00,*1234\n',
      'noise\n',
    ]) {
      kit.send(text)
      expect(answers(), text).to.deep.equal([])
    }
    const state = kit.run(1100).findLast((line) => line.type === 'S')
    expect(state?.fields[3]).to.equal('5')
  })

  it('are found after noise and after half a command', () => {
    kit.send(`\xff\x00garbage${framed('I,0001,')}`)
    expect(answers()).to.deep.equal(['0001,ok,homebeat-0.1.0'])
    kit.send(`?M,00${framed('I,0002,')}`)
    expect(answers()).to.deep.equal(['0002,ok,homebeat-0.1.0'])
  })

  it('that come all at once are all answered, in order', () => {
    kit.send(framed('I,0001,') + framed('M,0002,emg') + framed('M,0003,ecg'))
    expect(answers()).to.deep.equal(['0001,ok,homebeat-0.1.0', '0002,ok,emg', '0003,ok,ecg'])
  })

  it('at another baud rate than the kit listens at do nothing', () => {
    kit.board.hostBaud = 9600
    kit.send(framed('M,0001,emg'))
    kit.run(500)
    kit.board.hostBaud = 115200
    kit.heard = ''
    expect(kit.run(1500).findLast((line) => line.type === 'S')?.fields[0]).to.equal('ecg')
  })
})

import { expect } from 'chai'
import { commandLine, parseAnswer } from '#gateway/intake/transports/serial/command-line.js'
import type { KitCommand } from '#gateway/model/transport.js'
import { crc16 } from '#test/simulators/board/kit-host.js'

describe('kit commands', () => {
  it('are the lines of firmware/PROTOCOL.md, within the 32 characters a kit reads', () => {
    const lines: [KitCommand, string][] = [
      [{ command: 'identify' }, 'I,00A1,'],
      [{ command: 'readCuff' }, 'P,00A1,'],
      [{ command: 'readGlucometer' }, 'U,00A1,'],
      [{ command: 'mode', mode: 'emg' }, 'M,00A1,emg'],
      [{ command: 'rate', signal: 'airflow', hertz: 50 }, 'R,00A1,airflow=50'],
      [{ command: 'readCalibration' }, 'C,00A1,'],
      [{ command: 'calibrate', name: 'airflow-zero', value: 1023 }, 'C,00A1,airflow-zero=1023'],
      [{ command: 'resetCalibration' }, 'C,00A1,nominal'],
    ]
    for (const [command, covered] of lines) {
      expect(commandLine(command, 0xa1)).to.equal(`?${covered}*${crc16(covered)}\n`)
      expect(commandLine(command, 0xa1).length - 2).to.be.at.most(32)
    }
  })

  it('are answered with a value or a word', () => {
    const answer = (detail: string) => {
      const covered = `K,0001,00000010,00A1,${detail}`
      return parseAnswer(`!${covered}*${crc16(covered)}`)
    }
    expect(answer('ok,821')).to.deep.equal({ cseq: 0xa1, ok: true, detail: '821' })
    expect(answer('err,bad-argument')).to.deep.equal({ cseq: 0xa1, ok: false, detail: 'bad-argument' })
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { chooseSignal, scaleOf } from '#gateway/intake/transports/replay/choose-signal.js'
import { parseHeader, type WfdbSignal } from '#gateway/intake/transports/replay/wfdb.js'
import { HomebeatError } from '#gateway/platform/errors.js'

function problemOf(text: string): string {
  try {
    parseHeader(text)
  } catch (error) {
    expect(error).to.be.instanceOf(HomebeatError)
    expect((error as HomebeatError).code).to.equal('replay.format')
    return (error as HomebeatError).message
  }
  return 'none'
}

const only = (line: string) => parseHeader(`r 1\n${line}\n`).signals[0] as WfdbSignal

describe('WFDB header', () => {
  it('reads every field of a record line and a signal line', () => {
    const header = parseHeader(
      '# before\nrec_1 2 360.5/10(0) 650000 9:05:01.5 3/11/1999\n' +
        'rec_1.dat 212x2:3+16 201.5(-7)/uV 11 1024 995 -22131 512 lead  II\nrec_1.dat 212\n# 69 M\n#x\n',
    )
    expect(header).to.deep.include({
      name: 'rec_1',
      frequency: 360.5,
      sampleCount: 650_000,
      baseTime: '9:05:01.5',
      baseDate: '3/11/1999',
      comments: ['before', '69 M', 'x'],
    })
    expect(header.signals[0]).to.deep.equal({
      index: 0,
      fileName: 'rec_1.dat',
      format: 212,
      samplesPerFrame: 2,
      skew: 3,
      byteOffset: 16,
      gain: 201.5,
      calibrated: true,
      baseline: -7,
      units: 'uV',
      adcResolution: 11,
      adcZero: 1024,
      lowest: 0,
      highest: 2047,
      initialValue: 995,
      checksum: -22_131,
      blockSize: 512,
      description: 'lead  II',
    })
  })

  it('fills in what header(5) says of fields that are left out', () => {
    const header = parseHeader('r 1\nr.dat 16\n')
    expect(header).to.deep.include({ frequency: 250, sampleCount: undefined, baseTime: undefined, baseDate: undefined })
    expect(header.signals[0]).to.deep.include({
      ...{ samplesPerFrame: 1, skew: 0, byteOffset: 0, gain: 200, calibrated: false, baseline: 0, units: 'mV' },
      ...{ adcResolution: 12, adcZero: 0, lowest: -32_767, highest: 32_767, description: '' },
      ...{ initialValue: undefined, checksum: undefined },
    })
  })

  it('takes the ADC zero for the baseline where none is written', () => {
    expect(only('r.dat 212 200 11 1024').baseline).to.equal(1024)
    expect(only('r.dat 212 200(0) 11 1024').baseline).to.equal(0)
  })

  it('says of each thing that is wrong what it is', () => {
    expect(problemOf('')).to.include('empty')
    expect(problemOf('\x7fELF')).to.include('not a WFDB header')
    expect(problemOf('r/3 2 360 1000\n')).to.include('segments')
    expect(problemOf('r 0\n')).to.include('no signals')
    expect(problemOf('r 257\n')).to.include('256')
    expect(problemOf('r 2\nr.dat 16\n')).to.include('describes 1')
    expect(problemOf('r 1 0\nr.dat 16\n')).to.include('frequency')
    expect(problemOf('r 1 360 x\nr.dat 16\n')).to.include('number of samples')
    expect(problemOf('r 1 360 9999999999\nr.dat 16\n')).to.include('number of samples')
    expect(problemOf('r 1 360 1 noon\nr.dat 16\n')).to.include('base time')
    expect(problemOf('r 1 360 1 12:00 today\nr.dat 16\n')).to.include('base date')
    expect(problemOf('r 1\nr.dat x\n')).to.include('storage format')
    expect(problemOf('r 1\nr.dat 16 -1\n')).to.include('gain')
    expect(problemOf('r 1\nr.dat 16 200 99\n')).to.include('resolution')
    expect(problemOf('r 1\nr.dat 16 200 11 0 one\n')).to.include('initial value')
    expect(problemOf('r 1\n- 16\n')).to.include('names no signal file')
    expect(problemOf(`r 1\n${'x'.repeat(2000)}\n`)).to.include('longer than')
    expect(problemOf('#'.repeat(70_000))).to.include('longer than')
  })

  it('keeps a line that it cannot read out of the way of the others', () => {
    const good = 'r.dat 16 200 11 0 0 0 0 II'
    for (const odd of [
      ...['r.dat 16 -200 11 0 0 0 0 ABP', 'r.dat 16 200 99 0 0 0 0 ABP', 'r.dat 16 200 11 0 one 0 0 ABP', 'o.dat x'],
      ...[
        '- 16 200',
        '~ 16 200',
        '/etc/passwd 16',
        'r.dat',
        'r.dat 16 much 11',
        `r.dat 16 200 11 0 0 0 0 ${'x'.repeat(2000)}`,
      ],
    ])
      for (const lines of [
        [odd, good],
        [good, odd],
      ]) {
        const header = parseHeader(`r 2 250 10\n${lines.join('\n')}\n`)
        expect(chooseSignal(header, undefined).description, odd).to.equal('II')
        expect(() => chooseSignal(header, String(lines.indexOf(odd))), odd).to.throw(HomebeatError, 'of the header')
      }
  })

  it('plays nothing else where the only ECG lead cannot be read', () => {
    const header = parseHeader('r 2\nr.dat 16 1 12 0 0 0 0 ABP\nr.dat 16 -1 12 0 0 0 0 V5\n')
    expect(() => chooseSignal(header, undefined)).to.throw(HomebeatError, 'gain')
  })

  it('reads a byte order mark, any line end and the comma of a locale', () => {
    for (const mark of ['\ufeff', '\u00ef\u00bb\u00bf'])
      expect(parseHeader(`${mark}r 1 360,0 650000\rr.dat 212 200,5(0)/mV 11,0 1024\r\n`)).to.deep.include({
        frequency: 360,
        sampleCount: 650_000,
      })
    expect(only('r.dat 212 200,5(0)/mV 11,0 1024.0')).to.deep.include({ gain: 200.5, adcResolution: 11, adcZero: 1024 })
    expect(parseHeader('r 1 360.0 650000,00\nr.dat 16\n').sampleCount).to.equal(650_000)
  })

  it('does not guess where a comma may part thousands', () => {
    expect(problemOf('r 1 1,000\nr.dat 16\n')).to.include('frequency')
    expect(problemOf('r 1 360 650,000\nr.dat 16\n')).to.include('number of samples')
    expect(problemOf('r 1 3,6,0\nr.dat 16\n')).to.include('frequency')
  })

  it('lets a header name only files of its own folder', () => {
    for (const name of ['../r.dat', '/etc/passwd', 'a\\b.dat', '..', '.hidden']) {
      expect(problemOf(`r 1\n${name} 16\n`), name).to.include('outside')
    }
  })

  it('gives a record or says what is wrong, whatever the text', () => {
    const piece = fc.constantFrom(
      'r',
      '1',
      '2',
      ' ',
      '\n',
      '/',
      '(',
      ')',
      '#',
      '-',
      '.',
      '212',
      '16',
      'x',
      '\t',
      ':',
      '+',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        if (problemOf(text) === 'none') expect(parseHeader(text).signals).to.not.be.empty
      }),
      { numRuns: 500 },
    )
  })
})

describe('Choice of a signal', () => {
  const header = parseHeader(
    'r 4\nr.dat 16 1 12 0 0 0 0 ABP\nr.dat 16 2 12 0 0 0 0 V5\nr.dat 16 3/mmHg 12 0 0 0 0 CVP\nr.dat 16\n',
  )

  it('is the first ECG lead, else the first signal', () => {
    expect(chooseSignal(header, undefined).description).to.equal('V5')
    expect(chooseSignal(parseHeader('r 2\nr.dat 16 1 0 0 0 0 0 a\nr.dat 16\n'), undefined).index).to.equal(0)
  })

  it('goes by name in any case, or by number', () => {
    expect(chooseSignal(header, 'v5').index).to.equal(1)
    expect(chooseSignal(header, '3').index).to.equal(3)
  })

  it('names the signals there are when there is none of that name, and refuses what is no voltage', () => {
    expect(() => chooseSignal(header, 'II')).to.throw(HomebeatError, 'choose one of ABP, V5, CVP, 3')
    expect(() => chooseSignal(header, 'CVP')).to.throw(HomebeatError, 'mmHg')
  })

  it('scales to millivolts, and says when there is no calibration', () => {
    expect(scaleOf(only('r.dat 212 200 11 1024'))).to.deep.equal({ origin: -5.12, factor: 0.005, unit: 'mV' })
    expect(scaleOf(only('r.dat 16 1000(-100)/uV'))).to.deep.equal({ origin: 0.0001, factor: 0.000001, unit: 'mV' })
    expect(scaleOf(only('r.dat 16 2/V'))).to.deep.equal({ origin: 0, factor: 500, unit: 'mV' })
    expect(scaleOf(only('r.dat 16'))).to.deep.equal({ origin: 0, factor: 0.005, unit: '1' })
  })
})

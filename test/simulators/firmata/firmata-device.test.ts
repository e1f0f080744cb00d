import { expect } from 'chai'
import fc from 'fast-check'
import { FirmataDevice, type FirmataDeviceOptions } from '#simulators/firmata/firmata-device.js'

const ACCELEROMETER = 0x1d

function device(options: FirmataDeviceOptions = {}) {
  const made = new FirmataDevice(options)
  const said: number[] = []
  made.onBytes = (bytes) => said.push(...bytes)
  /** @returns what it says to these bytes. */
  const ask = (...bytes: number[]) => {
    said.length = 0
    made.take(Uint8Array.from(bytes))
    return [...said]
  }
  /** What it says in so many sampling intervals. */
  const run = (intervals: number) => {
    said.length = 0
    made.run(intervals)
    return [...said]
  }
  return { made, said, ask, run }
}

const read = (register: number, count: number, mode: number) =>
  [0xf0, 0x76, ACCELEROMETER, mode, register, 0, count, 0, 0xf7] as const

describe('The simulated Firmata device', () => {
  it('introduces itself after a reset: protocol 2.5, StandardFirmata.ino', () => {
    const { made, said } = device()
    made.reset()
    expect(said.slice(0, 7)).to.deep.equal([0xf9, 2, 5, 0xf0, 0x79, 2, 5])
    const name = said.slice(7, -1)
    expect(String.fromCharCode(...name.filter((_, i) => i % 2 === 0))).to.equal('StandardFirmata.ino')
  })

  it('maps A0 to A5 to the pins 14 to 19', () => {
    expect(device().ask(0xf0, 0x69, 0xf7)).to.deep.equal([
      0xf0,
      0x6a,
      ...Array<number>(14).fill(127),
      ...[0, 1, 2, 3, 4, 5],
      0xf7,
    ])
  })

  it('tells for each pin what it can do, and how finely', () => {
    const pins: number[][] = [[]]
    for (const byte of device().ask(0xf0, 0x6b, 0xf7).slice(2, -1)) {
      if (byte === 127) pins.push([])
      else pins.at(-1)?.push(byte)
    }
    expect(pins).to.have.length(21)
    expect(pins[0]).to.deep.equal([])
    expect(pins[9]).to.deep.equal([0, 1, 11, 1, 1, 1, 3, 8])
    expect(pins[14]).to.deep.equal([0, 1, 11, 1, 1, 1, 2, 10])
  })

  it('reports a channel at once and then at each interval, in rising order', () => {
    const { ask, run } = device({ analog: (channel) => 300 + channel })
    expect(ask(0xc1, 1)).to.deep.equal([0xe1, 301 & 0x7f, 301 >> 7])
    ask(0xc0, 1)
    expect(run(1)).to.deep.equal([0xe0, 300 & 0x7f, 300 >> 7, 0xe1, 301 & 0x7f, 301 >> 7])
    ask(0xc1, 0)
    expect(run(2)).to.have.length(6)
  })

  it('reads the accelerometer’s identity with a repeated START, and another register with a STOP', () => {
    const { ask } = device()
    expect(ask(...read(0x0d, 1, 0x08 | 0x40)).slice(2, -1)).to.deep.equal([ACCELEROMETER, 0, 0x0d, 0, 0x2a, 0])
    expect(ask(...read(0x0d, 1, 0x08)).slice(2, -1)).to.deep.equal([ACCELEROMETER, 0, 0x0d, 0, 0, 0])
  })

  it('says so when nothing answers on the bus', () => {
    const { made, ask } = device()
    made.bus.accelerometer.connected = false
    const said = ask(...read(0x0d, 1, 0x08 | 0x40))
    // A string for people first, then an answer without a value.
    expect(said.slice(0, 2)).to.deep.equal([0xf0, 0x71])
    expect(said.slice(-7)).to.deep.equal([0xf0, 0x77, ACCELEROMETER, 0, 0x0d, 0, 0xf7])
  })

  it('sets outputs, and says the state of a pin', () => {
    const { made, ask } = device()
    ask(0xf4, 9, 1, 0x91, 0b10, 0)
    expect(made.level(9)).to.equal(true)
    expect(ask(0xf0, 0x6d, 9, 0xf7)).to.deep.equal([0xf0, 0x6e, 9, 1, 1, 0xf7])
  })

  it('reports a button with pull-up: pressed is low', () => {
    const { made, said, ask } = device()
    ask(0xf4, 2, 11)
    expect(ask(0xd0, 1)).to.deep.equal([0x90, 0b100, 0])
    said.length = 0
    made.press(2, true)
    expect(said).to.deep.equal([0x90, 0, 0])
  })

  it('understands the next message after any noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const { made, ask } = device()
        made.take(noise)
        // A command byte ends whatever was begun.
        expect(ask(0xf9)).to.deep.equal([0xf9, 2, 5])
      }),
    )
  })
})

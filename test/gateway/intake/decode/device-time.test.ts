import { expect } from 'chai'
import { localTime, placeDeviceTime } from '#gateway/intake/decode/device-time.js'

const PARTS = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeZoneName: 'longOffset' })

/** Minutes east of UTC in Berlin, from the machine's own zone tables. */
function berlin(at: number): number {
  const offset = PARTS.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, hours = '0', minutes = '0'] = /GMT([+-]\d+):(\d+)/.exec(offset) ?? []
  return Number(hours) * 60 + Number(minutes)
}

const utc = (text: string) => Date.parse(`${text}Z`)
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString().slice(0, 16))

describe('A device’s local time in Berlin', () => {
  for (const [local, expected, why] of [
    ['2026-01-15T12:00', '2026-01-15T11:00', 'in winter'],
    ['2026-07-15T12:00', '2026-07-15T10:00', 'in summer'],
    ['2026-03-29T01:30', '2026-03-29T00:30', 'just before the clocks go forward'],
    ['2026-03-29T02:30', '2026-03-29T01:30', 'in the hour that is skipped: the device was not put forward'],
    ['2026-03-29T03:30', '2026-03-29T01:30', 'just after the clocks went forward'],
    ['2026-10-25T01:30', '2026-10-24T23:30', 'just before the clocks go back'],
    ['2026-10-25T03:30', '2026-10-25T02:30', 'just after the clocks went back'],
  ] as const)
    it(`is placed ${why}`, () => {
      expect(iso(localTime(local, berlin))).to.equal(expected)
    })

  it('of an hour that comes twice means the latest time that can have been', () => {
    const first = utc('2026-10-25T00:30')
    const second = utc('2026-10-25T01:30')
    expect(placeDeviceTime('2026-10-25T02:30', first + 60_000, berlin).at).to.equal(first)
    expect(placeDeviceTime('2026-10-25T02:30', second + 60_000, berlin).at).to.equal(second)
    // Never after it was read.
    expect(placeDeviceTime('2026-10-25T02:30', second - 60_000, berlin).at).to.equal(second - 60_000)
    expect(localTime('2026-10-25T02:30', berlin)).to.equal(second)
  })

  it('is one instant for each, whatever the hour', function () {
    this.timeout(60_000) // every hour of a year
    const start = utc('2026-01-01T00:00')
    for (let at = start; at < start + 366 * 86_400_000; at += 3_600_000) {
      const local = new Date(at + berlin(at) * 60_000).toISOString().slice(0, 19)
      expect(localTime(local, berlin, at), local).to.equal(at)
    }
  })
})

import { expect } from 'chai'
import type { HomeRecord } from '#gateway/clinic/home-record.js'
import { pageOf } from '#gateway/clinic/page.js'
import { PageServer } from '#gateway/clinic/page-server.js'
import { type ClinicReport, reportOf } from '#gateway/clinic/report.js'
import type { CheckIn } from '#gateway/liveness/check-in.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { needsChromium, openPage } from '#test/support/browser.js'
import { TestClock } from '#test/support/test-clock.js'
import { checkInAt } from './clinic.js'

const now = Date.UTC(2026, 0, 1, 12)
const listening = { listened: 10_000_000, stretch: 1 }

function record(id: string, silentSeconds: number | null, change: Partial<CheckIn> = {}): HomeRecord {
  const at = now - (silentSeconds ?? 0) * 1000
  const heard = {
    at,
    listened: listening.listened - (silentSeconds ?? 0) * 1000,
    stretch: 1,
    beat: checkInAt(at, 1, { home: id, ...change }),
  }
  return {
    ...{ id, keyId: 'a', knownListened: 0, sequence: 1, clockRefusedAt: null },
    heard: silentSeconds === null ? null : heard,
    missing: (silentSeconds ?? 0) >= 300,
  }
}

function alarm(condition: string, state: AlertTransition['state'] = 'active'): AlertTransition {
  const [at, raisedAt] = [now, now - 60_000]
  return { alertId: `${condition}-1`, condition, kind: 'technical', priority: 'high', state, at, raisedAt }
}

function ward(): ClinicReport {
  const high = { physiological: { high: 1, medium: 0, low: 2 }, technical: { high: 0, medium: 1, low: 0 } }
  const records = [
    record('home-well', 20),
    record('home-alarms', 12, { alerts: high }),
    record('home-awaited', null),
    record('home-late', 200),
    record('home-ill', 5, { healthy: false, reasons: ['commit-refused', 'no-source'], journal: 'damaged' }),
    record('home-clock', 5, { sentAt: new Date(now + 85_000).toISOString() }),
    record('home-stopped', 4000, { state: 'stopping' }),
    record('home-silent-of-the-longest-nam', 7300),
  ]
  const open = [alarm('home-silent-home-silent-of-the-longest-nam'), alarm('home-stopped-home-stopped', 'acknowledged')]
  return reportOf('clinic-north', records, listening, [...open, alarm('alert-undelivered-duty')], now)
}

describe('clinic/page', function () {
  this.timeout(60_000)

  it('puts those first that need somebody', () => {
    const ids = ward().homes.map(({ id }) => id)
    expect(ids).to.deep.equal([
      ...['home-silent-of-the-longest-nam', 'home-stopped', 'home-late', 'home-awaited'],
      ...['home-clock', 'home-ill', 'home-alarms', 'home-well'],
    ])
  })

  it('says what a person must know, and nothing that a page could be made to run', () => {
    const html = pageOf({ ...ward(), receiver: '<script>alert(1)</script>' })
    expect(html).not.to.contain('<script')
    for (const text of [
      'silent for 2 h',
      'stopped, not started again for 66 min',
      'never heard',
      'does not keep watch',
      'none when last heard',
      'its disk refuses readings',
      'its clock is 1 min off',
      '1 high, 1 medium, 2 low',
      'Alarms not delivered: duty',
    ])
      expect(html).to.contain(text)
  })

  it('fits a phone and a desktop, in light and dark, without a word of script', async function () {
    needsChromium(this)
    const clock = new TestClock()
    const server = new PageServer({
      ...{ host: '127.0.0.1', port: 0, tls: null, trustProxy: [], token: null },
      report: ward,
      known: new KnownAddresses(null, { clock, logger: silentLogger }),
      clock,
    })
    await server.start()
    try {
      for (const [width, colorScheme] of [
        [390, 'light'],
        [1280, 'dark'],
      ] as const) {
        const opened = await openPage(server.url, { width, height: 900, colorScheme })
        try {
          const overflow = await opened.page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          expect(overflow, `${width} px`).to.equal(0)
          expect(opened.errors).to.deep.equal([])
          expect(opened.foreign).to.deep.equal([])
          const folder = process.env['HOMEBEAT_PICTURES']
          if (folder) await opened.page.screenshot({ path: `${folder}/watch-${width}.png`, fullPage: true })
        } finally {
          await opened.close()
        }
      }
    } finally {
      await server.stop()
    }
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import { linksOf } from '#gateway/compose/links.js'
import type { Site } from '#gateway/compose/site.js'
import { configSchema } from '#gateway/config/schema.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { SteadyClock } from '#gateway/time/steady-clock.js'
import { AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'

describe('The page that acknowledges, as it is composed', () => {
  it('says alarm, home and how long it has lasted when the page is opened, not when the message was sent', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'homebeat-links-'))
    const home = await new AlarmHome().start()
    const clock = new SteadyClock(home.clock)
    const alerts = configSchema.shape.alerts.parse({
      channels: [{ type: 'terminal', name: 'terminal' }],
      contacts: [{ id: 'nurse-1', role: 'nurse', channel: 'terminal' }],
      links: { publicUrl: 'https://home.example', port: 0 },
      preview: { label: 'Flat 12' },
      message: { call: ['At home: 1'] },
    })
    const site = {
      ...{ config: { alerts }, home: 'home-7', journal: home.journal, news2: new News2Watch() },
      ...{ baseDir: dataDir, dataDir, clock, logger: silentLogger },
    } as unknown as Site
    const links = await linksOf(site)
    const server = links?.server(home.actions)
    await server?.start()
    try {
      const [alertId = ''] = await home.glucose(50)
      const link = new URL(links?.acknowledgeUrl(alertId, 'nurse-1') ?? '')
      await home.clock.advance(40 * MINUTE)
      const page = await (await fetch(`http://127.0.0.1:${server?.port}${link.pathname}`)).text()
      expect(page).to.contain('<strong>Flat 12: HIGH: Low glucose (active since')
      expect(page)
        .to.contain('Home: Flat 12 (home-7).')
        .and.contain('for 40 min at')
        .and.contain('Whom to call: At home: 1.')
      const dead = await (await fetch(`http://127.0.0.1:${server?.port}/a/x`)).text()
      expect(dead).to.contain('<p>At home: 1</p>')
    } finally {
      await server?.stop()
      await home.stop()
      rmSync(dataDir, { recursive: true })
    }
  })
})

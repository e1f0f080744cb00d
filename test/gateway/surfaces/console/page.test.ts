import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { SENSOR_KINDS } from '#fhir/measurement.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { ConsoleActions } from '#gateway/surfaces/console/acts.js'
import { ConsoleServer } from '#gateway/surfaces/console/server.js'
import { needsChromium, type OpenedPage, openPage } from '#test/support/browser.js'
import { FakeFeed } from './fake-feed.js'

describe('the page of the console', function () {
  this.timeout(120_000)
  const pageFolder = mkdtempSync(join(tmpdir(), 'homebeat-page-'))
  const feed = new FakeFeed()
  /** Answers as the AlarmActions does, and moves the feed as it would. */
  const actions: ConsoleActions = {
    async acknowledge(ids, { by, via }) {
      for (const id of ids) {
        if (!feed.alerts.some(({ alertId }) => alertId === id))
          throw new HomebeatError('alarm.unknown', 'No open alert has this id: it may be over by now.')
        feed.change(id, { state: 'acknowledged', acknowledged: { by, via, at: Date.now() } })
      }
      return [...ids]
    },
    async silence(ids, forMs) {
      for (const id of ids) feed.change(id, { silencedUntil: Date.now() + forMs })
      return [...ids]
    },
    async escalate() {},
    async pause(reason, forMs, actor) {
      feed.notMonitored = { reason, actor, since: Date.now(), until: Date.now() + forMs }
    },
    async resume() {
      feed.notMonitored = null
    },
  }
  let server: ConsoleServer
  let stopPlaying = () => {}
  const opened: OpenedPage[] = []

  before(async function () {
    needsChromium(this)
    await buildPage(pageFolder)
    server = new ConsoleServer({ feed, actions, host: '127.0.0.1', port: 0, logger: silentLogger, pageFolder })
    await server.start()
    stopPlaying = feed.play()
  })
  beforeEach(() => {
    feed.latest.clear()
    feed.alerts = []
    feed.notMonitored = null
    feed.fill()
  })
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.close()
  })
  after(async () => {
    stopPlaying()
    await server?.stop()
    rmSync(pageFolder, { recursive: true, force: true })
  })

  async function open(width = 1440, height = 900, change: Partial<Parameters<typeof openPage>[1]> = {}) {
    const result = await openPage(server.address().url, { width, height, ...change })
    opened.push(result)
    await result.page.locator('[data-connection="live"]').waitFor()
    return result
  }

  it('shows a tile for each sensor, that fills from the feed, and asks nobody else for anything', async () => {
    const { page, errors, foreign } = await open()
    const tile = (sensor: string) => page.locator(`[data-sensor="${sensor}"]`)
    await page.locator('[data-sensor="bloodPressure"][data-state="live"]').waitFor()
    expect(await page.locator('[data-sensor]').count()).to.equal(SENSOR_KINDS.length)
    for (const sensor of SENSOR_KINDS) expect(await tile(sensor).count(), sensor).to.equal(1)
    expect(await tile('bloodPressure').textContent())
      .to.contain('134/81')
      .and.contain('mmHg')
    expect(await tile('position').textContent()).to.contain('On the back')
    expect(await tile('glucose').textContent()).to.contain('device clock not verified')
    expect(await tile('emg').textContent()).to.contain('Waiting')
    feed.value('bodyTemperature', 39.3, 'Cel')
    await tile('bodyTemperature').getByText('39.3').waitFor()
    feed.value('bodyWeight', 71.4, 'kg')
    await tile('bodyWeight').getByText('71.4').waitFor()
    expect(await tile('bodyWeight').textContent()).to.match(/^Body weight71\.4kg/)
    feed.value('gsr', null, 'uS', { quality: 'missing', remarks: ['probe-off'] })
    await tile('gsr').getByText('probe off').waitFor()
    const traces = await page
      .locator('[data-trace]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-trace')))
    expect(traces, 'EMG has its place once it is heard').to.deep.equal(['ecg', 'airflow'])
    expect(await page.locator('header').textContent()).to.contain('home-7f3a')
    expect(await page.locator('footer').textContent()).to.contain('Not a certified medical device')
    expect(errors).to.deep.equal([])
    expect(foreign).to.deep.equal([])
  })

  it('says before everything else that nobody is monitored, by whose word, why and until when', async () => {
    const { page, errors } = await open()
    const banner = page.locator('.banner.not-monitored')
    expect(await banner.count(), 'somebody is').to.equal(0)
    const since = Date.now()
    const actor = { by: 'nurse-1', via: 'console', note: 'she takes a bath' } as const
    feed.notMonitored = { reason: 'bath', actor, since, until: since + 1_800_000 }
    feed.emit({ type: 'status', status: feed.status() })
    await banner.waitFor()
    expect(await banner.textContent()).to.match(
      /^Not monitored: in the bath, since .* until .*, said by nurse-1, "she takes a bath" It ends by itself when signals return/,
    )
    const above = await page.evaluate<boolean>(
      `document.querySelector('.not-monitored').getBoundingClientRect().bottom <=
        document.querySelector('.room-alerts').getBoundingClientRect().top`,
    )
    expect(above, 'above the alerts and the values').to.equal(true)
    feed.notMonitored = null
    feed.emit({ type: 'status', status: feed.status() })
    await banner.waitFor({ state: 'detached' })
    expect(errors).to.deep.equal([])
  })

  it('shows an exercise as one: not by its priority, and after what has happened', async () => {
    feed.raise('rehearsal', 'high', { kind: 'technical' })
    const { page } = await open()
    const exercise = page.locator('[data-alert="rehearsal"]')
    await exercise.waitFor()
    expect(await exercise.textContent()).to.match(/^Exercise.*Rehearsal of the alarm.*Nothing has happened/)
    expect(await exercise.getAttribute('class')).not.to.contain('alert-high')
    expect(await page.title()).to.match(/^Exercise: Rehearsal of the alarm/)
    feed.raise('probe-off-gsr', 'medium', { kind: 'technical' })
    feed.raise('low-oxygen-saturation', 'high', { raisedAt: Date.now() - 60_000 })
    feed.emit({ type: 'status', status: feed.status() })
    await page.locator('[data-alert="low-oxygen-saturation"]').waitFor()
    const order = await page
      .locator('[data-alert]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-alert')))
    expect(order).to.deep.equal(['low-oxygen-saturation', 'probe-off-gsr', 'rehearsal'])
    await page.waitForFunction(`document.title.startsWith('High priority: Low oxygen')`)
  })

  it('says that a value is old', async () => {
    feed.value('bodyTemperature', 36.5, 'Cel', { at: Date.now() - 120_000 })
    const { page } = await open()
    const tile = page.locator('[data-sensor="bodyTemperature"][data-state="stale"]')
    await tile.waitFor()
    expect(await tile.textContent())
      .to.contain('Not live')
      .and.contain('2 min ago')
  })

  for (const reducedMotion of ['no-preference', 'reduce'] as const)
    it(`moves the ECG (prefers-reduced-motion: ${reducedMotion})`, async () => {
      const { page, errors } = await open(1440, 900, { reducedMotion })
      // Asked from outside: the page's own policy forbids it to evaluate text.
      const picture = () => page.evaluate<{ inked: number; data: string }>(INK)
      const first = await picture()
      let next = first
      while (next.inked < 300 || next.data === first.data) next = await picture()
      expect(errors).to.deep.equal([])
    })

  it('draws a standstill as a flat line', async () => {
    const { page } = await open()
    const picture = () => page.evaluate<{ inked: number; height: number }>(INK)
    let seen = await picture()
    while (seen.height < 0.5) seen = await picture()
    feed.standstill = true
    try {
      const end = Date.now() + 25_000
      while ((seen.height > 0.06 || seen.inked < 300) && Date.now() < end) seen = await picture()
      expect(seen.height).to.be.below(0.06)
    } finally {
      feed.standstill = false
    }
  })

  it('shows an alert with its priority in words, and tells screen readers', async () => {
    const { page } = await open()
    await page.getByText('No active alert.').waitFor()
    feed.raise('low-oxygen-saturation', 'high', { deliveredTo: ['doctor'] })
    const alert = page.locator('[data-alert="low-oxygen-saturation"]')
    await alert.waitFor()
    expect(await alert.textContent()).to.match(
      /High priority\s*Low oxygen saturation\s*Since .*\s*Not acknowledged\s*Delivered to doctor/,
    )
    expect(await alert.locator('svg').count()).to.equal(1)
    const spoken = page.locator('[aria-live="assertive"]')
    expect(await spoken.textContent()).to.equal('High priority: Low oxygen saturation')
    expect(await page.title()).to.contain('High priority')
  })

  it('lets somebody acknowledge, who says first who they are, and remembers them', async () => {
    feed.raise('low-oxygen-saturation', 'high', { deliveredTo: ['nurse-1 (push)'] })
    const { page, errors } = await open()
    const alert = page.locator('[data-alert="low-oxygen-saturation"]')
    const button = page.getByRole('button', { name: 'Acknowledge: Low oxygen saturation' })
    await button.click()
    await page.getByText('Say first who you are').waitFor()
    expect(await page.evaluate('document.activeElement.tagName')).to.equal('SELECT')
    await page.locator('.alerts').getByLabel('Acting as').selectOption('anna')
    await button.click()
    await page.locator('[data-alert][data-state="acknowledged"]').waitFor()
    expect(await alert.textContent()).to.match(/Acknowledged by anna at \d\d:\d\d:\d\d/)
    expect(await alert.getByRole('button').count()).to.equal(0)
    expect(await page.locator('.alerts .alerts-said[role="status"]').textContent()).to.contain(
      'Acknowledged. The others are told.',
    )
    await page.reload()
    feed.raise('no-breath', 'high')
    await page.locator('.alerts').getByLabel('Acting as').waitFor()
    expect(await page.locator('.alerts').getByLabel('Acting as').inputValue()).to.equal('anna')
    expect(errors).to.deep.equal([])
  })

  it('silences under a typed name and explains itself', async () => {
    feed.raise('low-oxygen-saturation', 'high')
    const { page } = await open(390, 844)
    await page.locator('.alerts').getByLabel('Acting as').selectOption({ label: 'Somebody else…' })
    await page.getByLabel('Your name').fill('Mrs Pérez')
    await page.getByRole('button', { name: /^Silence for 10 minutes/ }).click()
    await page.getByText(/Not acknowledged, silenced until \d\d:\d\d/).waitFor()
    await page.getByText('What this means').click()
    await page.getByText('The finger clip measured less oxygen').waitFor()
    for (const button of await page.getByRole('button').all()) {
      expect((await button.boundingBox())?.height).to.be.at.least(44)
    }
  })

  it('shows an alert that has gone and waits for somebody', async () => {
    feed.raise('low-oxygen-saturation', 'high', { state: 'latched' })
    const { page } = await open()
    expect(await page.locator('[data-alert]').textContent()).to.contain('Over, not acknowledged')
    expect(await page.getByRole('button', { name: /^Acknowledge/ }).count()).to.equal(1)
  })

  it('shows lanes, batches, the last anchor, sources and frames', async () => {
    const { page } = await open()
    await page.locator('[data-lane="fhir:hospital"]').waitFor()
    const text = await page.locator('main').textContent()
    for (const words of [
      'Records → hospital',
      'Batch 47 in block 20817',
      '0x3fa94c',
      'connected to /dev/ttyACM0',
      '3 lost',
    ])
      expect(text).to.contain(words)
  })

  it('says when the gateway is gone, marks every value, and comes back by itself', async () => {
    const { page } = await open()
    await page.locator('[data-sensor="pulse"][data-state="live"]').waitFor()
    const { port } = server.address()
    await server.stop()
    await page.locator('[data-connection="lost"]').waitFor()
    expect(await page.getByRole('alert').textContent()).to.contain('The gateway cannot be reached.')
    expect(await page.locator('[data-state="live"]').count()).to.equal(0)
    expect(await page.locator('[data-sensor="pulse"]').textContent()).to.contain('Not live')
    const main = await page.locator('main').textContent()
    expect(main).to.not.match(/Connected|all anchored|nothing waiting|none active/)
    expect(main)
      .to.contain('Not known')
      .and.contain('Last known: connected to /dev/ttyACM0')
      .and.contain('not live, as of')
    server = new ConsoleServer({ feed, actions, host: '127.0.0.1', port, logger: silentLogger, pageFolder })
    await server.start()
    await page.locator('[data-connection="live"]').waitFor()
    await page.locator('[data-sensor="pulse"][data-state="live"]').waitFor()
  })

  it('shows an alarm on its tile in words: priority, condition, limit, worst value, since when, who knows', async () => {
    const { page } = await open()
    const tile = page.locator('[data-sensor="spo2"]')
    feed.raise('low-oxygen-saturation', 'high', { sensor: 'spo2', limit: 'below 88 %', worst: '83 %' })
    feed.raise('probe-off-spo2', 'low', { sensor: 'spo2', kind: 'technical' })
    feed.value('spo2', 84, '%')
    await page.locator('[data-sensor="spo2"][data-alarm="high"]').waitFor()
    expect(await tile.textContent()).to.match(
      /^Oxygen \(SpO₂\)\d+%High priorityLow oxygen saturationlimit below 88 %, worst 83 %, since \d\d:\d\d, not acknowledged, 1 more in the list/,
    )
    expect(await page.locator('[data-sensor="pulse"]').getAttribute('data-alarm')).to.equal(null)
    const frame = () =>
      page.evaluate<string>(
        `(({ borderTopStyle, borderTopWidth }) => borderTopStyle + borderTopWidth)(getComputedStyle(document.querySelector('[data-sensor="spo2"]')))`,
      )
    expect(await frame()).to.equal('solid3px')
    const [first] = feed.alerts
    feed.change(first?.alertId ?? '', { state: 'cleared' })
    await page.locator('[data-sensor="spo2"][data-alarm="low"]').waitFor()
    expect(await tile.textContent()).to.contain('Equipment, low priority')
    expect(await frame()).to.equal('dashed3px')
    expect(await page.locator('[data-alert="low-oxygen-saturation"]').textContent()).to.contain(
      'Limit below 88 %, worst 83 %',
    )
  })

  it('says that nobody is monitored, and lets a person begin and end that, by keyboard', async () => {
    const { page } = await open()
    await page.getByText('Not to be monitored for a while…').click()
    const card = page.locator('.monitoring')
    await card.getByRole('button', { name: 'Do not monitor' }).press('Enter')
    await card.getByRole('button', { name: /^Yes/ }).press('Enter')
    await card.getByText('Say first who you are.').waitFor()
    await card.getByLabel('Acting as').selectOption('nurse-1')
    await card.getByLabel('Because the person is').selectOption('hospital')
    await card.getByLabel('for at most').selectOption({ label: '7 days' })
    await card.getByRole('button', { name: 'Do not monitor' }).press('Enter')
    expect(feed.notMonitored, 'not before it is confirmed').to.equal(null)
    await card.getByRole('button', { name: 'Yes: nobody is watched for 7 days' }).press('Enter')
    const banner = page.locator('.not-monitored')
    await banner.waitFor()
    expect(await banner.textContent()).to.match(/^Not monitored: in hospital, since .* until .*, said by nurse-1/)
    expect(feed.notMonitored).to.deep.include({ reason: 'hospital', actor: { by: 'nurse-1', via: 'console' } })
    await card.getByRole('button', { name: 'Monitor again' }).press('Enter')
    await banner.waitFor({ state: 'detached' })
  })

  it('is whole at any width and size of text, in every state', async () => {
    const { page } = await open(720, 900)
    for (const sensor of ['spo2', 'pulse', 'bloodPressure', 'ecg'] as const)
      feed.raise(`no-trusted-value-${sensor}`, 'medium', {
        ...{ sensor, kind: 'technical', limit: 'at or above 180 mmHg', worst: '212 mmHg' },
        deliveredTo: ['a-channel-with-a-long-name', 'another-long-name'],
      })
    feed.notMonitored = {
      reason: 'bath',
      actor: { by: 'a-very-long-name-of-somebody', via: 'console' },
      since: 1,
      until: 2e12,
    }
    await page.locator('[data-alarm]').nth(3).waitFor()
    const wrong = async (state: string) => {
      for (const size of [100, 200])
        for (const width of [320, 390, 720, 1100, 1440]) {
          await page.setViewportSize({ width, height: 900 })
          await page.evaluate(`document.documentElement.style.fontSize = '${size}%'`)
          expect(await page.evaluate<string[]>(CUT), `${state}, ${width} px, text ${size} %`).to.deep.equal([])
        }
    }
    await wrong('alarms')
    const { port } = server.address()
    await server.stop()
    await page.locator('[data-connection="lost"]').waitFor()
    await wrong('gateway gone')
    server = new ConsoleServer({ feed, actions, host: '127.0.0.1', port, logger: silentLogger, pageFolder })
    await server.start()
  })

  it('needs no sideways scrolling, on a phone as on a desk', async () => {
    feed.raise('low-oxygen-saturation', 'high', { deliveredTo: ['a-channel-with-a-long-name', 'another-long-name'] })
    const { page } = await open(390, 844)
    await page.locator('[data-alert]').first().waitFor()
    for (const width of [320, 390, 700, 768, 1100, 1440]) {
      await page.setViewportSize({ width, height: 844 })
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} pixels`).to.be.at.most(width)
    }
  })

  it('reads well in the dark and can be used by keyboard', async () => {
    const { page } = await open(1440, 900, { colorScheme: 'dark' })
    const luminance = await page.evaluate(
      'getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)',
    )
    expect(luminance).to.be.below(150)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent.trim()')).to.equal('Skip to the values')
  })

  it('is small: below 120 kB gzipped in all, with nothing inline', () => {
    const files = readdirSync(pageFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const bytes = files.reduce((n, f) => n + gzipSync(readFileSync(join(f.parentPath, f.name))).length, 0)
    expect(bytes).to.be.below(120_000)
    const html = readFileSync(join(pageFolder, 'index.html'), 'utf8')
    expect(html).not.to.match(/<style|style=|<script(?![^>]*\bsrc=)/)
  })
})

/** As `npm run build` does it, in a process of its own. */
async function buildPage(folder: string): Promise<void> {
  const vite = join(packageRoot, 'node_modules', 'vite', 'bin', 'vite.js')
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', '--logLevel', 'warn', '--emptyOutDir', '--outDir', folder],
    {
      cwd: packageRoot,
      env: { ...process.env, NODE_ENV: 'production' },
    },
  )
}

/** Counts the inked pixels of the ECG, says which share of the rows they are in, and gives its picture. */
/** Sideways scrolling, and words that are cut off or stand over the edge of their box. */
const CUT = `(() => {
  const found = []
  const root = document.documentElement
  if (root.scrollWidth > innerWidth) found.push('page ' + root.scrollWidth)
  for (const box of document.querySelectorAll('.tile, .card, .banner, .alert, .app-header, th, td, button, h2, h3')) {
    if (box.matches('.visually-hidden') || box.closest('details:not([open]) > :not(summary)')) continue
    const edge = box.getBoundingClientRect()
    if (edge.right > innerWidth + 1) found.push(box.className + ' beyond the edge')
    if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== 'inline') found.push((box.className || box.tagName) + ' cut: ' + box.textContent.slice(0, 40))
  }
  return found
})()`

const INK = `(() => {
  const canvas = document.querySelector('[data-trace="ecg"] canvas')
  const copy = document.createElement('canvas')
  copy.width = canvas.width
  copy.height = canvas.height
  const context = copy.getContext('2d', { willReadFrequently: true })
  context.drawImage(canvas, 0, 0)
  const pixels = context.getImageData(0, 0, copy.width, copy.height).data
  let inked = 0
  const rows = new Set()
  for (let i = 3; i < pixels.length; i += 4) {
    if (pixels[i] === 0) continue
    inked++
    rows.add(Math.floor(i / 4 / copy.width))
  }
  return { inked, height: rows.size / copy.height, data: copy.toDataURL() }
})()`

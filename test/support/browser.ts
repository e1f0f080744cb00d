/**
 * Real Chromium for tests and for pictures of a running console:
 * `const opened = await openPage('http://127.0.0.1:8080/', { width: 1440, height: 900 })`,
 * `await opened.page.screenshot({ path: 'page.png' })`, `await opened.close()`.
 */
import { existsSync } from 'node:fs'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]

export interface OpenedPage {
  readonly page: Page
  /** Errors of the console and of the page, as text. */
  readonly errors: string[]
  /** URLs asked for, other than those of the page's own origin. */
  readonly foreign: string[]
  close(): Promise<void>
}

export interface PageOptions {
  readonly width: number
  readonly height: number
  readonly colorScheme?: 'light' | 'dark'
  readonly reducedMotion?: 'reduce' | 'no-preference'
}

/** Counts the test as skipped, with the reason, where Chromium is not installed. Call in a `function` test or hook. */
export function needsChromium(test: Mocha.Context): void {
  if (existsSync(EXECUTABLE)) return
  const runnable = test.runnable() as Mocha.Runnable & { title: string }
  runnable.title += ` (skipped: ${EXECUTABLE} is not installed)`
  test.skip()
}

/** Opens the page in a browser of its own; `close` ends it. */
export async function openPage(url: string, options: PageOptions): Promise<OpenedPage> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS })
  try {
    const context: BrowserContextOptions = {
      viewport: { width: options.width, height: options.height },
      colorScheme: options.colorScheme ?? 'light',
      reducedMotion: options.reducedMotion ?? 'no-preference',
      locale: 'en-GB',
    }
    const page = await browser.newPage(context)
    const errors: string[] = []
    const foreign: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
    })
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) foreign.push(request.url())
    })
    await page.goto(url)
    return { page, errors, foreign, close: () => browser.close() }
  } catch (error) {
    await browser.close()
    throw error
  }
}

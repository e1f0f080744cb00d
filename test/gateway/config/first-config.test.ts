import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { firstConfig } from '#gateway/config/first-config.js'
import { parseConfig } from '#gateway/config/load.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const EXAMPLE = readFileSync(join(packageRoot, 'homebeat.example.yaml'), 'utf8')
const SITE = { home: 'home-ab12', patient: 'p-9f', kit: 'serial+usb://2341:0043?serial=7523', consolePort: 8090 }

describe('The configuration of a new home', () => {
  const text = firstConfig(EXAMPLE, SITE)

  it('is right, has what was given, and nothing of the example’s imagined site', () => {
    const config = parseConfig(text)
    expect(config.home).to.deep.equal({ id: SITE.home, patient: SITE.patient })
    expect(config.transports.map(({ url }) => url)).to.deep.equal([SITE.kit])
    expect(config.console.port).to.equal(8090)
    expect(config.alerts.channels).to.deep.equal([{ type: 'terminal', name: 'terminal' }])
    expect(config.alerts.limits, 'another patient’s limits').to.deep.equal({})
    expect([config.fhir.targets, config.liveness.targets]).to.deep.equal([[], []])
    expect(config.chain).to.equal(undefined)
    const counted = text.replace(/#.*/g, '')
    expect(counted).to.not.match(/\.example|secrets\//)
  })

  it('keeps each line of the example: what does not count is there to be taken back', () => {
    const words = (line: string) => line.replace(/^[ #]+/, '').trimEnd()
    const kept = new Set(text.split('\n').map(words))
    const given = /^(id|patient|- name|url|port): /
    const lost = EXAMPLE.split('\n')
      .slice(2)
      .filter((line) => !kept.has(words(line)) && !given.test(words(line)))
    expect(lost).to.deep.equal([])
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { loadConfig, parseConfig } from '#gateway/config/load.js'
import { RENAMED_KEYS } from '#gateway/config/schema.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const minimal = {
  home: { id: 'home-1', patient: 'p-1' },
  transports: [{ name: 'kit', url: 'serial:///dev/ttyACM0' }],
  chain: { endpoints: ['http://127.0.0.1:8545'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
}

function problemsOf(text: string): HomebeatError {
  try {
    parseConfig(text, 'homebeat.yaml')
  } catch (error) {
    expect(error).to.be.instanceOf(HomebeatError)
    return error as HomebeatError
  }
  throw new Error('the configuration was accepted')
}

describe('config/load', () => {
  it('accepts the annotated example', () => {
    const config = parseConfig(readFileSync(join(packageRoot, 'homebeat.example.yaml'), 'utf8'))
    expect(config.fhir.targets.map((t) => t.mode)).to.deep.equal(['sealed', 'clear'])
    expect(config.transports[0]?.schedule.cuff).to.equal('*/30 * * * *')
  })

  it('fills defaults: sealed targets, loopback console, a commit that is bounded', () => {
    const config = parseConfig(stringify({ ...minimal, fhir: { targets: [{ name: 'a', url: 'https://x.example' }] } }))
    expect(config.fhir.targets[0]?.mode).to.equal('sealed')
    expect(config.console).to.deep.equal({ host: '127.0.0.1', port: 8080 })
    expect(config.commit).to.deep.equal({ maxDelayMs: 50, maxCount: 200 })
  })

  it('reports all problems at once, each with its path', () => {
    const error = problemsOf(
      stringify({
        ...minimal,
        home: { id: 'Mrs Smith', patient: 'p-1' },
        console: { port: 99999 },
        chain: { ...minimal.chain, contract: '0x12' },
        surprise: true,
      }),
    )
    expect(error.code).to.equal('config.invalid')
    for (const part of ['4 problems', 'home.id', 'console.port', 'chain.contract', 'surprise']) {
      expect(error.message).to.contain(part)
    }
  })

  it('reports names used twice and cron expressions that are none', () => {
    const kit = { name: 'kit', url: 'serial:///dev/a', schedule: { cuff: 'whenever you like' } }
    const error = problemsOf(
      stringify({ ...minimal, transports: [kit, structuredClone(kit)], batches: { cron: '61 * * * *' } }),
    )
    expect(error.message).to.contain('"kit" is used twice')
    expect(error.message).to.contain('transports[1].schedule.cuff')
    expect(error.message).to.contain('batches.cron')
  })

  it('refuses a console that the network could reach', () => {
    expect(problemsOf(stringify({ ...minimal, console: { host: '0.0.0.0' } })).message).to.contain('console.host')
  })

  it('refuses YAML aliases and broken YAML with one clear error', () => {
    expect(problemsOf('home: &a {id: x}\ntransports: *a\n').message).to.contain('aliases')
    expect(problemsOf('home: [unclosed').code).to.equal('config.invalid')
  })

  describe('a key that has another name today', () => {
    const targets = [{ name: 'clinic', url: 'https://watch.example/beat', secretFile: 'clinic.secret' }]
    const parsed = (keys: object) => {
      const lines: string[] = []
      const config = parseConfig(stringify({ ...minimal, ...keys }), 'homebeat.yaml', (line) => lines.push(line))
      return { config, lines }
    }

    for (const [old, today] of Object.entries(RENAMED_KEYS)) {
      it(`${old}: counts as ${today}, and is said once`, () => {
        const before = parsed({ [old]: { targets } })
        const after = parsed({ [today]: { targets } })
        expect(before.config).to.deep.equal(after.config)
        expect(before.config.liveness.targets[0]?.name).to.equal('clinic')
        expect(before.lines).to.deep.equal([`homebeat.yaml: ${old} is now called ${today}; the old name still counts`])
        expect(after.lines).to.deep.equal([])
      })
    }

    it('refuses both names in one file: which one counts would be a guess', () => {
      const error = problemsOf(stringify({ ...minimal, heartbeat: { targets }, liveness: { targets: [] } }))
      expect(error.message).to.contain('keep only liveness')
    })

    it('names problems by the key that stands in the file', () => {
      const error = problemsOf(stringify({ ...minimal, heartbeat: { targets: [{ name: 'clinic' }] } }))
      expect(error.message).to.contain('heartbeat.targets[0].url').and.not.contain('liveness')
    })
  })

  it('says what to do when the file is not there', () => {
    expect(() => loadConfig('/nonexistent/homebeat.yaml'))
      .to.throw(HomebeatError, /copy homebeat.example.yaml/)
      .with.property('code', 'config.not-found')
  })

  it('resolves the data folder against the file, not the working folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'homebeat-config-'))
    try {
      writeFileSync(join(folder, 'homebeat.yaml'), stringify({ ...minimal, dataDir: 'data' }))
      expect(loadConfig(join(folder, 'homebeat.yaml')).dataDir).to.equal(join(folder, 'data'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('never throws anything but a HomebeatError, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseConfig(text)
        } catch (error) {
          expect(error).to.be.instanceOf(HomebeatError)
        }
      }),
    )
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { checkClinicSecrets, loadClinicConfig, parseClinicConfig, RENAMED_CLINIC_KEYS } from '#gateway/clinic/config.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const minimal = { receiver: 'clinic-1', alerts: { channels: [{ type: 'terminal' }] } }

function problemOf(change: object): string {
  try {
    parseClinicConfig(stringify({ ...minimal, ...change }))
  } catch (error) {
    expect(error).to.be.instanceOf(HomebeatError)
    return (error as HomebeatError).message
  }
  throw new Error('the configuration was accepted')
}

describe('clinic/config', () => {
  it('accepts the annotated example, and its contacts', () => {
    const config = parseClinicConfig(readFileSync(join(packageRoot, 'clinic.example.yaml'), 'utf8'))
    expect(config.homes[0]).to.include({ id: 'home-2b90', missingAfterSeconds: 900 })
    expect(policyOf(config.alerts, () => 0).chains.high).to.have.length(2)
  })

  it('listens on this machine, and alarms after five minutes, unless told otherwise', () => {
    expect(parseClinicConfig(stringify(minimal))).to.deep.include({
      listen: { host: '127.0.0.1', port: 8790 },
      page: { host: '127.0.0.1', port: 8791 },
      missingAfterSeconds: 300,
    })
  })

  it('takes a key by its earlier name, and says so once', () => {
    for (const [old, today] of Object.entries(RENAMED_CLINIC_KEYS)) {
      const lines: string[] = []
      const parsed = (keys: object) =>
        parseClinicConfig(stringify({ ...minimal, ...keys }), 'clinic.yaml', (line) => lines.push(line))
      expect(parsed({ [old]: 3 })).to.deep.equal(parsed({ [today]: 3 }))
      expect(lines).to.deep.equal([`clinic.yaml: ${old} is now called ${today}; the old name still counts`])
    }
  })

  it('refuses what the network could read or look at', () => {
    expect(problemOf({ listen: { host: '0.0.0.0' } }))
      .to.contain('listen.host')
      .and.contain('tls')
    expect(problemOf({ page: { host: '0.0.0.0' }, allowUnencrypted: true })).to.contain('page.tokenFile')
  })

  it('refuses a receiver that would tell nobody, and names used twice', () => {
    expect(problemOf({ alerts: {} })).to.contain('alerts.channels')
    const twice = [1, 2].map(() => ({ id: 'home-1', secretFile: 'a' }))
    expect(problemOf({ homes: twice })).to.contain('"home-1" is used twice')
    expect(problemOf({ alerts: { channels: [{ type: 'terminal' }], limits: {} } })).to.contain('limits')
  })

  it('names every secret file that is missing', () => {
    const config = parseClinicConfig(
      stringify({ ...minimal, page: { tokenFile: 'token' }, homes: [{ id: 'home-1', secretFile: 'home-1' }] }),
    )
    expect(() => checkClinicSecrets({ config, baseDir: '/nonexistent' }))
      .to.throw(HomebeatError, /token[\s\S]*home-1/)
      .with.property('code', 'config.secrets')
  })

  it('says what to begin from where there is no file', () => {
    expect(() => loadClinicConfig('/nonexistent/clinic.yaml')).to.throw(HomebeatError, /clinic\.example\.yaml/)
  })
})

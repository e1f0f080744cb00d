import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { parseClinicConfig } from '#gateway/clinic/config.js'
import { loadConfig, parseConfig } from '#gateway/config/load.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const HEAD = 'home: { id: home-1, patient: p-1 }\ntransports: [{ name: kit, url: "serial:///dev/ttyACM0" }]\n'
const CHAIN = `chain: { endpoints: ["http://127.0.0.1:1"], chainId: 1, contract: "0x${'ab'.repeat(20)}" }\n`
const VALID = HEAD + CHAIN

/** The lines after the heading; none where the text is accepted. */
function linesOf(act: () => unknown, code = 'config.invalid'): string[] {
  try {
    act()
    return []
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(HomebeatError)
    const { message } = error as HomebeatError
    expect((error as HomebeatError).code).to.equal(code)
    const [first = '', ...lines] = message.split('\n')
    if (lines.length === 0) return [first]
    expect(first).to.match(new RegExp(`^\\S+ has ${lines.length} problems:$`))
    return lines
  }
}

const problems = (text: string) => linesOf(() => parseConfig(text, 'h.yaml'))

/** Text after a valid beginning of three lines → what is said of it. */
const TABLE: readonly (readonly [what: string, text: string, ...lines: string[]])[] = [
  ['a key that is not known', 'consle: {}', '4: consle: no such key; did you mean console?'],
  ['a key inside', 'log: { lvl: info }', '4: log.lvl: no such key; choose level'],
  ['a number as text', 'console: { port: "8080" }', '4: console.port: must be a number, not a text'],
  ['text as a number', 'dataDir: 5', '4: dataDir: must be a text, not a number'],
  ['a list as a map', 'fhir: { targets: {} }', '4: fhir.targets: must be a list, not a group of keys'],
  ['an empty section', 'fhir:', '4: fhir: must be a group of keys, not empty'],
  ['a fraction', 'batches: { maxCount: 1.5 }', '4: batches.maxCount: must be a whole number, not 1.5'],
  ['too small', 'retention: { days: 0, minDays: 1 }', '4: retention.days: must be at least 1'],
  [
    'numbers that contradict each other',
    'disk: { lowMb: 50 }',
    '4: disk.criticalMb: must be less than lowMb, which is 50',
  ],
  ['too large', 'console: { port: 70000 }', '4: console.port: must be at most 65535'],
  ['yes or no', 'alerts: { preview: { value: maybe } }', '4: alerts.preview.value: must be true or false, not a text'],
  ['one of several', 'log: { level: inof }', '4: log.level: is none of what may stand here; did you mean info?'],
  ['a key that is missing', 'fhir:\n  targets:\n    - { name: a }', '6: fhir.targets[0].url: is missing: give a text'],
  ['a key twice', 'log: { level: info }\nlog: { level: warn }', '5: log: this key stands here twice: keep one'],
  [
    'a cron expression',
    'batches: { cron: "61 * * * *" }',
    '4: batches.cron: "61 * * * *" is not a cron expression (five or six fields, e.g. "*/5 * * * *")',
  ],
  [
    'limits and settings',
    'alerts:\n  limits:\n    low-glucos: { value: 60 }\n    low-glucose: { value: 60, clearAt: 50 }\n    no-breath: { value: 500 }\n  settings:\n    news2.spo2-scale: 3\n    spo2-scale: 2',
    '6: alerts.limits.low-glucos: no such limit; did you mean low-glucose?',
    '7: alerts.limits.low-glucose: clearAt 50 must lie on the safe side of the limit 60, not beyond it',
    '8: alerts.limits.no-breath: give a value from 10 to 40 seconds',
    '10: alerts.settings.news2.spo2-scale: give 1 or 2',
    '11: alerts.settings.spo2-scale: no such setting; did you mean news2.spo2-scale?',
  ],
  [
    'limits that contradict each other',
    'alerts:\n  limits:\n    low-glucose: { value: 72 }',
    '6: alerts.limits.low-glucose: reduced-glucose (medium, at 70) would hide low-glucose (high, at 72): of these only the one furthest out alarms, so give it the higher priority or another value',
  ],
  [
    'limits that contradict each other only together, all of them',
    'alerts:\n  limits:\n    reduced-pulse-rate: { value: 108, clearAt: 109 }\n    elevated-pulse-rate: { value: 107, clearAt: 106 }\n    low-respiratory-rate: { value: 20, clearAt: 21 }\n    high-respiratory-rate: { value: 19, clearAt: 18 }',
    '6: alerts.limits.reduced-pulse-rate: reduced-pulse-rate at 108 and elevated-pulse-rate at 107 leave no value without an alarm: put the lower limit below the upper one',
    '8: alerts.limits.low-respiratory-rate: low-respiratory-rate at 20 and high-respiratory-rate at 19 leave no value without an alarm: put the lower limit below the upper one',
  ],
  [
    'contacts, channels and chains',
    'alerts:\n  channels: [{ type: terminal }, { type: terminal }]\n  contacts:\n    - { id: carer, role: caregiver, channel: terminl }\n    - { id: carer, role: nures, channel: terminal }\n  escalation:\n    high: [{ afterMinutes: 0, contacts: [career] }]',
    '5: alerts.channels[1].name: the name "terminal" is used twice: give each its own',
    '7: alerts.contacts[0].channel: no such channel; did you mean terminal?',
    '8: alerts.contacts[1].role: is none of what may stand here; did you mean nurse?',
    '8: alerts.contacts[1].id: the name "carer" is used twice: give each its own',
    '10: alerts.escalation.high[0].contacts[0]: no such contact; did you mean carer?',
  ],
  [
    'a name that is looked for is there, but wrong',
    'alerts:\n  channels: [{ type: ntfy, name: phone, url: "ftp://x" }]\n  contacts: [{ id: carer, role: caregiver, channel: phone, address: t }]',
    '5: alerts.channels[0].url: give an http:// or https:// URL',
  ],
  [
    'channels',
    [
      'alerts:',
      '  channels:',
      '    - { type: sms, name: a }',
      '    - { type: smtp, name: b, host: mail.example, security: none, user: u, from: a@b.example }',
      '    - { type: webhook, name: c, url: "http://clinic.example", tokenFile: t }',
      '    - { type: mqtt, name: d, url: "mqtt://u:secret@b.lan" }',
      '    - { type: mqtt, name: e, url: "mqtt://u@b.lan" }',
      '    - { type: annunciator, url: "serial:///dev/x", pins: { high: 9, medium: 1 } }',
      '    - { type: annunciator, name: f, url: "firmata:///dev/x", pins: { high: 10 } }',
      '    - { name: g }',
    ].join('\n'),
    '6: alerts.channels[0].type: is none of what may stand here; choose terminal, webhook, smtp, webpush, ntfy, mqtt or annunciator',
    '7: alerts.channels[1].passwordFile: is missing: give user and passwordFile together, or neither',
    '7: alerts.channels[1].security: would send e-mail without encryption to mail.example: set it to starttls or tls',
    '8: alerts.channels[2].url: would send its token over plain HTTP: use an https:// URL, or leave out tokenFile',
    '9: alerts.channels[3].url: mqtt://b.lan: put the password in a file of mode 0600 and name it in transports[].passwordFile; write it as mqtt+broker://127.0.0.1:1883, mqtts+broker://0.0.0.0:8883, mqtt://user@host:1883 or mqtts://user@host:8883',
    '10: alerts.channels[4].passwordFile: is missing: the URL names the user u',
    '11: alerts.channels[5].url: serial:///dev/x: not a Firmata URL; write it as firmata:///dev/ttyACM0?baud=57600&interval=20&accelerometer=on',
    '11: alerts.channels[5].pins.medium: must be at least 2',
    '12: alerts.channels[6].pins.medium: is the pin of high too: give each lamp, the buzzer and the button its own',
    '13: alerts.channels[7].type: is missing: give terminal, webhook, smtp, webpush, ntfy, mqtt or annunciator',
  ],
  [
    'links that the network could read',
    'alerts: { links: { publicUrl: "https://home.example", host: 0.0.0.0 } }',
    '4: alerts.links.tls: is missing: 0.0.0.0 would answer the network without encryption; give certFile and keyFile, or say allowUnencrypted: true',
  ],
  [
    'far ends',
    'fhir:\n  targets:\n    - { name: a, url: "http://a.example", mode: clear }\n    - { name: b, url: "http://b.example", tokenFile: t }\nliveness: { targets: [{ name: c, url: "http://c.example/beat", secretFile: s }] }\nproxy: { url: "http://u:p@proxy.example" }',
    '6: fhir.targets[0].url: would send readings over plain HTTP: use an https:// URL',
    '7: fhir.targets[1].url: would send its token over plain HTTP: use an https:// URL',
    '8: liveness.targets[0].url: give an https:// URL; http:// only to this machine',
    '9: proxy.url: holds a login: give user and passwordFile beside it',
  ],
  [
    'two servers on one port',
    'alerts: { links: { publicUrl: "https://home.example", port: 8080 } }',
    '1: console.port: the port 8080 is that of alerts.links.port too',
  ],
  ['a tab', 'log:\n\tlevel: info', '5: the file: is no YAML: a tab indents this line: use spaces'],
  [
    'an indent',
    'log:\n  level: info\n dataDir: x',
    '6: the file: is no YAML: keys of one map must begin in the same column',
  ],
  ['two documents', '---\nlog: {}', '4: the file: is no YAML: a second document begins here (---): keep one'],
  [
    'an alias',
    'log: &a { level: info }\ndisk: *a',
    '5: disk: YAML aliases (*name) are not supported: write the value out',
  ],
]

const TRANSPORTS: readonly (readonly [transport: string, ...lines: string[]])[] = [
  [
    '{ name: a, url: "serail:///dev/x" }',
    'url: starts with "serail:", which is none of a transport; did you mean serial:?',
  ],
  [
    '{ name: a, url: "serial:///dev/x?speed=1" }',
    'url: serial:///dev/x?speed=1: unknown setting "speed"; write it as serial:///dev/ttyACM0?baud=115200, serial+usb://2341:0043?serial=…&baud=115200 or serial+tcp://host:port',
  ],
  [
    '{ name: a, url: "mqtt+broker://0.0.0.0:1883" }',
    'url: would let the network speak without encryption: use mqtts+broker://0.0.0.0:8883, or say allowUnencrypted: true',
  ],
  [
    '{ name: a, url: "mqtts+broker://127.0.0.1:1", acknowledge: true, schedule: { cuff: "* * * * *" }, tls: { certFile: a } }',
    "acknowledge: is for the site's own broker (mqtt://, mqtts://): at another say mayAcknowledge: true at each device",
    'schedule: only a serial kit can be asked: remove it',
    'tls.keyFile: is missing: give certFile and keyFile together, or neither',
  ],
  [
    '{ name: a, url: "mqtt://b.lan", tls: { caFile: a } }',
    'url: has tls beside it and is not encrypted: write mqtts://b.lan:8883',
  ],
  [
    '{ name: a, url: "mqtt+broker://127.0.0.1:1", devices: [{ id: a, topics: [tele] }, { id: b, topics: [tele/b] }, { id: c, topics: [tele/c] }] }',
    'devices[1].topics: the topics of a and b overlap: give each device its own prefix',
    'devices[2].topics: the topics of a and c overlap: give each device its own prefix',
  ],
  [
    '{ name: a, url: "mqtts://b.lan", passwordFile: p }',
    'url: names no user for the passwordFile: write mqtts://user@b.lan',
  ],
  ['{ name: a, url: "replay:x.csv" }', 'url: The replay address is not valid: its path must be that of a .hea file'],
]

describe('the problems of a configuration', () => {
  it('are none where there are none', () => {
    expect(problems(VALID)).to.deep.equal([])
  })

  for (const [what, text, ...lines] of TABLE)
    it(`in plain words, with line and path: ${what}`, () => {
      expect(problems(`${VALID}${text}\n`)).to.deep.equal(lines.map((line) => `h.yaml:${line}`))
    })

  for (const [transport, ...lines] of TRANSPORTS)
    it(`of the transport ${transport}`, () => {
      const text = `home: { id: home-1, patient: p-1 }\n${CHAIN}transports:\n  - ${transport}\n`
      expect(problems(text)).to.have.members(lines.map((line) => `h.yaml:4: transports[0].${line}`))
    })

  it('are all said in one run: ten different ones are ten lines, in the order of the file', () => {
    const text = `home: { id: Mrs Smith, patient: p-1 }
transports:
  - { name: kit, url: "serail:///dev/ttyACM0", schedule: { cuff: "whenever you like" } }
chain: { endpoints: ["http://127.0.0.1:1"], chainId: 1, contract: "0x12" }
console: { port: "8080" }
alerts:
  channels: [{ type: terminal }]
  contacts: [{ id: doctor-1, role: doctor, channel: termnal }]
  escalation: { high: [{ afterMinutes: 0, contacts: [docter-1] }] }
  limits: { low-glucos: { value: 60 } }
  links: { publicUrl: "https://h.example", host: 0.0.0.0 }
surprise: true
`
    expect(problems(text).map((line) => line.split(': ').slice(0, 2).join(' '))).to.deep.equal([
      'h.yaml:1 home.id',
      'h.yaml:3 transports[0].url',
      'h.yaml:3 transports[0].schedule.cuff',
      'h.yaml:4 chain.contract',
      'h.yaml:5 console.port',
      'h.yaml:8 alerts.contacts[0].channel',
      'h.yaml:9 alerts.escalation.high[0].contacts[0]',
      'h.yaml:10 alerts.limits.low-glucos',
      'h.yaml:11 alerts.links.tls',
      'h.yaml:12 surprise',
    ])
  })

  it('of the clinic too, whatever its other parts are like', () => {
    const text = `receiver: North
listen: { host: 0.0.0.0 }
page: { host: 0.0.0.0, prot: 8791 }
homes: [{ id: a, secretFile: a }, { id: a, secretFile: b }]
alerts:
  channels: [{ type: webhook, name: hook }]
  contacts: [{ id: nurse, role: nurse, channel: hok }]
`
    expect(linesOf(() => parseClinicConfig(text, 'c.yaml'))).to.deep.equal([
      'c.yaml:1: receiver: use 1 to 32 lower-case letters, digits and hyphens, starting with a letter or digit',
      'c.yaml:2: listen.host: 0.0.0.0 is open to the network; give tls, or stay on 127.0.0.1 behind a reverse proxy',
      'c.yaml:3: page.prot: no such key; did you mean port?',
      'c.yaml:3: page.host: 0.0.0.0 is open to the network; give tls, or stay on 127.0.0.1 behind a reverse proxy',
      'c.yaml:3: page.tokenFile: is missing: give one, or stay on 127.0.0.1: 0.0.0.0 is open to the network',
      'c.yaml:4: homes[1].id: the name "a" is used twice: give each its own',
      'c.yaml:6: alerts.channels[0].url: is missing: give a text',
      'c.yaml:7: alerts.contacts[0].channel: no such channel; did you mean hook?',
    ])
  })

  describe('of the files that it names', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'homebeat-config-'))
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('stand among the others: secrets, certificates, mappings, addresses', () => {
      const file = join(folder, 'homebeat.yaml')
      writeFileSync(join(folder, 'map.yaml'), 'devices: {}\ntemplates:\n  - { template: t, titel: x, rules: [] }\n')
      writeFileSync(join(folder, 'vault'), 'changeme\n', { mode: 0o600 })
      writeFileSync(join(folder, 'ca.pem'), 'no certificate')
      writeFileSync(
        file,
        `${VALID}mappings: [map.yaml, gone.yaml]
fhir:
  targets:
    - { name: vault, url: "https://v.example", tokenFile: vault, caFile: ca.pem }
    - { name: care, url: "https://c.example", tokenFile: care, mode: claer }
alerts:
  channels: [{ type: smtp, name: mail, host: m.example, from: a@b.example }]
  contacts: [{ id: doctor-1, role: doctor, channel: mail, address: nobody }]
`,
      )
      const at = (name: string) => join(folder, name)
      expect(linesOf(() => loadConfig(file, { files: true }))).to.deep.equal([
        'map.yaml:3: templates[0].title: is missing: give a text',
        'map.yaml:3: templates[0].rules: must have at least 1 entries',
        'map.yaml:3: templates[0].titel: no such key; did you mean title?',
        `${file}:4: mappings[1]: ${at('gone.yaml')} cannot be read (ENOENT): check \`mappings\` and its mode`,
        `${file}:7: fhir.targets[0].tokenFile: The secret file ${at('vault')} holds a placeholder: write the real secret into it. It holds the bearer token of the FHIR server vault, one line, issued by its administrator`,
        `${file}:7: fhir.targets[0].caFile: The certificate ${at('ca.pem')} cannot be used: it holds no certificate in PEM`,
        `${file}:8: fhir.targets[1].mode: is none of what may stand here; did you mean clear?`,
        `${file}:8: fhir.targets[1].tokenFile: There is no secret file ${at('care')}: create it with mode 600. It holds the bearer token of the FHIR server care, one line, issued by its administrator`,
        `${file}:11: alerts.contacts[0].address: the address is not one plain e-mail address (somebody@example.org)`,
      ])
      expect(
        linesOf(() => loadConfig(file)),
        'who only asks may not read the files',
      ).to.have.length(1)
    })
  })

  describe('of the annotated examples, changed at random', () => {
    const examples = [
      ['homebeat.example.yaml', parseConfig],
      ['clinic.example.yaml', parseClinicConfig],
    ] as const
    const RAW =
      /invalid input|invalid_|expected |received|unrecognized|too (big|small)|undefined|\[object|zod|\bat .*:\d+:\d+/i
    const value = fc.oneof(
      fc.constantFrom(null, true, 0, -1, 1.5, 1e9, '', 'x', 'ftp://x', [], {}, [null], { a: 1 }, ['x'], '0.0.0.0'),
      fc.string({ maxLength: 8 }),
    )
    const change = fc.record({ where: fc.nat(), how: fc.constantFrom('delete', 'retype', 'rename', 'twice'), value })

    for (const [name, read] of examples)
      it(`${name}: each line names file, line and path in plain words, or there is none`, () => {
        const text = readFileSync(join(packageRoot, name), 'utf8')
        fc.assert(
          fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
            const config: unknown = parse(text)
            for (const one of changes) mutate(config, one)
            for (const line of linesOf(() => read(stringify(config), 'x.yaml'))) {
              expect(line).to.match(/^x\.yaml:[1-9]\d*: \S.*?: .{5,}$/)
              expect(line).to.not.match(RAW)
            }
          }),
          { numRuns: 300 },
        )
      })

    it('text of any kind, too', () => {
      const text = readFileSync(join(packageRoot, 'homebeat.example.yaml'), 'utf8')
      fc.assert(
        fc.property(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 6 }), (at, cut, put) => {
          const changed = text.slice(0, at) + put + text.slice(at + cut)
          for (const line of linesOf(() => parseConfig(changed, 'x.yaml')))
            expect(line).to.match(/^x\.yaml:[1-9]\d*: .+?: ./)
        }),
        { numRuns: 300 },
      )
    })
  })
})

/** Changes one place of a configuration. */
function mutate(config: unknown, { where, how, value }: { where: number; how: string; value: unknown }): void {
  const places: [owner: Record<string, unknown> | unknown[], key: string][] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key])
      walk((node as Record<string, unknown>)[key])
    }
  }
  walk(config)
  const [owner, key] = places[where % Math.max(1, places.length)] ?? []
  if (owner === undefined || key === undefined) return
  const map = owner as Record<string, unknown>
  if (how === 'retype') map[key] = value
  else if (Array.isArray(owner)) {
    if (how === 'delete') owner.splice(Number(key), 1)
    else owner.push(structuredClone(owner[Number(key)]))
  } else {
    if (how === 'rename') map[`${key}s`] = map[key]
    if (how === 'twice') map[key] = [map[key], map[key]]
    else delete map[key]
  }
}

import { expect } from 'chai'
import { alarmCommands } from '#gateway/alarms/actions/alarm-commands.js'
import { clinicCommands } from '#gateway/clinic/commands.js'
import { settingsCommands } from '#gateway/clinical/settings/commands.js'
import { actorName, actorOfLogin } from '#gateway/model/actor.js'
import { queueCommands } from '#gateway/outbound/lanes/lane-queue.js'
import { manualObservationCommands } from '#gateway/surfaces/manual-observation/manual-observations.js'

/** One grammar for the name of a person, whatever that person does. */
describe('The name of who acts', () => {
  const commands = [
    ...alarmCommands({} as never),
    ...settingsCommands({} as never),
    ...manualObservationCommands({} as never),
    ...queueCommands({} as never),
    ...clinicCommands({} as never),
  ]
  const inputs: Record<string, object> = {
    'alarms.acknowledge': { alerts: 'all' },
    'limits.reset': { condition: 'low-oxygen-saturation', why: 'COPD' },
    'settings.reset': { key: 'ecg-pause', why: 'COPD' },
    'queue.retry': { id: 1 },
    'queue.drop': { id: 1, reason: 'moved out' },
    'home.acknowledge': { home: 'home-1' },
    'patient.enter': { entry: { what: 'consciousness', value: 'alert' } },
  }

  for (const by of ["Nurse O'Brien", 'नर्स-1', ' nurse-1 ', 'doctor-1'])
    for (const [name, input] of Object.entries(inputs))
      it(`takes ${JSON.stringify(by)} for ${name}`, () => {
        const { input: schema } = commands.find((command) => command.name === name) as { input: import('zod').ZodType }
        expect(schema.parse({ ...input, by })).to.include({ by: by.trim() })
      })

  for (const by of ['', '-', 'nurse\n1', 'x'.repeat(65)])
    for (const [name, input] of Object.entries(inputs))
      it(`refuses ${JSON.stringify(by.slice(0, 9))} for ${name}`, () => {
        const { input: schema } = commands.find((command) => command.name === name) as { input: import('zod').ZodType }
        expect(schema.safeParse({ ...input, by }).success).to.equal(false)
      })

  for (const [login, by] of [
    ['anna', 'anna'],
    ['zoë', 'zoë'],
    ['uid-61234', 'uid-61234'],
    ['_homebeat', 'login-_homebeat'],
    ['CLINIC\\anna', 'login-CLINIC-anna'],
    ['x'.repeat(300), `login-${'x'.repeat(58)}`],
  ] as const)
    it(`is one for the login ${JSON.stringify(login.slice(0, 12))}`, () => {
      expect(actorOfLogin(login)).to.equal(by)
      expect(actorName.parse(by)).to.equal(by)
    })
})

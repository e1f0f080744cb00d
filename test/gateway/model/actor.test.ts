import { expect } from 'chai'
import { alarmCommands } from '#gateway/alarms/actions/alarm-commands.js'
import { settingsCommands } from '#gateway/clinical/settings/commands.js'
import { manualObservationCommands } from '#gateway/surfaces/manual-observation/manual-observations.js'

/** One grammar for the name of a person, whatever that person does. */
describe('The name of who acts', () => {
  const commands = [
    ...alarmCommands({} as never),
    ...settingsCommands({} as never),
    ...manualObservationCommands({} as never),
  ]
  const inputs: Record<string, object> = {
    'alarms.acknowledge': { alerts: 'all' },
    'limits.reset': { condition: 'low-oxygen-saturation', why: 'COPD' },
    'settings.reset': { key: 'ecg-pause', why: 'COPD' },
    'patient.enter': { entry: { what: 'consciousness', value: 'alert' } },
  }

  for (const by of ["Nurse O'Brien", 'नर्स-1', ' nurse-1 ', 'doctor-1'])
    for (const [name, input] of Object.entries(inputs))
      it(`takes ${JSON.stringify(by)} for ${name}`, () => {
        const { input: schema } = commands.find((command) => command.name === name) as { input: import('zod').ZodType }
        expect(schema.parse({ ...input, by })).to.include({ by: by.trim() })
      })
})

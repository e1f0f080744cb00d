import { expect } from 'chai'
import { deskCommands } from '#gateway/alarms/actions/desk-commands.js'
import { settingsCommands } from '#gateway/clinical/settings/commands.js'
import { patientCommands } from '#gateway/surfaces/manual-observation/patient-desk.js'

/** One grammar for the name of a person, whatever that person does. */
describe('The name of who acts', () => {
  const commands = [...deskCommands({} as never), ...settingsCommands({} as never), ...patientCommands({} as never)]
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

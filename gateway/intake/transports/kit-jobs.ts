/** What the kit does only when asked, as cron jobs: cuff and glucometer dumps, and the EMG on the ECG's input. */
import type { TransportConfig } from '#gateway/intake/transports/config.js'
import type { KitCommand, Transport } from '#gateway/model/transport.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Job } from '#gateway/platform/schedule.js'

/** The jobs of one transport's schedule. */
export function kitJobs(transport: Transport | undefined, schedule: TransportConfig['schedule'], clock: Clock): Job[] {
  if (!transport || Object.values(schedule).every((entry) => entry === undefined)) return []
  const { name } = transport
  const ask = (command: KitCommand) => transport.send?.(command) ?? Promise.resolve()
  const { cuff, glucometer, emg } = schedule
  return [
    ...(cuff ? [{ name: `${name}: cuff`, cron: cuff, action: () => ask({ command: 'readCuff' }) }] : []),
    ...(glucometer
      ? [{ name: `${name}: glucometer`, cron: glucometer, action: () => ask({ command: 'readGlucometer' }) }]
      : []),
    ...(emg
      ? [
          {
            name: `${name}: EMG`,
            cron: emg.cron,
            action: async () => {
              await ask({ command: 'mode', mode: 'emg' })
              try {
                await wait(clock, emg.seconds * 1000)
              } finally {
                // The ECG is what watches over the patient: it comes back whatever happens.
                await ask({ command: 'mode', mode: 'ecg' })
              }
            },
          },
        ]
      : []),
  ]
}

/** The load: what eight MQTT devices of a home send, one for each sensor of docs/mqtt.md, all of it healthy. */
export const DEVICES = [
  { id: 'bench-pulse', sensor: 'pulse' },
  { id: 'bench-spo2', sensor: 'spo2' },
  { id: 'bench-airflow', sensor: 'airflow' },
  { id: 'bench-thermometer', sensor: 'bodyTemperature' },
  { id: 'bench-glucometer', sensor: 'glucose' },
  { id: 'bench-gsr', sensor: 'gsr' },
  { id: 'bench-cuff', sensor: 'bloodPressure' },
  { id: 'bench-strap', sensor: 'position' },
] as const
export type Device = (typeof DEVICES)[number]

export const topicOf = ({ id, sensor }: Device) => `homebeat/v1/${id}/${sensor}`

/** @param id never used before by this device; @param at epoch ms */
export function payloadOf({ sensor }: Device, n: number, id: string, at: number): string {
  return JSON.stringify({ id, at: new Date(at).toISOString(), ...VALUES[sensor](n) })
}

const number = (low: number, steps: number, step: number, unit: string) => (n: number) => ({
  value: Math.round((low + (n % steps) * step) * 10) / 10,
  unit,
})

/** Within every default limit: an alert flushes the group commit, which is not what is measured here. */
const VALUES = {
  pulse: number(62, 24, 1, '/min'),
  spo2: number(96, 4, 1, '%'),
  airflow: number(13, 6, 1, '/min'),
  bodyTemperature: number(36.4, 8, 0.1, 'Cel'),
  glucose: number(5, 15, 0.1, 'mmol/L'),
  gsr: number(2, 30, 0.1, 'uS'),
  bloodPressure: (n: number) => ({
    systolic: 118 + (n % 12),
    diastolic: 74 + (n % 8),
    pulse: 62 + (n % 24),
    unit: 'mm[Hg]',
  }),
  position: (n: number) => ({ position: ['supine', 'left-lateral', 'right-lateral'][n % 3] }),
} as const

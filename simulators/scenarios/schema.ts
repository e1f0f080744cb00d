/** What a scenario file may say (see README.md). Every time is in seconds since the scenario's start. */
import { z } from 'zod'
import { CONTACTS, FAULTY_SENSORS } from '#simulators/board/faults/sensor-fault.js'
import type { BeatingPatient } from '#simulators/patient/patients.js'
import { RHYTHMS } from '#simulators/patient/script.js'

const POSITIONS = ['supine', 'prone', 'left-lateral', 'right-lateral', 'upright', 'undefined'] as const satisfies [
  ...ReturnType<BeatingPatient['vitals']>['position'][],
]
const MAX_SECONDS = 24 * 3600
const MAX_ENTRIES = 1000

const seconds = z.number().min(0).max(MAX_SECONDS)
const rising = (rows: readonly (readonly [number, unknown])[]) =>
  rows.every(([at], i) => i === 0 || at > (rows[i - 1] as readonly [number, unknown])[0])
const inOrder = 'times must rise from row to row'
const rows = <Value extends string | number>(value: z.ZodType<Value>) =>
  z
    .array(z.tuple([seconds, value]))
    .min(1)
    .max(MAX_ENTRIES)
    .refine(rising, inOrder)
const points = (low: number, high: number) => rows(z.number().min(low).max(high))
const share = z.number().min(0).max(1)
const volts = z.number().min(0).max(5)

const patient = z
  .strictObject({
    /** A named one, whose parts below replace. */
    script: z.string().default('steady'),
    vitals: z
      .strictObject({
        pulse: points(20, 240),
        spo2: points(40, 100),
        respiratoryRate: points(4, 60),
        temperature: points(21, 45),
        systolic: points(40, 280),
        diastolic: points(20, 200),
        glucose: points(10, 600),
        skinConductance: points(0, 80),
      })
      .partial(),
    positions: rows(z.enum(POSITIONS)),
    rhythm: rows(z.enum(RHYTHMS)),
    apnoea: z
      .array(z.tuple([seconds, seconds]).refine(([from, to]) => to > from, 'a pause must end after it begins'))
      .max(MAX_ENTRIES)
      .refine((rows) => rows.every(([from], i) => i === 0 || from >= (rows[i - 1] as [number, number])[1]), inOrder),
    falls: z.array(seconds).max(MAX_ENTRIES),
    movement: points(0, 2),
  })
  .partial()
  .prefault({})

const sensor = z.enum(FAULTY_SENSORS)
const sensorFault = z.strictObject({
  sensor,
  contact: z.enum(CONTACTS).optional(),
  openShare: share.optional(),
  noise: volts.optional(),
  hum: volts.optional(),
  humHz: z.number().min(1).max(1000).optional(),
  wander: volts.optional(),
  gain: z.number().min(0).max(1000).optional(),
  errorRate: share.optional(),
})
const lineFault = z.strictObject({
  cut: z.boolean().optional(),
  bitErrorRate: share.optional(),
  garbagePerSecond: z.number().min(0).max(10_000).optional(),
})

/** Each event is a time and one thing that happens then. */
const ACTIONS = {
  detach: sensor,
  attach: sensor,
  /** Replaces what was wrong with that sensor; the sensor alone ends it. */
  fault: sensorFault,
  /** Replaces what was wrong with the cable; {} ends it. */
  line: lineFault,
  cable: z.enum(['pull', 'plug']),
  /** For so many seconds. */
  brownOut: z.number().min(0.001).max(60),
  /** How much the kit's clock is fast, parts per million. */
  clockErrorPpm: z.number().min(-20_000).max(20_000),
  /** The gateway asks for the device's stored records; somebody measures just before. */
  read: z.enum(['cuff', 'glucometer']),
} as const
const event = z.strictObject({ at: seconds, ...z.object(ACTIONS).partial().shape })

const condition = z.string().regex(/^[a-z0-9]+(-[a-zA-Z0-9]+)*$/, 'a condition is written like low-oxygen-saturation')
/** A condition, a beginning of one (`probe-off-*`), or `*`: whatever `raised` and `allowed` do not name. */
const pattern = z
  .string()
  .regex(/^([a-z0-9]+(-[a-zA-Z0-9]+)*)?(-?\*)?$/, 'a condition, the beginning of one with a *, or "*"')

export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and hyphens'),
  description: z.string().max(1000).default(''),
  patient,
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  /** Length, seconds. */
  duration: z.number().min(1).max(MAX_SECONDS),
  events: z
    .array(
      event.refine((row) => Object.keys(row).length === 2, `write "at" and one of ${Object.keys(ACTIONS).join(', ')}`),
    )
    .max(MAX_ENTRIES)
    .default([]),
  expect: z.strictObject({
    /** Must become active, not before `after`, and by `within`. */
    raised: z
      .array(z.strictObject({ condition, after: seconds.default(0), within: seconds }))
      .max(MAX_ENTRIES)
      .default([]),
    /** Must not become active at any time. Default: nothing but `raised` and `allowed` may. */
    notRaised: z.array(pattern).max(MAX_ENTRIES).default(['*']),
    /** May or may not become active. */
    allowed: z.array(pattern).max(MAX_ENTRIES).default([]),
  }),
})

export type Scenario = z.infer<typeof scenarioSchema>
export type ScenarioEvent = Scenario['events'][number]

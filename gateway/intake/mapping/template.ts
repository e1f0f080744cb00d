/**
 * The form of a mapping file: data that says where in other people's MQTT messages a measurement is. Strict; it can name
 * places, tables, units and a linear scale, and run nothing. gateway/intake/mapping/README.md explains each member.
 */
import { z } from 'zod'
import { SENSORS, sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { unitsOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { isPointer } from './pointer.js'
import { isTopicPattern, namesOf } from './topic-pattern.js'
import { ucumOf } from './units.js'

export const DEVICE_ID = /^[a-z0-9][a-z0-9-]{0,31}$/

const name = z.string().regex(DEVICE_ID, 'use 1 to 32 lower-case letters, digits and hyphens')
const pointer = z.string().refine(isPointer, 'give a JSON Pointer: "/MLX90614/OBJTMP", with ~1 for / and ~0 for ~')
const topic = z.string().refine(isTopicPattern, 'give a topic with whole levels in braces: "tele/{device}/SENSOR"')
const segment = z.string().max(32)

/** A place in the payload, or the payload itself. */
const place = z.union([z.strictObject({ pointer }), z.literal('payload')])
const unit = z.union([
  z.strictObject({ fixed: z.string().refine((text) => ucumOf(text) !== null, 'is not a unit that is known here') }),
  z.strictObject({ pointer }),
])
const scale = z.strictObject({ factor: z.number().default(1), offset: z.number().default(0) })
const scalar = z.union([z.string().max(200), z.number(), z.boolean()])
const when = z.union([
  z.strictObject({ pointer, equals: scalar }),
  z.strictObject({ pointer, in: z.array(scalar).min(1).max(100) }),
])

const forms = ['iso', 'local', 'epoch-seconds', 'epoch-milliseconds'] as const

const quantity = z.strictObject({
  sensor: z.enum(SENSORS.flatMap(({ kind, quantity }) => (quantity ? kind : []))),
  value: place,
  unit,
  /** measured = factor · sent + offset, before the unit is looked at. */
  scale: scale.optional(),
  /** A message without it is still mapped, where another of its readings is there. */
  optional: z.boolean().default(false),
})
const pressure = z.strictObject({
  sensor: z.literal('bloodPressure'),
  systolic: z.strictObject({ pointer }),
  diastolic: z.strictObject({ pointer }),
  mean: z.strictObject({ pointer }).optional(),
  /** The cuff's flag: set where the payload has `equals` there, not set where it has anything else. */
  irregularPulse: z.strictObject({ pointer, equals: scalar.default(true) }).optional(),
  unit,
  optional: z.boolean().default(false),
})

const rule = z
  .strictObject({
    name,
    topic,
    when: z.array(when).max(10).default([]),
    /** A message of this kind is no measurement: counted as received, not kept. */
    ignore: z.literal(true).optional(),
    /**
     * Whose reading it is: `sender` is the login that published it; else how the message names the device, looked up in
     * `devices`. A name that is not there is the sender's own only with `otherwise: sender`.
     */
    device: z
      .union([
        z.literal('sender'),
        z.strictObject({ segment, otherwise: z.literal('sender').optional() }),
        z.strictObject({ pointer, otherwise: z.literal('sender').optional() }),
      ])
      .default('sender'),
    readings: z
      .array(z.union([quantity, pressure]))
      .max(10)
      .default([]),
    /** What is sent instead of a value while there is none. */
    absent: z.array(z.string().max(40)).max(10).default([]),
    time: z.strictObject({ pointer, as: z.enum(forms) }).optional(),
    /** When the value is not current any more: a time, or seconds after `time`. */
    expires: z
      .union([
        z.strictObject({ pointer, as: z.enum([...forms, 'seconds']) }),
        z.strictObject({ seconds: z.number().positive().max(31_557_600) }),
      ])
      .optional(),
    id: z.strictObject({ pointer }).optional(),
    /** What makes two messages the same reading. */
    identity: z.enum(['id', 'time', 'change', 'arrival']).default('arrival'),
  })
  .superRefine((rule, context) => {
    const wrong = (message: string, path: string) => context.addIssue({ code: 'custom', message, path: [path] })
    if (rule.ignore === undefined && rule.readings.length === 0) wrong('name at least one reading', 'readings')
    if (rule.identity === 'id' && !rule.id) wrong('identity: id needs `id`', 'id')
    if (rule.identity === 'time' && !rule.time) wrong('identity: time needs `time`', 'time')
    if (rule.expires && !rule.time && ('seconds' in rule.expires || rule.expires.as === 'seconds'))
      wrong('seconds are counted from `time`, which is not named', 'expires')
    if (
      typeof rule.device === 'object' &&
      'segment' in rule.device &&
      !namesOf(rule.topic).includes(rule.device.segment)
    )
      wrong('names no level of the topic', 'device')
    rule.readings.forEach(({ sensor, unit }, i) => {
      if (!('fixed' in unit)) return
      const accepted = unitsOf(sensorDefinitions[sensor])
      if (!accepted.includes(ucumOf(unit.fixed) ?? ''))
        context.addIssue({
          code: 'custom',
          message: `a ${sensor} is given in ${accepted.join(' or ')}`,
          path: ['readings', i, 'unit'],
        })
    })
    if (new Set(rule.readings.map(({ sensor }) => sensor)).size < rule.readings.length)
      wrong('names a sensor twice: make two rules of it', 'readings')
  })

export const mappingFileSchema = z.strictObject({
  /** How other programs name a device → its name here; holds for every template, also for those that are shipped. */
  devices: z.record(z.string().min(1).max(100), name).default({}),
  templates: z
    .array(
      z.strictObject({
        template: name,
        title: z.string().max(200),
        /** Where the format is documented. */
        source: z.array(z.url()).max(10).default([]),
        /** Names of topics or entities in it are one home's choice: a form to copy. */
        example: z.boolean().default(false),
        rules: z.array(rule).min(1).max(100),
      }),
    )
    .max(50)
    .default([]),
})

export type MappingFile = z.output<typeof mappingFileSchema>
export type MappingTemplate = MappingFile['templates'][number]
export type MappingRule = MappingTemplate['rules'][number]
export type MappedReading = MappingRule['readings'][number]

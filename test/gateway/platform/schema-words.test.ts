import { expect } from 'chai'
import { z } from 'zod'
import '#gateway/platform/schema-words.js'

describe('What a schema complains of', () => {
  const said = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message
  const cases: [string, z.ZodType, unknown][] = [
    ['is missing: give a text', z.string(), undefined],
    ['must be a number', z.number(), 'x'],
    ['must be a whole number', z.int(), 1.5],
    ['must be a list', z.array(z.string()), {}],
    ['must be true or false', z.boolean(), 1],
    ['must be a group of keys', z.strictObject({}), 'x'],
    ['must be of another kind', z.date(), 'x'],
    ['must be one of a, b', z.enum(['a', 'b']), 'c'],
    ['must be 1', z.literal(1), 2],
    ['must not be empty', z.string().min(1), ''],
    ['must have at least 2 characters', z.string().min(2), 'x'],
    ['must have at most 1 entries', z.array(z.number()).max(1), [1, 2]],
    ['must be at least 5', z.number().min(5), 4],
    ['must be more than 5', z.number().gt(5), 5],
    ['must be less than 5', z.number().lt(5), 5],
    ['must be a multiple of 2', z.number().multipleOf(2), 3],
    ['has keys that are not known: b, c; check their spelling', z.strictObject({}), { b: 1, c: 1 }],
    ['must be written as /^a$/', z.string().regex(/^a$/), 'b'],
    ['has none of the forms that it may have', z.union([z.string(), z.number()]), []],
    ['is not right', z.string().refine(() => false), 'x'],
    ['a word of its own', z.string('a word of its own'), 1],
  ]
  for (const [words, schema, value] of cases)
    it(`is said in words for people: ${words}`, () => expect(said(schema, value)).to.equal(words))
})

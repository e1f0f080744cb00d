import { randomBytes } from 'node:crypto'

/** Crockford's base 32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Fifty bits in two groups of five. */
const LENGTH = 10

/** A code for people to type, e.g. `7K3QM-XW2RD`. */
export function makeCode(random: (bytes: number) => Uint8Array = randomBytes): string {
  const text = [...random(LENGTH)].map((byte) => ALPHABET[byte & 31]).join('')
  return `${text.slice(0, 5)}-${text.slice(5)}`
}

/** What somebody typed as the code it is: case, hyphens and the letters that look like digits do not matter. @returns null when it is none. */
export function readCode(typed: string): string | null {
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')
  return text.length === LENGTH && [...text].every((letter) => ALPHABET.includes(letter)) ? text : null
}

/** Inputs that a bad line, a wrong program or an attacker might send: mutations of valid ones, and plain noise. */
import type { Dice } from '../dice.js'

/** Far above what a line or a topic may have. */
const OVERLONG = 5000
const CONTROL = [0x00, 0x0a, 0x0d, 0x21, 0x2a, 0x2c, 0x7f, 0x80, 0xff]

/** One of: bits flipped, cut off, joined with another, repeated until overlong, sprinkled with NULs, replaced by noise, left as it is. */
export function mutate(valid: Uint8Array, other: Uint8Array, dice: Dice): Buffer {
  const bytes = Buffer.from(valid)
  switch (dice.below(9)) {
    case 0: {
      for (let i = 1 + dice.below(3); i > 0; i--) {
        const at = dice.below(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8))
      }
      return bytes
    }
    case 1:
      return bytes.subarray(0, dice.below(bytes.length + 1))
    case 2:
      return bytes.subarray(dice.below(bytes.length + 1))
    case 3:
      return Buffer.concat([
        bytes.subarray(0, dice.below(bytes.length + 1)),
        other.subarray(dice.below(other.length + 1)),
      ])
    case 4:
      return dice.below(50) === 0 ? Buffer.alloc(OVERLONG, bytes) : Buffer.concat([bytes, bytes])
    case 5:
      for (let i = 1 + dice.below(4); i > 0; i--) bytes[dice.below(bytes.length)] = dice.pick(CONTROL)
      return bytes
    case 6:
      return noise(dice.below(dice.below(20) === 0 ? 400 : 60), dice)
    case 7: {
      const at = dice.below(bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, at), noise(1 + dice.below(4), dice), bytes.subarray(at)])
    }
    default:
      return bytes
  }
}

export function noise(length: number, dice: Dice): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => dice.below(256)))
}

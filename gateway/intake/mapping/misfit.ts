/** Why a rule does not fit, and how far it came: the topic fits (1), it holds (2), the device is known (3), … */
export class Misfit {
  readonly depth: number
  readonly code: string
  readonly reason: string
  constructor(depth: number, code: string, reason: string) {
    this.depth = depth
    this.code = `map.${code}`
    this.reason = reason
  }
}

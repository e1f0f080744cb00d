/** How far one window of a signal can be believed: the same words for every waveform analyser. */
export const GRADES = ['good', 'poor', 'bad'] as const
/** good · poor: what is said of it is uncertain · bad: nothing can be concluded. */
export type Grade = (typeof GRADES)[number]

export interface SignalQuality {
  readonly grade: Grade
  /** Kebab-case words of the analyser; none when good. */
  readonly reasons: readonly string[]
}

/** Collects what is wrong with one window; its grade is that of the worst. */
export class QualityJudge {
  #grade = 0
  readonly #reasons: string[] = []

  /** @param limits beyond the first it is poor, beyond the second bad */
  say(reason: string, value: number, limits: readonly [poor: number, bad: number]): this {
    if (value > limits[0]) this.note(reason, value > limits[1] ? 'bad' : 'poor')
    return this
  }

  note(reason: string, grade: Exclude<Grade, 'good'>): this {
    if (!this.#reasons.includes(reason)) this.#reasons.push(reason)
    this.#grade = Math.max(this.#grade, GRADES.indexOf(grade))
    return this
  }

  get quality(): SignalQuality {
    return { grade: GRADES[this.#grade] as Grade, reasons: this.#reasons }
  }
}

export const sameQuality = (a: SignalQuality | null, b: SignalQuality): boolean =>
  a !== null && a.grade === b.grade && a.reasons.join() === b.reasons.join()

/** Shares of a window's samples, as [poor, bad]. */
export const LOST_SHARE = [0.05, 0.2] as const
export const SATURATED_SHARE = [0.01, 0.1] as const

/**
 * Whether a beat looks like beats that this heart has shown before. Motion makes deflections that two detectors take for
 * beats; they are unlike each other. After Orphanidou C, Bonnici T, Charlton P, Clifton D, Vallance D, Tarassenko L.
 * Signal-quality indices for the electrocardiogram and photoplethysmogram. IEEE J Biomed Health Inform 19:832-838, 2015,
 * with several templates, so that extra beats have their own.
 */
import { keepLast } from '../statistics.js'
import { Biquad, MovingMedian } from './filters.js'
import { Ring } from './ring.js'

const SMOOTH_HZ = 30
const REACH_MS = 100
const STEP_MS = 10
/** The R peak of a noisy beat is found some steps off. */
const SHIFTS = 2
const POINTS = (2 * REACH_MS) / STEP_MS + 1
const LIKE = 0.9
/** Largest ratio of the sizes of two beats that are alike. */
const SIZE = 2
const TEMPLATES = 8
/** Beats that make a shape one of this heart's. */
const SEEN = 3
const ADAPT = 0.15
/** Latest beats whose mean likeness counts, beats that make the usual one, and how far below it is noise, or below which in any case. */
const LATEST = 10
const USUAL = 128
const UNLIKE = 0.03
const LEAST_LIKE = 0.93
/** Beats are told up to LATENCY_MS late. */
const KEPT_S = 2

interface Template {
  readonly shape: Float64Array
  size: number
  seen: number
  /** Number of the last beat that was like it. */
  last: number
}

export class BeatShapes {
  readonly #perMs: number
  readonly #smoother: Biquad
  readonly #values: Ring
  readonly #templates: Template[] = []
  readonly #wide = new Float64Array(POINTS + 2 * SHIFTS)
  #count = 0
  #fresh = true
  /** How like their templates the latest beats are, and how like they usually are. */
  readonly #likes: number[] = []
  readonly #usual = new MovingMedian(USUAL)

  constructor(rateHz: number) {
    this.#perMs = rateHz / 1000
    this.#smoother = new Biquad('low-pass', SMOOTH_HZ, rateHz)
    this.#values = new Ring(KEPT_S * rateHz)
  }

  restart(): void {
    this.#fresh = true
  }

  push(index: number, x: number): void {
    if (this.#fresh) {
      this.#fresh = false
      this.#smoother.settle(x)
      this.#values.fill(x)
    }
    this.#values.set(index, this.#smoother.next(x))
  }

  /** Whether the latest beats are less like their own shapes than this heart's usually are: noise lies over them. */
  get blurred(): boolean {
    if (this.#likes.length < LATEST) return false
    const usual = this.#usual.count < LATEST ? 0 : this.#usual.quantile()
    return this.#mean < Math.max(LEAST_LIKE, usual - UNLIKE)
  }

  get #mean(): number {
    return this.#likes.reduce((sum, like) => sum + like, 0) / this.#likes.length
  }

  /** @param index of an R peak, at most KEPT_S ago @param size peak to peak @returns whether its shape is known */
  take(index: number, size: number): boolean {
    this.#count++
    const wide = this.#wide
    for (let i = 0; i < wide.length; i++) {
      const ms = (i - SHIFTS) * STEP_MS - REACH_MS
      wide[i] = this.#values.get(Math.round(index + (ms + 7) * this.#perMs))
    }
    let best: Template | null = null
    let bestLike = LIKE
    let bestShift = SHIFTS
    for (const template of this.#templates) {
      if (size > SIZE * template.size || template.size > SIZE * size) continue
      for (let shift = 0; shift <= 2 * SHIFTS; shift++) {
        const like = correlation(template.shape, wide, shift)
        if (like <= bestLike) continue
        best = template
        bestLike = like
        bestShift = shift
      }
    }
    keepLast(this.#likes, bestLike, LATEST)
    if (!this.blurred) this.#usual.push(this.#mean)
    if (best) {
      best.seen++
      best.last = this.#count
      best.size += ADAPT * (size - best.size)
      for (let i = 0; i < POINTS; i++) {
        const was = best.shape[i] as number
        best.shape[i] = was + ADAPT * ((wide[i + bestShift] as number) - was)
      }
      return best.seen >= SEEN
    }
    if (this.#templates.length === TEMPLATES) {
      // The one that counts for least: seen seldom, and long ago.
      let least = 0
      for (let i = 1; i < TEMPLATES; i++) if (this.#worth(i) < this.#worth(least)) least = i
      this.#templates.splice(least, 1)
    }
    this.#templates.push({ shape: wide.slice(SHIFTS, SHIFTS + POINTS), size, seen: 1, last: this.#count })
    return false
  }

  #worth(i: number): number {
    const { seen, last } = this.#templates[i] as Template
    return Math.min(seen, 100) - (this.#count - last)
  }
}

function correlation(a: Float64Array, b: Float64Array, from: number): number {
  let sa = 0
  let sb = 0
  let saa = 0
  let sbb = 0
  let sab = 0
  const n = a.length
  for (let i = 0; i < n; i++) {
    const x = a[i] as number
    const y = b[i + from] as number
    sa += x
    sb += y
    saa += x * x
    sbb += y * y
    sab += x * y
  }
  const va = n * saa - sa * sa
  const vb = n * sbb - sb * sb
  return va <= 0 || vb <= 0 ? 0 : (n * sab - sa * sb) / Math.sqrt(va * vb)
}

/**
 * Paints a TraceBuffer as a bedside monitor does: the pen runs left to right, wiping what it wrote a screen ago.
 * Only the new piece is painted in each frame, which is what keeps this cheap on a Raspberry Pi.
 */
import { leastSpanOf, type SensorDefinition } from '../../../../clinical/sensors/sensor-definition.js'
import type { TraceBuffer } from './trace-buffer.js'
import { type Range, scaleOf } from './trace-scale.js'

export const WINDOW_MS = 8000
const WIPE_PX = 18
const LINE_PX = 1.6
/** The vertical scale is looked at again this often. */
const RANGE_MS = 1000

export class Sweep {
  readonly #canvas: HTMLCanvasElement
  readonly #sensor: SensorDefinition
  readonly #buffer: TraceBuffer
  readonly #onRange: (range: Range) => void
  #colour = '#000'
  #width = 0
  #height = 0
  #drawn = 0
  #generation = -1
  #range: Range | null = null
  #sinceRange = 0

  constructor(
    canvas: HTMLCanvasElement,
    sensor: SensorDefinition,
    buffer: TraceBuffer,
    onRange: (range: Range) => void,
  ) {
    this.#canvas = canvas
    this.#sensor = sensor
    this.#buffer = buffer
    this.#onRange = onRange
  }

  /** Takes over size and colour from the page and paints everything again. */
  refit(): void {
    const { clientWidth, clientHeight } = this.#canvas
    const ratio = window.devicePixelRatio || 1
    this.#width = clientWidth
    this.#height = clientHeight
    this.#canvas.width = Math.round(clientWidth * ratio)
    this.#canvas.height = Math.round(clientHeight * ratio)
    this.#colour = getComputedStyle(this.#canvas).color
    const context = this.#canvas.getContext('2d')
    context?.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.#repaint()
  }

  frame(elapsedMs: number): void {
    const buffer = this.#buffer
    buffer.advance(elapsedMs)
    if (buffer.generation !== this.#generation) {
      this.#generation = buffer.generation
      this.#range = null
      this.#repaint()
    }
    this.#sinceRange += elapsedMs
    if (this.#range === null || this.#sinceRange >= RANGE_MS) {
      this.#sinceRange = 0
      if (this.#rescale()) {
        this.#repaint()
        return
      }
    }
    if (buffer.playhead - this.#drawn > 0.5) this.#paint(this.#drawn, buffer.playhead)
  }

  #repaint(): void {
    const context = this.#canvas.getContext('2d')
    context?.clearRect(0, 0, this.#width, this.#height)
    const kept = (WINDOW_MS * (1 - WIPE_PX / Math.max(100, this.#width))) / this.#buffer.periodMs
    const from = Math.max(this.#buffer.start, this.#buffer.playhead - kept)
    this.#paint(from, this.#buffer.playhead)
  }

  /** True when the scale changed. */
  #rescale(): boolean {
    const seen = this.#buffer.range(WINDOW_MS)
    const scale = seen && scaleOf(seen, leastSpanOf(this.#sensor, this.#buffer.unit), this.#range)
    if (!seen || !scale) return false
    this.#range = scale
    this.#onRange(seen)
    return true
  }

  #paint(from: number, to: number): void {
    const context = this.#canvas.getContext('2d')
    if (!context || this.#width === 0) return
    this.#drawn = to
    if (this.#range === null || to <= from) return
    this.#wipe(context, from, to)
    context.strokeStyle = this.#colour
    context.lineWidth = LINE_PX
    context.lineJoin = 'round'
    context.beginPath()
    let pen = false
    let lastX = -1
    const visit = (index: number) => {
      const y = this.#y(this.#value(index))
      const x = this.#x(index)
      if (Number.isNaN(y)) pen = false
      else if (pen && x >= lastX) context.lineTo(x, y)
      else {
        context.moveTo(x, y)
        pen = true
      }
      lastX = x
    }
    visit(from)
    for (let i = Math.floor(from) + 1; i < to; i++) visit(i)
    visit(to)
    context.stroke()
  }

  #wipe(context: CanvasRenderingContext2D, from: number, to: number): void {
    const x = this.#x(from) + LINE_PX
    const length = ((to - from) * this.#buffer.periodMs * this.#width) / WINDOW_MS + WIPE_PX
    if (length >= this.#width) return
    context.clearRect(x, 0, length, this.#height)
    if (x + length > this.#width) context.clearRect(0, 0, x + length - this.#width, this.#height)
  }

  /** Between two samples: on the straight line between them. */
  #value(index: number): number {
    const low = Math.floor(index)
    const share = index - low
    const a = this.#buffer.at(low)
    if (share < 1e-6) return a
    const b = this.#buffer.at(low + 1)
    return a + (b - a) * share
  }

  #x(index: number): number {
    return (((index * this.#buffer.periodMs) % WINDOW_MS) / WINDOW_MS) * this.#width
  }

  #y(value: number): number {
    const { min, max } = this.#range as Range
    return this.#height * (1 - (value - min) / (max - min))
  }
}

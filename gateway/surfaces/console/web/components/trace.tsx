import { useEffect, useRef, useState } from 'preact/hooks'
import type { SensorKind } from '#fhir/measurement.js'
import { sensorDefinitions } from '../../../../clinical/sensors/registry.js'
import { unitWords } from '../../../../wording/words.js'
import { onAppearanceChange } from '../lib/hooks.js'
import { Sweep } from '../lib/sweep.js'
import type { TraceBuffer } from '../lib/trace-buffer.js'
import type { Range } from '../lib/trace-scale.js'

/** Without samples for this long there is no signal: the trace says so. Airflow comes once a second. */
const SILENT_MS = 4000
/** 30 pictures a second are smooth for a pen at a tenth of the screen a second. */
const FRAME_MS = 1000 / 31

interface Props {
  readonly sensor: SensorKind
  readonly buffer: TraceBuffer
  /** `performance.now()` at which samples last came. */
  readonly heardAt: number | undefined
  readonly connected: boolean
}

export function Trace({ sensor, buffer, heardAt = Number.NEGATIVE_INFINITY, connected }: Props) {
  const { label } = sensorDefinitions[sensor]
  const canvas = useRef<HTMLCanvasElement>(null)
  const [range, setRange] = useState<Range | null>(null)
  useEffect(() => {
    if (!canvas.current) return
    return run(canvas.current, new Sweep(canvas.current, sensorDefinitions[sensor], buffer, setRange))
  }, [buffer])

  const silent = !connected || performance.now() - heardAt > SILENT_MS
  const unit = unitWords(buffer.unit)
  const state = !connected ? 'Not live' : buffer.empty ? 'Waiting for the signal' : 'No signal'
  return (
    <figure class={`trace trace-${sensor}${silent ? ' trace-silent' : ''}`} data-trace={sensor}>
      <figcaption>
        <span>{label}</span>
        {range && (
          <span class="trace-range">
            {digits(range.min, range)} to {digits(range.max, range)} {unit === '' ? '(no unit)' : unit}
          </span>
        )}
      </figcaption>
      <div class="trace-screen">
        <canvas ref={canvas} role="img" aria-label={`${label} trace, moving`} />
        {silent && <span class="trace-note">{state}</span>}
      </div>
    </figure>
  )
}

function run(canvas: HTMLCanvasElement, sweep: Sweep): () => void {
  let frame = 0
  let last = performance.now()
  let calm = false
  const refit = () => {
    calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    sweep.refit()
  }
  const step = (now: number) => {
    frame = requestAnimationFrame(step)
    // People who prefer less motion get a new piece each second instead of a running pen.
    if (now - last < (calm ? 1000 : FRAME_MS)) return
    sweep.frame(Math.min(now - last, 60_000))
    last = now
  }
  const observer = new ResizeObserver(refit)
  observer.observe(canvas)
  const unwatch = onAppearanceChange(refit)
  frame = requestAnimationFrame(step)
  return () => {
    cancelAnimationFrame(frame)
    observer.disconnect()
    unwatch()
  }
}

function digits(value: number, { min, max }: Range): string {
  return value.toFixed(max - min < 10 ? 2 : 0)
}

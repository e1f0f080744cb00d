import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'
import { clockTime } from '../../../../wording/times.js'
import { onAppearanceChange } from '../lib/hooks.js'
import type { LiveStore } from '../lib/live-store.js'
import { CHARTED } from '../lib/trend-log.js'
import { Card } from './card.js'

const HEIGHT = 116
const REDRAW_MS = 2000

export function TrendCharts({ store }: { store: LiveStore }) {
  return (
    <Card title="Trends" aside="since this page was opened, 15 minutes at most">
      <div class="trends">
        {CHARTED.map((sensor) => (
          <TrendChart key={sensor.kind} store={store} sensor={sensor} />
        ))}
      </div>
    </Card>
  )
}

function TrendChart({ store, sensor }: { store: LiveStore; sensor: SensorDefinition }) {
  const { kind, label } = sensor
  const holder = useRef<HTMLDivElement>(null)
  const [summary, setSummary] = useState('')
  useEffect(() => {
    const element = holder.current
    if (!element) return
    let chart: uPlot | null = null
    const data = (): uPlot.AlignedData => [[...store.trends.times], [...store.trends.of(kind)]]
    const build = () => {
      chart?.destroy()
      chart = new uPlot(options(element, sensor), data(), element)
    }
    const refresh = () => {
      if (document.hidden) return
      chart?.setData(data())
      setSummary(summarise(store.trends.of(kind)))
    }
    build()
    refresh()
    const timer = setInterval(refresh, REDRAW_MS)
    const observer = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    const unwatch = onAppearanceChange(build)
    return () => {
      clearInterval(timer)
      observer.disconnect()
      unwatch()
      chart?.destroy()
    }
  }, [store, sensor])
  return (
    <figure class={`trend trend-${kind}`}>
      <figcaption>
        <span>{label}</span>
        <span class="trend-range">{summary}</span>
      </figcaption>
      <div ref={holder} class="trend-chart" role="img" aria-label={`${label} trend: ${summary}`} />
    </figure>
  )
}

function options(element: HTMLElement, { kind, chart }: SensorDefinition): uPlot.Options {
  const style = getComputedStyle(element)
  const line = (style.getPropertyValue(`--trace-${kind}`) || style.getPropertyValue('--trace-ecg')).trim()
  const grid = { stroke: style.getPropertyValue('--line').trim(), width: 1 }
  const axis: uPlot.Axis = {
    stroke: style.getPropertyValue('--ink-soft').trim(),
    font: `11px ${style.fontFamily}`,
    grid,
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 26, 0, 0],
    scales: { y: { range: (_u, min, max) => span(min, max, chart?.leastSpan ?? 1) } },
    axes: [
      { ...axis, space: 90, size: 24, values: (_u, splits) => splits.map((seconds) => clockTime(1000 * seconds)) },
      { ...axis, space: 28, size: 34, values: (_chart, ticks) => ticks.map(String) },
    ],
    series: [{}, { stroke: line, width: 1.75, points: { show: false }, spanGaps: false }],
  }
}

function span(min: number | null, max: number | null, least: number): [number, number] {
  if (min === null || max === null) return [0, least]
  const missing = Math.max(0, least - (max - min)) / 2
  return [Math.floor(min - missing), Math.ceil(max + missing)]
}

function summarise(values: readonly (number | null)[]): string {
  const known = values.filter((v): v is number => v !== null)
  if (known.length === 0) return 'no values yet'
  return `${Math.round(Math.min(...known))} to ${Math.round(Math.max(...known))}`
}

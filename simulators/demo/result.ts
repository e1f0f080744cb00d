/** What the demo says at the end, and whether that is a success. */
import type { SensorKind } from '#fhir/measurement.js'
import { KIT_SENSORS } from '#gateway/clinical/sensors/registry.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'

export interface DemoResult {
  readonly measurements: Readonly<Record<SensorKind, number>>
  readonly alerts: readonly {
    readonly condition: string
    readonly priority: string
    readonly raisedAt: string
    readonly deliveredTo: readonly string[]
  }[]
  readonly fhir: { readonly accepted: number; readonly failed: number }
  readonly batches: { readonly closed: number; readonly anchored: number; readonly verified: number }
  readonly frames: { readonly received: number; readonly lost: number; readonly refused: number }
}

/**
 * @param running the last status of the running gateway (it alone counts frames)
 * @param stopped the status read from the journal afterwards
 */
export function demoResult(running: GatewayStatus, stopped: GatewayStatus, verified: number): DemoResult {
  const { closed, anchored } = stopped.batches
  return {
    measurements: stopped.measurements,
    alerts: stopped.alerts.map(({ condition, priority, raisedAt, deliveredTo }) => ({
      condition,
      priority,
      raisedAt: new Date(raisedAt).toISOString(),
      deliveredTo,
    })),
    fhir: stopped.fhir,
    batches: { closed, anchored, verified },
    frames: running.frames,
  }
}

/** Why the demo is not a success; empty when it is. */
export function shortcomings(result: DemoResult): string[] {
  const { measurements, alerts, batches } = result
  // What does not come from the kit is what a home may have beside it.
  const silent = KIT_SENSORS.filter((sensor) => !(measurements[sensor] > 0))
  return [
    ...(silent.length > 0 ? [`no reading from ${silent.join(', ')}`] : []),
    ...(alerts.some((alert) => alert.deliveredTo.length > 0) ? [] : ['no alert was delivered']),
    ...(batches.closed > 0 ? [] : ['no batch was closed']),
    ...(batches.anchored === batches.closed
      ? []
      : [`${batches.closed - batches.anchored} closed batches are not anchored`]),
    ...(batches.verified === batches.closed
      ? []
      : [`${batches.closed - batches.verified} closed batches do not verify`]),
  ]
}

export function describeResult(result: DemoResult): string {
  const { alerts, fhir, batches, frames } = result
  const readings = Object.entries(result.measurements).map(([sensor, count]) => `${sensor} ${count}`)
  return [
    `Readings kept   ${readings.join(', ')}`,
    `Frames          ${frames.received} received, ${frames.lost} lost, ${frames.refused} refused`,
    ...alerts.map(
      (a) =>
        `Alert           ${a.priority}: ${a.condition}, raised ${a.raisedAt}, told: ${a.deliveredTo.join(', ') || 'nobody'}`,
    ),
    `FHIR            ${fhir.accepted} resources accepted, ${fhir.failed} failed`,
    `Batches         ${batches.closed} closed, ${batches.anchored} anchored, ${batches.verified} fetched back, opened and verified against the chain`,
  ].join('\n')
}

import { SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import type { LiveAlert, LiveValue } from '#gateway/model/live.js'
import type { NotMonitored } from '#gateway/model/not-monitored.js'
import type { Feed, GatewayStatus, LiveEvent } from '#gateway/surfaces/status/feed.js'

const ROOT = `0x${'3fa94c07be51d862'.repeat(4)}` as const

/** A feed that a test moves by hand. */
export class FakeFeed implements Feed {
  readonly now: () => number
  readonly latest = new Map<SensorKind, LiveValue>()
  alerts: LiveAlert[] = []
  notMonitored: NotMonitored | null = null
  listeners = new Set<(event: LiveEvent) => void>()
  broken = false
  /** The heart stands still: what is left is the converter's noise. */
  standstill = false
  readonly startedAt: number

  constructor(now: () => number = Date.now) {
    this.now = now
    this.startedAt = now() - 754_000
  }

  status(): GatewayStatus {
    if (this.broken) throw new Error('the journal is closed')
    const now = this.now()
    const measurements = Object.fromEntries(SENSOR_KINDS.map((kind) => [kind, 120])) as Record<SensorKind, number>
    return {
      version: '0.1.0',
      home: 'home-7f3a',
      running: true,
      startedAt: this.startedAt,
      now,
      transports: [
        {
          name: 'kit',
          url: 'serial:///dev/ttyACM0?baud=115200',
          state: 'connected',
          sentence: 'connected to /dev/ttyACM0 at 115200 baud',
        },
        {
          name: 'bedside',
          url: 'mqtt+broker://127.0.0.1:1883',
          state: 'connected',
          sentence: 'broker on 127.0.0.1:1883, 2 devices connected',
        },
      ],
      frames: { received: 48_213, lost: 3, refused: 0 },
      measurements,
      alerts: this.alerts,
      notMonitored: this.notMonitored,
      contacts: [
        { id: 'anna', role: 'family' },
        { id: 'nurse-1', role: 'nurse' },
      ],
      lanes: [
        lane('fhir:hospital', 2, now - 4200, 96),
        lane('fhir:family-doctor', 0, null, 98),
        lane('alert:doctor', 0, null, 3),
        lane('alert:terminal', 0, null, 3),
        lane('anchor:consortium', 1, now - 1800, 47),
      ],
      fhir: { accepted: 1932, failed: 0 },
      batches: {
        closed: 48,
        anchored: 47,
        open: 13,
        last: { number: 48, root: ROOT },
        lastAnchor: {
          batchNumber: 47,
          transactionHash: ROOT,
          blockNumber: 20_817,
          blockHash: ROOT,
          blockTime: now - 11_000,
          gasUsed: 61_234,
        },
      },
      process: { rssMb: 92.4, cpuSeconds: 31 },
    }
  }

  values(): readonly LiveValue[] {
    return [...this.latest.values()]
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  emit(event: LiveEvent): void {
    if (event.type === 'value') this.latest.set(event.value.sensor, event.value)
    for (const listener of [...this.listeners]) listener(event)
  }

  value(sensor: SensorKind, value: LiveValue['value'], unit: string, extra: Partial<LiveValue> = {}): void {
    this.emit({ type: 'value', value: { sensor, at: this.now(), value, unit, quality: 'good', remarks: [], ...extra } })
  }

  /** One plausible value of every sensor. */
  fill(): void {
    this.value('pulse', 74, '/min')
    this.value('spo2', 96, '%')
    this.value('airflow', 16, '/min')
    this.value('bodyTemperature', 36.7, 'Cel')
    this.value('ecg', null, 'V')
    this.value('glucose', 104, 'mg/dL', { quality: 'questionable', remarks: ['device-clock-unverified'] })
    this.value('gsr', 4.2, 'uS')
    this.value('bloodPressure', { systolic: 134, diastolic: 81 }, 'mm[Hg]')
    this.value('position', 'supine', '')
    this.value('emg', null, 'V', { at: null })
  }

  raise(condition: string, priority: LiveAlert['priority'], extra: Partial<LiveAlert> = {}): void {
    const raisedAt = this.now()
    const alert: LiveAlert = {
      alertId: `${condition}-${raisedAt}`,
      condition,
      kind: 'physiological',
      priority,
      state: 'active',
      raisedAt,
      at: raisedAt,
      deliveredTo: [],
      ...extra,
    }
    this.alerts = [...this.alerts, alert]
    const { alertId, kind, state, at } = alert
    this.emit({ type: 'alert', transition: { alertId, condition, kind, priority, state, at, raisedAt } })
  }

  /** What somebody did to an alert. */
  change(alertId: string, change: Partial<LiveAlert>): void {
    this.alerts = this.alerts.map((alert) => (alert.alertId === alertId ? { ...alert, ...change } : alert))
    this.emit({ type: 'status', status: this.status() })
  }

  samples(
    sensor: 'ecg' | 'emg' | 'airflow',
    at: number,
    periodMs: number,
    samples: readonly (number | null)[],
    unit = 'V',
  ): void {
    this.emit({ type: 'samples', sensor, at, periodMs, unit, samples })
  }

  /** Plays ECG (10 runs a second) and airflow (1 a second) in real time; returns a function that ends it. */
  play(): () => void {
    let ecgAt = this.now()
    let airflowAt = this.now()
    const timer = setInterval(() => {
      for (; ecgAt + 100 <= this.now(); ecgAt += 100)
        this.samples('ecg', ecgAt, 4, wave(ecgAt, 25, 4, this.standstill ? noise : ecg))
      for (; airflowAt + 1000 <= this.now(); airflowAt += 1000) {
        this.samples('airflow', airflowAt, 40, wave(airflowAt, 25, 40, airflow), '1')
        this.value('pulse', 74 + Math.round(2 * Math.sin(airflowAt / 9000)), '/min')
        this.value('spo2', 96 + Math.round(Math.sin(airflowAt / 21_000)), '%')
        this.value('airflow', 16 + Math.round(Math.sin(airflowAt / 15_000)), '/min')
      }
    }, 50)
    return () => clearInterval(timer)
  }
}

function lane(name: string, depth: number, oldestAt: number | null, delivered: number) {
  return {
    lane: name,
    depth,
    oldestAt,
    delivered,
    rejected: 0,
    resourcesAccepted: delivered * 20,
    resourcesFailed: 0,
  }
}

function wave(at: number, count: number, periodMs: number, shape: (t: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => shape(at + i * periodMs))
}

/** Volts: five bumps a beat (P, Q, R, S, T), 74 beats a minute. */
export function ecg(t: number): number {
  const phase = (t % 811) / 811
  const bump = (at: number, width: number, height: number) => height * Math.exp(-(((phase - at) / width) ** 2))
  const beat =
    bump(0.18, 0.028, 0.12) +
    bump(0.265, 0.008, -0.14) +
    bump(0.29, 0.011, 1.15) +
    bump(0.315, 0.01, -0.26) +
    bump(0.5, 0.05, 0.27)
  return 2.5 + beat + 0.012 * Math.sin(t * 1.7) + 0.03 * Math.sin(t / 900)
}

const noise = (t: number): number => 2.5 + 0.01 * Math.sin(t * 1.7)

function airflow(t: number): number {
  return 180 + 150 * Math.max(-0.4, Math.sin(t / 597)) + 4 * Math.sin(t * 0.9)
}

import type { ComponentChildren } from 'preact'
import type { SensorKind } from '#fhir/measurement.js'

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

const SENSOR_PATHS: Readonly<Record<SensorKind, string>> = {
  pulse: 'M12 20s-7-4.4-7-9.6A4 4 0 0 1 12 7.6a4 4 0 0 1 7 2.8C19 15.6 12 20 12 20Z',
  spo2: 'M12 3.5s6 6.3 6 10.7a6 6 0 0 1-12 0C6 9.8 12 3.5 12 3.5ZM12 17.5a3 3 0 0 0 3-3',
  airflow: 'M3 9h10.5a2.5 2.5 0 1 0-2.4-3.2M3 13h15a2.8 2.8 0 1 1-2.7 3.5M3 17h7.5a2 2 0 1 1-1.9 2.6',
  bloodPressure: 'M4.5 15.5a8 8 0 1 1 15 0M12 14l3.5-4.5M8 19.5h8',
  bodyTemperature: 'M14.5 13.8V5.5a2.5 2.5 0 0 0-5 0v8.3a4.5 4.5 0 1 0 5 0ZM12 9v8.5',
  glucose: 'M8.5 3.5h7v17h-7zM10.5 6.5h3v4h-3zM12 14v3',
  ecg: 'M2.5 12.5h5l2-5.5 4 11 2.8-8 1.2 2.5h4',
  position: 'M4 18V7M4 15h16v3M20 15v-2.5a2.5 2.5 0 0 0-2.5-2.5H10v5M7 12.2a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6Z',
  gsr: 'M7 11V6.5a1.5 1.5 0 0 1 3 0V11V5a1.5 1.5 0 0 1 3 0v6V6a1.5 1.5 0 0 1 3 0v7l1.2-1.5a1.6 1.6 0 0 1 2.5 2L16 19a5 5 0 0 1-4 2h-1a4 4 0 0 1-4-4Z',
  emg: 'M3 12h2.5l1-3 1.5 7 1.5-9 1.5 10 1.5-12 1.5 12 1.5-8 1.5 5 1-2H21',
}

export function SensorIcon({ sensor }: { sensor: SensorKind }) {
  return (
    <Icon>
      <path d={SENSOR_PATHS[sensor]} />
    </Icon>
  )
}

/** A shape for each priority: never by colour alone. */
export function PriorityIcon({ priority }: { priority: 'high' | 'medium' | 'low' | 'none' }) {
  if (priority === 'none')
    return (
      <Icon>
        <circle cx="12" cy="12" r="8.5" />
        <path d="m8.5 12.2 2.5 2.5 4.5-5" />
      </Icon>
    )
  if (priority === 'high')
    return (
      <Icon>
        <path d="M12 3.5 21.5 20h-19ZM12 9.5v5M12 17.2v.3" />
      </Icon>
    )
  return priority === 'medium' ? (
    <Icon>
      <path d="M12 3 21 12l-9 9-9-9ZM12 8v5M12 15.7v.3" />
    </Icon>
  ) : (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 11v5M12 7.7V8" />
    </Icon>
  )
}

export function BeatMark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M4 17h6l2.5-6 4.5 12 3.5-9 1.5 3h6" />
    </svg>
  )
}

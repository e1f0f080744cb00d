import type { ComponentChildren } from 'preact'
import type { SensorKind } from '#fhir/measurement.js'
import { sensorDefinitions } from '../../../../clinical/sensors/registry.js'

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export function SensorIcon({ sensor }: { sensor: SensorKind }) {
  return (
    <Icon>
      <path d={sensorDefinitions[sensor].icon} />
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

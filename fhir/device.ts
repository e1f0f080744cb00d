/** Devices: the gateway of a home, and what measured. Types after the HL7 Personal Health Device IG 2.0.0. */
import type { Device } from '@medplum/fhirtypes'
import type { Observable } from './measurement.js'
import { gatewayIdentifier, IDENTIFIERS } from './systems.js'
import { DEVICE_TYPES, TERMINOLOGY } from './terminology.js'

/** R4 Device, base resource; identifier `urn:homebeat:gateway`, the home's pseudonym. */
export function gatewayOf(home: string): Device {
  return {
    resourceType: 'Device',
    identifier: [gatewayIdentifier(home)],
    status: 'active',
    type: { coding: [DEVICE_TYPES.gateway], text: 'Homebeat gateway' },
  }
}

/**
 * R4 Device, base resource.
 * @param identifier value under `urn:homebeat:device`: `<home>/<device id>`.
 * @param observables what it was seen to measure: one speciality gives that type, several give multi-function.
 */
export function deviceOf(identifier: string, observables: readonly Observable[]): Device {
  const types = new Set(observables.map((observable) => TERMINOLOGY[observable].device ?? DEVICE_TYPES.multiFunction))
  const [only] = types
  return {
    resourceType: 'Device',
    identifier: [{ system: IDENTIFIERS.device, value: identifier }],
    status: 'active',
    type: { coding: [types.size === 1 && only ? only : DEVICE_TYPES.multiFunction] },
  }
}

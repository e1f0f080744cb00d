/** Epoch ms → FHIR instant, UTC with milliseconds. @throws RangeError where it is no time that a Date holds */
export function instant(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** A message that became no reading: kept with its reason, so that a mapping made later can still take it. */
export interface UnmappedMessage {
  /** Who published it. */
  readonly deviceId: string
  readonly topic: string
  readonly payload: Uint8Array
  /** Epoch ms. */
  readonly receivedAt: number
  /** Stable: `map.…` where no template took it, `decode.…` where it breaks Homebeat's own contract. */
  readonly code: string
  /** One sentence for people; nothing of the payload. */
  readonly reason: string
}

/** As the journal has it. */
export interface KeptMessage extends UnmappedMessage {
  readonly id: number
}

/** Of one device. */
export interface UnmappedCount {
  readonly deviceId: string
  /** Kept, and not mapped since. */
  readonly waiting: number
  /** Bytes of their topics and payloads. */
  readonly bytes: number
  /** Not kept, because its room was used up. */
  readonly overflowed: number
}

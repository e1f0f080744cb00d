/** What became of one delivery; retry is decided by this class, never by message text. */
export type DeliveryOutcome =
  | { readonly class: 'delivered'; readonly detail?: string }
  /** Nothing happened at the other end. `retryAfterMs` where the other end asked for it (Retry-After). */
  | { readonly class: 'transient'; readonly reason: string; readonly retryAfterMs?: number }
  /** It may have happened; repeated as it is, because every delivery is idempotent. */
  | { readonly class: 'ambiguous'; readonly reason: string }
  /** It never will: the entry becomes `rejected` and the lane goes on. */
  | { readonly class: 'permanent'; readonly reason: string }

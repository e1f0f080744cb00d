/** Epoch keys at rest, wrapped under the gateway's key-encryption key; this store never sees a key in clear. */
export interface EpochKeyStore {
  /** Compact JWE (wrapped key) or null. */
  get(epoch: string): string | null
  /** Keeps the first one stored: returns what is stored afterwards. */
  put(epoch: string, wrapped: string): string
  list(): { readonly epoch: string; readonly wrapped: string }[]
}

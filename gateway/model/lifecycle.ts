/** Constructors assign, `start()` acts, `stop()` undoes; both are idempotent and may be awaited twice. */
export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<void>
}

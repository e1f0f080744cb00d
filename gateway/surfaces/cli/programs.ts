import type { LoadedClinicConfig } from '#gateway/clinic/config.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Logger } from '#gateway/platform/logger.js'

/** A composed program, as the verb that runs it needs it. */
interface Running extends Lifecycle {
  /** @param drainMs for deliveries at the end */
  stop(drainMs?: number): Promise<void>
}

/** What composes the programs that verbs run: handed in, because composition stands above the command line. */
export interface Programs {
  readonly gateway: () => Promise<
    (
      loaded: LoadedConfig,
      dependencies: { readonly logger: Logger; readonly onJournalDamage: () => void },
    ) => Promise<Running>
  >
  readonly receiver: () => Promise<
    (loaded: LoadedClinicConfig, dependencies: { readonly logger: Logger }) => Promise<Running>
  >
}

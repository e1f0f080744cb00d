import { clockTime } from '../../../../wording/times.js'
import { ageWords } from '../../../../wording/words.js'
import type { GatewayStatus } from '../../../status/feed.js'
import { hasChain } from '../../../status/has-chain.js'
import { asOf, Card } from './card.js'

export function ChainCard({
  status,
  now,
  connected,
}: {
  status: GatewayStatus | null
  now: number
  connected: boolean
}) {
  const batches = status?.batches
  const anchor = batches?.lastAnchor ?? null
  return (
    <Card title="Sealed batches" aside={asOf(status, connected) ?? (status ? asideOf(status) : undefined)}>
      {status && !hasChain(status) && (
        <p>
          Not anchored: no chain is configured. Batches are signed, so that a change shows; when they were made is
          nobody’s word but this gateway’s.
        </p>
      )}
      <dl class="counts">
        <Count name="Closed" value={batches?.closed} />
        <Count name="Anchored" value={batches?.anchored} />
        <Count name="In the open batch" value={batches?.open} />
      </dl>
      <dl class="facts">
        <dt>Last batch</dt>
        <dd>
          {batches?.last ? (
            <>
              No. {batches.last.number}, root <code title={batches.last.root}>{short(batches.last.root)}</code>
            </>
          ) : (
            'none yet'
          )}
        </dd>
        <dt>Last anchor</dt>
        <dd>
          {anchor ? (
            <>
              Batch {anchor.batchNumber} in block {anchor.blockNumber},{' '}
              <time dateTime={new Date(anchor.blockTime).toISOString()} title={clockTime(anchor.blockTime)}>
                {ageWords(now - anchor.blockTime)}
              </time>
            </>
          ) : (
            'none yet'
          )}
        </dd>
      </dl>
    </Card>
  )
}

function asideOf(status: GatewayStatus): string {
  if (!hasChain(status)) return 'not anchored'
  return status.batches.anchored === status.batches.closed ? 'all anchored' : 'anchoring…'
}

function Count({ name, value }: { name: string; value: number | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? '–'}</dd>
    </div>
  )
}

function short(hash: string): string {
  return `${hash.slice(0, 8)}…${hash.slice(-6)}`
}

import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { timeSeenFrom } from '../../../../wording/times.js'
import type { GatewayStatus } from '../../../status/feed.js'

/** What stands in place of a state that nobody knows any more; null while the gateway answers. */
export const asOf = (status: GatewayStatus | null, connected: boolean): string | null =>
  !status ? 'not known yet' : connected ? null : `not live, as of ${timeSeenFrom(status.now, Date.now())}`

/** A titled surface; `aside` stands at the right of the title. */
export function Card(props: { title: string; aside?: ComponentChildren; class?: string; children: ComponentChildren }) {
  const id = useId()
  return (
    <section class={`card ${props.class ?? ''}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{props.title}</h2>
        {props.aside !== undefined && <div class="card-aside">{props.aside}</div>}
      </div>
      {props.children}
    </section>
  )
}

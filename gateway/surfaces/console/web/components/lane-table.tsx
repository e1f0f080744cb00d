import { durationWords, laneWords } from '../../../../wording/words.js'
import type { GatewayStatus } from '../../../status/feed.js'
import { asOf, Card } from './card.js'

export function LaneTable({
  status,
  now,
  connected,
}: {
  status: GatewayStatus | null
  now: number
  connected: boolean
}) {
  const lanes = status?.lanes ?? []
  const waiting = lanes.reduce((n, lane) => n + lane.depth, 0)
  return (
    <Card
      title="Delivery lanes"
      aside={asOf(status, connected) ?? (waiting === 0 ? 'nothing waiting' : `${waiting} waiting`)}
    >
      <table class="lanes">
        <thead>
          <tr>
            <th scope="col">Lane</th>
            <th scope="col">Waiting</th>
            <th scope="col">Delivered</th>
            <th scope="col">Rejected</th>
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => (
            <tr key={lane.lane} data-lane={lane.lane}>
              <th scope="row">
                {laneWords(lane.lane)}
                {lane.remark && <small>{lane.remark}</small>}
              </th>
              <td>
                {lane.depth}
                {lane.oldestAt !== null && <small>for {durationWords(now - lane.oldestAt)}</small>}
              </td>
              <td>{lane.delivered}</td>
              <td class={lane.rejected > 0 ? 'bad' : ''}>{lane.rejected}</td>
            </tr>
          ))}
          {lanes.length === 0 && (
            <tr>
              <td colSpan={4}>No lane yet.</td>
            </tr>
          )}
        </tbody>
      </table>
      {status && (
        <p class="fine">
          FHIR resources: {status.fhir.accepted} accepted, {status.fhir.failed} refused.
        </p>
      )}
    </Card>
  )
}

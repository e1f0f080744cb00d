import { useRef, useState } from 'preact/hooks'
import type { GatewayStatus } from '../../../status/feed.js'
import { useActingAs } from '../lib/acting-as.js'
import { acknowledge, silence } from '../lib/alarm-acts.js'
import { openAlerts } from '../lib/open-alerts.js'
import { ActingAs } from './acting-as.js'
import { AlertRow, SILENCE_MINUTES } from './alert-row.js'
import { asOf, Card } from './card.js'
import { PriorityIcon } from './icons.js'

const CLEARED_SHOWN = 6

/** The alerts, those that ask for somebody first, and what a person may do about them. */
export function AlertList(props: { status: GatewayStatus | null; now: number; connected: boolean }) {
  const { status, now, connected } = props
  const [who, setWho] = useActingAs()
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const chooser = useRef<HTMLSelectElement>(null)
  const alerts = status?.alerts ?? []
  const open = openAlerts(alerts)
  const unattended = open.filter(({ state }) => state !== 'acknowledged').length
  const cleared = alerts
    .filter(({ state }) => state === 'cleared')
    .sort((a, b) => b.at - a.at)
    .slice(0, CLEARED_SHOWN)

  const act = async (doing: (by: string) => Promise<string>) => {
    const by = who.trim()
    if (by === '') {
      setSaid('Say first who you are.')
      chooser.current?.focus()
      return
    }
    setBusy(true)
    setSaid(await doing(by))
    setBusy(false)
  }
  const acts = {
    acknowledge: (alertId: string) => void act((by) => acknowledge(alertId, by)),
    silence: (alertId: string) => void act((by) => silence(alertId, SILENCE_MINUTES, by)),
    disabled: busy || !connected,
  }
  return (
    <Card title="Alerts" aside={asOf(status, connected) ?? asideOf(open.length, unattended)} class="alerts">
      {open.length === 0 && (
        <p class="alerts-none">
          {status && connected && <PriorityIcon priority="none" />}
          {!status ? 'Not known yet.' : connected ? 'No active alert.' : 'Not known: the gateway does not answer.'}
        </p>
      )}
      {unattended > 0 && <ActingAs who={who} contacts={status?.contacts} choose={setWho} field={chooser} />}
      <p class="alerts-said" role="status" aria-live="polite">
        {said}
      </p>
      <ul class="alert-list">
        {open.map((alert) => (
          <AlertRow key={alert.alertId} alert={alert} now={now} acts={acts} />
        ))}
      </ul>
      {cleared.length > 0 && (
        <details class="cleared" open={open.length === 0}>
          <summary>Cleared ({cleared.length})</summary>
          <ul class="alert-list">
            {cleared.map((alert) => (
              <AlertRow key={alert.alertId} alert={alert} now={now} />
            ))}
          </ul>
        </details>
      )}
    </Card>
  )
}

function asideOf(open: number, unattended: number): string {
  if (open === 0) return 'none active'
  return unattended === 0 ? `${open} acknowledged` : `${open} active`
}

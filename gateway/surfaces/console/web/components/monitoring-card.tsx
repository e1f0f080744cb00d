import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { PAUSE_REASONS, type PauseReason } from '../../../../model/not-monitored.js'
import { PAUSE_WORDS } from '../../../../wording/monitoring-words.js'
import { durationWords } from '../../../../wording/words.js'
import type { GatewayStatus } from '../../../status/feed.js'
import { useActingAs } from '../lib/acting-as.js'
import { pause, resume } from '../lib/alarm-acts.js'
import { ActingAs } from './acting-as.js'
import { asOf, Card } from './card.js'

const HOUR = 60
const DAY = 24 * HOUR
/** Minutes that may be chosen; the gateway refuses what is too long for a reason. */
const CHOICES: Readonly<Record<PauseReason, readonly number[]>> = {
  bath: [30, HOUR, 4 * HOUR],
  away: [4 * HOUR, DAY, 7 * DAY, 31 * DAY],
  hospital: [DAY, 7 * DAY, 31 * DAY, 92 * DAY],
  deceased: [31 * DAY, 92 * DAY],
}

/** Says that nobody is to be watched for a while, with reason, end and who; and ends that. */
export function MonitoringCard({ status, connected }: { status: GatewayStatus | null; connected: boolean }) {
  const [who, setWho] = useActingAs()
  const [reason, setReason] = useState<PauseReason>('bath')
  const [minutes, setMinutes] = useState(HOUR)
  const [sure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState('')
  const chooser = useRef<HTMLSelectElement>(null)
  const yes = useRef<HTMLButtonElement>(null)
  const summary = useRef<HTMLElement>(null)
  // What had the keyboard's focus is gone with each step: the next has it.
  useEffect(() => {
    if (sure) yes.current?.focus()
  }, [sure])
  const ids = { reason: useId(), minutes: useId() }
  const paused = status?.notMonitored ?? null

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
    setSure(false)
    summary.current?.focus()
  }
  const choose = (next: PauseReason) => {
    setReason(next)
    setMinutes(CHOICES[next][0] ?? HOUR)
    setSure(false)
  }
  const disabled = busy || !connected
  return (
    <Card title="Monitoring" aside={asOf(status, connected) ?? (paused ? 'not monitored' : 'on')} class="monitoring">
      <details open={paused !== null}>
        <summary ref={summary}>{paused ? 'Monitor again' : 'Not to be monitored for a while…'}</summary>
        <ActingAs who={who} contacts={status?.contacts} choose={setWho} field={chooser} />
        {!paused && (
          <div class="acting-as">
            <label for={ids.reason}>Because the person is</label>
            <select
              id={ids.reason}
              value={reason}
              onChange={({ currentTarget: { value } }) => choose(value as PauseReason)}
            >
              {PAUSE_REASONS.map((one) => (
                <option key={one} value={one}>
                  {PAUSE_WORDS[one]}
                </option>
              ))}
            </select>
            <label for={ids.minutes}>for at most</label>
            <select
              id={ids.minutes}
              value={String(minutes)}
              onChange={({ currentTarget: { value } }) => {
                setMinutes(Number(value))
                setSure(false)
              }}
            >
              {CHOICES[reason].map((one) => (
                <option key={one} value={String(one)}>
                  {durationWords(one * 60_000)}
                </option>
              ))}
            </select>
          </div>
        )}
        <p class="alerts-said" role="status" aria-live="polite">
          {said}
        </p>
        <div class="alert-acts">
          {paused ? (
            <button type="button" class="button button-main" disabled={disabled} onClick={() => void act(resume)}>
              Monitor again
            </button>
          ) : sure ? (
            <>
              <button
                ref={yes}
                type="button"
                class="button button-main"
                disabled={disabled}
                onClick={() => void act((by) => pause(reason, minutes, by))}
              >
                Yes: nobody is watched for {durationWords(minutes * 60_000)}
              </button>
              <button type="button" class="button" onClick={() => setSure(false)}>
                No
              </button>
            </>
          ) : (
            <button type="button" class="button" disabled={disabled} onClick={() => setSure(true)}>
              Do not monitor
            </button>
          )}
        </div>
      </details>
    </Card>
  )
}

/** The receiver's page as HTML and CSS. No script: a browser asks for it again every fifteen seconds. */

import { conditionWords } from '#gateway/wording/explanations.js'
import { durationWords, timeOfDay } from '#gateway/wording/times.js'
import type { ClinicReport, HomeReport } from './report.js'
import { alarmCounts, remarks, stateWords } from './words.js'

export function pageOf(report: ClinicReport): string {
  const { receiver, now, homes, alarms } = report
  const missing = homes.filter(({ state }) => state === 'missing').length
  const title = missing > 0 ? `${missing} silent – ${receiver}` : receiver
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>${text(title)}</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header><h1>Homes watched by ${text(receiver)}</h1><p>${summary(homes)} As of <time>${clock(now, now)}</time>.</p></header>
<main>
${alarms.map((alarm) => `<p class="own" role="alert">This receiver itself: ${text(conditionWords(alarm.condition))}, since ${clock(alarm.raisedAt, now)}</p>`).join('\n')}
${homes.length === 0 ? '<p class="own">No home is enrolled yet: homebeat clinic enrol &lt;home&gt;</p>' : tableOf(homes, now)}
</main>
<footer>Check-ins only: no health value comes here. Not a certified medical device.</footer>
</body>
</html>
`
}

function summary(homes: readonly HomeReport[]): string {
  const count = (state: HomeReport['state']) => homes.filter((home) => home.state === state).length
  const parts = (['missing', 'late', 'awaited', 'present'] as const).flatMap((state) =>
    count(state) > 0 ? [`${count(state)} ${SUMMARY_WORDS[state]}`] : [],
  )
  const paused = homes.filter(({ gateway }) => gateway?.notMonitored).length
  if (paused > 0) parts.unshift(`${paused} not monitored`)
  return parts.length === 0 ? '' : `${parts.join(', ')}.`
}

const SUMMARY_WORDS = { missing: 'silent', late: 'late', awaited: 'never heard', present: 'present' } as const

function tableOf(homes: readonly HomeReport[], now: number): string {
  return `<table>
<thead><tr><th scope="col">Home</th><th scope="col">State</th><th scope="col">Last heard</th><th scope="col">Open alarms there</th><th scope="col">To look at</th></tr></thead>
<tbody>
${homes.map((home) => rowOf(home, now)).join('\n')}
</tbody>
</table>`
}

function rowOf(home: HomeReport, now: number): string {
  const { id, state, heardAt } = home
  const looks = [...alarmRemarks(home, now), ...remarks(home)]
  const tone = state === 'present' && looks.length > 0 ? 'remark' : state
  const cells = [
    ['Last heard', heardAt === null ? '' : `${durationWords(now - heardAt)} ago, ${clock(heardAt, now)}`],
    ['Open alarms there', home.gateway ? alarmCounts(home) : ''],
    ['To look at', looks.map(text).join('<br>')],
  ] as const
  return [
    `<tr class="${tone}"><th scope="row">${text(id)}</th>`,
    `<td data-label="State"><span class="state">${text(stateWords(home))}</span></td>`,
    ...cells.map(([label, content]) => `<td data-label="${label}">${content}</td>`),
    '</tr>',
  ].join('')
}

function alarmRemarks({ alarms }: HomeReport, now: number): string[] {
  return alarms.map(({ state, raisedAt }) =>
    state === 'acknowledged'
      ? `alarm since ${clock(raisedAt, now)}, acknowledged`
      : `ALARM since ${clock(raisedAt, now)}`,
  )
}

/** The receiver's local time; with the day where that is not today's. */
function clock(at: number, now: number): string {
  const day = (of: number) => new Date(of).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  return day(at) === day(now) ? timeOfDay(at) : `${day(at)} ${timeOfDay(at)}`
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

export const PAGE_CSS = `:root {
  color-scheme: light dark;
  --ground: #eef2f3; --surface: #fff; --line: #dbe3e4; --ink: #10262b; --soft: #4c6166;
  --ok: #0a6b3d; --ok-ground: #e2f4ea; --high: #b3161b; --high-ground: #fdeaea;
  --medium: #8a4b00; --medium-ground: #fff2dc; --stale: #5c5470; --stale-ground: #efecf5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0b1315; --surface: #131e21; --line: #26363a; --ink: #e8f1f1; --soft: #9fb4b7;
    --ok: #6fdca0; --ok-ground: #10301f; --high: #ff9d9a; --high-ground: #421416;
    --medium: #ffc674; --medium-ground: #3a2a0d; --stale: #c3b9dc; --stale-ground: #241f33;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.45 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1 { font-size: 1.4rem; margin: 0; }
header p { margin: .2rem 0 1rem; color: var(--soft); }
footer { margin-top: 1rem; color: var(--soft); font-size: .85rem; }
.own { background: var(--medium-ground); color: var(--medium); border-radius: 10px; padding: .7rem 1rem; font-weight: 600; }
table { width: 100%; border-collapse: collapse; background: var(--surface); border-radius: 14px; overflow: hidden; }
th, td { text-align: left; vertical-align: top; padding: .6rem .8rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-top: 0; font-size: .85rem; font-weight: 600; color: var(--soft); }
.state { display: inline-block; border-radius: 10px; padding: .05rem .6rem; font-weight: 600; background: var(--ok-ground); color: var(--ok); }
.missing .state { background: var(--high-ground); color: var(--high); }
.late .state, .remark .state { background: var(--medium-ground); color: var(--medium); }
.awaited .state { background: var(--stale-ground); color: var(--stale); }
tr.missing th[scope=row] { border-left: 4px solid var(--high); }
@media (max-width: 44rem) {
  body { padding: .7rem; }
  table, tbody { display: block; background: none; border-radius: 0; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { display: block; background: var(--surface); border-radius: 14px; margin-bottom: .7rem; padding: .5rem .2rem; }
  th[scope=row] { display: block; border: 0; font-size: 1.1rem; padding: .2rem .8rem; }
  tr.missing th[scope=row] { border-left: 0; }
  tr.missing { border-left: 4px solid var(--high); }
  td { display: grid; grid-template-columns: 9rem 1fr; border: 0; padding: .2rem .8rem; }
  td:empty { display: none; }
  td::before { content: attr(data-label); color: var(--soft); }
  .state { justify-self: start; }
}
`

/**
 * How often the gateway would alarm on a real recording, and how often that would have woken a doctor and why. Beside it a quiet
 * patient with seeded events: which are missed, and how soon the others are alarmed on. Exits with 1 where one is missed.
 *
 * npm run bench:alarms -- [csv] [--json]
 *
 * Columns: see `bench/alarms/numerics.ts`. Its measure is a clinician's: alarms that nobody must act on are a cost.
 */
import { readFileSync } from 'node:fs'
import { burdenLines, burdenOf } from './alarms/burden.js'
import { readNumerics } from './alarms/numerics.js'
import { runSeeded, type SeededResult } from './alarms/seeded.js'
import { type Alarm, limitsFor, runWard } from './alarms/ward.js'

const json = process.argv.includes('--json')
const path = process.argv.slice(2).find((argument) => !argument.startsWith('--'))

try {
  const seeded = runSeeded()
  if (seeded.missed.length > 0) process.exitCode = 1
  if (path === undefined) {
    process.stdout.write(
      json ? `${JSON.stringify({ seeded: seededJson(seeded) })}\n` : `${seededLines(seeded).join('\n')}\n`,
    )
    process.exit()
  }
  const numerics = readNumerics(readFileSync(path, 'utf8'))
  if (numerics.skipped.length > 0) process.stderr.write(`columns not used: ${numerics.skipped.join(', ')}\n`)
  const { patientDays, alarms, implausible } = runWard(numerics)
  const physiological = alarms.filter(({ kind }) => kind === 'physiological')
  const technical = alarms.filter(({ kind }) => kind === 'technical')
  const woken = alarms.filter(({ woke }) => woke)
  if (json) {
    const counts = {
      patientDays: Math.round(patientDays * 1000) / 1000,
      physiological: physiological.length,
      technical: technical.length,
      woken: woken.length,
    }
    process.stdout.write(
      `${JSON.stringify({
        ...counts,
        alarms: alarms.map(({ condition, kind, priority, at, woke, why }) => ({
          condition,
          kind,
          priority,
          at,
          woke,
          why,
        })),
        byPriority: burdenOf(alarms, patientDays),
        seeded: seededJson(seeded),
      })}\n`,
    )
  } else {
    const perDay = (count: number) => (count / patientDays).toFixed(1)
    const line = (what: string, of: readonly Alarm[]) =>
      `${what.padEnd(40)} ${String(of.length).padStart(5)} ${perDay(of.length).padStart(8)} per patient-day`
    const byCondition = (of: readonly Alarm[]) =>
      [...new Set(of.map(({ condition }) => condition))].map((condition) =>
        line(
          `  ${condition}`,
          of.filter((alarm) => alarm.condition === condition),
        ),
      )
    process.stdout.write(
      `${[
        `${numerics.rows.length} minutes of one patient: ${patientDays.toFixed(2)} days`,
        'A row holds until the next one, so a delay shorter than a minute is met by any row, and one value cannot pass',
        'unseen; breathing that stops within a minute cannot be seen in such numerics. Nobody acknowledges.',
        ...(limitsFor(numerics).some((limit) => limit.observable === 'bloodPressure' && limit.delaySeconds > 0)
          ? [
              'An arterial line’s pressure alarms when it stays beyond a limit for 5 minutes; a cuff’s asks for a repeat first.',
            ]
          : []),
        `${implausible} values that no living body gives: kept, never alarmed on`,
        '',
        line('all alarms', alarms),
        ...burdenLines(alarms, patientDays),
        line('physiological', physiological),
        ...byCondition(physiological),
        line('technical', technical),
        ...byCondition(technical),
        '',
        `${line('doctor woken', woken)}${woken.length > 0 ? ':' : ''}`,
        ...woken.map(({ at, condition, why }) => `  minute ${at}: ${condition}: ${why}`),
        '',
        ...seededLines(seeded),
      ].join('\n')}\n`,
    )
  }
} catch (error) {
  process.stderr.write(
    `${path === undefined ? '' : `${path}: `}${error instanceof Error ? error.message : String(error)}\n`,
  )
  process.exitCode = 1
}

function seededJson({ events, missed, other, patientDays }: SeededResult) {
  const secondsToAlarm = Object.fromEntries(events.map(({ name, seconds }) => [name, seconds]))
  return { events: events.length, missed, secondsToAlarm, otherByPriority: burdenOf(other, patientDays) }
}

function seededLines({ events, missed, other, patientDays }: SeededResult): string[] {
  return [
    `seeded events in ${(24 * patientDays).toFixed(1)} hours of a quiet patient: ${events.length}, missed ${missed.length}${missed.length > 0 ? `: ${missed.join(', ')}` : ''}`,
    ...events.map(({ name, seconds }) => `${`  ${name}`.padEnd(50)} ${seconds === null ? 'never' : `${seconds} s`}`),
    'alarms between the events:',
    ...burdenLines(other, patientDays),
  ]
}

/** From frames to recorded steps: the pipeline with its time and settings, the recorder, and what people do with it. */
import { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { alarmCommands } from '#gateway/alarms/actions/alarm-commands.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { isWithinAny } from '#gateway/alarms/dispatch/hours.js'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { monitoringCommands } from '#gateway/alarms/monitoring/commands.js'
import { Monitoring } from '#gateway/alarms/monitoring/monitoring.js'
import { Rehearsal } from '#gateway/alarms/rehearsal/rehearsal.js'
import { trendsCommands } from '#gateway/clinical/scores/commands.js'
import { HourlyAggregates, KEPT_MS } from '#gateway/clinical/scores/hourly.js'
import { analysisOptionsOf, news2OptionsOf } from '#gateway/clinical/settings/catalog.js'
import { settingsCommands } from '#gateway/clinical/settings/commands.js'
import { PatientSettings } from '#gateway/clinical/settings/patient-settings.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Recorder } from '#gateway/engine/recorder.js'
import { RunTimeAlarms } from '#gateway/engine/run-time-alarms.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { VERSION } from '#gateway/platform/version.js'
import {
  ManualObservations,
  manualObservationCommands,
} from '#gateway/surfaces/manual-observation/manual-observations.js'
import { LiveFeed } from '#gateway/surfaces/status/live-feed.js'
import { Timekeeper } from '#gateway/time/timekeeper.js'
import { buildTime, zoneOffset } from '#gateway/time/wall-clock.js'
import type { Intake } from './intake.js'
import type { Part } from './program.js'
import type { Site } from './site.js'

export type Engine = Awaited<ReturnType<typeof engineOf>>

/** Begins a run: the journal is open. @throws HomebeatError `journal.*`, `limits.*`, `settings.*` */
export async function engineOf(site: Site, { transports, mappings, mayAcknowledge }: Intake) {
  const { config, home, patient, journal, news2, clock, timeService, remarks, logger } = site
  const { trust, holdHours } = config.clock
  if (trust === 'auto') await timeService.refresh()
  const timekeeper = new Timekeeper({
    ...{ clock, journal, zone: zoneOffset, service: timeService, trust, builtAt: buildTime(), logger },
    holdMs: holdHours * 3_600_000,
  })
  const { limits, settings: values } = config.alerts
  const settings = new PatientSettings({
    configured: { limits, settings: values },
    ...{ journal: journal.settings, clock, logger },
  })
  const now = settings.inForce
  news2.setOptions(news2OptionsOf(now.settings))
  const hours = new HourlyAggregates(journal.hourly.all())
  // The dispatcher counts in run time, people's hours are of the wall.
  const zoneOfRun = (runAt: number) => zoneOffset(runAt + clock.shiftMs) + Math.round(clock.shiftMs / 60_000)
  const pipeline = new Pipeline({
    ...{ patient, news2, hours, mappings, mayAcknowledge, zoneOffsetMinutes: zoneOffset },
    ...{ limits: now.limits, findings: now.findings, analysis: analysisOptionsOf(now.settings) },
    active: timekeeper.activeAlerts(),
    shiftMs: () => clock.shiftMs,
    stored: (identifier) =>
      journal.values.of(identifier)?.content ?? (journal.measurements.has(identifier) ? 'gone' : null),
    devices: Object.fromEntries(config.transports.flatMap((t) => (t.device ? [[t.name, t.device]] : []))),
    dispatcher: new Dispatcher(policyOf(config.alerts, zoneOfRun), timekeeper.openDispatch()),
  })
  const contacts = config.alerts.contacts.map(({ id, role }) => ({ id, role }))
  let monitoring: Monitoring | null = null
  let rehearsal: Rehearsal | null = null
  const feed = new LiveFeed({ version: VERSION, home, journal, transports, contacts, clock, timekeeper, remarks })
  const onStep = (step: PipelineStep) => {
    feed.take(step)
    monitoring?.see(step)
    rehearsal?.see(step)
  }
  const recorder = new Recorder({ journal, timekeeper, onStep, clock, logger })
  settings.onChange((current) => {
    news2.setOptions(news2OptionsOf(current.settings))
    recorder.note(pipeline.setLimits(current.limits, current.findings, clock.run.now()))
    recorder.note(pipeline.setAnalysis(analysisOptionsOf(current.settings), clock.run.now()))
  })
  const alarms = new RunTimeAlarms({ pipeline, timekeeper, clock })
  const actions = new AlarmActions({ pipeline: alarms, recorder, journal, clock, logger })
  monitoring = new Monitoring({ pipeline: alarms, recorder, journal, clock, logger })
  const { quietHours, rehearsal: rehearsed } = config.alerts
  rehearsal = new Rehearsal({
    ...{ journal, recorder, clock, logger },
    isQuiet: (at) => isWithinAny(quietHours, at, zoneOffset),
    answerMs: rehearsed.answerMinutes * 60_000,
  })
  return { timekeeper, settings, news2, hours, pipeline, feed, recorder, actions, monitoring, rehearsal }
}

export function engineParts({ config, journal, clock }: Site, engine: Engine): Part[] {
  const { timekeeper, settings, news2, hours, pipeline, recorder, actions, monitoring, rehearsal } = engine
  const { at } = config.alerts.rehearsal
  const rehearse = async () => void (await rehearsal.ask({ by: 'gateway', via: 'gateway' }))
  const manual = new ManualObservations({
    pipeline,
    recorder,
    news2,
    journal: journal.manualObservations,
    clock: clock.run,
  })
  const keepHours = async () => {
    const changed = hours.changed(clock.now())
    journal.hourly.put(changed, clock.now() - KEPT_MS)
    hours.kept(changed)
  }
  return [
    // First of all health checks: it notices that the clock was set.
    { name: 'time', stage: 'inbound', health: timekeeper },
    { name: 'monitoring', stage: 'inbound', health: monitoring, commands: monitoringCommands(monitoring) },
    {
      name: 'rehearsal',
      stage: 'inbound',
      health: rehearsal,
      jobs: at === undefined ? [] : [{ name: 'rehearsal', cron: at, action: rehearse }],
    },
    { name: 'settings', stage: 'inbound', health: settings, commands: settingsCommands(settings) },
    {
      name: 'acts of people',
      stage: 'inbound',
      commands: [...alarmCommands({ actions, rehearsal, journal, clock }), ...manualObservationCommands(manual)],
    },
    {
      name: 'trends',
      stage: 'inbound',
      commands: trendsCommands({ hours, clock, zone: zoneOffset }),
      // A power cut takes a minute of the trends.
      jobs: [{ name: 'keep hours', cron: '* * * * *', action: keepHours }],
    },
  ]
}

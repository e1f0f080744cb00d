/** Where people and other programs look in, and what tells others that the gateway runs. */
import { Liveness } from '#gateway/liveness/liveness.js'
import { vitalsOf } from '#gateway/liveness/vitals.js'
import { VERSION } from '#gateway/platform/version.js'
import { ConsoleServer } from '#gateway/surfaces/console/server.js'
import { RunFileWriter } from '#gateway/surfaces/status/run-file.js'
import type { Engine } from './engine.js'
import type { Intake } from './intake.js'
import type { Part } from './program.js'
import type { Site } from './site.js'

export function surfaceParts(site: Site, { transports }: Intake, engine: Engine): Part[] {
  const { config, home, baseDir, dataDir, journal, fetch, clock, logger } = site
  const { feed, actions, recorder, timekeeper, monitoring } = engine
  const acts = {
    acknowledge: actions.acknowledge.bind(actions),
    silence: actions.silence.bind(actions),
    escalate: actions.escalate.bind(actions),
    pause: monitoring.pause.bind(monitoring),
    resume: monitoring.resume.bind(monitoring),
  }
  const page = new ConsoleServer({ ...config.console, feed, actions: acts, logger })
  const runFile = new RunFileWriter(dataDir, () => page.address().url)
  const proven = {
    ...{ journal, transports, refused: () => recorder.isRefused },
    notMonitored: () => monitoring.paused,
    clockTrusted: () => timekeeper.status().trusted,
  }
  const liveness = new Liveness({
    ...{ targets: config.liveness.targets, home, software: VERSION, baseDir, dataDir, fetch, clock, logger },
    vitals: (now) => vitalsOf(proven, now),
  })
  return [
    // It is written when everything runs, and removed when nothing can be asked any more.
    { name: 'run file removed', stage: 'open', lifecycle: { stop: () => runFile.stop() } },
    { name: 'page', stage: 'open', lifecycle: page },
    { name: 'run file', stage: 'announce', lifecycle: { start: () => runFile.start() } },
    { name: 'liveness', stage: 'announce', lifecycle: liveness, health: liveness },
  ]
}

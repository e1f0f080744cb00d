/**
 * Runs a scenario: the virtual board executes the firmware, its bytes go through the gateway's line, both in virtual time.
 * No wall clock: as fast as the machine allows, and the same seed gives the same transitions.
 */
import type { AlertTransition } from '#gateway/model/alert.js'
import { VirtualBoard } from '#simulators/board/board.js'
import { type BeatingPatient, patientOf } from '#simulators/patient/patients.js'
import type { Script } from '#simulators/patient/script.js'
import { findScript } from '#simulators/patient/scripts.js'
import type { Scenario, ScenarioEvent } from './schema.js'
import { judge, type Raised, raisedIn, type Verdict } from './verdict.js'
import { VirtualClock } from './virtual-clock.js'
import { type LineCounts, VirtualGateway } from './virtual-gateway.js'

/** Every scenario begins at this wall time: device clocks and identifiers are the same in every run. */
export const SCENARIO_EPOCH = Date.UTC(2026, 0, 1, 12)
const TICK_MS = 1000
/** After a cable is plugged in again: the gateway finds the port and opens it, which resets the kit. */
const REOPEN_MS = 1000

export interface ScenarioOutcome extends Verdict {
  readonly name: string
  /** Every alert as it became active, with repetitions. */
  readonly alerts: readonly Raised[]
  readonly transitions: readonly AlertTransition[]
  readonly counts: LineCounts
}

/** @param hex the firmware, as the text of an Intel HEX file */
export function runScenario(scenario: Scenario, hex: string): ScenarioOutcome {
  const clock = new VirtualClock(SCENARIO_EPOCH)
  const patient = patientFor(scenario)
  const board = new VirtualBoard({ hex, patient, epochMs: SCENARIO_EPOCH, faultSeed: scenario.seed })
  const gateway = new VirtualGateway(clock, (bytes) => board.write(bytes))
  let open = true
  const reopen = () => {
    open = true
    gateway.port('connected')
    board.reset()
  }
  board.onSerial((bytes) => {
    clock.advance(board.now)
    if (open) gateway.hear(bytes)
  })
  const cable = (plugged: boolean) => {
    if (plugged === board.powered) return
    if (plugged) {
      board.plugCable()
      clock.after(REOPEN_MS, () => board.powered && reopen())
      return
    }
    board.pullCable()
    open = false
    gateway.port('disconnected')
  }

  reopen()
  const events = [...scenario.events].sort((a, b) => a.at - b.at)
  const end = scenario.duration * 1000
  for (let tick = TICK_MS; tick <= end; tick += TICK_MS) {
    for (let next = events[0]; next && next.at * 1000 < tick; next = events[0]) {
      events.shift()
      runTo(board, clock, next.at * 1000)
      happen(next, board, gateway, cable)
    }
    runTo(board, clock, tick)
    gateway.tick()
  }
  gateway.end()
  const alerts = raisedIn(gateway.transitions, SCENARIO_EPOCH)
  const { transitions, counts } = gateway
  return { name: scenario.name, ...judge(scenario.expect, alerts), alerts, transitions, counts }
}

function runTo(board: VirtualBoard, clock: VirtualClock, to: number): void {
  if (board.now < to) board.run(to - board.now)
  clock.advance(to)
}

function happen(
  event: ScenarioEvent,
  board: VirtualBoard,
  gateway: VirtualGateway,
  cable: (plugged: boolean) => void,
): void {
  if (event.detach) board.detach(event.detach)
  if (event.attach) board.attach(event.attach)
  if (event.fault) {
    const { sensor, ...fault } = event.fault
    board.faults.set(sensor, defined(fault))
  }
  if (event.line) board.line = defined(event.line)
  if (event.cable) cable(event.cable === 'plug')
  if (event.brownOut) board.brownOut(event.brownOut * 1000)
  if (event.clockErrorPpm !== undefined) board.clockErrorPpm = event.clockErrorPpm
  if (event.read) gateway.ask({ command: event.read === 'cuff' ? 'readCuff' : 'readGlucometer' })
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Without the keys that are there but undefined. */
function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>
}

/** The named script, with what the scenario itself says in place of its parts. */
function patientFor({ name, description, patient, seed }: Scenario): BeatingPatient {
  const { script = 'steady', vitals = {}, ...parts } = patient
  const base = findScript(script)
  if (!base) throw new RangeError(`no script ${script}`)
  const merged = { ...base, name, description, ...defined(parts), vitals: { ...base.vitals, ...defined(vitals) } }
  return patientOf(merged as Script, seed)
}

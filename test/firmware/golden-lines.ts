import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost } from '#test/simulators/board/kit-host.js'

/** One line of each type of PROTOCOL.md, in its order, as the firmware sends them in a fixed little scene. */
export function goldenLines(): string {
  const kit = new KitHost(new FakePatient())
  kit.board.cuff.store({ year: 2013, month: 11, day: 19, hour: 11, minute: 5, systolic: 119, diastolic: 73, pulse: 60 })
  kit.board.glucometer.store({ year: 2013, month: 11, day: 19, hour: 13, minute: 7, glucose: 104 })
  const lines = kit.run(3000)
  for (const command of ['I', 'C', 'P']) {
    kit.command(command)
    lines.push(...kit.run(1500))
  }
  kit.command('U')
  lines.push(...kit.run(2500))
  kit.command('M', 'emg')
  lines.push(...kit.run(500))
  return `${[...'BEMAXGTOPUHLCKS'].map((type) => lines.filter((line) => line.type === type).at(-1)?.text).join('\n')}\n`
}

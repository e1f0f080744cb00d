/** The site's broker restarted, and the kit's cable pulled, under a gateway at work. */

import { freePort } from '../../free-port.js'
import { Checks, type FaultReport } from '../check.js'
import { Rig } from '../rig.js'
import { pause, until } from '../waiting.js'
import { Cable } from './cable.js'
import { Mosquitto } from './mosquitto.js'

/** @param times how often the broker is restarted and the cable pulled */
export async function runSiteFaults(times: number): Promise<FaultReport> {
  const port = await freePort()
  const mosquitto = new Mosquitto(port)
  const cable = new Cable()
  const checks = new Checks()
  const rig = new Rig({
    broker: { url: `mqtt://127.0.0.1:${port}`, user: 'device', secret: 'none' },
    transports: [
      { name: 'site', url: `mqtt://gateway@127.0.0.1:${port}` },
      { name: 'kit', url: `serial://${cable.path}?baud=115200`, device: 'kit-1' },
    ],
  })
  try {
    await Promise.all([mosquitto.start(), cable.start()])
    // The broker keeps nothing for a subscriber that it does not know yet.
    await rig.start()
    rig.publisher.pause()
    rig.gateway.start()
    await rig.gateway.ready()
    const status = async () => rig.gateway.status()
    const connected = (name: string) =>
      until(
        `${name} to be connected`,
        async () => (await status())?.transports.find((t) => t.name === name)?.state === 'connected',
      )
    const heard = async (sensor: 'glucose' | 'ecg' | 'pulse') => (await status())?.measurements[sensor] ?? 0
    const hears = async (sensor: 'glucose' | 'pulse') => {
      const from = await heard(sensor)
      await until(`${sensor} to be stored`, async () => (await heard(sensor)) > from)
    }
    await connected('site')
    // Connected is before subscribed.
    await pause(300)
    rig.publisher.resume()
    await hears('glucose')

    for (let i = 1; i <= times; i++) {
      await mosquitto.stop()
      await mosquitto.start()
      await connected('site')
      await hears('glucose')
      checks.add(`broker restarted (${i}): the gateway comes back and goes on`, true)
    }
    // Broker and gateway at once: what the broker has taken waits in the gateway's session, on the broker's disk.
    await rig.gateway.kill()
    const from = rig.publisher.messages
    await until('messages for a gateway that is away', () => rig.publisher.messages > from + 10)
    await mosquitto.stop()
    await mosquitto.start()
    rig.gateway.start()
    await rig.gateway.ready()
    await hears('glucose')
    checks.add('gateway killed and broker restarted meanwhile: the gateway goes on', true)

    for (let i = 1; i <= times; i++) {
      await connected('kit')
      await hears('pulse')
      await cable.pull()
      await until(
        'the pulled cable to be noticed',
        async () => (await status())?.transports.find((t) => t.name === 'kit')?.state !== 'connected',
      )
      checks.add(`cable pulled in the middle of a line (${i}): noticed`, true)
      await cable.plug()
      await connected('kit')
      await hears('pulse')
      checks.add(`cable put back (${i}): the kit is heard again`, true)
    }
    await rig.publisher.settled()
    // The broker has taken them; the gateway must have, too, before it is stopped.
    await until('the broker to have nothing left', async () => {
      const before = await heard('glucose')
      await pause(700)
      return (await heard('glucose')) === before
    })
    const audit = await rig.finish()
    checks.audit('after all of it', audit)
    return checks.report('site', rig, audit)
  } finally {
    await rig.stop()
    await Promise.all([mosquitto.stop(), cable.stop()])
    mosquitto.remove()
  }
}

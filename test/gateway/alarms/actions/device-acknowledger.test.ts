import { expect } from 'chai'
import { acknowledgersOf } from '#gateway/alarms/actions/device-acknowledger.js'
import { configSchema } from '#gateway/config/schema.js'
import type { TransportConfig } from '#gateway/intake/transports/config.js'

const transports = (...parts: object[]): TransportConfig[] => configSchema.shape.transports.parse(parts)

describe('Who may acknowledge over MQTT', () => {
  it('is nobody by default', () => {
    const may = acknowledgersOf(
      transports(
        { name: 'broker', url: 'mqtt+broker://127.0.0.1:1883', devices: [{ id: 'button' }] },
        { name: 'site', url: 'mqtt://broker.lan' },
      ),
    )
    for (const transport of ['broker', 'site', 'other', 'constructor']) expect(may(transport, 'button')).to.equal(false)
  })

  it('is a device that the configuration names, on its own broker only', () => {
    const may = acknowledgersOf(
      transports(
        {
          name: 'broker',
          url: 'mqtt+broker://127.0.0.1:1883',
          devices: [{ id: 'button', mayAcknowledge: true }, { id: 'cuff' }],
        },
        { name: 'site', url: 'mqtt://broker.lan' },
      ),
    )
    expect(may('broker', 'button')).to.equal(true)
    expect(may('broker', 'cuff')).to.equal(false)
    expect(may('site', 'button')).to.equal(false)
  })

  it('is everybody at a site’s broker that is trusted', () => {
    expect(
      acknowledgersOf(transports({ name: 'site', url: 'mqtts://b.lan', acknowledge: true }))('site', 'x'),
    ).to.equal(true)
  })
})

import type { UartDevice } from '../serial-bus.js'
import type { FaultySensor } from './sensor-fault.js'
import type { SensorFaults } from './sensor-faults.js'

/** A cuff or glucometer behind a bad plug: not heard while the contact is open, bits of its answers turned over. */
export function faultyUartDevice(
  device: UartDevice,
  sensor: FaultySensor,
  faults: SensorFaults,
  now: () => number,
): UartDevice {
  let bits = 0
  const disturbed = (byte: number) => {
    let heard = byte
    for (let bit = 0; bit < 8; bit++) if (faults.missed(sensor, bits++)) heard ^= 1 << bit
    return heard
  }
  return {
    baud: device.baud,
    listens: () => device.listens() && faults.contact(sensor, now()) === 'good',
    receive: (byte) => {
      const answer = device.receive(byte)
      if (!answer || !faults.get(sensor).errorRate) return answer
      return { ...answer, bytes: answer.bytes.map(disturbed) }
    },
  }
}

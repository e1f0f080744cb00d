import { Command } from 'commander'
import { nativeBinding } from '#gateway/intake/transports/serial/native-binding.js'
import { listPorts, type Port, portUrl } from '#gateway/intake/transports/serial/ports.js'
import { printable } from '#gateway/platform/printable.js'
import { verb } from './exit.js'

/** `homebeat serial list`: which serial ports there are, as URLs for the configuration. */
export function serialCommand(): Command {
  return new Command('serial')
    .description('serial ports of this machine')
    .addCommand(
      new Command('list')
        .description('say which serial ports there are, and the URL of each for transports[].url')
        .action(verb(async () => void process.stdout.write(describePorts(await listPorts(await nativeBinding()))))),
    )
}

/** USB devices first: a computer's own ports are rarely meant. */
export function describePorts(ports: readonly Port[]): string {
  if (ports.length === 0) return 'No serial port is connected.\n'
  const sorted = [...ports].sort((a, b) => Number(b.usb !== null) - Number(a.usb !== null))
  const width = Math.max(...sorted.map((port) => portUrl(port).length))
  const from = ({ path, manufacturer }: Port) => (manufacturer ? `${path}, ${manufacturer}` : path)
  return sorted.map((port) => `${portUrl(port).padEnd(width)}  ${printable(from(port))}\n`).join('')
}

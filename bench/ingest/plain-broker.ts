/** A process: aedes as a plain broker, for Node-RED where mosquitto is not installed. */
import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const { port } = JSON.parse(process.argv[2] ?? '{}') as { port: number }
const broker = await Aedes.createBroker()
createServer((socket) => broker.handle(socket)).listen(port, '127.0.0.1', () => process.send?.({ ready: true }))
process.on('disconnect', () => process.exit())

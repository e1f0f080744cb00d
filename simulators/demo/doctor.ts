/** The doctor's side of the demo: a webhook that takes alerts, and remembers them. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lifecycle } from '#gateway/model/lifecycle.js'

const MAX_BODY = 64 * 1024

export class Doctor implements Lifecycle {
  readonly #token: string
  readonly #server: Server
  /** Notices as received. */
  readonly received: unknown[] = []

  constructor(token: string) {
    this.#token = token
    this.#server = createServer((request, response) => {
      if (request.method !== 'POST' || request.headers.authorization !== `Bearer ${this.#token}`) {
        response.writeHead(request.method === 'POST' ? 401 : 405).end()
        return
      }
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (part: string) => {
        body += part
        if (body.length > MAX_BODY) request.destroy()
      })
      request.on('end', () => {
        try {
          this.received.push(JSON.parse(body))
          response.writeHead(204).end()
        } catch {
          response.writeHead(400).end()
        }
      })
    })
  }

  async start(): Promise<void> {
    if (this.#server.listening) return
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts`
  }
}

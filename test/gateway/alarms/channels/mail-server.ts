import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  readonly secure: boolean
  readonly user: unknown
}

/** A real SMTP server on the loopback that keeps what it is sent, and refuses as told. */
export class MailServer {
  readonly mails: Mail[] = []
  /** Code of the reply to a recipient, to the message or to a login; null: taken. */
  refuse: { recipient: number | null; message: number | null } = { recipient: null, message: null }
  /** Says nothing to a recipient, or to a message; or cuts the connection then. */
  hang: { on: 'recipient' | 'message'; cut?: boolean } | null = null
  readonly #server: SMTPServer
  readonly #sockets = new Set<Socket>()

  /** @param over encryption as of the first byte or by STARTTLS; whether somebody must log in (doctor, open sesame). */
  constructor(over: { tls?: 'tls' | 'starttls'; files?: { key: string; certificate: string }; login?: boolean } = {}) {
    const { tls, files, login = false } = over
    this.#server = new SMTPServer({
      secure: tls === 'tls',
      ...(files && { key: readFileSync(files.key), cert: readFileSync(files.certificate) }),
      disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS' as const]), ...(login ? [] : ['AUTH' as const])],
      authOptional: !login,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 10,
      onAuth: ({ username, password }, _session, done) =>
        username === 'doctor' && password === 'open sesame'
          ? done(null, { user: username })
          : done(Object.assign(new Error('no'), { responseCode: 535 })),
      onRcptTo: (_address, _session, done) => this.#answer('recipient', this.refuse.recipient, done),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.once('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          if (this.hang === null && this.refuse.message === null)
            this.mails.push({
              from: mailFrom === false ? '' : mailFrom.address,
              to: rcptTo.map(({ address }) => address),
              raw: Buffer.concat(chunks).toString(),
              secure: session.secure,
              user: session.user,
            })
          this.#answer('message', this.refuse.message, done)
        })
      },
    })
    this.#server.on('error', () => {})
    // Under TLS the sockets are not ours to destroy: Node 20 crashes.
    if (tls === undefined)
      this.#server.server.on('connection', (socket: Socket) => {
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
      })
  }

  /** @returns the port */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.server.listening) return
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #answer(to: 'recipient' | 'message', code: number | null, done: (error?: Error | null) => void): void {
    if (this.hang?.on === to) {
      if (this.hang.cut) for (const socket of this.#sockets) socket.destroy()
      return
    }
    done(code === null ? null : Object.assign(new Error('not this one'), { responseCode: code }))
  }
}

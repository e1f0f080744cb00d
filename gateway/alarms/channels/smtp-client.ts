import { Readable } from 'node:stream'
import SMTPConnection, { type Options, type SMTPError } from 'nodemailer/lib/smtp-connection'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { AlertNotice } from './channel.js'
import { composeMessage } from './smtp-message.js'
import { outcomeOfSmtpError } from './smtp-outcome.js'

export interface Account {
  readonly options: Options
  readonly login: { readonly user: string; readonly pass: string } | null
  readonly from: string
}

/** One connection, one message. @param date epoch ms */
export async function sendMail(
  account: Account,
  notice: AlertNotice,
  to: string,
  date: number,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  return converse(account, to, await composeMessage(notice, account.from, to, date), signal)
}

function converse(
  { options, login, from }: Account,
  to: string,
  message: Buffer,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ class: 'transient', reason: 'stopped before sending' })
    const connection = new SMTPConnection(options)
    let dataBegun = false
    // Read only once the server has asked for the message.
    const source = Readable.from(
      (function* () {
        dataBegun = true
        yield message
      })(),
    )
    const finish = (outcome: DeliveryOutcome) => {
      signal.removeEventListener('abort', onAbort)
      if (outcome.class === 'delivered') connection.quit()
      else connection.close()
      resolve(outcome)
    }
    const fail = (error: SMTPError) => finish(outcomeOfSmtpError(error, dataBegun))
    const onAbort = () =>
      finish({ class: dataBegun ? 'ambiguous' : 'transient', reason: 'no answer from the SMTP server in time' })
    const send = () =>
      connection.send({ from, to: [to], size: message.length }, source, (error) =>
        error ? fail(error) : finish({ class: 'delivered' }),
      )
    connection.on('error', fail)
    signal.addEventListener('abort', onAbort, { once: true })
    connection.connect((error) => {
      if (error) return fail(error)
      if (login === null) return send()
      connection.login({ credentials: login }, (refused) => (refused ? fail(refused) : send()))
    })
  })
}

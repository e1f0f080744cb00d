import type { SMTPError } from 'nodemailer/lib/smtp-connection'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'

/** Commands whose refusal is about this message; others are about the connection, and the next one may be better. */
const ABOUT_MESSAGE = new Set(['MAIL FROM', 'RCPT TO', 'DATA'])
/** RFC 4954: authentication wanted, mechanism too weak, credentials refused. */
const ABOUT_LOGIN = new Set([530, 534, 535, 538])

/**
 * What a failed attempt says about the delivery. Reasons hold the reply's code alone: its text may repeat the address.
 *
 * @param dataBegun the server had asked for the message.
 */
export function outcomeOfSmtpError(error: SMTPError, dataBegun: boolean): DeliveryOutcome {
  const { responseCode, command = '' } = error
  // Nothing is lost until people put it right.
  if (error.code === 'EAUTH' || (responseCode !== undefined && ABOUT_LOGIN.has(responseCode)))
    return { class: 'transient', reason: `${replied(responseCode)}: renew the user and its passwordFile` }
  if (responseCode !== undefined && responseCode >= 400) {
    const final = responseCode >= 500 && ABOUT_MESSAGE.has(command)
    const reason = command === 'RCPT TO' ? `${replied(responseCode)} to the recipient` : replied(responseCode)
    return { class: final ? 'permanent' : 'transient', reason }
  }
  const code = codeOf(error)
  if (dataBegun) return { class: 'ambiguous', reason: `connection lost (${code})` }
  if (error.code === 'ETLS' || /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/.test(code))
    return { class: 'transient', reason: `no secure connection (${code}): check security and caFile` }
  return { class: 'transient', reason: `no connection (${code})` }
}

function replied(code: number | undefined): string {
  return code === undefined ? 'the SMTP server refuses the login' : `SMTP ${code}`
}

/** The code of the socket's own error, where there was one. */
function codeOf(error: SMTPError & { readonly originalCode?: unknown }): string {
  const { originalCode } = error
  return typeof originalCode === 'string' ? originalCode : (error.code ?? 'unknown')
}

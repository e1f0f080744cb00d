import { resolve } from 'node:path'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { addressProblem } from './address.js'
import type { AlertChannel, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { readCa } from './credentials.js'
import type { Account } from './smtp-client.js'

type SmtpConfig = Extract<ChannelConfig, { type: 'smtp' }>

/** Longest conversation, ms: servers that delay unknown clients take several seconds. */
const TIMEOUT_MS = 20_000
/** A server that does not answer the good-bye. */
const SILENCE_MS = 30_000
const PORTS: Readonly<Record<SmtpConfig['security'], number>> = { tls: 465, starttls: 587, none: 25 }

/**
 * Sends each notice as an e-mail of plain text to the contact's address, by the site's mail server, with a connection of
 * its own.
 *
 * @throws HomebeatError `channel.insecure` for no encryption to another machine, `channel.login`, `channel.ca-file`,
 * `secret.*` for the password's file.
 */
export function smtpChannel(
  config: SmtpConfig,
  {
    baseDir,
    timeoutMs = TIMEOUT_MS,
    clock = systemClock,
  }: Pick<ChannelDependencies, 'baseDir' | 'timeoutMs' | 'clock'>,
): AlertChannel {
  const account = accountOf(config, baseDir)
  // Loaded only where e-mail is configured, and at the start: not when somebody has to be told.
  const client = import('./smtp-client.js')
  client.catch(() => {})
  const { name, from, host, security } = config
  return {
    name,
    about: `e-mail from ${from} by ${host}:${account.options.port} (${security === 'none' ? 'not encrypted' : security})`,
    addressProblem: (address) => addressProblem(config, address, baseDir),
    async notify(notice, signal): Promise<DeliveryOutcome> {
      if (signal.aborted) return { class: 'transient', reason: 'stopped before sending' }
      const { address } = notice
      const problem = addressProblem(config, address, baseDir)
      if (address === undefined || problem !== null)
        return { class: 'permanent', reason: problem ?? 'no e-mail address' }
      const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      try {
        // The password is read anew for each message: it may have been renewed.
        const current = { ...account, login: loginOf(config, baseDir) }
        return await (await client).sendMail(current, notice, address, clock.now(), patience)
      } catch (error) {
        if (error instanceof HomebeatError) return { class: 'transient', reason: error.message }
        return { class: 'transient', reason: 'the e-mail could not be composed' }
      }
    },
  }
}

function accountOf(config: SmtpConfig, baseDir: string): Account {
  const { name, host, security, port = PORTS[security], user, passwordFile, caFile, from } = config
  if (security === 'none' && !isLoopback(host))
    throw new HomebeatError(
      'channel.insecure',
      `The alert channel ${name} would send e-mail without encryption to ${host}: set security to starttls or tls.`,
    )
  if ((user === undefined) !== (passwordFile === undefined))
    throw new HomebeatError(
      'channel.login',
      `The alert channel ${name} has only one of user and passwordFile: give both, or neither.`,
    )
  return {
    options: {
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      socketTimeout: SILENCE_MS,
      // The machine's own name is not sent: it may be a person's.
      name: from.slice(from.lastIndexOf('@') + 1),
      ...(caFile !== undefined && { tls: { ca: readCa(name, caFile, baseDir) } }),
    },
    login: loginOf(config, baseDir),
    from,
  }
}

function loginOf({ user, passwordFile }: SmtpConfig, baseDir: string): Account['login'] {
  if (user === undefined || passwordFile === undefined) return null
  return { user, pass: readSecret(resolve(baseDir, passwordFile)) }
}

/** Who acts, as it comes from outside: a contact's id, a login, or a name that somebody typed. */
import { z } from 'zod'

export const actorName = z
  .string()
  .trim()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@'’-]{0,63}$/u,
    'give 1 to 64 letters, digits, spaces, dots, hyphens or @, starting with a letter or digit',
  )

/** A login as a name of who acts: other characters become hyphens, after `login-`. */
export const actorOfLogin = (login: string): string =>
  actorName.safeParse(login).success ? login : `login-${login.replace(/[^\p{L}\p{M}\p{N}._@-]/gu, '-')}`.slice(0, 64)

/** In their own words; one line. */
export const actorNote = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}\p{Cf}]{1,500}$/u, 'give a note of one line, at most 500 characters')

export const alertId = z.string().regex(/^[A-Za-z0-9._:-]{1,200}$/, 'give the id of an alert (homebeat alarms list)')

export const alertIds = z.union([z.literal('all'), z.array(alertId).min(1).max(200)])

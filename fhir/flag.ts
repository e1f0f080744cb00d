/** An alert that stands → R4 Flag: `active` with its beginning, `inactive` with its end. Carries no value. */
import type { Flag } from '@medplum/fhirtypes'
import {
  type AlertContext,
  conditionConcept,
  type Episode,
  gatewayReference,
  latestOf,
  patientReference,
} from './alert-event.js'
import { instant } from './instant.js'
import { FLAG_CATEGORY, flagIdentifier } from './systems.js'
import { writtenOver } from './written-over.js'

/** That the monitoring itself is impaired is a matter of safety. */
const CATEGORY = {
  physiological: { code: 'clinical', display: 'Clinical' },
  technical: { code: 'safety', display: 'Safety' },
} as const

/**
 * R4 Flag, base resource; identifier `urn:homebeat:flag`, `<home>/<alert id>`.
 * @param episode times are epoch ms @throws RangeError where one is no time
 */
export function flagOf(episode: Episode, context: AlertContext): Flag {
  const [raised] = episode
  const latest = latestOf(episode)
  const over = latest.state === 'cleared'
  return {
    resourceType: 'Flag',
    identifier: [flagIdentifier(context.home, raised.alertId)],
    status: over ? 'inactive' : 'active',
    category: [{ coding: [{ system: FLAG_CATEGORY, ...CATEGORY[raised.kind] }] }],
    code: { ...conditionConcept(raised.condition, context), text: raised.condition },
    subject: patientReference(context),
    period: { start: instant(raised.raisedAt), ...(over ? { end: instant(latest.at) } : {}) },
    author: gatewayReference(context),
  }
}

/** What is to be written over a Flag that a server holds; null where nothing is. One that is over stays so. */
export function flagAfter(current: Flag, ours: Flag): Flag | null {
  return current.status === 'active' ? writtenOver(current, ours) : null
}

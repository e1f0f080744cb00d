/** `alerts.limits` and `alerts.settings`: what the configuration says before a clinician changes it. */
import { z } from 'zod'
import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import { across, refusalOf } from '#gateway/platform/config-grammar.js'
import { didYouMean } from '#gateway/platform/did-you-mean.js'
import { checkSetting, SETTING_KEYS } from './catalog.js'
import { limitChange } from './change.js'
import { inForce } from './in-force.js'

const CONDITIONS = [...defaultLimits, ...defaultFindings].map(({ condition }) => condition)

/** By condition name, e.g. `low-oxygen-saturation`; `homebeat limits list` names them. */
export const limitsConfig = across(z.record(z.string(), limitChange), function* (limits) {
  const known = Object.entries(limits).filter(([name]) => CONDITIONS.includes(name))
  for (const name of Object.keys(limits))
    if (!CONDITIONS.includes(name)) yield { path: [name], message: `no such limit${didYouMean(name, CONDITIONS)}` }
  const refusals = known.flatMap(([name, change]) => {
    const message = refusalOf(() => inForce({ limits: { [name]: change }, settings: {} }, []))
    return message === null ? [] : [{ path: [name], message: withoutName(message, name) }]
  })
  yield* refusals
  // Those that are right alone may contradict each other.
  let right = known.filter(([name]) => refusals.every(({ path }) => path[0] !== name))
  for (;;) {
    const message = refusalOf(() => inForce({ limits: Object.fromEntries(right), settings: {} }, []))
    if (message === null) return
    const [wrong = ''] = right.find(([name]) => message.includes(name)) ?? []
    yield { path: [wrong], message }
    // Without it the next contradiction shows.
    right = right.filter(([name]) => name !== wrong)
    if (wrong === '') return
  }
}).default({})

/** By key, e.g. `news2.spo2-scale`; `homebeat settings list` names them. */
export const settingsConfig = across(z.record(z.string(), z.union([z.number(), z.string()])), function* (settings) {
  for (const [key, value] of Object.entries(settings)) {
    const unknown = !(SETTING_KEYS as string[]).includes(key)
    const message = unknown
      ? `no such setting${didYouMean(key, SETTING_KEYS)}`
      : refusalOf(() => checkSetting(key, value))
    if (message !== null) yield { path: [key], message: withoutName(message, key) }
  }
}).default({})

/** The path says whose message it is. */
const withoutName = (message: string, name: string) => message.replace(`${name}: `, '').replace('alerts.limits.', '')

export type LimitOverrides = z.output<typeof limitsConfig>

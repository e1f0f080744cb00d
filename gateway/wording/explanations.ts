/**
 * What each condition is called, what it means and what it does not: as data, each row with its source. The one wording
 * of previews, console, log and explanations. Says what was measured, never a diagnosis. Pure; the page uses it too.
 */
import { SENSORS } from '#gateway/clinical/sensors/registry.js'

export interface Explanation {
  /** Short, e.g. "Low oxygen saturation". */
  readonly words: string
  /** One sentence each, for a daughter as for a doctor. */
  readonly means: string
  readonly notMeans: string
  readonly source: string
}

const NEWS2 = 'NEWS2, Royal College of Physicians, 2017'
const OXIMETRY = `${NEWS2}; FDA safety communication on the accuracy and limits of pulse oximeters, 2021`
const GLUCOSE =
  'American Diabetes Association, Standards of Care: hypoglycaemia levels 1 and 2; glucose meters, ISO 15197'
const PRESSURE = 'ACC/AHA guideline on high blood pressure, 2017: hypertensive crisis'
const APNOEA = 'IEC 60601-1-8 alarm conditions; the 20 s of adult apnoea alarms'
const ECG = 'gateway/clinical/signals/README.md: thresholds of this gateway, not clinically validated'
const OWN = 'this gateway’s own definition (docs/architecture.md)'

const row = (words: string, means: string, notMeans: string, source: string): Explanation => ({
  words,
  means,
  notMeans,
  source,
})

const NOT_A_CLIP =
  'A cold hand, movement, nail varnish or a clip that sits badly can cause it, so look at the person and the clip first.'
const NOT_AN_ARREST = 'It does not say how well the blood circulates, and movement or a loose clip can cause it.'
const NOT_A_STOP =
  'A mask or cannula that has slipped gives the same signal, so it does not prove that breathing has changed.'
const NOT_CORE =
  'A skin sensor that is covered, wet or has come off reads wrong, so measure again with another thermometer.'
const NOT_LAB = 'One drop of blood can be wrong by 15 %, and unwashed fingers can make it far wrong: measure again.'
const NOT_AN_EMERGENCY =
  'A high value alone, without complaints, is no emergency by itself: rest for five minutes and measure again.'

const ONLY_A_SCORE =
  'It is a score, not a finding: for some people it is usual, and inputs that are missing, old or assumed are named with it.'

/** By the name of the condition. */
export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  'critically-low-oxygen-saturation': row(
    'Critically low oxygen saturation',
    'The finger clip measured far less oxygen in the blood than is safe.',
    NOT_A_CLIP,
    OXIMETRY,
  ),
  'low-oxygen-saturation': row(
    'Low oxygen saturation',
    'The finger clip measured less oxygen in the blood than the limit set for this person.',
    NOT_A_CLIP,
    OXIMETRY,
  ),
  'reduced-oxygen-saturation': row(
    'Reduced oxygen saturation',
    'The finger clip measured somewhat less oxygen in the blood than usual for adults.',
    `For some people with lung disease this is their usual value. ${NOT_A_CLIP}`,
    OXIMETRY,
  ),
  'low-pulse-rate': row(
    'Low pulse rate',
    'The pulse was slower than the limit set for this person.',
    NOT_AN_ARREST,
    NEWS2,
  ),
  'reduced-pulse-rate': row(
    'Reduced pulse rate',
    'The pulse was slower than usual for adults.',
    'It can be usual in sleep, in trained people and with medicines that slow the heart.',
    NEWS2,
  ),
  'high-pulse-rate': row(
    'High pulse rate',
    'The pulse was faster than the limit set for this person.',
    NOT_AN_ARREST,
    NEWS2,
  ),
  'elevated-pulse-rate': row(
    'Elevated pulse rate',
    'The pulse was faster than usual for adults at rest.',
    'It can be usual after effort, with pain, fever or excitement.',
    NEWS2,
  ),
  'no-breath': row('No breath', 'The airflow sensor has seen no breath for longer than the limit.', NOT_A_STOP, APNOEA),
  'low-respiratory-rate': row(
    'Low respiratory rate',
    'There were fewer breaths in a minute than the limit set for this person.',
    NOT_A_STOP,
    NEWS2,
  ),
  'high-respiratory-rate': row(
    'High respiratory rate',
    'There were more breaths in a minute than the limit set for this person.',
    'Talking, coughing and effort can cause it.',
    NEWS2,
  ),
  'low-body-temperature': row(
    'Low body temperature',
    'The sensor measured a lower temperature than the limit set for this person.',
    NOT_CORE,
    NEWS2,
  ),
  'elevated-body-temperature': row(
    'Elevated body temperature',
    'The sensor measured a temperature above the usual one.',
    NOT_CORE,
    NEWS2,
  ),
  'high-body-temperature': row(
    'High body temperature',
    'The sensor measured a higher temperature than the limit set for this person.',
    NOT_CORE,
    NEWS2,
  ),
  'low-glucose': row(
    'Low glucose',
    'The meter found so little sugar in the blood that somebody should act at once.',
    NOT_LAB,
    GLUCOSE,
  ),
  'reduced-glucose': row('Reduced glucose', 'The meter found less sugar in the blood than usual.', NOT_LAB, GLUCOSE),
  'elevated-glucose': row(
    'Elevated glucose',
    'The meter found more sugar in the blood than the limit set for this person.',
    `After a meal a higher value is usual. ${NOT_LAB}`,
    GLUCOSE,
  ),
  'high-glucose': row('High glucose', 'The meter found very much sugar in the blood.', NOT_LAB, GLUCOSE),
  'systolic-pressure-crisis': row(
    'Systolic pressure crisis',
    'The cuff measured a very high upper (systolic) blood pressure.',
    NOT_AN_EMERGENCY,
    PRESSURE,
  ),
  'diastolic-pressure-crisis': row(
    'Diastolic pressure crisis',
    'The cuff measured a very high lower (diastolic) blood pressure.',
    NOT_AN_EMERGENCY,
    PRESSURE,
  ),
  'low-systolic-pressure': row(
    'Low systolic pressure',
    'The cuff measured a low upper (systolic) blood pressure.',
    'A cuff that is too large or sits badly reads too low: measure again.',
    NEWS2,
  ),
  'repeat-blood-pressure': row(
    'Repeat the blood pressure',
    'The cuff measured a very high blood pressure: rest for a minute and measure again.',
    'One reading alone proves nothing; without a repeat an alarm is raised all the same.',
    PRESSURE,
  ),
  'news2-high': row(
    'NEWS2 of 7 or more',
    'Several vital signs together make a high early warning score: an emergency assessment is advised.',
    ONLY_A_SCORE,
    NEWS2,
  ),
  'news2-medium': row(
    'NEWS2 of 5 or 6',
    'Several vital signs together make a raised early warning score: an urgent assessment is advised.',
    ONLY_A_SCORE,
    NEWS2,
  ),
  'news2-single-parameter': row(
    'One vital sign scores 3 in NEWS2',
    'One vital sign alone is far from usual: somebody should assess the person soon.',
    ONLY_A_SCORE,
    NEWS2,
  ),
  asystole: row(
    'No heartbeat seen',
    'The ECG has shown no heartbeat for longer than the limit: look at the person at once.',
    'Electrodes that have come off can look the same, so it does not prove that the heart has stopped.',
    ECG,
  ),
  'no-organised-heartbeat': row(
    'No organised heartbeat',
    'The ECG has for seconds shown waves without distinct heartbeats: look at the person at once.',
    'Shaking, or electrodes that are rubbed, can look the same: only somebody beside the person can tell.',
    ECG,
  ),
  'no-readable-heartbeat': row(
    'No readable heartbeat',
    'The ECG has been too disturbed to show a heartbeat for ten seconds, and no finger clip has seen a pulse since: look at the person at once.',
    'Movement and loose electrodes are the usual cause, but a fit or a failing heart can look the same.',
    ECG,
  ),
  'ecg-unreadable': row(
    'ECG unreadable for a minute',
    'The ECG has been too disturbed to show a heartbeat for a minute: look at the electrodes and the person.',
    'A finger clip may still see a pulse; the rhythm of the heart is unknown meanwhile.',
    ECG,
  ),
  'ecg-pause': row(
    'Long pause between heartbeats',
    'The ECG has shown a longer pause between two heartbeats than the limit.',
    'A beat that the electrode missed looks the same: review the ECG.',
    ECG,
  ),
  'irregular-rhythm': row(
    'Irregular rhythm: review the ECG',
    'The intervals between heartbeats have been irregular for a while.',
    'Extra beats and movement can cause it too: only somebody who reads the ECG can tell.',
    ECG,
  ),
  'suspected-fall': row(
    'Suspected fall',
    'The sensor felt a fall and an impact, and the person has not got up since.',
    'A sensor that was dropped can look the same, and a slow slide to the floor may not be noticed at all.',
    OWN,
  ),
  'pulse-ecg-disagree': row(
    'Pulse and ECG disagree',
    'The finger clip and the ECG count different rates: check the sensors and the person.',
    'Both are possible: a sensor that sits badly, and beats of the heart that do not reach the finger.',
    OWN,
  ),
  'setting-not-in-force': row(
    'A clinical setting is not in force',
    'A limit or setting that a clinician chose cannot be used together with the configuration as it is now.',
    'The other limits are in force; homebeat limits list shows them.',
    OWN,
  ),
  'links-full': row(
    'Acknowledge links: too many connections',
    'Somebody opens so many connections to the server of acknowledge links, without asking anything, that others lose theirs.',
    'Alarms are told as always, and can be acknowledged in every other way.',
    OWN,
  ),
  'check-ins-full': row(
    'Receiver of check-ins: too many connections',
    'Somebody opens so many connections to this receiver, without asking anything, that a home may not get in.',
    'Homes that check in are heard as always.',
    OWN,
  ),
  'page-full': row(
    'Page of homes: too many connections',
    'Somebody opens so many connections to the page of homes, without asking anything, that others lose theirs.',
    'Check-ins are heard and alarms are told as always.',
    OWN,
  ),
  'not-monitored': row(
    'Not monitored',
    'Somebody has said that the person is in the bath, away, in hospital or has died; who and until when stands in the alarm log.',
    'It ends by itself when signals return, or when its time is over. Values that still come are watched as always.',
    OWN,
  ),
  rehearsal: row(
    'Rehearsal of the alarm',
    'Nothing has happened: this is an exercise, to see whether an alarm reaches somebody. Answer it as you would answer an alarm.',
    'It says nothing of how the person is. A true alarm is told beside it, and never waits for it.',
    OWN,
  ),
  'rehearsal-unanswered': row(
    'Rehearsal of the alarm not answered',
    'A rehearsal was told as an alarm is, and nobody has answered: a true alarm may reach nobody either.',
    'It says nothing of how the person is; homebeat alarms rehearsal says whom it was told to.',
    OWN,
  ),
  'alarms-inhibited': row(
    'Alarms inhibited',
    'Somebody has suspended alarms for a while, so some values are not alarmed on now.',
    'Values are still measured and recorded.',
    'IEC 60601-1-8, 6.8: alarm inactivation states',
  ),
  'unmapped-overflow': row(
    'Messages not kept',
    'A device sends messages that this gateway cannot read, and the room for them is used up.',
    'Messages that can be read are recorded and alarmed on as always.',
    OWN,
  ),
  'clock-unsynchronised': row(
    'Clock not synchronised',
    'The gateway’s clock is not set by a time server, so the times of its records may be wrong.',
    'Values and alarms are not affected.',
    OWN,
  ),
  'clock-unsynchronised-for-a-day': row(
    'Clock not synchronised for a day',
    'The gateway’s clock has not been set by a time server for a day, so the times of its records may be wrong.',
    'Values and alarms are not affected.',
    OWN,
  ),
  'disk-low': row('Disk nearly full', 'The gateway’s disk is nearly full.', 'Everything is still recorded.', OWN),
  'disk-critical': row(
    'Disk full',
    'The gateway’s disk is so full that readings may soon not be recorded any more.',
    'It says nothing of the person; what was recorded is not lost.',
    OWN,
  ),
  'journal-damaged': row(
    'Journal damaged',
    'The gateway has found damage in what it stores, and saved what could be read.',
    'Alarms go on; whether records are missing, homebeat status says.',
    OWN,
  ),
  'journal-older-than-chain': row(
    'Records older than the chain',
    'The consortium’s chain has batches of this gateway that its own records do not have, as after a backup was restored.',
    'Values are recorded and alarms go on; no new record is signed or sent to a server until somebody continues.',
    OWN,
  ),
  'batches-provisional': row(
    'Batches numbered provisionally',
    'Since its start the gateway could not ask the consortium’s chain which batch of records was its last.',
    'Values are recorded and alarms go on; the numbers are compared when the chain answers.',
    OWN,
  ),
  'gateway-key-changed': row(
    'Another gateway key',
    'The gateway’s key is not the one with which its earlier records were signed.',
    'Values are recorded and alarms go on; no new record is signed or sent to a server until the key is back.',
    OWN,
  ),
  'gateway-not-enrolled': row(
    'Gateway not enrolled',
    'The consortium’s contract does not know this gateway’s key, so that its records cannot be proved.',
    'Values are recorded and alarms go on; records are anchored once it is enrolled, or its own key is back.',
    OWN,
  ),
  'chain-missing': row(
    'No chain configured any more',
    'Earlier records of this home are anchored on a chain, and the configuration names none: put its chain section back.',
    'Values are recorded and alarms go on; no new record is signed or sent to a server until then.',
    OWN,
  ),
  'anchor-overdue': row(
    'Anchor overdue',
    'The proof of the latest records has not reached the consortium’s chain for long.',
    'No record is lost; its proof comes later.',
    OWN,
  ),
  'anchor-refused': row(
    'Anchor refused',
    'The consortium’s chain has refused the proof of a batch of records.',
    'No record is lost, but somebody must find out why.',
    OWN,
  ),
}

const NOT_THE_PERSON = 'It says nothing of how the person is: meanwhile nobody knows it from this sensor.'

/** By the beginning of the name; `{it}` is the sensor, device or far end at its end. */
export const FAMILIES: Readonly<Record<string, Explanation>> = {
  unconfirmed: row(
    'Not confirmed: {it}',
    'One reading was beyond the limit ({it}), and nobody has measured again in time.',
    'It is one reading alone, and may be wrong: measure again.',
    PRESSURE,
  ),
  'probe-off': row(
    'Probe off: {it}',
    'The sensor says that it is not on the body ({it}), so it gives no values.',
    NOT_THE_PERSON,
    OWN,
  ),
  'lost-while-falling': row(
    'Lost while falling: {it}',
    'The value was falling, or already below a limit, when the sensor lost it ({it}): look at the person at once.',
    'The sensor may only have slipped: the last value is known, what came after is not.',
    OWN,
  ),
  'lost-while-rising': row(
    'Lost while rising: {it}',
    'The value was rising, or already above a limit, when the sensor lost it ({it}): look at the person at once.',
    'The sensor may only have slipped: the last value is known, what came after is not.',
    OWN,
  ),
  unreadable: row(
    'Unreadable: {it}',
    'The sensor gives values that no living body has ({it}), and may hide a dangerous one: look at the person.',
    'A probe that sits badly gives the same, so it does not prove that something is wrong with the person.',
    OWN,
  ),
  'check-probe': row(
    'Check the probe: {it}',
    'The sensor gives values that no living body has ({it}), so nobody knows the true one.',
    NOT_THE_PERSON,
    OWN,
  ),
  'no-trusted-value': row(
    'No trustworthy value for: {it}',
    'For longer than its limit there has been no value that can be trusted ({it}).',
    'It says nothing of how the person is: meanwhile nobody knows it.',
    OWN,
  ),
  'sensor-fault': row(
    'Sensor fault: {it}',
    'The sensor says that it does not work ({it}), so it gives no values.',
    NOT_THE_PERSON,
    OWN,
  ),
  'flat-line': row(
    'Flat line: {it}',
    'The signal has no movement at all ({it}): look at the person and at the electrodes at once.',
    'Electrodes or a cable that came off look the same, so it does not prove that the heart has stopped.',
    'IEC 60601-2-27: leads-off and asystole look alike on one lead',
  ),
  'silent-device': row(
    'Silent: device {it}',
    'Nothing has come from the device {it} for a while: it may be switched off or out of reach.',
    'It says nothing of how the person is: meanwhile nobody knows it from this device.',
    OWN,
  ),
  silent: row('Silent: {it}', 'The sensor has sent nothing for longer than it should ({it}).', NOT_THE_PERSON, OWN),
  'transport-disconnected': row(
    'Disconnected: {it}',
    'The gateway has lost the connection {it} over which its devices send.',
    'It says nothing of how the person is: meanwhile nobody knows it from these devices.',
    OWN,
  ),
  'broker-full': row(
    'MQTT broker {it}: too many connections',
    'Somebody opens so many connections to the broker {it}, without saying who they are, that devices may not get in.',
    'Devices that are connected are heard as always.',
    OWN,
  ),
  'message-too-long': row(
    'MQTT {it}: a message was not kept',
    'A message of more than 256 KiB came over the MQTT broker {it}. It is too long to be held, and what was in it is not in the record.',
    'No reading that Homebeat knows is so long.',
    OWN,
  ),
  'device-lost': row(
    'Lost: device {it}',
    'The device {it} went without saying goodbye: its battery may be empty, or its radio out of reach.',
    'It says nothing of how the person is: meanwhile nobody knows it from this device.',
    OWN,
  ),
  'poor-signal': row(
    'Poor signal: {it}',
    'The signal is too disturbed to be judged ({it}): look at the sensor.',
    'It says nothing of how the person is: meanwhile nobody knows it from this sensor.',
    OWN,
  ),
  'not-worn': row('Not worn: {it}', 'The sensor lies quite still, as if nobody wears it ({it}).', NOT_THE_PERSON, OWN),
  'heartbeat-failing': row(
    'No sign of life reaches {it}',
    'The clinic’s receiver {it} does not hear this gateway, so it may raise the alarm there.',
    'Alarms and records at home are not affected.',
    OWN,
  ),
  'home-silent': row(
    'No sign of life from the gateway of {it}',
    'Nothing has come from the gateway of {it} for longer than it should: its power, its network or the gateway itself may be down.',
    'It says nothing of how the person is: meanwhile nobody watches there.',
    OWN,
  ),
  'home-stopped': row(
    'The gateway of {it} was switched off',
    'The gateway of {it} said that it stops, and has not come back since.',
    'It says nothing of how the person is: meanwhile nobody watches there.',
    OWN,
  ),
  'home-unhealthy': row(
    'The gateway of {it} does not work as it should',
    'The gateway of {it} runs, but says that part of it does not work.',
    'Some alarms may not be raised there; its own status says which part it is.',
    OWN,
  ),
  'home-clock-off': row(
    'The clock of the gateway of {it} is wrong',
    'The gateway of {it} has another time than this receiver.',
    'Its alarms are raised all the same; the times of its records may be wrong.',
    OWN,
  ),
  'home-never-heard': row(
    'Never heard from the gateway of {it}',
    'The home {it} is enrolled here, and nothing has ever come from it.',
    'Its gateway may not be set up yet.',
    OWN,
  ),
  'job-overdue': row(
    'Overdue: {it}',
    'The job {it} was due by the gateway’s schedule, and has not been done.',
    'It says nothing of the person; it is tried again at its next time.',
    OWN,
  ),
  'push-failing': row(
    'Not delivered: {it}',
    'Records or alarms have not reached the server {it} for long.',
    'Nothing is lost: it is kept and sent when the server takes it.',
    OWN,
  ),
  'push-refused': row(
    'Refused: {it}',
    'The server {it} has refused records or alarms.',
    'Nothing is lost: it is kept here, but somebody must find out why.',
    OWN,
  ),
  'alert-undelivered': row(
    'Alarms not delivered: {it}',
    'Alarms do not reach people by the channel {it}.',
    'Other channels are not affected.',
    OWN,
  ),
}

/** Null for a condition without an explanation; a test shows that every condition of this gateway has one. */
export function explanationOf(condition: string): Explanation | null {
  if (Object.hasOwn(EXPLANATIONS, condition)) return EXPLANATIONS[condition] ?? null
  for (const [family, { words, means, notMeans, source }] of Object.entries(FAMILIES)) {
    if (!condition.startsWith(`${family}-`)) continue
    const it = nameOf(condition.slice(family.length + 1))
    return { words: words.replace('{it}', it), means: means.replace('{it}', it), notMeans, source }
  }
  return null
}

/** `low-oxygen-saturation` → "Low oxygen saturation", `probe-off-gsr` → "Probe off: skin conductance". */
export function conditionWords(condition: string): string {
  const words = condition.replaceAll('-', ' ').trim()
  return explanationOf(condition)?.words ?? words.charAt(0).toUpperCase() + words.slice(1)
}

/** The words for a sensor or a condition by its kebab-case name; any other name is one that the home gave. */
function nameOf(name: string): string {
  const letters = name.replaceAll('-', '').toLowerCase()
  const sensor = SENSORS.find(({ kind }) => kind.toLowerCase() === letters)
  const condition = Object.hasOwn(EXPLANATIONS, name) ? EXPLANATIONS[name]?.words : undefined
  const words = sensor?.label ?? condition
  if (words === undefined) return name
  return /^[A-Z]{2}/.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1)
}

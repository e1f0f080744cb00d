/**
 * An alert that asks for somebody → R4 Task: `requested` when raised, `accepted` by who acknowledged, `completed` when
 * cleared after that. An alert that clears by itself leaves nothing to do: its Task is `cancelled` ("The task was not
 * completed"), which is the requester's word; `failed` and `rejected` are a performer's, and `completed` would say that
 * somebody attended. https://hl7.org/fhir/R4/task.html#statemachine
 */
import type { Annotation, Task } from '@medplum/fhirtypes'
import {
  type AlertContext,
  type AlertEvent,
  acknowledgementsOf,
  conditionConcept,
  contactReference,
  type Episode,
  gatewayReference,
  issueReference,
  latestOf,
  patientReference,
  REQUEST_PRIORITY,
  wordsOf,
} from './alert-event.js'
import { instant } from './instant.js'
import { CODES, taskIdentifier } from './systems.js'

export type TaskStatus = Task['status']

/** Whether an alert of this priority gets a Task. */
export function asksForTask({ priority }: Pick<AlertEvent, 'priority'>): boolean {
  return priority === 'high' || priority === 'medium'
}

/**
 * How far along a status is; this home only ever takes a Task further. Whoever has begun a Task ends it themselves; the
 * DetectedIssue says that the alert is over.
 */
const RANK: Readonly<Record<TaskStatus, number>> = {
  draft: 0,
  requested: 1,
  received: 2,
  accepted: 3,
  ready: 3,
  'in-progress': 4,
  'on-hold': 4,
  completed: 4,
  cancelled: 4,
  rejected: 4,
  failed: 4,
  'entered-in-error': 4,
}

export const TASK_STATUSES = Object.keys(RANK) as TaskStatus[]

/**
 * The Task as this home would have it, on a server that has none yet. R4 base resource; identifier `urn:homebeat:task`.
 * @param episode times are epoch ms @throws RangeError where one is no time
 */
export function taskOf(episode: Episode, context: AlertContext): Task {
  const [raised] = episode
  const { condition, alertId, raisedAt } = raised
  const requested: Task = {
    resourceType: 'Task',
    identifier: [taskIdentifier(context.home, alertId)],
    status: 'requested',
    intent: 'order',
    priority: REQUEST_PRIORITY[latestOf(episode).priority],
    code: {
      coding: [{ system: CODES.task, code: 'attend-to-alert', display: 'Attend to an alert' }],
      text: `Attend to: ${wordsOf(condition, context)}`,
    },
    description: `${wordsOf(condition, context)} (${latestOf(episode).priority} priority): accept to acknowledge, reject to have the next person told`,
    focus: issueReference(raised, context),
    for: patientReference(context),
    authoredOn: instant(raisedAt),
    lastModified: instant(raisedAt),
    requester: gatewayReference(context),
    reasonCode: conditionConcept(condition, context),
  }
  return taskAfter(requested, episode, context) ?? requested
}

/**
 * The Task of an exercise: marked as a test (v3-ActReason HTEST), about no patient and no issue, so that nothing of it stands
 * in anybody's record.
 */
export function exerciseOf({ for: _patient, focus: _issue, ...task }: Task): Task {
  const code = {
    system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
    code: 'HTEST',
    display: 'test health data',
  }
  return { ...task, meta: { security: [code] }, description: `EXERCISE, nothing has happened. ${task.description}` }
}

/**
 * What is to be written over a Task that a server holds, everything else of it left as others have made it.
 * @returns null where nothing is to be changed: the Task says it already, or somebody has taken it further.
 */
export function taskAfter(current: Task, episode: Episode, context: AlertContext): Task | null {
  const latest = latestOf(episode)
  const acknowledgement = acknowledgementsOf(episode).at(-1)
  // Accepted on the server a moment before the alert cleared, maybe: it was attended to all the same.
  const status = statusOf(latest, acknowledgement !== undefined || RANK[current.status] >= RANK.accepted)
  const goesOn = RANK[status] > RANK[current.status]
  const notes = RANK[current.status] < RANK.completed ? newNotes(current, episode, context) : []
  if (!goesOn && notes.length === 0) return null
  const note = [...(current.note ?? []), ...notes]
  const accepts = goesOn && RANK[current.status] < RANK.accepted && acknowledgement?.actor
  return {
    ...current,
    ...(goesOn && { status }),
    ...(goesOn &&
      status === 'cancelled' && { statusReason: { text: 'the alert cleared before anybody acknowledged it' } }),
    // Who had claimed it did not accept it: the one who acknowledged at home did.
    ...(accepts && { owner: contactReference(accepts.by, context) }),
    ...(note.length > 0 && { note }),
    lastModified: instant(latest.at),
  }
}

function statusOf({ state }: AlertEvent, attended: boolean): TaskStatus {
  if (state === 'cleared') return attended ? 'completed' : 'cancelled'
  return attended ? 'accepted' : 'requested'
}

/** What people said when they acknowledged, in so far as the Task does not hold it yet. */
function newNotes(current: Task, episode: Episode, context: AlertContext): Annotation[] {
  const there = new Set((current.note ?? []).map(({ text }) => text))
  return acknowledgementsOf(episode).flatMap(({ at, actor }) =>
    actor?.note === undefined || there.has(actor.note)
      ? []
      : [{ authorReference: contactReference(actor.by, context), time: instant(at), text: actor.note }],
  )
}

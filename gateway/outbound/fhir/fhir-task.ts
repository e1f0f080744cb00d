/** Tasks as a FHIR server gives them back: read within limits, and only those of this home's alerts. */
import type { Resource, Task } from '@medplum/fhirtypes'
import { z } from 'zod'
import { IDENTIFIERS } from '#fhir/systems.js'
import { TASK_STATUSES, type TaskStatus } from '#fhir/task.js'

export interface FoundTask {
  readonly alertId: string
  readonly id: string
  readonly versionId?: string
  readonly status: TaskStatus
  /** Who has the Task: a contact's id, or the server's own reference; null where it names nobody. */
  readonly owner: string | null
  /** The latest note, cut to what the alarm log keeps. */
  readonly note?: string
  /** As the server gave it; a change is written into this copy. */
  readonly resource: Task
}

const MAX_NOTE = 500

/** R4 `id`: it becomes part of a URL and of a header. */
const id = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/)
const identifier = z.object({ system: z.string().max(300).optional(), value: z.string().max(300).optional() })

// Not strict: elements that a server or another program has added are kept.
const taskSchema = z.object({
  resourceType: z.literal('Task'),
  id,
  meta: z.object({ versionId: id.optional() }).optional(),
  identifier: z.array(identifier).max(50),
  status: z.enum(TASK_STATUSES),
  owner: z.object({ reference: z.string().max(300).optional(), identifier: identifier.optional() }).optional(),
  note: z
    .array(z.object({ text: z.string() }))
    .max(500)
    .optional(),
})

/** The readable Tasks of this home among what was found. */
export function tasksIn(found: readonly Resource[], home: string): FoundTask[] {
  return found.flatMap((resource) => taskIn(resource, home) ?? [])
}

function taskIn(resource: unknown, home: string): FoundTask | null {
  const parsed = taskSchema.safeParse(resource)
  if (!parsed.success) return null
  const { meta, status, owner, note } = parsed.data
  const alertId = parsed.data.identifier.map((one) => ofHome(one, IDENTIFIERS.task, home)).find((one) => one !== null)
  if (!alertId) return null
  const latest = note?.at(-1)?.text.slice(0, MAX_NOTE).trim()
  return {
    alertId,
    id: parsed.data.id,
    ...(meta?.versionId !== undefined && { versionId: meta.versionId }),
    status,
    owner: owner ? ownerOf(owner, home) : null,
    ...(latest && { note: latest }),
    resource: resource as Task,
  }
}

function ofHome({ system, value }: z.infer<typeof identifier>, wanted: string, home: string): string | null {
  return system === wanted && value?.startsWith(`${home}/`) ? value.slice(home.length + 1) : null
}

/** An identifier, never the display, which is a person's name. */
function ownerOf({ identifier: one, reference }: NonNullable<z.infer<typeof taskSchema>['owner']>, home: string) {
  const by = (one && (ofHome(one, IDENTIFIERS.contact, home) ?? one.value)) ?? reference ?? ''
  return /^[A-Za-z0-9][A-Za-z0-9._@:/|+-]{0,99}$/.test(by) ? by : null
}

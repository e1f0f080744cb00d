/** One FHIR server, used by what it can do: with transactions or without, with conditional creates or by searching first. */
import type { Device, Observation, Patient, Resource } from '@medplum/fhirtypes'
import {
  condition,
  documentBundle,
  type Identified,
  identifierQuery,
  identifierToken,
  keyOf,
  observationBundle,
  supportingOf,
} from '#fhir/bundle.js'
import { gatewayOf } from '#fhir/device.js'
import type { SealedResources } from '#fhir/document.js'
import { literalKey, withLiterals } from '#fhir/signed-form.js'
import { writtenOver } from '#fhir/written-over.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { type Abilities, ASSUMED, abilitiesOf } from './abilities.js'
import type { BundleAnswer, FhirAnswer, FhirClient, FhirRefusal } from './fhir-client.js'

export interface FhirServerOptions {
  readonly target: { readonly name: string }
  readonly client: FhirClient
  /** Pseudonyms. */
  readonly home: string
  readonly patient: string
  readonly clock: Pick<Clock, 'monotonic'>
  readonly logger: Logger
  /** Told what the server lacks, in words. */
  readonly remark?: (lacks: string) => void
}

/** A server that did not say what it can is asked again after this long. */
const ASK_AGAIN_MS = 5 * 60_000
/** Most reads of a resource that somebody else is writing. */
const READS = 5
/** Identifiers in one search: they must fit into a URL. */
const IDENTIFIERS_PER_SEARCH = 20
/** References kept of what the server has. */
const MAX_KNOWN = 5000

type Found<T> = { readonly ok: true; readonly found: readonly T[] } | FhirRefusal

/** Its deliveries may come from two lanes at once; all that they share is what is known of the server. */
export class FhirServer {
  readonly #options: FhirServerOptions
  #abilities: Abilities | null = null
  #askAgainAt = 0
  /** trusted: a conditional create creates once. suspect: not declared. ignored: it creates again what is there. */
  #conditions: 'trusted' | 'suspect' | 'ignored' = 'trusted'
  /** The server takes no request with If-None-Exist. */
  #refusesConditions = false
  /** What the server has: `<Type>/<id>` by `literalKey`. Reading by id finds what a search does not show yet. */
  readonly #known = new Map<string, string>()
  /** The Patient and Devices that were created in this run. */
  readonly #created = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  /** Resources that the server has newly written in this run. */
  #writes = 0

  constructor(options: FhirServerOptions) {
    this.#options = options
  }

  /** Grows whenever the server has newly written something: so it is not down. */
  get writes(): number {
    return this.#writes
  }

  /** What the server lacks, for people; empty: nothing, or it has not been asked. */
  get lacks(): string[] {
    const { transaction = true, batch = true } = this.#abilities ?? {}
    return [
      ...(transaction
        ? []
        : [batch ? 'transactions (batches are sent)' : 'transactions and batches (one by one is sent)']),
      ...(this.#conditions === 'ignored' ? ['conditional creates (it is searched first)'] : []),
    ]
  }

  /** Looks everything up anew: the server refuses what refers to it, so it may have lost it. */
  forget(): void {
    this.#known.clear()
  }

  /** Asks the server what it can, once a run. Where it does not say, what most can is assumed. */
  async abilities(signal: AbortSignal): Promise<Abilities> {
    const { client, clock } = this.#options
    if (this.#abilities) return this.#abilities
    if (clock.monotonic() < this.#askAgainAt) return ASSUMED
    this.#askAgainAt = clock.monotonic() + ASK_AGAIN_MS
    const answer = await client.get('metadata', signal)
    const read = answer.ok ? abilitiesOf(answer.resource) : null
    if (this.#abilities || !read) return this.#abilities ?? ASSUMED
    this.#abilities = read
    if (!read.conditionalCreate && this.#conditions === 'trusted') this.#conditions = 'suspect'
    if (!read.transaction) this.#say()
    return read
  }

  /** Pushes Observations in clear. @returns an answer for each, in order, or why none was looked at */
  async push(observations: readonly Observation[], signal: AbortSignal): Promise<BundleAnswer> {
    const can = await this.abilities(signal)
    const first = await this.#inTurn(() => this.#searchesFirst(signal))
    if (typeof first !== 'boolean') return first
    if (can.transaction && !first)
      return this.#bundle(observations, supportingOf(observations, this.#options), 'transaction', signal)
    const refusal = await this.#supporting(observations, signal)
    if (refusal) return refusal
    const there = first ? await this.#locate(observations, signal) : null
    if (there) return there
    const rest = observations.filter((observation) => !first || !this.#known.has(keyOf(observation)))
    const sent = await this.#send(rest, can, signal)
    if (!sent.ok) return sent
    const answers = new Map(rest.map((observation, index) => [observation, sent.entries[index]]))
    return { ok: true, entries: observations.map((observation) => answers.get(observation) ?? THERE) }
  }

  async #send(rest: readonly Observation[], can: Abilities, signal: AbortSignal): Promise<BundleAnswer> {
    if (rest.length === 0) return { ok: true, entries: [] }
    if (can.transaction || can.batch) return this.#bundle(rest, [], can.transaction ? 'transaction' : 'batch', signal)
    const entries: FhirAnswer[] = []
    for (const observation of rest) entries.push(await this.#create(observation, signal))
    return { ok: true, entries }
  }

  /** @param needed what is created by the same transaction; what is not must be known */
  async #bundle(
    observations: readonly Observation[],
    needed: readonly (Patient | Device)[],
    type: 'transaction' | 'batch',
    signal: AbortSignal,
  ): Promise<BundleAnswer> {
    const known = needed.length > 0 ? new Map<string, string>() : this.#known
    const bundle = observationBundle(observations, this.#options, type, known)
    if (this.#refusesConditions) for (const { request } of bundle.entry ?? []) delete request?.ifNoneExist
    const answer = await this.#options.client.bundle(bundle, signal)
    if (!answer.ok) return answer
    for (const [index, resource] of [...needed, ...observations].entries()) {
      const entry = answer.entries[index]
      if (entry?.ok) this.#note(resource, entry)
      else if (entry && index < needed.length) return ofEverything(entry)
    }
    return { ok: true, entries: answer.entries.slice(needed.length) }
  }

  /** Creates a resource, unless it is there. */
  async create(wanted: Identified, signal: AbortSignal): Promise<FhirRefusal | null> {
    return this.#again(async () => {
      const refusal = await this.#supporting([], signal)
      if (refusal) return refusal
      const answer = await this.#once(wanted, signal)
      return answer.ok ? null : answer
    })
  }

  /**
   * Creates a resource, or changes what the server holds of it. Changed is the version that was read, so that nobody
   * else's change is overwritten, and what was to be changed and is not found does not count as delivered.
   * @param after what is to be written over a version; null: nothing
   */
  async change<T extends Identified>(
    wanted: T,
    after: (current: T) => T | null,
    signal: AbortSignal,
  ): Promise<FhirRefusal | null> {
    return this.#again(async () => (await this.#supporting([], signal)) ?? this.#changed(wanted, after, signal))
  }

  async #changed<T extends Identified>(
    wanted: T,
    after: (current: T) => T | null,
    signal: AbortSignal,
  ): Promise<FhirRefusal | null> {
    for (let read = 0; read < READS; read++) {
      const there = await this.#find(wanted, signal)
      if (!there.ok) return there
      if (there.found.length === 0) {
        const made = await this.#create(wanted, signal)
        if (!made.ok) return made
        if (made.status === 201) return null
        // It is there, though the search does not show it: the next round reads it by its id.
        if (!this.#known.has(keyOf(wanted))) return LAGGING
        continue
      }
      const refusal = await this.#write(there.found, after, signal)
      if (refusal?.conflict !== true) return refusal
    }
    return transient(`the ${wanted.resourceType} is being changed by somebody else`)
  }

  /** Several are there where a server has created one twice: each of them is kept true. */
  async #write<T extends Identified>(
    found: readonly T[],
    after: (current: T) => T | null,
    signal: AbortSignal,
  ): Promise<FhirRefusal | null> {
    for (const current of found) {
      let next: T | null
      try {
        next = after(current)
      } catch {
        return transient(`the server's ${current.resourceType} cannot be read`)
      }
      if (!next) continue
      const path = `${current.resourceType}/${current.id}`
      const written = await this.#options.client.put(path, withLiterals(next, this.#known), versionOf(current), signal)
      if (written.ok) continue
      if (written.conflict) this.#known.delete(keyOf(current))
      return written
    }
    return null
  }

  /** Whether an Observation is there, so that what names it can refer to it. */
  async knows(identifier: { readonly system: string; readonly value: string }, signal: AbortSignal): Promise<boolean> {
    const observation = { resourceType: 'Observation', identifier: [identifier] } as Observation
    if (!this.#known.has(keyOf(observation))) await this.#locate([observation], signal)
    return this.#known.has(keyOf(observation))
  }

  /** A sealed document. Sealing again gives other bytes, so Binary and DocumentReference are written together. */
  async document(resources: SealedResources, signal: AbortSignal): Promise<FhirRefusal | null> {
    const { client } = this.#options
    const { binary, document } = resources
    const can = await this.abilities(signal)
    if (can.transaction && can.conditionalUpdate) {
      const sent = await client.bundle(documentBundle(resources), signal)
      if (!sent.ok) return sent
      return sent.entries.find((entry): entry is FhirRefusal => !entry.ok) ?? null
    }
    const put = await client.put(`Binary/${binary.id}`, binary, undefined, signal)
    const { id: _id, ...unnamed } = binary
    // A server may want to name what it creates itself (R4 http, "Update as Create").
    const refused = !put.ok && put.status !== undefined && [400, 404, 405, 422].includes(put.status)
    const written = refused ? await client.create(unnamed, undefined, signal) : put
    if (!written.ok) return written
    const content = document.content.map(({ attachment, ...rest }) => ({
      ...rest,
      attachment: { ...attachment, url: written.reference ?? attachment.url ?? '' },
    }))
    return this.#changed({ ...document, content }, (current) => writtenOver(current, { ...document, content }), signal)
  }

  /** Where it names what the server no longer has, a refusal is no verdict: what is known is looked up anew, once. */
  async #again(attempt: () => Promise<FhirRefusal | null>): Promise<FhirRefusal | null> {
    const knew = this.#known.size > 0
    const refusal = await attempt()
    if (refusal?.outcome.class !== 'permanent' || !knew) return refusal
    this.forget()
    return attempt()
  }

  /** The Patient, the gateway and the Devices that Observations name are there, and their ids known. */
  #supporting(observations: readonly Observation[], signal: AbortSignal): Promise<FhirRefusal | null> {
    return this.#inTurn(() => this.#supported(observations, signal))
  }

  /** One lane at a time: where the server does not see to it, two would create the Patient twice. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action)
    this.#turn = done.catch(() => {})
    return done
  }

  async #supported(observations: readonly Observation[], signal: AbortSignal): Promise<FhirRefusal | null> {
    for (const resource of supportingOf(observations, this.#options)) {
      if (this.#known.has(keyOf(resource))) continue
      const answer = await this.#once(resource, signal)
      if (!answer.ok) return ofEverything(answer)
      if (!this.#known.has(keyOf(resource))) await this.#find(resource, signal)
      if (!this.#known.has(keyOf(resource))) return ofEverything(LAGGING)
    }
    return null
  }

  async #once(resource: Identified, signal: AbortSignal): Promise<FhirAnswer> {
    const first = await this.#searchesFirst(signal)
    if (typeof first !== 'boolean') return first
    if (first) {
      const there = await this.#find(resource, signal)
      if (!there.ok) return there
      if (there.found.length > 0) return THERE
    }
    return this.#create(resource, signal)
  }

  async #create(resource: Identified, signal: AbortSignal): Promise<FhirAnswer> {
    const ifNoneExist = this.#refusesConditions ? undefined : identifierQuery(resource)
    const answer = await this.#options.client.create(withLiterals(resource, this.#known), ifNoneExist, signal)
    if (answer.ok) this.#note(resource, answer)
    return answer
  }

  /** Those that bear the first identifier of `wanted`. One that is known is read by its id. */
  async #find<T extends Identified>(wanted: T, signal: AbortSignal): Promise<Found<T>> {
    const { client } = this.#options
    const key = keyOf(wanted)
    const isMeant = (resource: Resource | null): resource is T =>
      resource?.resourceType === wanted.resourceType && ID.test(resource.id ?? '') && keysOf(resource).includes(key)
    const known = this.#known.get(key)
    if (known !== undefined) {
      const answer = await client.get(known, signal)
      if (answer.ok && isMeant(answer.resource)) return { ok: true, found: [answer.resource] }
      if (!answer.ok && answer.status !== 404 && answer.status !== 410) return answer
      this.#known.delete(key)
    }
    const { found, refusal } = await client.search(condition(wanted), signal)
    const meant = found.filter(isMeant)
    for (const { resourceType, id } of meant) this.#remember(key, `${resourceType}/${id}`)
    return meant.length === 0 && refusal ? refusal : { ok: true, found: meant }
  }

  /** Which of these Observations the server has: those are known then. */
  async #locate(observations: readonly Observation[], signal: AbortSignal): Promise<FhirRefusal | null> {
    const unknown = observations.filter((observation) => !this.#known.has(keyOf(observation)))
    for (let start = 0; start < unknown.length; start += IDENTIFIERS_PER_SEARCH) {
      const page = unknown.slice(start, start + IDENTIFIERS_PER_SEARCH)
      const tokens = page.map(({ identifier }) => identifierToken(identifier?.[0] ?? {})).join(',')
      const query = `Observation?identifier=${tokens}&_count=${IDENTIFIERS_PER_SEARCH}`
      const { found, refusal } = await this.#options.client.search(query, signal)
      for (const one of found)
        if (one.resourceType === 'Observation' && ID.test(one.id ?? ''))
          for (const key of keysOf(one)) this.#remember(key, `Observation/${one.id}`)
      if (refusal) return refusal
    }
    return null
  }

  /** Whether what is to be created must be looked for first: the server creates again what is there. */
  async #searchesFirst(signal: AbortSignal): Promise<boolean | FhirRefusal> {
    await this.abilities(signal)
    if (this.#conditions !== 'suspect') return this.#conditions === 'ignored'
    // Not declared is not yet ignored. Asked is our own Device, for nothing else may be written as a probe.
    const gateway = gatewayOf(this.#options.home)
    for (let time = 0; time < 2; time++) {
      const answer = await this.#options.client.create(gateway, identifierQuery(gateway), signal)
      if (!answer.ok && answer.outcome.class !== 'permanent') return answer
      if (!answer.ok) this.#refusesConditions = true
      if (answer.ok && answer.reference !== undefined) this.#remember(keyOf(gateway), answer.reference)
      if (answer.ok && answer.status !== 201) {
        this.#conditions = 'trusted'
        return false
      }
      if (this.#refusesConditions) break
    }
    this.#ignores()
    return true
  }

  #note(resource: Identified, { status, reference }: Extract<FhirAnswer, { readonly ok: true }>): void {
    const key = keyOf(resource)
    if (reference !== undefined) this.#remember(key, reference)
    if (status !== 201) return
    this.#writes++
    if (resource.resourceType !== 'Patient' && resource.resourceType !== 'Device') return
    if (this.#created.has(key)) this.#ignores()
    this.#created.add(key)
  }

  #ignores(): void {
    if (this.#conditions === 'ignored') return
    this.#conditions = 'ignored'
    this.#say()
  }

  #say(): void {
    const { logger, target, remark } = this.#options
    remark?.(`lacks ${this.lacks.join(' and ')}`)
    logger.warn({ target: target.name, lacks: this.lacks }, `the FHIR server lacks ${this.lacks.join(' and ')}`)
  }

  #remember(key: string, reference: string): void {
    this.#known.delete(key)
    this.#known.set(key, reference)
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** R4 `id`: it becomes part of a URL and of a header. */
const ID = /^[A-Za-z0-9.-]{1,64}$/

/** Of a resource that a server gave. */
function keysOf(resource: object): string[] {
  const identifiers: unknown = 'identifier' in resource ? resource.identifier : undefined
  return Array.isArray(identifiers) ? identifiers.map((one) => literalKey(one ?? {})) : []
}

const THERE: FhirAnswer = { ok: true, resource: null, status: 200 }
const LAGGING = transient('the server has it, but its search does not show it yet')

function transient(reason: string): FhirRefusal {
  return { ok: false, outcome: { class: 'transient', reason } }
}

/** Without the Patient and the Devices nothing can be pushed: no verdict on any one Observation. */
function ofEverything({ outcome }: FhirRefusal): FhirRefusal {
  const reason = `${outcome.reason}, for the Patient or a Device`
  return { ok: false, outcome: outcome.class === 'permanent' ? { class: 'transient', reason } : { ...outcome, reason } }
}

function versionOf({ meta }: Resource): string | undefined {
  return meta?.versionId !== undefined && ID.test(meta.versionId) ? meta.versionId : undefined
}

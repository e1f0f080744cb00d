/**
 * A FHIR R4 REST server on loopback, in memory: create, read, update, search, conditional create and update,
 * transaction and batch, Binary raw or as a resource; everything is validated, and refused with 422 when invalid.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getStatus, normalizeOperationOutcome } from '@medplum/core'
import { FhirRouter, type HttpMethod } from '@medplum/fhir-router'
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { capabilityStatement } from './capability.js'
import { definitions } from './definitions.js'
import { Faults } from './faults.js'
import { failureOf, GOOD_HABITS, type Habits, withoutFailing } from './habits.js'
import {
  accepts,
  BodyError,
  FHIR_JSON,
  INVALID_JSON,
  minimal,
  outcome,
  parseBody,
  pathOf,
  readBody,
  send,
  sendRaw,
  withoutServerFields,
} from './http-message.js'
import { ValidatingRepository } from './repository.js'
import { paged } from './search-page.js'
import { transactionHandler } from './transaction.js'
import { UNPROCESSABLE } from './validator.js'

export interface FhirServerOptions {
  /** 0 picks a free one. */
  readonly port: number
  /** Bearer token that every request but `metadata` must have. */
  readonly token?: string
  readonly faults?: Faults
  readonly habits?: Partial<Habits>
}

export class FhirServerSimulator implements Lifecycle {
  /** Emptied by every `start`. */
  repository = new ValidatingRepository()
  readonly faults: Faults
  habits: Habits
  /** Requests answered or failed, metadata not counted. */
  requests = 0
  /** Called for every request but metadata twice: when it has come, and when it is carried out but not answered. */
  watch: (phase: 'received' | 'carried-out', path: string) => void = () => {}
  readonly #options: FhirServerOptions
  #server: Server | undefined
  #router = new FhirRouter()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: FhirServerOptions) {
    this.#options = options
    this.faults = options.faults ?? new Faults()
    this.habits = { ...GOOD_HABITS, ...options.habits }
  }

  /** Base URL, once started. */
  get url(): string {
    const address = this.#server?.address() as AddressInfo | null | undefined
    if (!address) throw new Error('the FHIR server simulator is not started')
    return `http://${address.address}:${address.port}/fhir`
  }

  async start(): Promise<void> {
    if (this.#server) return
    definitions()
    this.repository = new ValidatingRepository()
    this.#router = new FhirRouter()
    // The first of equally good routes wins, so the handler is replaced and none is added.
    const batch = this.#router.router.routes.find(({ method, path }) => method === 'POST' && path.length === 0)
    if (batch) batch.handler = transactionHandler(this.repository)
    const server = createServer((request, response) => void this.#handle(request, response))
    this.#server = server
    try {
      await once(server.listen(this.#options.port, '127.0.0.1'), 'listening')
    } catch (error) {
      this.#server = undefined
      throw error
    }
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const path = pathOf(request)
      if (path === null) return send(response, 404, outcome('not-found', 'FHIR is served under /fhir'))
      if (path.startsWith('metadata')) return send(response, 200, capabilityStatement(this.habits))
      this.requests += 1
      const { token } = this.#options
      if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
        return send(response, 401, outcome('login', 'bearer token missing or wrong'))
      }
      const body = await readBody(request)
      this.watch('received', path)
      const fault = this.faults.take(request.method ?? 'GET')
      if (fault?.type === 'hang') return
      if (fault?.type === 'status') {
        if (fault.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(fault.retryAfterSeconds))
        return send(response, fault.status, outcome('transient', 'failing on request'))
      }
      const resource = parseBody(request, path, body)
      const failure = failureOf(resource, this.habits)
      if (failure !== undefined) return void response.writeHead(failure).end('the server failed')
      const answer = await this.#inTurn(() => this.#answer(request, path, resource))
      this.watch('carried-out', path)
      if (fault?.type === 'cut') return void request.socket.destroy()
      if (fault?.type === 'garbage') return void response.writeHead(200, { 'Content-Type': FHIR_JSON }).end(fault.body)
      answer(response)
    } catch (error) {
      if (response.headersSent) response.destroy()
      else if (error instanceof BodyError) send(response, error.status, outcome('too-long', error.message))
      else send(response, 500, outcome('exception', 'the server failed'))
    }
  }

  /** One request at a time: the repository has no locks. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action, action)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #answer(
    request: IncomingMessage,
    path: string,
    resource: unknown,
  ): Promise<(response: ServerResponse) => void> {
    const { habits, repository } = this
    const method = (request.method ?? 'GET') as HttpMethod
    if (resource === INVALID_JSON)
      return (response) => send(response, 400, outcome('structure', 'the body is not JSON'))
    if (method === 'POST') withoutServerFields(resource)
    const bundle = (resource as Resource | undefined)?.resourceType === 'Bundle' ? (resource as Bundle) : null
    if (bundle && !(bundle.type === 'batch' ? habits.batches : habits.transactions))
      return (response) => send(response, 400, outcome('not-supported', `this server takes no ${bundle.type}`))
    if (habits.conditionalCreate.startsWith('ignored')) {
      delete request.headers['if-none-exist']
      for (const entry of bundle?.entry ?? []) delete entry.request?.ifNoneExist
    }
    const whole = bundle?.type === 'batch' ? withoutFailing(bundle, habits) : null
    if (whole && bundle?.entry?.length === 0)
      return (response) => send(response, 200, whole({ resourceType: 'Bundle', type: 'batch-response' }))
    repository.turn = this.requests
    const isShown = (one: Resource | undefined) =>
      this.requests - (repository.createdAt.get(`${one?.resourceType}/${one?.id}`) ?? 0) > habits.searchLag
    const { url, page } = paged(method, path, habits, habits.searchLag > 0 ? isShown : undefined)
    const [result, stored] = await this.#route({
      method,
      url,
      pathname: '',
      body: resource,
      params: {},
      query: {},
      headers: request.headers,
      config: { transactions: true },
    })
    const status = result.id === UNPROCESSABLE ? 422 : getStatus(result)
    if (status >= 400 || !stored) return (response) => send(response, status, result)
    if (stored.resourceType === 'Binary' && method === 'GET' && !accepts(request)) {
      return (response) => sendRaw(response, stored)
    }
    const shown =
      stored.resourceType === 'Bundle' && page
        ? page(stored, this.url)
        : minimal(request, whole && stored.resourceType === 'Bundle' ? whole(stored) : stored)
    return (response) => {
      if (stored.meta?.versionId) response.setHeader('ETag', `W/"${stored.meta.versionId}"`)
      if (status === 201) response.setHeader('Location', `${this.url}/${stored.resourceType}/${stored.id}`)
      send(response, status, shown)
    }
  }

  async #route(request: Parameters<FhirRouter['handleRequest']>[0]): Promise<[OperationOutcome, Resource?]> {
    try {
      const run = () => this.#router.handleRequest(request, this.repository)
      if (request.method === 'GET' || request.url === '') return toPair(await run())
      // A failed outcome must undo a single write too: the router returns it, a transaction needs it thrown.
      return toPair(
        await this.repository.withTransaction(async () => {
          const answer = await run()
          if (getStatus(answer[0]) >= 400 || answer[0].id === UNPROCESSABLE) throw new Refused(answer[0])
          return answer
        }),
      )
    } catch (error) {
      return [error instanceof Refused ? error.outcome : normalizeOperationOutcome(error)]
    }
  }
}

class Refused extends Error {
  readonly outcome: OperationOutcome
  constructor(outcome: OperationOutcome) {
    super('refused')
    this.outcome = outcome
  }
}

function toPair(answer: Awaited<ReturnType<FhirRouter['handleRequest']>>): [OperationOutcome, Resource?] {
  return answer.length === 1 ? [answer[0]] : [answer[0], answer[1]]
}

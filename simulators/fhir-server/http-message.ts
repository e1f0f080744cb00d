/** Requests of FHIR over HTTP read, and answers written. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { badRequest } from '@medplum/core'
import type { Binary, Resource } from '@medplum/fhirtypes'

const MAX_BODY = 64 * 1024 * 1024
export const FHIR_JSON = 'application/fhir+json'

export class BodyError extends Error {
  readonly status = 413
}

export const INVALID_JSON = Symbol('not JSON')

/** Path and query below the base, or null outside it. */
export function pathOf(request: IncomingMessage): string | null {
  const match = /^\/fhir(?:\/(.*)|(\?.*))?$/s.exec(request.url ?? '')
  return match ? (match[1] ?? match[2] ?? '') : null
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) throw new BodyError('the body is larger than 64 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function parseBody(request: IncomingMessage, path: string, body: Buffer): unknown {
  if (body.length === 0) return undefined
  const type = request.headers['content-type'] ?? ''
  if (path === 'Binary' && !/json/.test(type.split(';')[0]?.replace('application/jose+json', '') ?? '')) {
    return { resourceType: 'Binary', contentType: type, data: body.toString('base64') } satisfies Binary
  }
  if (path.endsWith('/_search')) return Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return INVALID_JSON
  }
}

/** R4 http, create: id, version and time are the server's to give. */
export function withoutServerFields(resource: unknown): void {
  if (!isObject(resource)) return
  delete resource['id']
  if (isObject(resource['meta'])) {
    delete resource['meta']['versionId']
    delete resource['meta']['lastUpdated']
  }
}

export function accepts(request: IncomingMessage): boolean {
  return /application\/(?:fhir\+)?json/.test(request.headers.accept ?? '')
}

/** `Prefer: return=minimal` (R4 http, "Managing return content"), for transactions. */
export function minimal(request: IncomingMessage, resource: Resource): Resource {
  if (resource.resourceType !== 'Bundle' || request.headers['prefer'] !== 'return=minimal') return resource
  return { ...resource, entry: (resource.entry ?? []).map(({ resource: _resource, ...entry }) => entry) }
}

export function send(response: ServerResponse, status: number, resource: Resource): void {
  response.writeHead(status, { 'Content-Type': `${FHIR_JSON}; charset=utf-8` })
  response.end(JSON.stringify(resource))
}

export function sendRaw(response: ServerResponse, binary: Binary): void {
  response.writeHead(200, { 'Content-Type': binary.contentType })
  response.end(Buffer.from(binary.data ?? '', 'base64'))
}

export function outcome(
  code: 'not-supported' | 'not-found' | 'login' | 'transient' | 'too-long' | 'exception' | 'structure',
  text: string,
) {
  return { ...badRequest(text), issue: [{ severity: 'error' as const, code, details: { text } }] }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

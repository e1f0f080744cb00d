import { request } from 'node:http'
import type { ErrorCode } from '#gateway/platform/error-codes.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { socketPath } from './socket-path.js'

const PATIENCE_MS = 30_000
/** The longest answer that is read, bytes: a long list of entries fits, records are never sent. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/**
 * Runs one command in the gateway that uses this data folder.
 * @returns what the command returned, as JSON carries it.
 * @throws HomebeatError `control.not-running` when no gateway runs there; else the command's own code.
 */
export async function callGateway<Result>(dataDir: string, name: string, input: unknown = {}): Promise<Result> {
  const { status, text } = await post(dataDir, name, JSON.stringify(input))
  const answer = JSON.parse(text) as { result?: Result; code?: ErrorCode; message?: string }
  if (status === 200) return answer.result as Result
  throw new HomebeatError(answer.code ?? 'control.failed', answer.message ?? `${name} failed; the log says why.`)
}

function post(dataDir: string, name: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({
      socketPath: socketPath(dataDir),
      path: `/${encodeURIComponent(name)}`,
      method: 'POST',
      // A connection kept from before would end at a gateway that has stopped since.
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: PATIENCE_MS,
    })
    call.once('timeout', () => call.destroy(new Error('no answer')))
    call.once('error', (cause: NodeJS.ErrnoException) => reject(explain(cause, dataDir)))
    call.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > MAX_ANSWER_BYTES) response.destroy(new Error('the answer is too long'))
      })
      response.once('error', (cause) => reject(explain(cause, dataDir)))
      response.once('end', () => resolve({ status: response.statusCode ?? 500, text }))
    })
    call.end(body)
  })
}

function explain(cause: NodeJS.ErrnoException, dataDir: string): HomebeatError {
  if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
    return new HomebeatError(
      'control.not-running',
      `No gateway runs on ${dataDir}: start it first (homebeat start), or check --config.`,
      { cause },
    )
  if (cause.code === 'EACCES')
    return new HomebeatError('control.denied', `Only the user that runs the gateway on ${dataDir} may command it.`, {
      cause,
    })
  return new HomebeatError('control.no-answer', `The gateway on ${dataDir} does not answer (${cause.message}).`, {
    retry: 'ambiguous',
    cause,
  })
}

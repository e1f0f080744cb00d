import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { expect } from 'chai'
import { outcomeOfNetworkError, outcomeOfResponse, retryAfterMs } from '#gateway/platform/net/http-outcome.js'

const NOW = Date.UTC(2026, 0, 1, 12)

describe('What an HTTP answer says about a delivery', () => {
  const classes = {
    delivered: [200, 201, 204],
    transient: [301, 302, 307, 401, 403, 407, 408, 425, 429, 503],
    permanent: [400, 404, 409, 410, 412, 422],
    ambiguous: [500, 501, 502, 504],
  }
  for (const [name, statuses] of Object.entries(classes)) {
    it(`${statuses.join(', ')}: ${name}`, () => {
      for (const status of statuses) expect(outcomeOfResponse(status, new Headers()).class, `${status}`).to.equal(name)
    })
  }

  it('keeps what Retry-After asks for, in seconds or as a date', () => {
    const asking = (value: string) => outcomeOfResponse(503, new Headers({ 'retry-after': value }), NOW)
    expect(asking('120')).to.deep.equal({ class: 'transient', reason: 'HTTP 503', retryAfterMs: 120_000 })
    expect(asking('Thu, 01 Jan 2026 12:00:30 GMT')).to.include({ retryAfterMs: 30_000 })
    expect(asking('Thu, 01 Jan 2026 11:00:00 GMT')).to.include({ retryAfterMs: 0 })
    expect(asking('soon')).to.deep.equal({ class: 'transient', reason: 'HTTP 503' })
  })

  it('does not guess at a malformed Retry-After', () => {
    for (const value of ['-5', '1.5', '5 minutes', 'Jan 2026', '', '99999999999999', null, undefined])
      expect(retryAfterMs(value, NOW), String(value)).to.equal(undefined)
  })
})

describe('What a failed request says about a delivery', () => {
  async function failure(url: string, init?: RequestInit): Promise<unknown> {
    try {
      await fetch(url, init)
    } catch (error) {
      return error
    }
    return expect.fail('the request succeeded')
  }

  it('nobody listens: nothing happened', async () => {
    const server = createSocketServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const outcome = outcomeOfNetworkError(await failure(`http://127.0.0.1:${port}/`))
    expect(outcome).to.deep.equal({ class: 'transient', reason: 'no connection (ECONNREFUSED)' })
  })

  it('the connection breaks after the request: it may have happened', async () => {
    const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const outcome = outcomeOfNetworkError(await failure(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' }))
    server.close()
    expect(outcome.class).to.equal('ambiguous')
  })

  it('no answer in time, or stopped: it may have happened', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const late = await failure(url, { signal: AbortSignal.timeout(30) })
    expect(outcomeOfNetworkError(late)).to.deep.equal({ class: 'ambiguous', reason: 'no answer in time' })
    const stop = new AbortController()
    const stopped = failure(url, { signal: stop.signal })
    stop.abort()
    expect(outcomeOfNetworkError(await stopped)).to.include({ class: 'ambiguous' })
    server.close()
    server.closeAllConnections()
  })

  it('nothing happened only if that is so for every address that was tried', () => {
    const error = (code: string) => Object.assign(new Error(code), { code })
    const tried = (...codes: string[]) => new TypeError('fetch failed', { cause: new AggregateError(codes.map(error)) })
    expect(outcomeOfNetworkError(tried('ECONNREFUSED', 'ENETUNREACH')).class).to.equal('transient')
    expect(outcomeOfNetworkError(tried('ECONNREFUSED', 'ECONNRESET')).class).to.equal('ambiguous')
  })

  it('a certificate that is not trusted: nothing was sent', () => {
    for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])
      expect(outcomeOfNetworkError(new TypeError('', { cause: { code } })).class, code).to.equal('transient')
  })

  it('anything it does not know: it may have happened', () => {
    for (const odd of [undefined, null, 'text', new Error('?'), { code: 7 }, { cause: {} }])
      expect(outcomeOfNetworkError(odd)).to.deep.equal({ class: 'ambiguous', reason: 'connection lost' })
  })
})

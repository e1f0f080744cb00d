import type { OperationOutcome } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { issuesOf, networkOutcome, statusOutcome } from '#gateway/delivery/fhir-outcome.js'

const refusal: OperationOutcome = {
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: 'processing',
      diagnostics: 'value 88.25 of Anna is wrong',
      details: { text: 'value 88.25 of Anna is wrong' },
      expression: ['Observation.value.ofType(Quantity).code'],
    },
    { severity: 'warning', code: 'business-rule', diagnostics: 'a remark' },
  ],
}

describe('what an HTTP status means for trying again', () => {
  const classOf = (status: number, resource: OperationOutcome | null = refusal) =>
    statusOutcome(status, null, resource)?.class ?? 'delivered'

  it('is decided by the status', () => {
    for (const status of [200, 201]) expect(classOf(status), String(status)).to.equal('delivered')
    for (const status of [401, 403, 408, 425, 429, 503]) expect(classOf(status), String(status)).to.equal('transient')
    for (const status of [400, 404, 409, 410, 412, 413, 422])
      expect(classOf(status), String(status)).to.equal('permanent')
    for (const status of [500, 502, 504]) expect(classOf(status), String(status)).to.equal('ambiguous')
  })

  it('is no verdict when it does not come from a FHIR server', () => {
    for (const status of [200, 301, 302, 400, 404, 405])
      expect(classOf(status, null), String(status)).to.equal('transient')
  })

  it('gives code and element path, never what the server quotes', () => {
    expect(issuesOf(refusal)).to.equal('processing at Observation.value.ofType(Quantity).code')
    const smuggled = {
      ...refusal,
      issue: [{ severity: 'error' as const, code: 'Anna 88' as never, expression: ["name = 'Anna'"] }],
    }
    expect(issuesOf(smuggled)).to.equal('error')
    expect(issuesOf({ resourceType: 'OperationOutcome', issue: [] })).to.equal('no reason given')
  })

  it('heeds Retry-After in seconds and as a date, for an hour at most', () => {
    const waitOf = (header: string | null) => {
      const outcome = statusOutcome(429, header, null)
      return outcome?.class === 'transient' ? outcome.retryAfterMs : Number.NaN
    }
    expect(waitOf('120')).to.equal(120_000)
    expect(waitOf('999999')).to.equal(3_600_000)
    expect(waitOf('Thu, 01 Jan 1970 00:00:00 GMT')).to.equal(0)
    expect(waitOf(new Date(Date.now() + 10 * 3_600_000).toUTCString())).to.equal(3_600_000)
    expect(waitOf('soon')).to.equal(undefined)
    expect(waitOf(null)).to.equal(undefined)
  })
})

describe('what a network error means for trying again', () => {
  const failed = (cause: unknown) => new TypeError('fetch failed', { cause })
  const coded = (code: string) => Object.assign(new Error('no'), { code })

  it('is transient when nothing was sent', () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED']) {
      expect(networkOutcome(failed(coded(code))).class, code).to.equal('transient')
    }
    expect(networkOutcome(failed(new AggregateError([coded('ECONNREFUSED')]))).class).to.equal('transient')
  })

  it('is ambiguous otherwise', () => {
    for (const cause of [coded('ECONNRESET'), coded('UND_ERR_SOCKET'), new Error('?'), undefined]) {
      expect(networkOutcome(failed(cause)).class).to.equal('ambiguous')
    }
    expect(networkOutcome('odd').class).to.equal('ambiguous')
  })
})

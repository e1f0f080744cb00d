import type { OperationOutcome } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { issuesOf, statusOutcome } from '#gateway/outbound/fhir/fhir-outcome.js'

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
    statusOutcome(status, new Headers(), resource)?.class ?? 'delivered'

  it('is decided by the status', () => {
    for (const status of [200, 201]) expect(classOf(status), String(status)).to.equal('delivered')
    for (const status of [401, 403, 408, 425, 429, 503]) expect(classOf(status), String(status)).to.equal('transient')
    for (const status of [400, 404, 410, 413, 422]) expect(classOf(status), String(status)).to.equal('permanent')
    for (const status of [500, 502, 504]) expect(classOf(status), String(status)).to.equal('ambiguous')
  })

  it('is no verdict on what was sent when it is a conflict with what the server holds', () => {
    for (const status of [409, 412]) {
      expect(classOf(status), String(status)).to.equal('transient')
      expect(classOf(status, null), String(status)).to.equal('transient')
    }
    expect(statusOutcome(412, new Headers(), refusal)?.reason).to.match(/^HTTP 412: processing .*merge them there$/)
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

  it('keeps what Retry-After asks for', () => {
    const headers = new Headers({ 'retry-after': '120' })
    expect(statusOutcome(429, headers, null)).to.deep.include({ class: 'transient', retryAfterMs: 120_000 })
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { fhirConfig } from '#gateway/outbound/fhir/config.js'
import { FhirClient, literalOf } from '#gateway/outbound/fhir/fhir-client.js'
import { clientOf } from '#gateway/outbound/fhir/target-client.js'
import { needsOpenssl, selfSigned } from '#test/support/certificates.js'

const never = new AbortController().signal

/** A client of a server that answers with these pages in turn, and what it was asked. */
function clientTo(url: string, ...pages: unknown[]) {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(`${init?.method} ${input}`)
    return new Response(JSON.stringify(pages[Math.min(asked.length, pages.length) - 1]))
  }
  return { client: new FhirClient({ url, timeoutMs: 1000, fetch }), asked }
}
const page = (id: string, next?: string) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: [{ resource: { resourceType: 'Task', id } }],
  ...(next !== undefined && { link: [{ relation: 'next', url: next }] }),
})
const ids = (found: readonly { id?: string }[]) => found.map(({ id }) => id)

describe('The FHIR client', () => {
  it('asks a server no sooner than it wants, whichever lane would ask', async () => {
    let asked = 0
    const fetch: typeof globalThis.fetch = async () => {
      asked++
      return new Response('', { status: 429, headers: { 'retry-after': '30' } })
    }
    const client = new FhirClient({ url: 'https://care.example/fhir', timeoutMs: 1000, fetch })
    await client.get('Task/7', never)
    const answer = await client.bundle({ resourceType: 'Bundle', type: 'transaction' }, never)
    expect(asked).to.equal(1)
    if (answer.ok || answer.outcome.class !== 'transient') throw new Error('not held back')
    expect(answer.outcome.retryAfterMs).to.be.within(29_000, 30_000)
  })

  it('keeps the query of its base URL on every request', async () => {
    const bundle = { resourceType: 'Bundle', type: 'transaction' } as const
    for (const base of [
      'https://care.example/fhir?api-version=2&key=a%2Fb',
      'https://care.example/fhir/?api-version=2&key=a%2Fb#x',
    ]) {
      const { client, asked } = clientTo(base, page('1', '?page=2'), page('2'), { resourceType: 'Bundle' })
      await client.search('Task?identifier=a%7Cb', never)
      await client.bundle(bundle, never)
      await client.create({ resourceType: 'Flag' } as never, 'identifier=a', never)
      await client.put('Task/7', { resourceType: 'Task' } as never, '3', never)
      await client.get('metadata', never)
      expect(asked).to.deep.equal([
        'GET https://care.example/fhir/Task?identifier=a%7Cb&api-version=2&key=a%2Fb',
        'GET https://care.example/fhir/Task?page=2&api-version=2&key=a%2Fb',
        'POST https://care.example/fhir?api-version=2&key=a%2Fb',
        'POST https://care.example/fhir/Flag?api-version=2&key=a%2Fb',
        'PUT https://care.example/fhir/Task/7?api-version=2&key=a%2Fb',
        'GET https://care.example/fhir/metadata?api-version=2&key=a%2Fb',
      ])
    }
  })

  const NEXT: [next: string, asked: string][] = [
    ['https://care.example/r4/Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['https://care.example/r4?_getpages=7', 'https://care.example/r4?_getpages=7'],
    ['Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['?page=2', 'https://care.example/r4/Task?page=2'],
    ['./Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['/r4/Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['/pages/7', 'https://care.example/pages/7'],
    // Another origin is never asked: a token would travel there.
    ['http://inner:8080/r4/Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['http://inner:8080/hapi/fhir/Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['http://inner:8080/hapi/fhir?_getpages=7', 'https://care.example/r4?_getpages=7'],
    ['//evil.example/r4/Task?page=2', 'https://care.example/r4/Task?page=2'],
    ['file:///etc/passwd', 'https://care.example/r4'],
  ]
  for (const [next, wanted] of NEXT)
    it(`follows next ${next} to ${wanted}`, async () => {
      const { client, asked } = clientTo('https://care.example/r4', page('1', next), page('2'))
      const { found, refusal } = await client.search('Task?x=1', never)
      expect([ids(found), refusal]).to.deep.equal([['1', '2'], null])
      expect(asked[1]).to.equal(`GET ${wanted}`)
    })

  it('gives what it has found of a search whose pages do not end, go round, or break off', async () => {
    const round = clientTo('https://care.example/r4', page('1', '?page=2'), page('2', '?x=1'))
    const first = await round.client.search('Task?x=1', never)
    expect([ids(first.found), first.refusal?.outcome.class]).to.deep.equal([['1', '2'], 'transient'])
    let count = 0
    const fetch: typeof globalThis.fetch = async () => new Response(JSON.stringify(page('1', `?page=${count++}`)))
    const endless = new FhirClient({ url: 'https://care.example/r4', timeoutMs: 1000, fetch })
    expect((await endless.search('Task?x=1', never)).refusal?.outcome.class).to.equal('transient')
    expect(count).to.equal(50)
    const broken = clientTo('https://care.example/r4', page('1', '?page=2'), { resourceType: 'Patient' })
    const part = await broken.client.search('Task?x=1', never)
    expect([ids(part.found), part.refusal?.outcome.class]).to.deep.equal([['1'], 'transient'])
  })

  it('outlives answers that are no FHIR, and counts nothing of them as done', async () => {
    const odd = [
      ...[{ entry: 7 }, { entry: 'x' }, { entry: [null, 7, { resource: 'x' }, { resource: {} }] }],
      ...[{ link: 7 }, { link: [null, { relation: 'next', url: 7 }] }],
    ].map((part) => ({ resourceType: 'Bundle', ...part }))
    for (const answer of odd)
      expect((await clientTo('https://x', answer).client.search('Task?x', never)).found).to.deep.equal([])
    const two = { resourceType: 'Bundle', type: 'batch', entry: [{}, {}] } as never
    for (const entry of [7, [null, null], [{}, {}], [{ response: 7 }, { response: { status: 7 } }]]) {
      const answer = await clientTo('https://x', { resourceType: 'Bundle', entry }).client.bundle(two, never)
      expect(answer.ok && answer.entries.some((one) => one.ok), JSON.stringify(entry)).to.equal(false)
    }
  })

  it('leaves a server that drips bytes after its deadline, and closes the socket', async () => {
    for (const head of ['HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n\r\n', 'HTTP/1.1 200 OK\r\nX: ']) {
      let closed: () => void = () => {}
      const ended = new Promise<void>((resolve) => {
        closed = resolve
      })
      const server = createTcp((socket) => {
        socket.write(head)
        const drip = setInterval(() => socket.write(' '), 20)
        socket
          .on('error', () => {})
          .on('close', () => {
            clearInterval(drip)
            closed()
          })
      })
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
      const client = new FhirClient({ url, timeoutMs: 300, fetch })
      expect(await client.get('metadata', never)).to.deep.include({
        outcome: { class: 'ambiguous', reason: 'no answer within 0.3 s' },
      })
      const { refusal } = await client.search('Task?x=1', never)
      expect(refusal?.outcome.class).to.equal('ambiguous')
      await ended
      server.close()
    }
  })

  it('reads where a resource is from whatever form of Location', () => {
    for (const location of [
      'Task/7',
      '/fhir/Task/7',
      'https://x/fhir/Task/7/_history/1',
      'Task/7?a=b',
      '/Task/7/_history/1?a',
    ])
      expect(literalOf(location), location).to.equal('Task/7')
    for (const location of ['', 'Task', 'https://x/', 'task/7', 'Task/../Patient', 'Task/7%2F..'])
      expect(literalOf(location), location).to.equal(undefined)
  })

  it('reaches a server whose authority the target names', async function () {
    needsOpenssl(this)
    const folder = mkdtempSync(join(tmpdir(), 'homebeat-target-'))
    const files = selfSigned(folder)
    writeFileSync(join(folder, 'token'), 'open sesame', { mode: 0o600 })
    const logins: (string | undefined)[] = []
    const server = createServer(
      { key: readFileSync(files.key), cert: readFileSync(files.certificate) },
      (request, response) => {
        logins.push(request.headers.authorization)
        response.end('{"resourceType":"CapabilityStatement"}')
      },
    )
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
      const target = (over: object) =>
        fhirConfig.parse({ targets: [{ name: 'care', url, tokenFile: 'token', ...over }] }).targets[0] as never
      const ask = (over: object) => clientOf(target(over), fetch, folder).get('metadata', never)
      expect((await ask({})).ok).to.equal(false)
      expect((await ask({ caFile: 'server.crt' })).ok).to.equal(true)
      expect(logins).to.deep.equal(['Bearer open sesame'])
    } finally {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true })
    }
  })
})

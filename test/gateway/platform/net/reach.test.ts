import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { proxyConfig } from '#gateway/platform/net/config.js'
import { outcomeOfNetworkError } from '#gateway/platform/net/http-outcome.js'
import { reachOf, readCa, unusedProxy } from '#gateway/platform/net/reach.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { needsOpenssl, selfSigned } from '#test/support/certificates.js'

describe('How far ends are reached', () => {
  let folder: string
  let url: string
  let certificate: string
  const asked: string[] = []
  const tunnels: { readonly to: string; readonly login: string | undefined }[] = []
  const sockets = new Set<Socket>()
  const proxy = createHttp()
  let server: ReturnType<typeof createHttps>

  before(async function () {
    needsOpenssl(this)
    folder = mkdtempSync(join(tmpdir(), 'homebeat-reach-'))
    const files = selfSigned(folder)
    certificate = files.certificate
    server = createHttps({ key: readFileSync(files.key), cert: readFileSync(certificate) }, (request, response) => {
      asked.push(request.url ?? '')
      response.end('taken')
    })
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      tunnels.push({ to: request.url ?? '', login: request.headers['proxy-authorization'] })
      const port = Number(request.url?.split(':').at(-1))
      // Whatever the name, it is this machine.
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      for (const one of [onward, socket]) one.on('error', () => {})
    })
    for (const one of [server, proxy]) {
      one.on('connection', (socket: Socket) => sockets.add(socket))
      one.listen(0, '127.0.0.1')
      await once(one, 'listening')
    }
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    server?.close()
    proxy.close()
    if (folder) rmSync(folder, { recursive: true })
  })
  beforeEach(() => {
    asked.length = 0
    tunnels.length = 0
  })

  const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const settings = (over: object = {}) => proxyConfig.parse({ url: proxyUrl(), ...over })

  it('is Node’s own fetch where nothing is configured', () => {
    expect(reachOf({})()).to.equal(globalThis.fetch)
  })

  it('is by an authority of the site’s own, and by that alone', async () => {
    const refused = await reachOf({})()(`${url}/a`).then(
      () => null,
      (error: unknown) => outcomeOfNetworkError(error),
    )
    expect(refused).to.deep.include({ class: 'transient' })
    const answer = await reachOf({})(readCa('the test', certificate))(`${url}/a`, { method: 'POST', body: 'x' })
    expect([answer.status, await answer.text(), asked]).to.deep.equal([200, 'taken', ['/a']])
    const other = selfSigned(folder, 'other').certificate
    const foreign = await reachOf({})(readCa('the test', other))(`${url}/a`).then(
      () => null,
      (error: unknown) => outcomeOfNetworkError(error),
    )
    expect(foreign).to.deep.include({ class: 'transient' })
    expect(await codeOf(() => readCa('the test', join(folder, 'nowhere')))).to.equal('net.ca-file')
    writeFileSync(join(folder, 'empty'), '')
    expect(await codeOf(() => readCa('the test', join(folder, 'empty')))).to.equal('net.ca-file')
  })

  it('is by the proxy, except to those that are named, all below them, and this machine', async () => {
    const { port } = new URL(url)
    const ca = readCa('the test', certificate)
    const fetch = reachOf({ proxy: settings({ except: ['lan', '.clinic.example'] }) })(ca)
    const ask = (host: string) =>
      fetch(`https://${host}:${port}/b`).then(
        ({ status }) => status,
        () => 'not reached',
      )
    // The certificate is for localhost: the tunnel is what is looked at.
    await ask('far.example')
    await ask('notlan')
    expect(tunnels.map(({ to }) => to)).to.deep.equal([`far.example:${port}`, `notlan:${port}`])
    tunnels.length = 0
    for (const host of ['nas.lan', 'lan', 'x.clinic.example', 'clinic.example']) await ask(host)
    expect(await ask('127.0.0.1')).to.equal(200)
    expect(await ask('localhost')).to.equal(200)
    expect(tunnels).to.deep.equal([])
  })

  it('logs in at the proxy by a password that is read anew for each request', async () => {
    const { port } = new URL(url)
    writeFileSync(join(folder, 'password'), 'old', { mode: 0o600 })
    const proxy = settings({ user: 'home', passwordFile: 'password' })
    const fetch = reachOf({ proxy, baseDir: folder })()
    const ask = () => fetch(`https://far.example:${port}/`).catch(() => {})
    await ask()
    writeFileSync(join(folder, 'password'), 'new', { mode: 0o600 })
    await ask()
    const logins = tunnels.map(({ login }) => Buffer.from(login?.split(' ')[1] ?? '', 'base64').toString())
    expect(logins).to.deep.equal(['home:old', 'home:new'])
    rmSync(join(folder, 'password'))
    expect(await codeOf(() => reachOf({ proxy, baseDir: folder }))).to.equal('secret.not-found')
  })

  it('says that a proxy of the environment is not used, and takes no login in a URL', () => {
    expect(unusedProxy({ HTTPS_PROXY: 'http://proxy.example' })).to.match(/^HTTPS_PROXY .*proxy\.url/)
    expect(unusedProxy({})).to.equal(null)
    expect(proxyConfig.safeParse({ url: 'http://a:b@proxy.example' }).success).to.equal(false)
    expect(proxyConfig.safeParse({ url: 'http://proxy.example', user: 'a' }).success).to.equal(false)
  })
})

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { loadOrCreateMasterKey } from '#gateway/outbound/sealing/master-key.js'

const KINDS = [
  {
    name: 'the gateway’s key',
    load: async (path: string) => (await loadOrCreateGatewayKey(path)).privateKey,
    format: 'gateway-key.format',
    credential: 'homebeat-gateway-key',
  },
  {
    name: 'the master key',
    load: async (path: string) => Buffer.from(await loadOrCreateMasterKey(path)).toString('hex'),
    format: 'master-key.format',
    credential: 'homebeat-master-key',
  },
]

for (const { name, load, format, credential } of KINDS)
  describe(`the file of ${name}`, () => {
    let folder: string
    let path: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'homebeat-keys-'))
      path = join(folder, 'new', 'key')
    })
    afterEach(() => rm(folder, { recursive: true, force: true }))
    const failure = () => load(path).catch((error) => error)

    it('is made once, for its owner only, and loaded from then on', async () => {
      const key = await load(path)
      expect((await stat(path)).mode & 0o777).to.equal(0o600)
      expect(await load(path)).to.equal(key)
      expect(await readdir(join(folder, 'new'))).to.deep.equal(['key'])
    })

    it('is one even if two processes make it at the same time', async () => {
      const made = await Promise.all(Array.from({ length: 8 }, () => load(path)))
      expect(new Set(made).size).to.equal(1)
      expect(await readdir(join(folder, 'new'))).to.deep.equal(['key'])
    })

    it('is refused where others may read it, with what to do', async () => {
      await load(path)
      for (const mode of [0o644, 0o640, 0o660, 0o604]) {
        await chmod(path, mode)
        const error = await failure()
        expect(error.code).to.equal('secret.mode')
        expect(error.message).to.contain(`chmod 600 ${path}`)
      }
    })

    it('is refused, and never replaced, when it holds something else', async () => {
      await load(path)
      await writeFile(path, `${'zz'.repeat(32)}\n`)
      const error = await failure()
      expect(error.code).to.equal(format)
      expect(error.message).not.to.contain('zz')
      expect(await readFile(path, 'utf8')).to.equal(`${'zz'.repeat(32)}\n`)
    })

    it('is not looked at where the service manager hands the key over', async () => {
      const own = await load(path)
      const before = process.env['CREDENTIALS_DIRECTORY']
      process.env['CREDENTIALS_DIRECTORY'] = folder
      try {
        expect(await load(path)).to.equal(own)
        await writeFile(join(folder, credential), '42'.repeat(32), { mode: 0o440 })
        const handed = await load(path)
        expect(handed.replace(/^0x/, '')).to.equal('42'.repeat(32))
        await chmod(join(folder, credential), 0o444)
        expect((await failure()).code).to.equal('secret.mode')
      } finally {
        if (before === undefined) delete process.env['CREDENTIALS_DIRECTORY']
        else process.env['CREDENTIALS_DIRECTORY'] = before
      }
      expect(await load(path)).to.equal(own)
    })

    it('says so when its folder cannot be made', async () => {
      await writeFile(join(folder, 'new'), 'a file')
      expect((await failure()).code).to.equal('secret.create')
    })
  })

describe('the gateway’s key', () => {
  it('is refused when it is no key of secp256k1, without its digits in the message', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'homebeat-keys-'))
    try {
      await writeFile(join(folder, 'key'), 'f'.repeat(64), { mode: 0o600 })
      const error = await loadOrCreateGatewayKey(join(folder, 'key')).catch((e) => e)
      expect(error.code).to.equal('gateway-key.format')
      expect(error.message).not.to.contain('ffff')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

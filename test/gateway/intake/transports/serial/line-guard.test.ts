import { finished } from 'node:stream/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { LineGuard, type LineRefusal, MAX_LINE } from '#gateway/intake/transports/serial/line-guard.js'

async function through(chunks: readonly Buffer[]): Promise<{ text: string; refused: LineRefusal[] }> {
  const refused: LineRefusal[] = []
  const guard = new LineGuard((reason) => refused.push(reason))
  let text = ''
  guard.on('data', (line: string) => {
    text += `${line}\n`
  })
  for (const chunk of chunks) guard.write(chunk)
  guard.end()
  await finished(guard)
  return { text, refused }
}

const of = (text: string) => through([Buffer.from(text, 'latin1')])

describe('The line guard', () => {
  it('lets whole lines through as they are', async () => {
    expect(await of('!a\n!b\n')).to.deep.equal({ text: '!a\n!b\n', refused: [] })
  })

  it('strips what stands before the last beginning of a line', async () => {
    expect((await of('\xaa\x55\x88!E,0001,torn!T,0002\n')).text).to.equal('!T,0002\n')
  })

  it('refuses a line without a beginning, but not an empty one', async () => {
    expect(await of('\n\nnoise\n!a\n')).to.deep.equal({ text: '!a\n', refused: ['unframed'] })
  })

  it('does not count what a device says while the kit has handed it the line, and counts again afterwards', async () => {
    const handOver = '!H,0001,00000000,begin,cuff,0,0*0000\n'
    expect(await of(`${handOver}\xc1\xc2dump\nmore${'\xff'.repeat(500)}\n!a\nnoise\n`)).to.deep.equal({
      text: `${handOver}!a\n`,
      refused: ['unframed'],
    })
    const end = '!H,0002,00000000,end,cuff,0,0*0000\n'
    expect((await of(`${handOver}${end}noise\n`)).refused).to.deep.equal(['unframed'])
  })

  it('keeps back a line that has not ended', async () => {
    expect(await of('!a\n!never')).to.deep.equal({ text: '!a\n', refused: [] })
  })

  it(`lets through a line of ${MAX_LINE} bytes and refuses one of a byte more`, async () => {
    const longest = `!${'x'.repeat(MAX_LINE - 1)}\n`
    expect(await of(longest)).to.deep.equal({ text: longest, refused: [] })
    expect(await of(`!x${longest.slice(1)}!a\n`)).to.deep.equal({ text: '!a\n', refused: ['overlong'] })
  })

  it('counts an endless stream once, and finds the next line in it', async () => {
    expect(await of(`${'\xff'.repeat(100_000)}!a\n`)).to.deep.equal({ text: '!a\n', refused: ['overlong'] })
    expect(await of(`!${'x'.repeat(100_000)}\n!a\n`)).to.deep.equal({ text: '!a\n', refused: ['overlong'] })
  })

  it('gives the same lines however the bytes are cut into chunks', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string({ maxLength: 20 }).map((text) => Buffer.from(`!${text}\n`, 'latin1')),
            fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
            fc.integer({ min: MAX_LINE - 3, max: MAX_LINE + 3 }).map((n) => Buffer.from(`!${'y'.repeat(n)}\n`)),
            fc.constantFrom('\n', '!', '\r\n').map((text) => Buffer.from(text)),
          ),
          { maxLength: 20 },
        ),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }),
        async (parts, sizes) => {
          const bytes = Buffer.concat(parts)
          const chunks: Buffer[] = []
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = sizes[i % sizes.length] as number
            chunks.push(bytes.subarray(at, at + size))
            at += size
          }
          const whole = await through([bytes])
          expect(await through(chunks)).to.deep.equal(whole)
          for (const line of whole.text.split('\n').slice(0, -1)) {
            expect(line).to.match(/^![^!\n]*$/s)
            expect(line.length).to.be.at.most(MAX_LINE)
          }
        },
      ),
    ))
})

import { expect } from 'chai'
import fc from 'fast-check'

interface Analyser<S, E> {
  push(samples: readonly S[]): E[]
}

/** What is said must not depend on how the signal was cut into blocks. */
export function expectBlocksNotToMatter<S, E>(make: () => Analyser<S, E>, samples: readonly S[], runs = 15): void {
  const whole = make().push(samples)
  expect(whole).to.not.deep.equal([])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      if (!sizes.some((size) => size > 0)) sizes.push(1)
      const analyser = make()
      const said: E[] = []
      for (let from = 0, i = 0; from < samples.length; i++) {
        const size = sizes[i % sizes.length] as number
        said.push(...analyser.push(samples.slice(from, from + size)))
        from += size
      }
      expect(said).to.deep.equal(whole)
    }),
    { numRuns: runs },
  )
}

/** Gaussian, seeded (Box and Muller over a linear congruential generator). */
export function gaussian(seed: number): () => number {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / 0x1_0000_0001
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

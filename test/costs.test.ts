import { expect, it } from 'vitest'
import { sqliteFile } from './databases/sqlite.ts'
import { servers } from './matrix.ts'
import { run } from './processes.ts'

/** Contexts that a request entered, and promises that it made, by its path. */
type Costs = Record<'/nothing' | '/get' | '/create', { readonly contexts: number; readonly promises: number }>

it('a get and a create of a request enter few contexts and make few promises', async () => {
  const fresh = await sqliteFile.create()
  try {
    const { code, output } = await run({ COSTS_URI: fresh.uri, NODE_ENV: 'production' }, 'processes/costs.js')
    expect({ code, output }).toMatchObject({ code: 0 })
    const costs = JSON.parse(output) as Costs
    expect(costs['/nothing'].contexts).toBe(1)
    for (const path of ['/get', '/create'] as const) {
      // Those of the handler itself do not count.
      const promises = costs[path].promises - costs['/nothing'].promises
      expect(costs[path].contexts).toBeLessThanOrEqual(3)
      expect(promises).toBeLessThanOrEqual(40)
    }
  } finally {
    await fresh.drop()
  }
})

for (const database of servers) {
  it(`requests at once leave nothing in the old generation that is garbage: ${database.name}`, async () => {
    const fresh = await database.create()
    try {
      const { code, output } = await run({ GARBAGE_URI: fresh.uri, NODE_ENV: 'production' }, 'processes/garbage.js')
      expect({ code, output: output.slice(-2_000) }).toMatchObject({ code: 0 })
      const promoted = Array.from(output.matchAll(/ gc=s .*? promoted=(\d+)/g), ([, bytes]) => Number(bytes))
      expect(promoted.length).toBeGreaterThan(10)
      // Of each collection, of 8 to 16 MB: one Set that lived long, and had the requests in it, left 500 to 900 kB.
      expect(promoted.reduce((sum, bytes) => sum + bytes, 0) / promoted.length).toBeLessThan(50_000)
    } finally {
      await fresh.drop()
    }
  })
}

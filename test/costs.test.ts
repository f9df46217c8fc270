import { expect, it } from 'vitest'
import { sqliteFile } from './databases/sqlite.ts'
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

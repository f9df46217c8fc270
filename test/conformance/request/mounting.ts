import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** Two mounts, and two applications. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('mounted twice it is one scope and one commit', async (world) => {
    const app = await world.start({ 'POST /notes': write(world, 'kept') }, { mountTwice: true })
    world.statements.length = 0
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(world.statements.filter((sql) => /^COMMIT/i.test(sql))).toHaveLength(1)
  })

  row('two applications share one database', async (world) => {
    const one = await world.start({ 'POST /notes': write(world, 'one') })
    const two = await world.start({ 'POST /notes': write(world, 'two') })
    await Promise.all([fetch(`${one.url}/notes`, { method: 'POST' }), fetch(`${two.url}/notes`, { method: 'POST' })])
    expect((await world.texts()).sort()).toEqual(['one', 'two'])
  })
}

import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Errors that carry their status. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a record that is not found is a 404, a taken value a 409, a wrong one a 422, a wrong key a 400', async (world) => {
    const { Note } = world
    const app = await world.start({
      'GET /missing': async () => ({ json: await Note.getOrError(4711) }),
      'GET /chain': async () => ({ json: await Note.get(4711).delete() }),
      'GET /wrong': async () => ({ json: await Note.create({ text: 'x', n: 'one' } as never) }),
      'GET /unknown': async () => ({ json: await Note.create({ text: 'x', admin: true } as never) }),
      'GET /key': async () => ({ json: await Note.get(['1', '2']) }),
    })
    const statuses: Record<string, number> = {}
    for (const path of ['missing', 'chain', 'wrong', 'unknown', 'key']) statuses[path] = (await fetch(`${app.url}/${path}`)).status
    expect(statuses).toEqual({ missing: 404, chain: 404, wrong: 422, unknown: 422, key: 400 })
  })
}

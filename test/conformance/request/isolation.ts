import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Transactions of requests at a stricter level than the database's own. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('requests that each keep a rule over rows of others keep it together, at SERIALIZABLE', async (world) => {
    const { db, Note } = world
    const ids = (await Note.createMany(Array.from({ length: 6 }, (_, index) => ({ text: `doctor ${index}`, n: 1 })))).map(({ id }) => id)
    const app = await world.start(
      {
        // One must stay on call.
        'POST /leave': async ({ body }) => {
          const { id } = body as { id: number }
          const onCall = await Note.filter({ n: 1 }).count()
          const hasBegun = db.session.inTransaction
          // All of them have counted before the first one writes, where the database lets them.
          await new Promise((resolve) => setTimeout(resolve, 20))
          if (onCall > 1) await Note.get(id).update({ n: 0 })
          return { json: { hasBegun }, status: onCall > 1 ? 200 : 409 }
        },
      },
      { options: { isolation: 'SERIALIZABLE' } },
    )
    const leave = async (id: number): Promise<number> => {
      const body = JSON.stringify({ id })
      const answer = await fetch(`${app.url}/leave`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (answer.status === 200) expect(await answer.json()).toEqual({ hasBegun: true })
      return answer.status
    }
    let left = 0
    for (let round = 0; round < 3; round++) {
      const statuses = await Promise.all(ids.map(leave))
      expect(statuses.filter((status) => ![200, 409, 503].includes(status))).toEqual([])
      left = await Note.filter({ n: 1 }).count()
      expect(left).toBeGreaterThanOrEqual(1)
    }
    expect(await Note.filter({ n: 0 }).count()).toBe(ids.length - left)
  })
}

import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { AppParts, Framework, Handler } from '../../frameworks/framework.ts'
import { asJson, latch, rowIn, type World } from '../world.ts'

/** Transactions of requests at a stricter level than the database's own. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  /** A doctor leaves if another one stays on call. @param meet Called between the count and the write. */
  const leaving =
    ({ db, Note }: World, meet: () => Promise<void>): Handler =>
    async ({ body }) => {
      const { id } = body as { id: number }
      const onCall = await Note.filter({ n: 1 }).count()
      const hasBegun = db.session.inTransaction
      await meet()
      if (onCall > 1) await Note.get(id).update({ n: 0 })
      return { json: { hasBegun }, status: onCall > 1 ? 200 : 409 }
    }
  const onCall = async ({ Note }: World, count: number): Promise<number[]> =>
    (await Note.createMany(Array.from({ length: count }, (_, index) => ({ text: `doctor ${index}`, n: 1 })))).map(({ id }) => id)
  const leave = async (url: string, id: number): Promise<[status: number, hasBegun?: boolean]> => {
    const answer = await fetch(url, { method: 'POST', headers: asJson, body: JSON.stringify({ id }) })
    if (answer.status !== 200) return [answer.status]
    return [answer.status, ((await answer.json()) as { readonly hasBegun: boolean }).hasBegun]
  }
  /** All have counted before the first one writes, where the database lets them. */
  const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

  /** Sends six away at once, three times: whoever is refused tries again. */
  async function keepTheRule(world: World, parts: Partial<AppParts>): Promise<string> {
    const ids = await onCall(world, 6)
    const both = latch()
    let waiting = 0
    const app = await world.start(
      {
        'POST /strict': leaving(world, aMoment),
        'POST /usual': leaving(world, () => {
          if (++waiting === 2) both.open()
          return both.promise
        }),
      },
      parts,
    )
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(ids.map((id) => leave(`${app.url}/strict`, id)))
      expect(answers.filter(([status, hasBegun]) => ![409, 503].includes(status) && !(status === 200 && hasBegun))).toEqual([])
      expect(await world.Note.filter({ n: 1 }).count()).toBeGreaterThanOrEqual(1)
    }
    return app.url
  }

  row('requests that each keep a rule over rows of others keep it together, at SERIALIZABLE', async (world) => {
    await keepTheRule(world, { options: { isolation: 'SERIALIZABLE' } })
  })

  row('a level that does not exist is refused where a route names it', async (world) => {
    const routeOptions = { 'POST /strict': { isolation: 'STRICT' as 'SERIALIZABLE' } }
    const started = world.start({ 'POST /strict': () => ({ status: 200 }) }, { routeOptions })
    await expect(started).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('isolation') as string })
  })

  row('a route may have a level of its own, and the others that of the database', async (world) => {
    const url = await keepTheRule(world, { routeOptions: { 'POST /strict': { isolation: 'SERIALIZABLE' } } })
    await world.Note.filter({ n: 1 }).updateAll({ n: 0 })
    const two = await onCall(world, 2)
    // Both have counted two.
    expect(await Promise.all(two.map((id) => leave(`${url}/usual`, id)))).toEqual([
      [200, false],
      [200, false],
    ])
    expect(await world.Note.filter({ n: 1 }).count()).toBe(0)
  })
}

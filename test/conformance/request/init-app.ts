import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { asJson, rowIn } from '../world.ts'

/** The habit of Flask: the database is bound to the application when all else is made. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('initApp, called last, binds what was mounted before it', async (world) => {
    const app = await world.start(
      {
        'POST /kept': async ({ body }) => ({ json: await world.Note.create({ text: (body as { text: string }).text }) }),
        'POST /thrown': async () => {
          await world.Note.create({ text: 'lost' })
          throw new Error('boom')
        },
        'POST /commit': async () => {
          await world.Note.create({ text: 'lost' })
          await world.breakCommit()
          return { json: {} }
        },
      },
      { initAppLast: true },
    )
    const post = async (path: string): Promise<number> =>
      (await fetch(`${app.url}${path}`, { method: 'POST', headers: asJson, body: '{"text":"kept"}' })).status
    expect([await post('/kept'), await post('/thrown')]).toEqual([200, 500])
    expect(await post('/commit')).toBeGreaterThanOrEqual(400)
    expect(await world.texts()).toEqual(['kept'])
  })
}

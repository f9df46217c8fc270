import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** Commits that fail. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a commit that fails is an error, worded by the application', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        await world.breakCommit()
        return { json: { ok: true } }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await answer.json()).toHaveProperty('worded')
    expect(await world.texts()).toEqual([])
    expect(world.reports.map(({ kind }) => kind)).toContain('commit-failed')
  })

  row('a commit that fails is an error, also when the error handler says success', async (world) => {
    const app = await world.start(
      {
        'POST /notes': async () => {
          await world.breakCommit()
          return { json: { ok: true } }
        },
      },
      { errorStatus: 200 },
    )
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect(answer.status).toBe(500)
  })

  row(
    'a connection that is killed before the commit makes the answer an error, and the pool is whole again',
    async (world) => {
      const app = await world.start({
        'POST /kept': write(world, 'kept'),
        'POST /killed': async () => {
          await world.Note.create({ text: 'lost' })
          await database.kill?.((sql) => world.db.session.manager.query(sql))
          return { json: {} }
        },
      })
      const post = async (path: string): Promise<number> => (await fetch(`${app.url}${path}`, { method: 'POST' })).status
      expect([await post('/killed'), await post('/kept')]).toEqual([503, 200])
      await world.settled()
      expect(await world.texts()).toEqual(['kept'])
    },
    'a server',
  )
}

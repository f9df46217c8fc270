import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** What rolls back, and what is told of it. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('what is thrown rolls back', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        throw new Error('boom')
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'boom' }])
    expect(await world.texts()).toEqual([])
  })

  for (const status of [400, 404, 500]) {
    row(`an answer of ${status} rolls back, and tells what it dropped`, async (world) => {
      const app = await world.start({ 'POST /notes': write(world, 'lost', { json: {}, status }) })
      expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(status)
      expect(await world.texts()).toEqual([])
      expect(world.reports).toMatchObject([{ kind: 'veto', label: 'POST /notes', rows: 1, status }])
    })
  }

  row('an error that the application answers with success rolls back', async (world) => {
    const app = await world.start(
      {
        'POST /notes': async () => {
          await world.Note.create({ text: 'lost' })
          throw new Error('boom')
        },
      },
      { errorStatus: 200 },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual([])
  })

  row('a rollback that fails hides nothing', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        // The transaction ends behind the session's back: its own ROLLBACK finds none.
        await world.db.session.manager.query('ROLLBACK').catch(() => undefined)
        throw new Error('boom')
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'boom' }])
    expect(await world.texts()).toEqual([])
  })

  row('a statement whose error was swallowed makes the answer an error', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        await world.db.session.manager.query('select * from no_such_table').catch(() => undefined)
        return { json: {} }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'SESSION_FAILED' }])
    expect(await world.texts()).toEqual([])
  })

  row('a sibling of what failed leaves no row', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await Promise.all([
          world.Note.create({ text: 'a' }),
          world.db.session.manager.query('select * from no_such_table'),
          world.Note.create({ text: 'b' }),
        ])
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
    await world.settled()
    expect(await world.texts()).toEqual([])
  })
}

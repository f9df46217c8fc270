import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn, write } from '../world.ts'

/** What the application decides about commit and rollback. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('commitAnyway keeps the work behind an answer below 500, thrown or sent, and behind no other', async (world) => {
    const counted = async (text: string): Promise<void> => {
      await world.Note.create({ text })
      world.db.session.commitAnyway('a failed login')
    }
    const app = await world.start({
      'POST /sent': async () => (await counted('sent'), { json: {}, status: 401 }),
      'POST /thrown': async () => {
        await counted('thrown')
        throw Object.assign(new Error('no'), { status: 401 })
      },
      'POST /broken': async () => (await counted('broken'), { json: {}, status: 500 }),
    })
    for (const path of ['/sent', '/thrown', '/broken']) await fetch(`${app.url}${path}`, { method: 'POST' })
    expect(await world.texts()).toEqual(['sent', 'thrown'])
  })

  row('rollbackOnly drops the work and leaves the answer', async (world) => {
    const app = await world.start({
      'POST /notes': async () => {
        await world.Note.create({ text: 'lost' })
        world.db.session.rollbackOnly('a rehearsal')
        return { json: { rehearsed: true } }
      },
    })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([200, { rehearsed: true }])
    expect(await world.texts()).toEqual([])
  })

  row('rollbackWhen decides, and skip leaves out', async (world) => {
    const app = await world.start(
      {
        'POST /kept': write(world, 'kept', { json: {}, status: 422 }),
        'POST /skipped': async () => (expect(() => world.db.session).toThrow('outside any request'), { json: {} }),
      },
      { options: { rollbackWhen: ({ status }) => status >= 500, skip: ({ url }) => url === '/skipped' } },
    )
    expect((await fetch(`${app.url}/kept`, { method: 'POST' })).status).toBe(422)
    expect((await fetch(`${app.url}/skipped`, { method: 'POST' })).status).toBe(200)
    expect(await world.texts()).toEqual(['kept'])
  })

  row('a rollbackWhen that throws rolls back, and its error is answered', async (world) => {
    const rollbackWhen = (): never => {
      throw new Error('undecided')
    }
    const app = await world.start({ 'POST /notes': write(world, 'lost') }, { options: { rollbackWhen } })
    const answer = await fetch(`${app.url}/notes`, { method: 'POST' })
    expect([answer.status, await answer.json()]).toEqual([500, { worded: 'undecided' }])
    expect(await world.texts()).toEqual([])
  })
}

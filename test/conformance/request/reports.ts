import { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { noteModel, rowIn, until, write } from '../world.ts'
import { patiently } from '../store.ts'

/** What the application is told beside the answer. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a report names the route, which no client chooses', async (world) => {
    const app = await world.start({ 'POST /items/:id': write(world, 'lost', { json: {}, status: 409 }) })
    for (const id of [1, 2, 3]) expect((await fetch(`${app.url}/items/${id}`, { method: 'POST' })).status).toBe(409)
    expect(world.reports.map(({ label }) => label)).toEqual([1, 2, 3].map((id) => `POST /items/${id}`))
    expect([...new Set(world.reports.map(({ route }) => route))]).toEqual([expect.stringMatching(/^POST \/items\/(:id|\*)$/) as string])
  })

  row('a request whose transaction took too long leaves a report', async (world) => {
    const fresh = await database.create()
    const impatient = new ActiveAlchemy(fresh.uri, { transactionTimeoutMs: 50 })
    const Note = noteModel(impatient)
    await impatient.createAll()
    const app = await world.start(
      {
        'POST /notes': async () => {
          await Note.create({ text: 'lost' })
          await until(() => impatient.dataSource.driver.pool.leased === 0)
          return { json: {} }
        },
      },
      { databases: [impatient] },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(503)
    expect(world.reports).toMatchObject([{ kind: 'timeout', label: 'POST /notes', error: { code: 'TRANSACTION_TIMEOUT' } }])
    expect(await patiently(impatient, () => Note.count())).toBe(0)
    await impatient.close()
    await fresh.drop()
  })

  row('the reasons of rollbackOnly and commitAnyway are told with the rows that were lost', async (world) => {
    const app = await world.start({
      'POST /rehearsed': async () => {
        await world.Note.create({ text: 'lost' })
        world.db.session.rollbackOnly('a rehearsal')
        return { json: {} }
      },
      'POST /broken': async () => {
        await world.Note.create({ text: 'lost' })
        world.db.session.commitAnyway('a failed login')
        return { json: {}, status: 500 }
      },
    })
    expect((await fetch(`${app.url}/rehearsed`, { method: 'POST' })).status).toBe(200)
    expect((await fetch(`${app.url}/broken`, { method: 'POST' })).status).toBe(500)
    expect(world.reports).toMatchObject([
      { kind: 'veto', rows: 1, reason: 'a rehearsal', message: expect.stringContaining('rollback-only (a rehearsal)') as string },
      { kind: 'veto', rows: 1, reason: 'a failed login', status: 500, message: expect.stringContaining('(a failed login)') as string },
    ])
  })
}

import { request } from 'node:http'
import { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import { open, type TestDatabase } from '../../databases/database.ts'
import type { Framework, Handler } from '../../frameworks/framework.ts'
import { latch, noteModel, rowIn, until } from '../world.ts'
import { patiently } from '../store.ts'

/** Transactions that are held for too long. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a transaction that is held too long is rolled back, and the handler is refused', async (world) => {
    const fresh = await database.create()
    const impatient = new ActiveAlchemy(fresh.uri, { transactionTimeoutMs: 50 })
    const Note = noteModel(impatient)
    await impatient.createAll()
    const app = await world.start(
      {
        'POST /notes': async () => {
          await Note.create({ text: 'lost' })
          await until(() => impatient.dataSource.driver.pool.leased === 0)
          await Note.create({ text: 'late' })
          return { json: {} }
        },
      },
      { databases: [impatient] },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(503)
    expect(await patiently(impatient, () => Note.count())).toBe(0)
    await impatient.close()
    await fresh.drop()
  })

  row('an answer waits for work that never ends no longer than a transaction may last, or than its client stays', async (world) => {
    const fresh = await database.create()
    const { db, leases } = open(ActiveAlchemy, fresh, { transactionTimeoutMs: 200 })
    const Note = noteModel(db)
    await db.createAll()
    const entered = latch()
    const endless: Handler = async () => {
      db.transaction(async () => {
        await Note.create({ text: 'lost' }).finally(() => entered.open())
        await new Promise(() => undefined)
      }).catch(() => undefined)
      await entered.promise
      return { json: {} }
    }
    const app = await world.start({ 'POST /notes': endless }, { databases: [db] })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(503)
    const leaving = request(`${app.url}/notes`, { method: 'POST' }).on('error', () => undefined)
    leaving.end()
    await until(() => db.dataSource.driver.pool.leased > 0)
    leaving.destroy()
    await until(() => leases.released === leases.leased)
    expect(await patiently(db, () => Note.count())).toBe(0)
    await db.close()
    await fresh.drop()
  })
}

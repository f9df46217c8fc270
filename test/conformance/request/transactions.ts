import { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Who ends the transaction of a request, and who hears of it. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('a COMMIT that a handler sends as a statement is refused, and nothing of the request is kept', async (world) => {
    const { db, Note } = world
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'a' })
        await db.dataSource.query('COMMIT')
        await Note.create({ text: 'b' })
        return { json: {} }
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
    expect(await world.texts()).toEqual([])
  })

  row('what db.commit() kept is told as kept, though the request fails later', async (world) => {
    const { db, Note } = world
    const told: string[] = []
    const app = await world.start({
      'POST /notes': async () => {
        await Note.create({ text: 'kept' })
        db.onCommit(() => told.push('kept'), { await: true })
        db.session.onRollback(() => told.push('lost'), { await: true })
        await db.commit()
        await Note.create({ text: 'lost' })
        db.onCommit(() => told.push('kept later'), { await: true })
        db.session.onRollback(() => told.push('lost later'), { await: true })
        throw new Error('the slow call failed')
      },
    })
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(500)
    expect(await world.texts()).toEqual(['kept'])
    expect(told).toEqual(['kept', 'lost later'])
  })

  row("with commit: 'save' an error that a handler catches loses nothing that it had written before", async (world) => {
    const fresh = await database.create()
    const db = new ActiveAlchemy(fresh.uri, { commit: 'save' })
    class Tag extends db.Model('Tag', { label: db.Column(db.String(20), { unique: true }) }) {}
    await db.createAll()
    await Tag.create({ label: 'taken' })
    const app = await world.start(
      {
        'POST /notes': async () => {
          await db.dataSource.getRepository(Tag).insert({ label: 'repository' })
          await Tag.create({ label: 'taken' }).catch(() => undefined)
          return { json: {} }
        },
      },
      { databases: [db] },
    )
    expect((await fetch(`${app.url}/notes`, { method: 'POST' })).status).toBe(200)
    expect((await Tag.query().orderBy('id').all()).map(({ label }) => label)).toEqual(['taken', 'repository'])
    await db.close()
    await fresh.drop()
  })
}

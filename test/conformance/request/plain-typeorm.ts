import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { rowIn } from '../world.ts'

/** Plain TypeORM in a request. */
export function rows(framework: Framework, database: TestDatabase): void {
  const row = rowIn(framework, database)

  row('plain TypeORM joins: repositories taken before, managers, builders, query and transaction', async (world) => {
    const { Note, db } = world
    const kept = db.dataSource.getRepository(Note)
    const app = await world.start({
      'POST /notes': async () => {
        await kept.save(kept.create({ text: 'repository' }))
        await db.dataSource.manager.insert(Note, { text: 'manager' })
        await db.dataSource.createQueryBuilder().insert().into(Note).values({ text: 'builder' }).execute()
        await db.dataSource.transaction(async (manager) => manager.save(manager.create(Note, { text: 'transaction' })))
        const runner = db.dataSource.createQueryRunner()
        await runner.connect()
        await runner.startTransaction()
        await runner.manager.insert(Note, { text: 'runner' })
        await runner.commitTransaction()
        await runner.release()
        expect(await kept.count()).toBe(5)
        throw new Error('boom')
      },
    })
    expect(await (await fetch(`${app.url}/notes`, { method: 'POST' })).json()).toEqual({ worded: 'boom' })
    expect(await world.texts()).toEqual([])
  })
}

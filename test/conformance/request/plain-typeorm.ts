import { ActiveAlchemy } from '@active-alchemy/core'
import { EventSubscriber } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import type { Framework } from '../../frameworks/framework.ts'
import { noteModel, rowIn } from '../world.ts'

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

  row('its subscribers hear once how the transaction of a request ended, when it has', async (world) => {
    const fresh = await database.create()
    const heard: string[] = []
    class Listener {
      afterTransactionStart(): void {
        heard.push('start')
      }
      async afterTransactionCommit(): Promise<void> {
        heard.push(`commit of ${await db.detach(() => Note.count())}`)
      }
      afterTransactionRollback(): void {
        heard.push('rollback')
      }
    }
    EventSubscriber()(Listener)
    const db = new ActiveAlchemy(fresh.uri, { typeorm: { subscribers: [Listener] } })
    const Note = noteModel(db)
    await db.createAll()
    const route = (status: number) => async () => {
      await db.dataSource.getRepository(Note).insert({ text: 'repository' })
      await db.dataSource.transaction((manager) => manager.insert(Note, { text: 'transaction' }))
      await Note.create({ text: 'verb' })
      expect(heard).toEqual(['start'])
      return { json: {}, status }
    }
    const app = await world.start({ 'POST /kept': route(200), 'POST /lost': route(409) }, { databases: [db] })
    heard.length = 0
    expect((await fetch(`${app.url}/kept`, { method: 'POST' })).status).toBe(200)
    expect(heard.splice(0)).toEqual(['start', 'commit of 3'])
    expect((await fetch(`${app.url}/lost`, { method: 'POST' })).status).toBe(409)
    expect(heard).toEqual(['start', 'rollback'])
    await app.stop()
    await db.close()
    await fresh.drop()
  })
}

import type { LoadEvent } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn, type Store } from '../store.ts'
import { quoted } from '../verbs.ts'

/** Plain TypeORM inside a session. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  const paths: Record<string, (store: Store) => Promise<unknown>> = {
    'a repository': ({ db, User }) => db.dataSource.getRepository(User).save({ name: 'x' }),
    'a repository that was taken before': ({ db, User }) => {
      const repository = db.detach(() => db.dataSource.getRepository(User))
      return repository.insert({ name: 'x' })
    },
    'the manager': ({ db, User }) => db.dataSource.manager.insert(User, { name: 'x' }),
    'a query builder': ({ db, User }) => db.dataSource.createQueryBuilder().insert().into(User).values({ name: 'x' }).execute(),
    'dataSource.query': ({ db }) =>
      db.dataSource.query(
        `insert into ${quoted(database, 'user')} (name, location, points, created_at, updated_at, is_deleted) values ('x', 'USA', 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', ${database.name === 'postgres' ? 'false' : '0'})`,
      ),
    'dataSource.transaction': ({ db, User }) => db.dataSource.transaction((manager) => manager.insert(User, { name: 'x' })),
    'manager.transaction': ({ db, User }) => db.dataSource.manager.transaction((manager) => manager.insert(User, { name: 'x' })),
    'a query runner': async ({ db, User }) => {
      const runner = db.dataSource.createQueryRunner()
      await runner.connect()
      await runner.startTransaction()
      await runner.manager.insert(User, { name: 'x' })
      await runner.commitTransaction()
      await runner.release()
    },
    "the session's manager": ({ db, User }) => db.session.manager.insert(User, { name: 'x' }),
  }
  for (const [name, insert] of Object.entries(paths)) {
    row(`${name} joins the session: it sees and shares its fate`, async (store) => {
      const { db, User } = store
      await db
        .run(async () => {
          await User.create({ name: 'a' })
          await insert(store)
          expect(await User.count()).toBe(2)
          expect(await db.dataSource.getRepository(User).count()).toBe(2)
          throw new Error('undo')
        })
        .catch((error: Error) => expect(error.message).toBe('undo'))
      expect(await names(store)).toEqual([])
      await db.run(() => insert(store))
      expect(await names(store)).toEqual(['x'])
    })
  }

  row("TypeORM's transactions work without a scope, and a manual rollback undoes its part alone", async (store) => {
    const { db, User } = store
    await db.dataSource.transaction((manager) => manager.insert(User, { name: 'a' }))
    await expect(
      db.dataSource.transaction(async (manager) => {
        await manager.insert(User, { name: 'b' })
        throw new Error('x')
      }),
    ).rejects.toThrow('x')
    const runner = db.dataSource.createQueryRunner()
    try {
      await runner.startTransaction()
      await runner.manager.insert(User, { name: 'c' })
      await runner.rollbackTransaction()
    } finally {
      await runner.release()
    }
    await db.run(async () => {
      await User.create({ name: 'd' })
      const inner = db.dataSource.createQueryRunner()
      await inner.startTransaction()
      await inner.manager.insert(User, { name: 'e' })
      await inner.rollbackTransaction()
      await inner.release()
    })
    expect(await names(store)).toEqual(['a', 'd'])
  })

  row('manual transactions that overlap are never mixed up: what was kept is kept, or all fails', async (store) => {
    const { db, User } = store
    const work = db.run(async () => {
      const [one, two] = [db.dataSource.createQueryRunner(), db.dataSource.createQueryRunner()]
      await one.startTransaction()
      await one.manager.insert(User, { name: 'kept' })
      await two.startTransaction()
      await two.manager.insert(User, { name: 'undone' })
      await one.commitTransaction()
      // Its savepoint went with the one around it: it cannot be undone alone.
      await two.rollbackTransaction().catch(() => undefined)
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    expect(await names(store)).toEqual([])
  })

  row('what a listener of a read writes shares the fate of the session', async (store) => {
    const { db, User, Post } = store
    await User.create({ name: 'a' })
    await db.dataSource.ready()
    let loads = 0
    const afterLoad = async (_user: unknown, event?: LoadEvent<unknown>): Promise<void> => {
      if (loads++ === 0) await event?.manager.insert(Post, { title: 'read' })
    }
    db.dataSource.subscribers.push({ listenTo: () => User, afterLoad })
    for (const read of [() => User.get(1), () => User.query().all(), () => db.dataSource.getRepository(User).find()]) {
      loads = 0
      const work = db.run(async () => {
        await read()
        throw new Error('boom')
      })
      await expect(work).rejects.toThrow('boom')
      expect([loads, await Post.count()]).toEqual([1, 0])
    }
  })
}

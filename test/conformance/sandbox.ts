import type { ActiveAlchemyOptions } from '@active-alchemy/core'
import { AsyncResource } from 'node:async_hooks'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { names, rowIn, type Store } from './store.ts'
import { latch } from './world.ts'

/** `db.sandbox()`: what a test writes is undone when it ends. */
export function sandboxRows(database: TestDatabase): void {
  const row = rowIn(database)
  const isPostgres = database.name === 'postgres'
  /** A row that is in a sandbox as a whole. */
  const boxed = (title: string, test: (store: Store) => Promise<void>, options: ActiveAlchemyOptions = {}): void =>
    row(
      title,
      async (store) => {
        await using box = await store.db.sandbox()
        await test(store)
        expect(box.headers).toEqual({ 'alchemy-sandbox': box.id })
      },
      options,
    )

  row('undoes what every path wrote, and shows it until then', async (store) => {
    const { db, User } = store
    await User.create({ name: 'before' })
    const users = db.dataSource.getRepository(User)
    const box = await db.sandbox()
    await User.create({ name: 'verb' })
    await db.run(async () => {
      await User.create({ name: 'scope' })
      await db.transaction(() => User.create({ name: 'nested' }))
    })
    await users.save({ name: 'repository' })
    await db.dataSource.transaction((manager) => manager.insert(User, { name: 'transaction' }))
    const runner = db.dataSource.createQueryRunner()
    await runner.startTransaction()
    await runner.manager.insert(User, { name: 'runner' })
    await runner.commitTransaction()
    await runner.release()
    expect(await names(store)).toEqual(['before', 'verb', 'scope', 'nested', 'repository', 'transaction', 'runner'])
    expect(await users.count()).toBe(7)
    await box.rollback()
    await box.rollback()
    expect(await names(store)).toEqual(['before'])
    await db.run(() => User.create({ name: 'after' }))
    expect(await users.count()).toBe(2)
  })

  boxed('behaves as production does: rollbacks, savepoints, hooks, values of objects', async (store) => {
    const { db, User } = store
    const told: string[] = []
    const failing = db.run(async () => {
      await User.create({ name: 'undone' })
      db.onCommit(() => told.push('never'))
      throw new Error('undo')
    })
    await expect(failing).rejects.toThrow('undo')
    await db.run(async () => {
      db.onCommit(() => void told.push(`kept ${told.length}`))
      const ada = await User.create({ name: 'Ada' })
      await db.commit()
      await ada.update({ name: 'lost' })
      await db.rollback()
      expect(ada.name).toBe('Ada')
      await db.transaction(() => User.create({ name: 'also lost' }).then(() => Promise.reject(new Error('x')))).catch(() => undefined)
      await User.create({ name: 'Bob' })
    })
    expect([await names(store), told]).toEqual([['Ada', 'Bob'], ['kept 0']])
    const runner = db.dataSource.createQueryRunner()
    await runner.startTransaction()
    await runner.manager.insert(User, { name: 'undone' })
    await runner.rollbackTransaction()
    await runner.release()
    expect(await names(store)).toEqual(['Ada', 'Bob'])
  })

  boxed('a statement that fails takes its scope with it, and nothing else', async (store) => {
    const { db, User } = store
    await User.create({ name: 'Ada', email: 'a@example.org' })
    await expect(User.create({ name: 'Eve', email: 'a@example.org' })).rejects.toMatchObject({ code: 'UNIQUE' })
    await expect(db.dataSource.query('select nothing from nowhere')).rejects.toThrow(/nothing|nowhere/)
    const swallowed = db.run(async () => {
      await User.create({ name: 'Bob' })
      await User.create({ name: 'Eve', email: 'a@example.org' }).catch(() => undefined)
    })
    await expect(swallowed).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    await expect(db.run(async () => db.sql.read`select nothing from nowhere`)).rejects.toThrow(/nothing|nowhere/)
    expect(await names(store)).toEqual(['Ada'])
  })

  boxed('scopes take turns from the first write to the end: none loses a change or sees half of one', async (store) => {
    const { db, User } = store
    const ada = await User.create({ name: 'Ada' })
    const written = latch()
    const go = latch()
    const first = db.run(async () => {
      await User.create({ name: 'first' })
      written.open()
      await go.promise
    })
    await written.promise
    const read = db.run(() => User.count())
    const others = Array.from({ length: 8 }, () =>
      db.run(async () => (await User.getOrError(ada.id, { forUpdate: true })).increment('points')),
    )
    go.open()
    await first
    await Promise.all(others)
    expect([await read, (await User.getOrError(ada.id)).points]).toEqual([2, 8])
  })

  boxed(
    'who waits for a scope that never ends is told which, and a scope inside another at once',
    async ({ db, User }) => {
      const written = latch()
      const go = latch()
      const first = db.run(async () => {
        await User.create({ name: 'first' })
        written.open()
        await go.promise
        await expect(db.run(() => User.create({ name: 'inner' }))).rejects.toMatchObject({ code: 'NESTED_SCOPE' })
      })
      await written.promise
      const waiting = db.detach(() => db.run(() => User.create({ name: 'second' })))
      await expect(waiting).rejects.toMatchObject({
        code: 'SANDBOX',
        message: expect.stringContaining('for db.run, which has written') as string,
      })
      go.open()
      await first
    },
    { poolTimeoutMs: 300 },
  )

  row('refuses what comes after its end, so that nothing of it is written for good', async (store) => {
    const { db, User } = store
    const box = await db.sandbox()
    const written = latch()
    const go = latch()
    const late = db.run(async () => {
      await User.create({ name: 'in time' })
      written.open()
      await go.promise
      await User.create({ name: 'late' })
    })
    await written.promise
    await box.rollback()
    go.open()
    await expect(late).rejects.toMatchObject({ code: 'SANDBOX' })
    expect(await names(store)).toEqual([])
  })

  row('truncateAll empties every table, and keys begin anew', async (store) => {
    const { db, User, Post } = store
    const author = await User.create({ name: 'Ada' })
    await Post.create({ title: 'x', author })
    await db.truncateAll()
    expect([await User.count(), await Post.count()]).toEqual([0, 0])
    expect((await User.create({ name: 'Bob' })).id).toBe(1)
  })

  row('a schema change in it is undone too, or is refused where it would commit', async (store) => {
    const { db, raw } = store
    const box = await db.sandbox()
    class Late extends db.Model('Late', { text: db.Column(db.String(5)) }) {}
    if (database.name === 'mariadb') await expect(db.createAll()).rejects.toMatchObject({ code: 'DDL_IN_SCOPE' })
    else {
      await db.createAll()
      await Late.create({ text: 'x' })
      expect(await Late.count()).toBe(1)
    }
    await box.rollback()
    await expect(raw('select * from late')).rejects.toThrow(/late/)
  })

  row('ends with its database, and opens it again', async ({ db, User }) => {
    const first = await db.sandbox()
    await User.create({ name: 'Ada' })
    await db.close()
    await first.rollback()
    const second = await db.sandbox()
    // A database in memory has ended with its connection.
    if (database.name === 'sqlite :memory:') await db.createAll()
    expect(await User.count()).toBe(0)
    await second.rollback()
  })

  /** Runs a test as a runner of tests does: in a context of its own. */
  const asTest = <T>(test: () => Promise<T>): Promise<T> => new AsyncResource('test').runInAsyncScope(test)
  const inTwo = async ({ db, User }: Pick<Store, 'db' | 'User'>): Promise<string[][]> => {
    const open = latch()
    const seen = async (): Promise<string[]> => (await User.query('name').orderBy('id').all()).map(({ name }) => name)
    const test = async (name: string): Promise<string[]> => {
      await using box = await db.sandbox()
      await User.create({ name })
      if (isPostgres) {
        // Both are open now.
        await (name === 'one' ? open.promise : open.open())
      }
      await db.run(() => User.create({ name: `${name} again` }))
      expect(box.headers).toEqual({ 'alchemy-sandbox': box.id })
      return await seen()
    }
    return Promise.all(['one', 'two'].map((name) => asTest(() => test(name))))
  }

  row('several of one process: side by side on PostgreSQL, one after the other elsewhere', async (store) => {
    const seen = await inTwo(store)
    expect(seen).toEqual([
      ['one', 'one again'],
      ['two', 'two again'],
    ])
    expect(await names(store)).toEqual([])
  })

  // In the line of a pool of one, and for the lock of another writer beside a free connection: both would last longer than a test may.
  for (const poolSize of [1, 3]) {
    boxed(
      `waits no longer than it is told for another one, with a pool of ${poolSize}`,
      async ({ db }) => {
        if (isPostgres) return
        await expect(db.sandbox({ timeoutMs: 30 })).rejects.toMatchObject({
          code: 'SANDBOX',
          message: expect.stringContaining('one at a time') as string,
        })
        await expect(db.sandbox({ timeout: 30 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      },
      { poolSize, poolTimeoutMs: 600_000 },
    )
  }

  if (!isPostgres) return

  boxed('settings of a transaction end with it', async ({ db }) => {
    const tenant = () => db.sql`select current_setting('app.tenant', true) as tenant`
    await db.run(async () => {
      db.session.setLocal('app.tenant', 'seven')
      expect(await tenant()).toEqual([{ tenant: 'seven' }])
    })
    expect((await tenant())[0]?.['tenant'] || null).toBeNull()
  })

  boxed('a commit that would fail fails', async ({ db, User }) => {
    await db.dataSource.query('create table due (id int references "user"(id) deferrable initially deferred)')
    const due = db.run(async () => {
      await User.create({ name: 'undone' })
      await db.sql`insert into due values (99)`
    })
    await expect(due).rejects.toMatchObject({ code: 'FOREIGN_KEY' })
    await db.run(async () => {
      await db.sql`insert into due values (7)`
      await db.sql`delete from due`
      await User.create({ name: 'kept' })
    })
    expect(await User.count()).toBe(1)
  })

  row('code that belongs to none of several is refused', async ({ db, User }) => {
    const boxes = await Promise.all([1, 2].map(() => asTest(() => db.sandbox())))
    await expect(User.count()).rejects.toMatchObject({ code: 'SANDBOX', message: expect.stringContaining('box.headers') as string })
    for (const box of boxes) await box.rollback()
    expect(await User.count()).toBe(0)
  })
}

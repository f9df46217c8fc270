import { ScopeClosedError, NoScopeError, UniqueError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'
import { latch } from '../world.ts'

/** Units of work: where a session begins, and how it ends. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('db.run commits what it did, once', async (store) => {
    const { db, User, statements } = store
    await db.run(async () => {
      await User.create({ name: 'a' })
      await User.create({ name: 'b' })
    })
    expect(statements.filter((sql) => /^(begin|start)/i.test(sql))).toHaveLength(1)
    expect(statements.filter((sql) => /^commit/i.test(sql))).toHaveLength(1)
    expect(await names(store)).toEqual(['a', 'b'])
  })

  row('db.run rolls back all of what failed, and throws what was thrown', async (store) => {
    const { db, User } = store
    const boom = new Error('boom')
    const work = db.run(async () => {
      await User.create({ name: 'a' })
      throw boom
    })
    await expect(work).rejects.toBe(boom)
    expect(await names(store)).toEqual([])
  })

  row('nothing is sent while nothing is done, and a read opens no transaction', async ({ db, User, statements }) => {
    await db.run(async () => undefined)
    expect(statements).toEqual([])
    await db.run(async () => {
      await User.query().all()
      expect(db.dataSource.driver.pool.leased).toBe(0)
      await User.count()
    })
    expect(statements).toHaveLength(2)
  })

  row('a session needs a scope, and says how to get one', async ({ db }) => {
    const refused = expect.objectContaining({ code: 'NO_SCOPE', message: expect.stringContaining('db.run') as string }) as Error
    expect(() => db.session).toThrow(refused)
    expect(() => db.add({})).toThrow(refused)
    expect(() => db.onCommit(() => undefined)).toThrow(refused)
    await expect(db.flush()).rejects.toBeInstanceOf(NoScopeError)
    await expect(db.commit()).rejects.toBeInstanceOf(NoScopeError)
    await expect(db.rollback()).rejects.toBeInstanceOf(NoScopeError)
  })

  row('work that was begun is waited for; work that comes later is refused', async ({ db, User }) => {
    const over = latch()
    let late: Promise<unknown> = Promise.resolve()
    await db.run(async () => {
      void User.create({ name: 'begun' }).update({ name: 'chained' })
      late = over.promise.then(() => User.create({ name: 'late' })).catch((error: unknown) => error)
    })
    over.open()
    expect(await User.query('name').all()).toEqual([{ name: 'chained' }])
    expect(await late).toBeInstanceOf(ScopeClosedError)
  })

  row('detached work has no scope', async ({ db, User }) => {
    await db.run(async () => {
      await db.detach(async () => {
        expect(() => db.session).toThrow(NoScopeError)
      })
    })
    expect(await db.detach(() => User.count())).toBe(0)
  })

  row('a scope inside one that holds what it would wait for fails at once', async ({ db, User }) => {
    if (database.lacks['concurrent writers']) {
      await db.run(async () => {
        await User.create({ name: 'a' })
        await expect(db.run(() => User.create({ name: 'b' }).then(() => undefined))).rejects.toMatchObject({ code: 'NESTED_SCOPE' })
      })
      expect(await User.count()).toBe(1)
    } else {
      await db.run(async () => {
        await User.create({ name: 'a' })
        await db.run(() => User.create({ name: 'b' }).then(() => undefined))
      })
      expect(await User.count()).toBe(2)
    }
  })

  row('rollbackOnly rolls back whatever comes', async ({ db, User }) => {
    await db.run(async () => {
      await User.create({ name: 'a' })
      db.session.rollbackOnly('a dry run')
    })
    expect(await User.count()).toBe(0)
  })

  row(
    "with commit: 'save' each verb commits by itself, as the original did",
    async (store) => {
      const { db, User } = store
      await User.create({ name: 'taken', email: 'a@b.cd' })
      await db
        .run(async () => {
          await User.create({ name: 'a' })
          await expect(User.create({ name: 'x', email: 'a@b.cd' })).rejects.toBeInstanceOf(UniqueError)
          await User.create({ name: 'b' })
          expect(db.dataSource.driver.pool.leased).toBe(0)
          throw new Error('after')
        })
        .catch(() => undefined)
      expect(await names(store)).toEqual(['taken', 'a', 'b'])
    },
    { commit: 'save' },
  )
}

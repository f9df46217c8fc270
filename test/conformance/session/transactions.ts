import { SessionFailedError, UniqueError } from '@active-alchemy/core'
import { currentScope } from '@active-alchemy/core/http'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'
import { latch } from '../world.ts'

/** Transactions inside a scope, and without one. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('inside a scope a transaction is a savepoint: only what it did is lost', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    await db.run(async () => {
      await User.create({ name: 'before' })
      await expect(
        db.transaction(async () => {
          await User.create({ name: 'inner' })
          await User.create({ name: 'x', email: 'a@b.cd' })
        }),
      ).rejects.toBeInstanceOf(UniqueError)
      await User.create({ name: 'after' })
      await db.transaction(() => User.create({ name: 'kept' }).then(() => undefined))
    })
    expect(await names(store)).toEqual(['taken', 'before', 'after', 'kept'])
  })

  row('a failure swallowed inside a transaction is not kept', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    await db.run(async () => {
      const inner = db.transaction(async () => {
        await User.create({ name: 'inner' })
        await User.create({ name: 'x', email: 'a@b.cd' }).then(undefined, () => undefined)
      })
      await expect(inner).rejects.toBeInstanceOf(SessionFailedError)
    })
    expect(await names(store)).toEqual(['taken'])
  })

  row('transactions beside one another take turns, three levels deep', async (store) => {
    const { db, User } = store
    await db.run(async () => {
      await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) =>
          db.transaction(async () => {
            await User.create({ name: `a${index}` })
            await db
              .transaction(async () => {
                await User.create({ name: `b${index}` })
                await db.transaction(() => User.create({ name: `c${index}` }).then(() => undefined))
                if (index % 3 === 1) throw new Error('inner')
              })
              .catch(() => undefined)
            if (index % 3 === 2) throw new Error('outer')
          }),
        ),
      )
    })
    expect(await names(store)).toEqual(['a0', 'b0', 'c0', 'a1', 'a3', 'b3', 'c3', 'a4'])
  })

  row('outside a scope a transaction is one of its own', async (store) => {
    const { db, User, statements } = store
    await db.transaction(() => User.create({ name: 'a' }).then(() => undefined))
    expect(statements.filter((sql) => /savepoint/i.test(sql))).toEqual([])
    await expect(
      db.transaction(async () => {
        await User.create({ name: 'b' })
        throw new Error('boom')
      }),
    ).rejects.toThrow('boom')
    expect(await names(store)).toEqual(['a'])
    await expect(db.transaction(async () => undefined, { retries: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    for (const isolation of ['SNAPSHOT', 'NOPE', 'SERIALIZABLE; DROP TABLE user'] as string[] as 'SERIALIZABLE'[]) {
      const refused = db.transaction(() => User.create({ name: 'c' }), { isolation })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
    expect(await names(store)).toEqual(['a'])
    await expect(db.run(() => db.transaction(async () => undefined, { retries: 1 }))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row('@db.Transactional() makes a method a transaction, and is called by its name', async (store) => {
    const { db, User } = store
    const labels: unknown[] = []
    class Service {
      readonly prefix = 'n'
      @db.Transactional()
      async make(count: number): Promise<number> {
        for (let each = 0; each < count; each++) await User.create({ name: `${this.prefix}${each}` })
        if (count > 2) throw new Error('too many')
        labels.push(currentScope()?.label)
        return count
      }
      @db.Transactional({ label: 'nightly' })
      static async all(): Promise<void> {
        labels.push(currentScope()?.label)
      }
      @db.Transactional()
      static async some(): Promise<void> {
        labels.push(currentScope()?.label)
      }
    }
    expect(await new Service().make(2)).toBe(2)
    await Service.all()
    await Service.some()
    await db.run(() => Service.some())
    expect(labels).toEqual(['Service.make', 'nightly', 'Service.some', 'db.run'])
    await expect(new Service().make(3)).rejects.toThrow('too many')
    expect(await names(store)).toEqual(['n0', 'n1'])
  })

  row('commit and rollback inside a transaction are refused', async ({ db, User }) => {
    await db.run(() =>
      db.transaction(async () => {
        await User.create({ name: 'a' })
        await expect(db.commit()).rejects.toMatchObject({ code: 'TRANSACTION_OPEN' })
        await expect(db.rollback()).rejects.toMatchObject({ code: 'TRANSACTION_OPEN' })
      }),
    )
    expect(await User.count()).toBe(1)
  })

  row('a call that comes after its transaction has ended is refused', async (store) => {
    const { db, User } = store
    const over = latch()
    await db.run(async () => {
      let late: Promise<unknown> = Promise.resolve()
      await db.transaction(async () => {
        await User.create({ name: 'kept' })
        late = over.promise.then(() => User.create({ name: 'late' }))
      })
      over.open()
      await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
    })
    expect(await names(store)).toEqual(['kept'])
  })

  row(
    'a call that waits for a transaction beside it, which waits for the call, fails in time',
    async (store) => {
      const { db, User } = store
      await db.run(async () => {
        const begun = latch()
        const done = latch()
        const beside = db.transaction(async () => {
          await User.create({ name: 'kept' })
          begun.open()
          await done.promise
        })
        await begun.promise
        await expect(User.create({ name: 'waiting' })).rejects.toMatchObject({ code: 'NESTED_TRANSACTION_TIMEOUT', status: 503 })
        done.open()
        await beside
      })
      expect(await names(store)).toEqual(['kept'])
    },
    { poolTimeoutMs: 200 },
  )
}

import { ForeignRecordError, NoScopeError, type ReportEvent, ScopeClosedError, SessionFailedError, UniqueError } from '@active-alchemy/core'
import type { LoadEvent } from 'typeorm'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'
import { quoted } from './verbs.ts'
import { latch } from './world.ts'

/** Scopes, sessions and transactions. */
export function sessionRows(database: TestDatabase): void {
  const row = (title: string, run: (store: Store) => Promise<void>, options = {}): void => {
    it(title, () => inStore(database, run, options))
  }
  const names = async ({ User }: Store): Promise<string[]> => (await User.query('name').orderBy('id').all()).map(({ name }) => name)

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
      expect(db.dataSource.alchemy.pool.leased).toBe(0)
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

  row('add waits for the next query, flush or commit', async (store) => {
    const { db, User, statements } = store
    await db.run(async () => {
      db.add(new User({ name: 'a' }), new User({ name: 'b' }))
      expect(statements).toEqual([])
      expect(await User.count()).toBe(2)
      const third = new User({ name: 'c' })
      db.session.add(third)
      await db.flush()
      expect(third.id).toBe(3)
      db.add(new User({ name: 'd' }))
    })
    expect(await names(store)).toEqual(['a', 'b', 'c', 'd'])
  })

  row('flush and commit write every changed record, the commit of the scope what was saved', async (store) => {
    const { db, User } = store
    await User.createMany([{ name: 'a' }, { name: 'b' }])
    await db.run(async () => {
      const [a, b] = await User.query().orderBy('id').all()
      if (!a || !b) throw new Error('lost')
      a.name = 'flushed'
      await db.flush()
      b.name = 'committed'
      await db.commit()
      a.name = 'forgotten'
    })
    expect(await names(store)).toEqual(['flushed', 'committed'])
  })

  row('commit keeps what was done, and gives the connection back', async (store) => {
    const { db, User } = store
    await expect(
      db.run(async () => {
        await User.create({ name: 'kept' })
        await db.commit()
        expect(db.dataSource.alchemy.pool.leased).toBe(0)
        await User.create({ name: 'lost' })
        throw new Error('late')
      }),
    ).rejects.toThrow('late')
    expect(await names(store)).toEqual(['kept'])
  })

  row('rollback drops what was done, gives objects their values back, and goes on', async (store) => {
    const { db, User } = store
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await User.getOrError(id)
      const added = new User({ name: 'new' })
      await user.update({ name: 'b', points: 5 })
      await added.save()
      await db.rollback()
      expect([user.name, user.points, user.isDirty, added.isNew, added.id]).toEqual(['a', 0, false, true, undefined])
      await user.update({ location: 'Moon' })
    })
    expect(await User.query().all()).toMatchObject([{ name: 'a', location: 'Moon' }])
  })

  row('remove rolls back and forgets the records', async ({ db, User }) => {
    await db.run(async () => {
      const user = await User.create({ name: 'a' })
      await db.session.remove()
      expect(await User.get(user.id)).toBeNull()
    })
  })

  row('one row is one object within a scope, refreshed when it is read again', async ({ db, User, raw }) => {
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await User.getOrError(id)
      expect(await User.get(id)).toBe(user)
      expect(await User.first({ name: 'a' })).toBe(user)
      user.points = 7
      if (!database.lacks['a connection for each session']) {
        await raw(`update ${quoted(database, 'user')} set location = 'Mars', points = 3`)
        await User.get(id)
        expect([user.location, user.points]).toEqual(['Mars', 7])
      }
    })
    expect(await User.get(id)).not.toBe(await User.get(id))
  })

  row('a record whose scope is over joins the next with what it knows; one of an open scope is refused', async ({ db, User, sent }) => {
    const user = await db.run(() => User.create({ name: 'a' }).then((each) => each))
    expect(await sent(() => db.run(() => user.update({ name: 'b' }).then(() => undefined)))).toHaveLength(1)
    const held = latch()
    const taken = latch<unknown>()
    const first = db.run(async () => {
      taken.open(await User.getOrError(user.id))
      await held.promise
    })
    const record = (await taken.promise) as typeof user
    await expect(db.detach(() => db.run(() => record.update({ name: 'c' }).then(() => undefined)))).rejects.toBeInstanceOf(
      ForeignRecordError,
    )
    held.open()
    await first
    expect(await User.get(user.id)).toMatchObject({ name: 'b' })
  })

  row('a failed statement fails the session until a rollback; its first cause is kept', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    const work = db.run(async () => {
      await User.create({ name: 'lost' })
      await expect(User.create({ name: 'x', email: 'a@b.cd' })).rejects.toBeInstanceOf(UniqueError)
      const refused = await User.create({ name: 'y' }).then(undefined, (error: unknown) => error)
      expect(refused).toBeInstanceOf(SessionFailedError)
      expect((refused as Error).cause).toBeInstanceOf(UniqueError)
      await expect(User.query().all()).rejects.toMatchObject({ code: 'SESSION_FAILED' })
      await expect(db.commit()).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    expect(await names(store)).toEqual(['taken'])
    await db.run(async () => {
      await User.create({ name: 'x', email: 'a@b.cd' }).then(undefined, () => undefined)
      await db.rollback()
      await User.create({ name: 'after' })
    })
    expect(await names(store)).toEqual(['taken', 'after'])
  })

  row('a write that could not begin fails the session as well, though its error was swallowed', async (store) => {
    const { db, User } = store
    let isBroken = true
    db.onBegin(() => {
      if (isBroken) throw new Error('no tenant')
    })
    const work = db.run(async () => {
      await User.create({ name: 'half' }).catch(() => (isBroken = false))
      await expect(User.create({ name: 'other half' })).rejects.toBeInstanceOf(SessionFailedError)
      return 'done'
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED', cause: { message: 'no tenant' } })
    expect(await names(store)).toEqual([])
    await db.run(async () => {
      isBroken = true
      await expect(db.transaction(() => User.create({ name: 'lost' }))).rejects.toThrow('no tenant')
      isBroken = false
      await User.create({ name: 'kept' })
    })
    expect(await names(store)).toEqual(['kept'])
  })

  row('a verb that fails and that nobody awaits fails its scope, and does not end the process', async (store) => {
    const { db, User } = store
    const invalid = { name: 'x'.repeat(26) }
    for (const [code, forget] of [
      ['INVALID_VALUE', () => void User.create(invalid)],
      ['RECORD_NOT_FOUND', () => void User.get(4711).update({ name: 'y' })],
      ['UNIQUE', () => void User.create({ name: 'a', email: 'taken@example.org' })],
      ['INVALID_VALUE', () => void db.transaction(() => User.create(invalid))],
      ['INVALID_VALUE', () => (db.add(new User({ name: 'a' }).set({ name: 7 } as never, { unguarded: true })), void db.flush())],
    ] as const) {
      const work = db.run(async () => {
        await User.create({ name: 'lost', email: 'taken@example.org' })
        forget()
      })
      await expect(work).rejects.toMatchObject({ code })
      expect(await names(store)).toEqual([])
    }
    await db.run(async () => {
      const seenLate = User.create(invalid)
      await User.create({ name: 'kept' })
      await expect(seenLate).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    })
    expect(await names(store)).toEqual(['kept'])
  })

  row('a commit that waits for its turn when its scope is cut off does not say that it has committed', async (store) => {
    const { db, User } = store
    const { Scope } = (await import('../../packages/core/src/scope/scope.ts')) as typeof import('../../packages/core/src/scope/scope.ts')
    const scope = new Scope({ label: 'a job' })
    const go = latch()
    await scope.run(async () => {
      await User.create({ name: 'lost' })
      const beside = db.transaction(() => go.promise)
      const commit = db.commit()
      commit.catch(() => undefined)
      await scope.settle({ commit: false, reason: 'abort' })
      go.open()
      await beside.catch(() => undefined)
      await expect(commit).rejects.toBeInstanceOf(ScopeClosedError)
    })
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

  row('a read that failed while no transaction was open fails nothing', async ({ db, User }) => {
    await db
      .run(async () => {
        await expect(User.query().orderBy(db.sql`no_such_column`).all()).rejects.toThrow('no_such_column')
      })
      .catch(() => undefined)
    await db.run(async () => {
      await expect(db.dataSource.getRepository(User).createQueryBuilder('u').where('u.nope = 1').getMany()).rejects.toThrow('nope')
      await db.rollback()
      await User.create({ name: 'a' })
    })
    expect(await User.count()).toBe(1)
  })

  // ---------------------------------------------------------------------------------------------- nested transactions

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

  row('siblings of what fails leave no row', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    await expect(
      db.run(() =>
        Promise.all([User.create({ name: 'a' }), User.create({ name: 'x', email: 'a@b.cd' }), User.create({ name: 'b' })]).then(
          () => undefined,
        ),
      ),
    ).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(await names(store)).toEqual(['taken'])
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
    for (const isolation of ['SNAPSHOT', 'NOPE', 'SERIALIZABLE; DROP TABLE user'] as 'SNAPSHOT'[]) {
      const refused = db.transaction(() => User.create({ name: 'c' }), { isolation })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
    expect(await names(store)).toEqual(['a'])
    await expect(db.run(() => db.transaction(async () => undefined, { retries: 1 }))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  row('a hook is a function, which is said where it is given', async ({ db }) => {
    await db.run(async () => {
      for (const hook of [5, undefined, {}] as never[]) {
        expect(() => db.onCommit(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        expect(() => db.session.onRollback(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        expect(() => db.onBegin(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        const inner = db.transaction(async () => db.onCommit(hook))
        await expect(inner).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      }
    })
  })

  row('@db.Transactional() makes a method a transaction', async (store) => {
    const { db, User } = store
    class Service {
      readonly prefix = 'n'
      @db.Transactional()
      async make(count: number): Promise<number> {
        for (let each = 0; each < count; each++) await User.create({ name: `${this.prefix}${each}` })
        if (count > 2) throw new Error('too many')
        return count
      }
    }
    expect(await new Service().make(2)).toBe(2)
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

  // ---------------------------------------------------------------------------------------------- how it ends

  row('onCommit runs after the commit and outside the scope, onRollback after a rollback', async (store) => {
    const { db, User } = store
    const told: string[] = []
    await db.run(async () => {
      await User.create({ name: 'a' })
      db.onCommit(async () => told.push(`committed ${(await names(store)).length}`))
      db.session.onRollback(() => told.push('never'))
      await db
        .transaction(async () => {
          db.onCommit(() => told.push('undone'))
          await User.create({ name: 'b' })
          throw new Error('inner')
        })
        .catch(() => undefined)
      await db.transaction(async () => db.onCommit(() => told.push('inner kept')))
      expect(told).toEqual([])
    })
    expect(told).toEqual(['committed 1', 'inner kept'])
    await db
      .run(async () => {
        db.session.onRollback(() => told.push('rolled back'))
        await User.create({ name: 'c' })
        throw new Error('x')
      })
      .catch(() => undefined)
    expect(told).toEqual(['committed 1', 'inner kept', 'rolled back'])
  })

  row('rollbackOnly rolls back whatever comes', async ({ db, User }) => {
    await db.run(async () => {
      await User.create({ name: 'a' })
      db.session.rollbackOnly('a dry run')
    })
    expect(await User.count()).toBe(0)
  })

  row('work that was begun is waited for; work that comes later is refused', async ({ db, User }) => {
    let late: Promise<unknown> = Promise.resolve()
    await db.run(async () => {
      void User.create({ name: 'begun' }).update({ name: 'chained' })
      setTimeout(() => void (late = User.create({ name: 'late' }).then(undefined, (error: unknown) => error)), 60)
    })
    expect(await User.query('name').all()).toEqual([{ name: 'chained' }])
    await new Promise((resolve) => setTimeout(resolve, 120))
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
          expect(db.dataSource.alchemy.pool.leased).toBe(0)
          throw new Error('after')
        })
        .catch(() => undefined)
      expect(await names(store)).toEqual(['taken', 'a', 'b'])
    },
    { commit: 'save' },
  )

  row('close refuses new scopes, waits for a live one, and what comes after it finds no connection', async ({ db, User, another }) => {
    const other = database.lacks['a connection for each session'] ? db : another()
    const began = latch()
    const goOn = latch()
    const live = other.run(async () => {
      await other.dataSource.query('select 1')
      began.open()
      await goOn.promise
      return other.dataSource.query('select 1')
    })
    await began.promise
    const closed = other.close()
    await expect(other.run(() => other.dataSource.query('select 1'))).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    goOn.open()
    expect(await live).toHaveLength(1)
    await closed
    await expect(other.run(() => other.dataSource.query('select 1'))).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    await expect(other.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    expect(other === db || (await User.count()) === 0).toBe(true)
  })

  row(
    'close waits no longer than a transaction may last',
    async ({ another, db }) => {
      const other = database.lacks['a connection for each session'] ? db : another({ transactionTimeoutMs: 100 })
      const began = latch()
      const never = latch()
      const stuck = other
        .run(async () => {
          await other.dataSource.query('select 1')
          began.open()
          await never.promise
        })
        .then(undefined, (error: unknown) => error)
      await began.promise
      await other.close()
      never.open()
      expect(await stuck).toBeInstanceOf(Error)
    },
    { transactionTimeoutMs: 100 },
  )

  // ---------------------------------------------------------------------------------------------- plain TypeORM

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

  row('a record that plain TypeORM loaded is saved by our verb without a SELECT', async ({ db, User, sent }) => {
    await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await db.dataSource.getRepository(User).findOneByOrFail({ name: 'a' })
      expect(await sent(() => user.update({ name: 'b' }))).toHaveLength(1)
    })
    expect(await User.count({ name: 'b' })).toBe(1)
  })

  row('what nobody saved is told once, in development', async ({ db, User }) => {
    const { Scope } = (await import('../../packages/core/src/scope/scope.ts')) as typeof import('../../packages/core/src/scope/scope.ts')
    const { id } = await User.create({ name: 'a' })
    const reports: ReportEvent[] = []
    const scope = new Scope({ label: 'a job', report: (event) => void reports.push(event) })
    await scope.run(async () => {
      const user = await User.getOrError(id)
      user.name = 'unsaved'
    })
    await scope.settle({ commit: true })
    expect(reports).toMatchObject([{ kind: 'unsaved-changes', label: 'a job' }])
    expect(await User.count({ name: 'a' })).toBe(1)
    expect(db.toJSON()).not.toContain('password')
  })
}

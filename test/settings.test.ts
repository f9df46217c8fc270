import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { inStore, patiently, type Store } from './conformance/store.ts'
import { Scope } from '../packages/core/src/scope/scope.ts'
import { databases, eachDatabase } from './matrix.ts'

/** What the server knows of a setting, asked for as SQL that nobody takes for a plain read. */
const questions: Readonly<Record<string, string>> = {
  postgres: "select current_setting('app.tenant', true) as tenant",
  mariadb: 'select @`app.tenant` as tenant',
}

for (const database of databases.filter(({ name }) => name in questions)) {
  describe(`${database.name} › settings of a transaction`, () => {
    const question = questions[database.name]
    const tenant = async ({ db }: Pick<Store, 'db'>): Promise<string | null> => {
      const [row] = (await db.dataSource.query(question ?? '')) as { tenant: string | null }[]
      return row?.tenant || null
    }
    const row = (title: string, run: (store: Store) => Promise<void>): void => {
      it(title, () => inStore(database, run, { poolSize: 1 }))
    }

    row('are made with the first statement, and end with the scope: the next borrower of the connection knows nothing', async (store) => {
      const { db, User, sent } = store
      await db.run(async () => {
        expect(await sent(async () => db.session.setLocal('app.tenant', 'a'))).toEqual([])
        await User.create({ name: 'x' })
        expect(await tenant(store)).toBe('a')
      })
      expect(await tenant(store)).toBeNull()
      expect(await db.run(() => tenant(store))).toBeNull()
      await db
        .run(async () => {
          db.session.setLocal('app.tenant', 'b')
          await User.create({ name: 'y' })
          throw new Error('undo')
        })
        .catch(() => undefined)
      expect(await tenant(store)).toBeNull()
    })

    row('decide what a read sees too: it begins the transaction', async (store) => {
      const { db, User, statements } = store
      await db.run(async () => {
        db.session.setLocal('app.tenant', 7)
        await User.count()
        expect(db.dataSource.driver.pool.leased).toBe(1)
        expect(await tenant(store)).toBe('7')
      })
      expect(statements.filter((sql) => /^(begin|start)/i.test(sql))).toHaveLength(1)
    })

    row('are made again after a commit or a rollback, when the next transaction begins', async (store) => {
      const { db, User } = store
      await db.run(async () => {
        db.session.setLocal('app.tenant', 'a')
        await User.create({ name: 'x' })
        await db.commit()
        expect(db.dataSource.driver.pool.leased).toBe(0)
        expect(await db.detach(() => tenant(store))).toBeNull()
        await User.create({ name: 'y' })
        expect(await tenant(store)).toBe('a')
        await db.rollback()
        expect(await tenant(store)).toBe('a')
      })
    })

    row('hold across savepoints, and what a savepoint set goes with it when it is rolled back', async (store) => {
      const { db, User } = store
      await db.run(async () => {
        db.session.setLocal('app.tenant', 'a')
        await db
          .transaction(async () => {
            await User.create({ name: 'x' })
            expect(await tenant(store)).toBe('a')
            db.session.setLocal('app.tenant', 'b')
            expect(await tenant(store)).toBe('b')
            await db
              .transaction(async () => {
                db.session.setLocal('app.tenant', 'c')
                await User.create({ name: 'y' })
                throw new Error('inner')
              })
              .catch(() => undefined)
            expect(await tenant(store)).toBe('b')
            throw new Error('outer')
          })
          .catch(() => undefined)
        expect(await tenant(store)).toBe('a')
        await db.transaction(async () => {
          db.session.setLocal('app.tenant', 'd')
          await User.create({ name: 'z' })
        })
        expect(await tenant(store)).toBe('d')
      })
      await db.run(async () => {
        await User.create({ name: 'w' })
        await db
          .transaction(async () => {
            db.session.setLocal('app.tenant', 'e')
            await User.create({ name: 'v' })
            throw new Error('undo')
          })
          .catch(() => undefined)
        expect(await tenant(store)).toBeNull()
      })
    })

    row('by db.onBegin are made for each transaction, of scopes and of single verbs, which may also send statements', async (store) => {
      const { db, User } = store
      const current = new AsyncLocalStorage<string>()
      const seen: unknown[] = []
      db.onBegin(async (session) => {
        session.setLocal('app.tenant', current.getStore() ?? 'nobody')
        seen.push(await tenant(store))
      })
      await current.run('a', () => User.create({ name: 'x' }))
      await current.run('b', () =>
        db.run(async () => {
          expect(await tenant(store)).toBe('b')
          await db.commit()
          await User.count()
        }),
      )
      await User.count()
      expect(seen).toEqual(['a', 'b', 'b', 'nobody'])
    })

    row('that db.onBegin fails to make fail the statement, and the connection comes back', async (store) => {
      const { db, User } = store
      const state = { fails: true }
      db.onBegin(async () => {
        if (state.fails) await db.dataSource.query('select nonsense')
      })
      await expect(db.run(() => User.create({ name: 'x' }).then(() => undefined))).rejects.toThrow('nonsense')
      expect(db.dataSource.driver.pool.leased).toBe(0)
      state.fails = false
      await User.create({ name: 'y' })
      expect(await User.count()).toBe(1)
    })

    it('by a function that never ends are given up with the transaction', () =>
      inStore(
        database,
        async ({ db, User }) => {
          const state = { hangs: true }
          let late: Promise<unknown> = Promise.resolve()
          db.onBegin(async (session) => {
            if (!state.hangs) return
            await new Promise((resolve) => setTimeout(resolve, 300))
            late = session.manager.query('select 1').then(undefined, (error: unknown) => error)
            await late
          })
          await expect(db.run(() => User.create({ name: 'x' }).then(() => undefined))).rejects.toMatchObject({
            code: 'TRANSACTION_TIMEOUT',
          })
          expect(db.dataSource.driver.pool.leased).toBe(0)
          await new Promise((resolve) => setTimeout(resolve, 400))
          expect(await late).toBeInstanceOf(Error)
          expect(db.dataSource.driver.pool.leased).toBe(0)
          state.hangs = false
          expect(await patiently(db, () => User.count())).toBe(0)
        },
        { poolSize: 1, transactionTimeoutMs: 100 },
      ))

    row('have a name and a value that are data', async ({ db }) => {
      await db.run(async () => {
        const set = (key: string, value: unknown) => () => db.session.setLocal(key, value as string)
        for (const key of ['', 'a b', "a'; drop table user", 'a`b', '1a', 'x'.repeat(64)]) {
          expect(set(key, 'a')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
        }
        for (const value of [null, undefined, {}, ['a']])
          expect(set('app.tenant', value)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
        db.session.setLocal('app.tenant', "'; select 1 -- ")
        expect(await tenant({ db })).toBe("'; select 1 -- ")
      })
    })
  })
}

for (const database of databases.filter(({ name }) => !(name in questions))) {
  describe(`${database.name} › settings of a transaction`, () => {
    it('are refused with an error that names the lack, and onBegin works without them', () =>
      inStore(database, async ({ db, User }) => {
        await db.run(async () => {
          expect(() => db.session.setLocal('app.tenant', 'a')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }) as Error)
        })
        const told: string[] = []
        db.onBegin(() => told.push('began'))
        await db.run(async () => {
          await User.count()
          expect(told).toEqual([])
          await User.create({ name: 'a' })
        })
        expect(told).toEqual(['began'])
      }))
  })
}

eachDatabase('a session that ends early', (database) => {
  it('a client that leaves at any moment of the first statement leaves no connection, and no row outside a transaction', () =>
    inStore(
      database,
      async ({ db, User }) => {
        for (let turns = 0; turns < 40; turns++) {
          const scope = new Scope({ label: 'a request', report: () => undefined })
          const work = scope.run(() =>
            db.transaction(() => User.create({ name: `n${turns}` }).then(() => undefined)).then(undefined, () => undefined),
          )
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
          await scope.settle({ commit: false, reason: 'abort' })
          await work
          expect(db.dataSource.driver.pool.leased).toBe(0)
        }
        expect(await User.count()).toBe(0)
      },
      { poolSize: 1 },
    ))
})

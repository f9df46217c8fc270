import {
  ActiveAlchemy,
  DdlInScopeError,
  LockTimeoutError,
  RolledBackError,
  SessionFailedError,
  TransactionControlError,
} from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { latch } from '../conformance/world.ts'
import { mariadb } from '../databases/mysql.ts'

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )
const points = async ({ User }: Store): Promise<number[]> => (await User.query().orderBy('id').all()).map((user) => user.points)

/** Two scopes that write the same two rows in opposite order; whoever is chosen as the victim swallows its error. */
async function deadlock(store: Store, run: (work: () => Promise<void>) => Promise<unknown>): Promise<unknown[]> {
  const { User, db } = store
  const users = await User.createMany([{ name: 'a' }, { name: 'b' }])
  const both = [latch(), latch()] as const
  const side = (first: 0 | 1, amount: number): Promise<unknown> =>
    thrown(
      run(async () => {
        const add = (index: number): Promise<unknown> =>
          db.dataSource.manager.increment(User, { id: users[index]?.id ?? 0 }, 'points', amount)
        await add(first)
        both[first].open()
        await both[1 - first]?.promise
        await add(1 - first).catch(() => undefined)
      }),
    )
  return Promise.all([side(0, 1), side(1, 10)])
}

describe('a swallowed error that ended the transaction', () => {
  it('1213: the commit of the victim is an error, and nothing of it stays', () =>
    inStore(mariadb, async (store) => {
      const errors = await deadlock(store, (work) => store.db.run(work))
      expect(errors.filter((error) => error === undefined)).toHaveLength(1)
      const error = errors.find((each) => each !== undefined)
      expect(error).toBeInstanceOf(SessionFailedError)
      expect((error as Error).cause).toMatchObject({ code: 'DEADLOCK', status: 503 })
      expect([
        [1, 1],
        [10, 10],
      ]).toContainEqual(await points(store))
    }))

  it('1213: a nested transaction cannot forgive it', () =>
    inStore(mariadb, async (store) => {
      const errors = await deadlock(store, (work) => store.db.run(() => store.db.transaction(work).catch(() => undefined)))
      expect(errors.filter((error) => error === undefined)).toHaveLength(1)
      expect([
        [1, 1],
        [10, 10],
      ]).toContainEqual(await points(store))
    }))

  it('1213: plain TypeORM outside any scope is told too, and what comes after the error is refused', () =>
    inStore(mariadb, async (store) => {
      const { db, User } = store
      const users = await User.createMany([{ name: 'a' }, { name: 'b' }])
      const both = [latch(), latch()] as const
      const late: unknown[] = []
      const side = (first: 0 | 1): Promise<unknown> =>
        thrown(
          db.dataSource.transaction(async (manager) => {
            const add = (index: number): Promise<unknown> => manager.increment(User, { id: users[index]?.id ?? 0 }, 'points', 1)
            await add(first)
            both[first].open()
            await both[1 - first]?.promise
            const failed = await thrown(add(1 - first))
            if (failed) late.push(await thrown(manager.insert(User, { name: 'late' })))
          }),
        )
      const errors = await Promise.all([side(0), side(1)])
      expect(errors.filter((error) => error instanceof RolledBackError)).toHaveLength(1)
      expect(late).toEqual([expect.any(RolledBackError)])
      expect(await points(store)).toEqual([1, 1])
    }))

  it('1205: half a transfer is not kept', () =>
    inStore(
      mariadb,
      async (store) => {
        const { db, User } = store
        const [one, two] = await User.createMany([{ name: 'a' }, { name: 'b' }])
        const locked = latch()
        const done = latch()
        const holder = db.run(async () => {
          await User.get(one?.id ?? 0, { forUpdate: true })
          locked.open()
          await done.promise
        })
        await locked.promise
        const startedAt = Date.now()
        let inner: unknown
        const error = await thrown(
          db.run(async () => {
            await User.getOrError(two?.id).increment('points', 1)
            inner = await thrown(db.transaction(() => User.getOrError(one?.id).increment('points', -1)))
          }),
        )
        done.open()
        await holder
        expect(inner).toBeInstanceOf(LockTimeoutError)
        expect(Date.now() - startedAt).toBeLessThan(20_000)
        expect(error).toBeInstanceOf(SessionFailedError)
        expect(await points(store)).toEqual([0, 0])
      },
      { poolTimeoutMs: 1_000 },
    ))

  it('retries run the whole function again: sixteen clients, effects exactly once', () =>
    inStore(
      mariadb,
      async (store) => {
        const { db, User } = store
        const users = await User.createMany([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
        await Promise.all(
          Array.from({ length: 16 }, (_, index) =>
            db.transaction(
              async () => {
                const order = index % 2 ? users : [...users].reverse()
                for (const { id } of order) await db.dataSource.manager.increment(User, { id }, 'points', 1)
              },
              { retries: 20 },
            ),
          ),
        )
        expect(await points(store)).toEqual([16, 16, 16])
      },
      { poolTimeoutMs: 60_000 },
    ))
})

describe('what would commit the transaction', () => {
  const refused = [
    'create table other (id int)',
    '/* a comment */ -- another\n ALTER TABLE user ADD COLUMN x int',
    '/*!40000 DROP TABLE user */',
    '(truncate table user)',
    'rename table user to people',
    'lock tables user write',
    'analyze table user',
    'grant select on *.* to nobody',
  ]
  for (const sql of refused) {
    it(`${JSON.stringify(sql)} is refused before it is sent`, () =>
      inStore(mariadb, async ({ db, User, statements }) => {
        let error: unknown
        const outcome = await thrown(
          db.run(async () => {
            await User.create({ name: 'lost' })
            error = await thrown(db.session.manager.query(sql))
          }),
        )
        expect(error).toBeInstanceOf(DdlInScopeError)
        expect(outcome).toBeInstanceOf(SessionFailedError)
        expect(statements).not.toContain(sql)
        expect(await User.count()).toBe(0)
      }))
  }

  it.each(['begin', 'start transaction', 'commit', 'set autocommit = 1', 'SET SESSION autocommit=1', 'xa start 1'])(
    '%j is refused as the session’s own, before it is sent',
    (sql) =>
      inStore(mariadb, async ({ db, User, statements }) => {
        let error: unknown
        await db.run(async () => {
          await User.create({ name: 'kept' })
          error = await thrown(db.session.manager.query(sql))
        })
        expect(error).toBeInstanceOf(TransactionControlError)
        expect(statements).not.toContain(sql)
        expect(await User.count()).toBe(1)
      }),
  )

  it('a temporary table is not', () =>
    inStore(mariadb, async ({ db, User }) => {
      await db.run(async () => {
        await User.create({ name: 'kept' })
        await db.session.manager.query('create temporary table scratch (id int)')
        await db.session.manager.query('drop temporary table scratch')
      })
      expect(await User.count()).toBe(1)
    }))

  it('a procedure that commits is found out by the status of the server, and nothing more is taken', () =>
    inStore(mariadb, async ({ db, User }) => {
      await db.dataSource.query('create procedure hidden() commit')
      let late: unknown
      const error = await thrown(
        db.run(async () => {
          await User.create({ name: 'committed behind us' })
          await db.session.manager.query('call hidden()')
          late = await thrown(User.create({ name: 'late' }))
        }),
      )
      expect(error).toBeInstanceOf(SessionFailedError)
      expect(late).toBeInstanceOf(RolledBackError)
      expect(await User.count()).toBe(1)
      expect(
        await thrown(
          db.run(async () => {
            await User.create({ name: 'again' })
            await db.session.manager.query('call hidden()')
          }),
        ),
      ).toBeInstanceOf(RolledBackError)
    }))

  it('TypeORM changes the schema in transactions of its own, as ever', () =>
    inStore(mariadb, async ({ db, ...store }) => {
      class Add1700000000000 {
        name = 'Add1700000000000'
        async up(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
          await runner.query('create table added (id int)')
          await runner.query('insert into added values (1)')
        }
        async down(runner: { query(sql: string): Promise<unknown> }): Promise<void> {
          await runner.query('drop table added')
        }
      }
      const other = store.another({ typeorm: { migrations: [Add1700000000000] } })
      await other.dataSource.ready()
      await other.dataSource.runMigrations()
      expect(await db.dataSource.query('select id from added')).toEqual([{ id: 1 }])
      await other.dataSource.undoLastMigration()
      await expect(db.dataSource.query('select id from added')).rejects.toThrow("doesn't exist")
    }))
})

describe('isolation', () => {
  it('is READ COMMITTED unless asked, for its transaction only', () =>
    inStore(
      mariadb,
      async ({ db, statements }) => {
        const level = async (): Promise<unknown> => {
          const [row] = await db.sql<{ level: string }>`select @@tx_isolation as level`
          return row?.level
        }
        expect(await db.run(level)).toBe('READ-COMMITTED')
        await db.transaction(() => db.sql`select 1`.then(() => undefined), { isolation: 'SERIALIZABLE' })
        expect(statements).toContain('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE')
        expect(await db.run(level)).toBe('READ-COMMITTED')
      },
      { poolSize: 1 },
    ))

  it('is no SQL', () =>
    inStore(mariadb, async ({ db }) => {
      const isolation = 'SERIALIZABLE; DROP TABLE user' as 'SERIALIZABLE'
      await expect(db.transaction(() => db.sql`select 1`.then(() => undefined), { isolation })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    }))
})

describe('createAll', () => {
  it('of two databases at once makes each table once, and waits for a transaction that uses one', () =>
    inStore(mariadb, async ({ db, ...store }) => {
      const others = [store.another(), store.another()]
      for (const other of others) {
        class Left extends other.Model('Left', { name: other.Column(other.String(5)) }) {
          static relations = this.relate({ right: other.ManyToOne(() => Right, undefined, { nullable: true }) })
        }
        class Right extends other.Model('Right', { name: other.Column(other.String(5)) }) {
          static relations = this.relate({ left: other.ManyToOne(() => Left, undefined, { nullable: true }) })
        }
      }
      await Promise.all(others.map((other) => other.createAll()))
      const tables = (await db.reflect()).map(({ name }) => name)
      expect(tables).toEqual(expect.arrayContaining(['left', 'right', 'user']))
      expect(await db.dataSource.query('select @@foreign_key_checks as checks')).toEqual([{ checks: expect.anything() as unknown }])
      await expect(db.dataSource.query('insert into `left` (name, right_id) values (?, ?)', ['x', 4711])).rejects.toMatchObject({
        code: 'FOREIGN_KEY',
      })
      await others[0]?.dropAll()
      expect((await db.reflect()).map(({ name }) => name)).not.toContain('left')
    }))

  it('and TypeORM agree about the tables: a migration generated from them is empty', () =>
    inStore(mariadb, async ({ db }) => {
      const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
      expect(upQueries.map(({ query }) => query)).toEqual([])
    }))
})

it('the class of the database is exported', () => {
  expect(new ActiveAlchemy('mariadb://root@127.0.0.1/x').dataSource.driver.kind).toBe('mysql')
})

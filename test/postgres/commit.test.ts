import { CommitUnknownError, ConnectionLostError, ForeignKeyError, RolledBackError, UniqueError } from '@active-alchemy/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { onServer, postgres } from '../databases/postgres.ts'
import { inProxied } from './proxied.ts'

const thrown = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )
const names = async ({ User }: Store): Promise<string[]> => (await User.query('name').orderBy('name').all()).map(({ name }) => name)
const pidOf = async ({ db }: Store): Promise<number> => {
  const [row] = await db.sql<{ pid: number }>`select pg_backend_pid() as pid`
  return row?.pid ?? 0
}
const kill = (pid: number): Promise<object[]> => onServer(`select pg_terminate_backend(${pid}, 5000)`)

describe('postgres: a commit is believed only when the server says so', () => {
  it('a constraint that is checked at the commit fails it, by its name', () =>
    inStore(postgres, async (store) => {
      const { db, User, raw } = store
      await raw('create table badge (user_id integer references "user"(id) deferrable initially deferred)')
      const error = await thrown(
        db.run(async () => {
          await User.create({ name: 'lost' })
          await db.sql`insert into badge values (987)`
        }),
      )
      expect(error).toBeInstanceOf(ForeignKeyError)
      expect(error).toMatchObject({ status: 409 })
      expect(await names(store)).toEqual([])
    }))

  it('a transaction of plain TypeORM whose error was swallowed is an error, with its first cause', () =>
    inStore(postgres, async (store) => {
      const { db, User } = store
      const error = await thrown(
        db.dataSource.transaction(async (manager) => {
          await manager.insert(User, { name: 'lost', email: 'a@b.cd' })
          await thrown(manager.insert(User, { name: 'again', email: 'a@b.cd' }))
          await thrown(manager.query('select 1'))
        }),
      )
      expect(error).toBeInstanceOf(RolledBackError)
      expect((error as Error).cause).toMatchObject({ code: '23505' })
      expect(await names(store)).toEqual([])
    }))

  it('a runner refuses to commit what is failed or over', () =>
    inStore(postgres, async ({ db }) => {
      const runner = await db.dataSource.driver.lease('write')
      try {
        await runner.begin()
        expect(runner.connectionStatus).toBe('transaction')
        const first = await thrown(runner.query('select 1/0'))
        expect(runner.connectionStatus).toBe('failed')
        const error = await thrown((async () => runner.commit())())
        expect(error).toBeInstanceOf(RolledBackError)
        expect((error as Error).cause).toBe((first as Error).cause)
        await runner.rollback()
        expect(runner.connectionStatus).toBe('idle')
        expect(await thrown((async () => runner.commit())())).toBeInstanceOf(RolledBackError)
        await runner.begin()
        await runner.query('select 1')
        await runner.commit()
        expect(runner.connectionStatus).toBe('idle')
      } finally {
        await runner.release()
      }
    }))

  it('a savepoint brings a failed transaction back', () =>
    inStore(postgres, async (store) => {
      const { db, User } = store
      await db.run(async () => {
        await User.create({ name: 'kept', email: 'a@b.cd' })
        expect(await thrown(db.transaction(() => User.create({ name: 'lost', email: 'a@b.cd' })))).toBeInstanceOf(UniqueError)
        await User.create({ name: 'too' })
      })
      expect(await names(store)).toEqual(['kept', 'too'])
    }))

  it('an answer to COMMIT that is lost leaves it unknown, and it is sent once', () =>
    inProxied(async ({ db, Country, proxy }, { raw }) => {
      await Country.count()
      proxy.cutAnswerTo('COMMIT\0')
      const error = await thrown(db.run(() => Country.create({ code: 'XX', name: 'x' })))
      expect(error).toBeInstanceOf(CommitUnknownError)
      expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN', status: 503 })
      expect(proxy.count('COMMIT\0')).toBe(1)
      expect(await raw('select code from country')).toEqual([{ code: 'XX' }])
      expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      expect(await db.ping()).toBe(true)
    }))

  it('a connection that was lost before COMMIT is no unknown commit: nothing was kept', () =>
    inStore(postgres, async (store) => {
      const { db, User } = store
      const error = await thrown(
        db.run(async () => {
          await User.create({ name: 'lost' })
          await kill(await pidOf(store))
          await new Promise((resolve) => setTimeout(resolve, 50))
        }),
      )
      expect(error).toBeInstanceOf(ConnectionLostError)
      expect((error as Error).cause).toMatchObject({ code: '57P01' })
      expect(await names(store)).toEqual([])
    }))
})

describe('postgres: a backend that is killed', () => {
  it('idle in the pool: nobody notices', () =>
    inStore(postgres, async (store) => {
      const { User } = store
      for (let round = 0; round < 10; round++) {
        await Promise.all([User.count(), User.count(), User.count()])
        const [{ database } = { database: '' }] = await store.raw<{ database: string }>('select current_database() as database')
        await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`)
        await Promise.all([User.create({ name: `n${round}` }), User.count(), User.count()])
      }
      expect(await names(store)).toHaveLength(10)
    }))

  it('idle for long, and looking alive: a verb by itself goes to another connection too', () =>
    inProxied(
      async ({ Country, proxy }, { raw }) => {
        // What begins, and what is its own transaction on a session that limits its waits.
        for (const code of ['AA', 'BB', 'CC']) await Country.create({ code, name: 'x' })
        const now = performance.now.bind(performance)
        vi.spyOn(performance, 'now').mockImplementation(() => now() + 11_000)
        onTestFinished(() => void vi.restoreAllMocks())
        proxy.killSilently()
        await Country.create({ code: 'XX', name: 'x' })
        expect(await raw('select code from country order by code')).toHaveLength(4)
      },
      { poolSize: 1 },
    ))

  it('during a statement that binds nothing: it is not sent again, since nobody knows how far it came', () =>
    inStore(postgres, async (store) => {
      const { db, raw } = store
      await raw('create sequence tries')
      // Used before, and killed soon after it was sent: as one that died in the pool.
      await Promise.all([raw('select 1'), raw('select 1')])
      const runner = db.dataSource.createQueryRunner()
      const call = thrown(runner.query("select nextval('tries'), pg_sleep(60)"))
      const find = "select pid from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
      for (let found: { pid: number }[] = []; found.length === 0; found = await onServer<{ pid: number }>(find)) {}
      const [{ pid } = { pid: 0 }] = await onServer<{ pid: number }>(find)
      await kill(pid)
      expect(await call).toBeInstanceOf(ConnectionLostError)
      await runner.release()
      expect(await raw("select nextval('tries') as next")).toEqual([{ next: '2' }])
    }))

  it('idle in the pool, and looking alive: what begins and what reads goes to another connection', () =>
    inProxied(async ({ db, Country, proxy }, { raw }) => {
      const fill = (): Promise<unknown> => Promise.all([1, 2, 3].map(() => db.sql`select pg_sleep(0.05)`))
      await fill()
      proxy.killSilently()
      await db.run(() => Country.create({ code: 'XX', name: 'x' }))
      await fill()
      proxy.killSilently()
      expect(await Promise.all([Country.count(), db.ping(), Country.count()])).toEqual([1, true, 1])
      expect(await raw('select code from country')).toEqual([{ code: 'XX' }])
    }))

  it('between statements, and during one: the first cause, status 503, nothing kept', () =>
    inStore(postgres, async (store) => {
      const { db, User } = store
      const between = await thrown(
        db.run(async () => {
          await User.create({ name: 'lost' })
          await kill(await pidOf(store))
          await User.create({ name: 'too' })
        }),
      )
      expect(between).toBeInstanceOf(ConnectionLostError)
      expect(between).toMatchObject({ code: 'CONNECTION_LOST', status: 503, cause: { code: '57P01' } })
      const during = await thrown(
        db.run(async () => {
          await User.create({ name: 'lost' })
          const pid = await pidOf(store)
          setTimeout(() => void kill(pid), 50)
          await db.sql`select pg_sleep(10)`
        }),
      )
      expect(during).toMatchObject({ code: 'CONNECTION_LOST', status: 503, cause: { code: '57P01' } })
      expect(await names(store)).toEqual([])
      expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
    }))
})

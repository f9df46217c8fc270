import { inspect } from 'node:util'
import { ActiveAlchemy, ConnectionFailedError, ConnectionLostError, oneOf, PoolTimeoutError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { latch } from '../conformance/world.ts'
import { onServer, postgres } from '../databases/postgres.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startProxy } from '../servers/proxy.ts'
import { inProxied } from './proxied.ts'

const thrown = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )
const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Runs SQL on the only connection of the pool, outside any transaction, and tells which one it was. */
async function leave({ db }: Store, ...statements: string[]): Promise<number> {
  const runner = db.dataSource.createQueryRunner()
  try {
    const [{ pid }] = (await runner.query('select pg_backend_pid() as pid')) as [{ pid: number }]
    for (const sql of statements) await thrown(runner.query(sql))
    return pid
  } finally {
    await runner.release()
  }
}

describe('postgres: the line for a connection', () => {
  it('two connections serve fifty requests, and are never more than two', () =>
    inStore(
      postgres,
      async ({ db, User, raw }) => {
        const [row] = await raw<{ name: string }>('select current_database() as name')
        let most = 0
        const watching = setInterval(() => {
          onServer<{ n: string }>(`select count(*) as n from pg_stat_activity where datname = '${row?.name}'`)
            .then(([seen]) => (most = Math.max(most, Number(seen?.n))))
            .catch(() => undefined)
        }, 10)
        const work = many(50).map((index) =>
          db.run(async () => {
            await User.count()
            await User.create({ name: `n${index}` })
            await User.count()
          }),
        )
        await Promise.all(work)
        clearInterval(watching)
        expect(await User.count()).toBe(50)
        expect(most).toBeGreaterThan(0)
        expect(most).toBeLessThanOrEqual(2)
      },
      { poolSize: 2, poolTimeoutMs: 60_000 },
    ))

  it('who comes first is served first', () =>
    inStore(
      postgres,
      async ({ db }) => {
        const served: number[] = []
        await Promise.all(
          many(20).map(async (index) => {
            const runner = await db.dataSource.driver.lease('read')
            served.push(index)
            await runner.query('select 1')
            await runner.release()
          }),
        )
        expect(served).toEqual(many(20))
      },
      { poolSize: 1 },
    ))

  it('who waits for too long is told so, in time, and the pool is whole', () =>
    inStore(
      postgres,
      async ({ db, User }) => {
        const holding = latch()
        const held = latch()
        const holder = db.run(async () => {
          await User.create({ name: 'holder' })
          holding.open()
          await held.promise
        })
        await holding.promise
        const startedAt = Date.now()
        const errors = await Promise.all([thrown(User.count()), thrown(User.create({ name: 'late' }))])
        expect(Date.now() - startedAt).toBeGreaterThanOrEqual(190)
        expect(Date.now() - startedAt).toBeLessThan(10_000)
        expect(errors.map((error) => error instanceof PoolTimeoutError)).toEqual([true, true])
        expect(await db.ping()).toBe(false)
        held.open()
        await holder
        expect(await Promise.all([User.count(), User.count()])).toEqual([1, 1])
        expect(db.dataSource.driver.pool).toEqual({ size: 1, leased: 0, waiting: 0 })
      },
      { poolSize: 1, poolTimeoutMs: 200 },
    ))

  it('an idle connection is replaced after its time', () =>
    inStore(
      postgres,
      async (store) => {
        const first = await leave(store)
        expect(await leave(store)).toBe(first)
        await new Promise((resolve) => setTimeout(resolve, 150))
        expect(await leave(store)).not.toBe(first)
      },
      { poolSize: 1, poolRecycleMs: 50 },
    ))
})

describe('postgres: a connection comes back clean', () => {
  const one = (title: string, row: (store: Store) => Promise<void>): void => {
    it(title, () => inStore(postgres, row, { poolSize: 1 }))
  }
  const asked = async ({ raw }: Store, sql: string): Promise<unknown> => Object.values((await raw(sql))[0] ?? {})[0]

  for (const [title, sql, question, answer] of [
    ['a setting', "set application_name = 'left'", 'show application_name', ''],
    ['a setting by a function', "select set_config('statement_timeout', '1234', false)", 'show statement_timeout', '0'],
    [
      'a setting in a block',
      "do $$ begin perform set_config('app.user', 'left', false); end $$",
      "select current_setting('app.user', true)",
      '',
    ],
    ['the time zone', "set time zone 'Asia/Kolkata'", 'show timezone', 'UTC'],
    ['a role', 'set role pg_monitor', 'select current_user::text', 'postgres'],
    [
      'an advisory lock',
      'select pg_advisory_lock(42)',
      "select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
      0,
    ],
    ['a temporary table', 'create temp table left_behind (id int)', "select to_regclass('left_behind')::text", null],
    ['a temporary table of a query', 'select 1 as a into temp left_behind', "select to_regclass('left_behind')::text", null],
    ['a channel', 'listen left_behind', 'select count(*)::int from pg_listening_channels()', 0],
    ['a cursor', 'begin; declare c cursor with hold for select 1; commit', 'select count(*)::int from pg_cursors', 0],
  ] as const) {
    one(`${title} stays with its borrower, and the connection is kept`, async (store) => {
      const pid = await leave(store, sql)
      expect(await asked(store, question)).toBe(answer)
      expect(await leave(store)).toBe(pid)
    })
  }

  for (const [title, ...sql] of [
    ['an open transaction', 'begin', "insert into country values ('XX', 'left')"],
    ['an aborted transaction', 'begin', 'select 1/0'],
    ['a prepared statement', 'prepare left_behind as select 1'],
    ['DISCARD ALL, which takes ours away', 'discard all'],
  ]) {
    one(`${title} ends the connection`, async (store) => {
      const pid = await leave(store, ...sql)
      expect(await leave(store)).not.toBe(pid)
      expect(await asked(store, 'select count(*)::int from country')).toBe(0)
      expect(await asked(store, "select count(*)::int from pg_prepared_statements where name = 'left_behind'")).toBe(0)
    })
  }

  it('what a session does in the usual way costs no statement more', () =>
    inProxied(async ({ db, User, Post, proxy }) => {
      await db.run(async () => {
        const user = await User.create({ name: 'a', lastAccess: db.utcnow() })
        await Post.create({ title: 'b', author: user })
        await user.increment('points', 2, { min: 0 })
        await user.update({ name: 'b' })
        await db.transaction(() => user.delete())
      })
      await User.query()
        .filter({ name: oneOf(['a', 'b']) })
        .orderBy('name')
        .all()
      await User.query({ n: db.func.count('id'), top: db.func.max('points') }).first()
      await User.paginate({ page: 1, perPage: 2 })
      await User.get(1, { includeDeleted: true })
      await db.sql`select lower(name), count(*) from ${User} where coalesce(points, 0) > ${0} group by 1`
      await db.dataSource.getRepository(User).find({ relations: { posts: true }, take: 2 })
      expect(proxy.count('CLOSE ALL')).toBe(0)
      await db.sql`select set_config('app.user', ${'me'}, true)`
      expect(proxy.count('CLOSE ALL')).toBe(0)
      await db.sql`select set_config('app.user', ${'me'}, false)`
      expect(proxy.count('CLOSE ALL')).toBe(1)
    }))
})

describe('postgres: prepared statements', () => {
  const parses = async ({ proxy }: { proxy: { count(text: string): number } }, work: () => Promise<unknown>): Promise<number> => {
    const before = proxy.count('FROM "country"')
    await work()
    return proxy.count('FROM "country"') - before
  }
  const tenTimes = async (work: () => Promise<unknown>): Promise<void> => {
    for (const _ of many(10)) await work()
  }

  it('what is sent again and again is parsed by the server three times', () =>
    inProxied(
      async (through) => {
        const { Country } = through
        await Country.create({ code: 'XX', name: 'x' })
        expect(await parses(through, () => tenTimes(() => Country.get('XX')))).toBe(3)
      },
      { poolSize: 1 },
    ))

  it('behind a pooler nothing is prepared, since the next transaction may meet another server process', () =>
    inProxied(
      async (through) => {
        const { Country } = through
        await Country.create({ code: 'XX', name: 'x' })
        expect(await parses(through, () => tenTimes(() => Country.get('XX')))).toBe(10)
      },
      { poolSize: 1 },
      // A pooler's own process id, in the place of the server's.
      (chunk) => {
        const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
        if (at >= 0) chunk.writeInt32BE(7, at + 5)
        return chunk
      },
    ))

  it('a change of a table breaks no read, and one transaction at the most', () =>
    inStore(
      postgres,
      async ({ db, Country, raw }) => {
        await Country.create({ code: 'XX', name: 'x' })
        const get = (): Promise<unknown> => Promise.resolve(Country.get('XX'))
        await tenTimes(get)
        await raw('alter table country alter column name type text')
        expect(await get()).toMatchObject({ name: 'x' })
        await db.run(() => tenTimes(() => Promise.resolve(Country.get('XX', { forUpdate: true }))))
        await raw('alter table country alter column name type varchar(90)')
        const error = await thrown(db.run(() => Promise.resolve(Country.get('XX', { forUpdate: true }))))
        expect((error as Error).cause).toMatchObject({ code: '0A000' })
        await db.run(() => tenTimes(() => Promise.resolve(Country.get('XX', { forUpdate: true }))))
      },
      { poolSize: 1 },
    ))
})

describe('postgres: a server that is not there', () => {
  it('is told with its first cause, kills nothing, and heals by itself', async () => {
    await inProxied(async ({ db, Country, proxy }) => {
      await proxy.close()
      const first = await thrown(Country.count())
      expect(first).toBeInstanceOf(ConnectionFailedError)
      expect(first).toMatchObject({ code: 'CONNECTION_FAILED', status: 503, cause: { code: 'ECONNREFUSED' } })
      expect(await thrown(db.ping())).toBeInstanceOf(ConnectionFailedError)
      await proxy.open()
      expect(await Country.count()).toBe(0)
      await proxy.close()
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await thrown(Country.create({ code: 'XX', name: 'x' }))).toBeInstanceOf(ConnectionFailedError)
      await proxy.open()
      expect(await Promise.all(many(20).map(() => Country.count()))).toEqual(many(20).map(() => 0))
    })
  })

  it('a server that was killed and comes back is found again', async () => {
    const server = await startPostgres()
    const db = new ActiveAlchemy(server.url, { poolTimeoutMs: 60_000, poolSize: 4 })
    class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}
    try {
      await db.createAll()
      await Promise.all(many(8).map((index) => Note.create({ text: `n${index}` })))
      const dying = Promise.all(
        many(12).map((index) =>
          thrown(
            db.run(async () => {
              await Note.create({ text: `lost${index}` })
              await db.sql`select pg_sleep(5)`
            }),
          ),
        ),
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
      await server.kill()
      const errors = await dying
      expect(errors.filter((error) => !(error instanceof ConnectionLostError || error instanceof ConnectionFailedError))).toEqual([])
      expect(await thrown(Note.count())).toBeInstanceOf(ConnectionFailedError)
      await server.start()
      expect(await Promise.all(many(20).map(() => Note.count()))).toEqual(many(20).map(() => 8))
      expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
    } finally {
      await db.close()
      await server.stop()
    }
  })

  it('a password that is wrong or right is never shown', async () => {
    const url = 'postgresql://nobody:s3cret@127.0.0.1:5432/none'
    const db = new ActiveAlchemy(url)
    const error = await thrown(db.dataSource.ready())
    expect(error).toBeInstanceOf(ConnectionFailedError)
    const shown = [error, db, db.dataSource.options, db.dataSource.driver].map((each) => inspect(each, { depth: 8, showHidden: true }))
    expect(`${shown.join()} ${JSON.stringify(db.dataSource.options)} ${JSON.stringify(error)}`).not.toContain('s3cret')
    await db.close()
  })

  it('a server that never answers is given up in time', async () => {
    const silent = await startProxy('postgresql://127.0.0.1:5432', () => Buffer.alloc(0))
    const db = new ActiveAlchemy(`postgresql://postgres@127.0.0.1:${silent.port}/postgres`, { poolTimeoutMs: 200 })
    const startedAt = Date.now()
    expect(await thrown(db.dataSource.ready())).toBeInstanceOf(ConnectionFailedError)
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    await db.close()
    await silent.close()
  })
})

describe('postgres: the end', () => {
  it('close does not wait for a connection that nobody gives back', () =>
    inStore(postgres, async ({ another }) => {
      const other = another()
      const runner = other.dataSource.createQueryRunner()
      await runner.query('select 1')
      await other.close()
      await thrown(runner.query('select 1'))
      await runner.release()
    }))

  it('close ends what is under way, here and on the server', () =>
    inStore(postgres, async ({ another, raw }) => {
      const other = another({ name: 'other' })
      const sleeping = thrown(other.dataSource.query("select pg_sleep(20), 'asleep'"))
      const asleep = async (): Promise<unknown> =>
        raw("select pid from pg_stat_activity where query like '%asleep%' and pid <> pg_backend_pid() and state = 'active'")
      while (((await asleep()) as object[]).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      await other.close()
      expect(await sleeping).toMatchObject({ code: 'DATABASE_CLOSED' })
      await expect.poll(asleep, { timeout: 10_000 }).toEqual([])
    }))

  it('a query runner and TypeORM streams work without a scope, and a client of pg comes back clean', () =>
    inStore(
      postgres,
      async ({ db, raw }) => {
        const runner = db.dataSource.createQueryRunner()
        const client = (await runner.connect()) as { query(sql: string): Promise<unknown> }
        await client.query("set application_name = 'left'")
        await runner.release()
        expect(await raw('show application_name')).toEqual([{ application_name: '' }])
        expect(await thrown(runner.query('select 1'))).toMatchObject({ name: 'QueryRunnerAlreadyReleasedError' })
        const parallel = db.dataSource.createQueryRunner()
        await Promise.all(many(5).map(() => parallel.query('select 1')))
        await parallel.release()
      },
      { poolSize: 1 },
    ))
})

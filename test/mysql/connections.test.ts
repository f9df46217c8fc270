import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, CommitUnknownError, ConnectionLostError, PoolTimeoutError, SessionFailedError } from '@active-alchemy/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { latch } from '../conformance/world.ts'
import { mariadb, onServer, serverUrl } from '../databases/mysql.ts'
import { startMariadb } from '../servers/mariadb.ts'
import { type Proxy, startProxy } from '../servers/proxy.ts'

// Commits that fail are reported; here they fail by the dozen.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined))
afterAll(() => void vi.restoreAllMocks())

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

async function connectionId({ db }: Pick<Store, 'db'>): Promise<number> {
  const [row] = await db.sql<{ id: number | string }>`select connection_id() as id`
  return Number(row?.id)
}

/** Ends a connection as an operator would, and gives the socket the time to say so. */
async function kill(id: number): Promise<void> {
  await onServer(`KILL ${id}`)
  await sleep(20)
}

describe('a connection that the server ends', () => {
  it('idle: the next request gets another', () =>
    inStore(
      mariadb,
      async (store) => {
        const id = await store.db.run(() => connectionId(store))
        await kill(id)
        const user = await store.User.create({ name: 'a' })
        expect(await store.User.get(user.id)).toMatchObject({ name: 'a' })
        expect(await store.db.run(() => connectionId(store))).not.toBe(id)
      },
      { poolSize: 1 },
    ))

  it('between two statements: the first cause is told, nothing stays, the pool heals', () =>
    inStore(
      mariadb,
      async (store) => {
        const { db, User } = store
        const seen: unknown[] = []
        const error = await thrown(
          db.run(async () => {
            await User.create({ name: 'lost' })
            await kill(await connectionId(store))
            seen.push(await thrown(User.create({ name: 'after' })))
            seen.push(await thrown(User.create({ name: 'later' })))
          }),
        )
        expect(seen[0]).toBeInstanceOf(ConnectionLostError)
        expect(seen[0]).toMatchObject({ status: 503, cause: expect.any(Error) as unknown })
        expect(seen[1]).toBeInstanceOf(SessionFailedError)
        expect(error).toBeInstanceOf(SessionFailedError)
        expect((error as Error).cause).toBe(seen[0])
        expect(await User.count()).toBe(0)
      },
      { poolSize: 1 },
    ))

  it('before the commit: it is known to be lost', () =>
    inStore(mariadb, async (store) => {
      const { db, User } = store
      const error = await thrown(
        db.run(async () => {
          await User.create({ name: 'lost' })
          await kill(await connectionId(store))
        }),
      )
      expect(error).toBeInstanceOf(ConnectionLostError)
      expect(await User.count()).toBe(0)
    }))

  it('during a statement', () =>
    inStore(
      mariadb,
      async (store) => {
        const { db, User } = store
        const error = await thrown(
          db.run(async () => {
            await User.create({ name: 'lost' })
            const id = await connectionId(store)
            const slow = db.session.manager.query('select sleep(20)')
            await sleep(50)
            await Promise.all([slow, kill(id)])
          }),
        )
        expect(error).toBeInstanceOf(ConnectionLostError)
        expect(await User.count()).toBe(0)
      },
      { poolSize: 1 },
    ))

  it('during a read that holds nothing', () =>
    inStore(
      mariadb,
      async ({ db }) => {
        const runner = await db.dataSource.driver.lease('read')
        const [row] = (await runner.query('select connection_id() as id')) as { id: number }[]
        const slow = thrown(runner.query('select sleep(20)'))
        await sleep(50)
        await kill(Number(row?.id))
        expect(await slow).toBeInstanceOf(ConnectionLostError)
        expect(runner.connectionStatus).toBe('lost')
        await runner.release()
        expect(await db.ping()).toBe(true)
      },
      { poolSize: 1 },
    ))

  it('a hundred times under load: no process dies, no connection leaks, only what was kept is told so', () =>
    inStore(
      mariadb,
      async ({ db, User }) => {
        const work = { isOn: true }
        const killer = (async () => {
          for (let round = 0; round < 25; round++) {
            const rows = (await db
              .detach(() =>
                db.dataSource.query('select id from information_schema.processlist where db = database() and id <> connection_id()'),
              )
              .catch(() => [])) as { id: number }[]
            for (const { id } of rows) await onServer(`KILL ${id}`).catch(() => undefined)
            await sleep(5)
          }
          work.isOn = false
        })()
        const told: string[] = []
        await Promise.all(
          Array.from({ length: 8 }, async (_, client) => {
            for (let turn = 0; work.isOn; turn++) {
              const name = `${client}-${turn}`
              const error = await thrown(
                db.run(async () => {
                  await User.create({ name })
                  await sleep(1)
                  await User.count()
                }),
              )
              if (error === undefined) told.push(name)
            }
          }),
        )
        await killer
        const kept = new Set((await User.query('name').all()).map(({ name }) => name))
        expect(told.filter((name) => !kept.has(name))).toEqual([])
        expect(db.dataSource.driver.pool).toEqual({ size: 4, leased: 0, waiting: 0 })
        await Promise.all(Array.from({ length: 4 }, () => db.run(() => db.sql`select sleep(0.01)`.then(() => undefined))))
      },
      { poolSize: 4 },
    ))
})

/** The server, its port written out. */
function target(): string {
  const url = new URL(serverUrl())
  url.port ||= '3306'
  return url.href
}

/** A database behind a proxy. */
async function behindProxy(work: (proxy: Proxy, db: ActiveAlchemy) => Promise<void>): Promise<void> {
  const fresh = await mariadb.create()
  const proxy = await startProxy(target())
  const uri = new URL(fresh.uri)
  uri.port = String(proxy.port)
  const db = new ActiveAlchemy(uri.href)
  try {
    await work(proxy, db)
  } finally {
    await db.close()
    await proxy.close()
    await fresh.drop()
  }
}

function noteModel(db: ActiveAlchemy) {
  return class Note extends db.Model('Note', { text: db.Column(db.String(20)) }) {}
}

describe('a commit whose answer is lost', () => {
  const cuts: Record<string, { readonly cut: (proxy: Proxy) => void; readonly kept: number }> = {
    'after the server has committed': { cut: (proxy) => proxy.cutAnswerTo('COMMIT'), kept: 1 },
    'before the server has heard of it': { cut: (proxy) => proxy.killSilently(), kept: 0 },
  }
  for (const [when, { cut, kept }] of Object.entries(cuts)) {
    it(`${when}: it is unknown, and never sent again`, () =>
      behindProxy(async (proxy, db) => {
        const Note = noteModel(db)
        await db.createAll()
        const before = proxy.count('COMMIT')
        const error = await thrown(
          db.run(async () => {
            await Note.create({ text: 'x' })
            cut(proxy)
          }),
        )
        expect(error).toBeInstanceOf(CommitUnknownError)
        expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN', status: 503 })
        expect(proxy.count('COMMIT') - before).toBe(1)
        expect(await Note.count()).toBe(kept)
      }))
  }
})

describe('a server that cannot be reached', () => {
  it('is told by its first cause, kills no process, and is found again when it is there', () =>
    behindProxy(async (proxy, db) => {
      const Note = noteModel(db)
      await proxy.close()
      const attempts = [db.createAll(), Note.count(), db.run(() => Note.create({ text: 'x' })), db.ping()]
      for (const error of await Promise.all(attempts.map(thrown))) {
        expect(error).toMatchObject({ code: 'CONNECTION_FAILED', status: 503, cause: { code: 'ECONNREFUSED' } })
      }
      await proxy.open()
      await db.createAll()
      await Note.create({ text: 'x' })
      await proxy.close()
      expect(await thrown(Note.count())).toMatchObject({ status: 503 })
      await proxy.open()
      expect(await Note.count()).toBe(1)
    }))

  it('killed without a word and started again', async () => {
    const server = await startMariadb()
    const db = new ActiveAlchemy(`${server.url}mysql`, { poolTimeoutMs: 20_000 })
    try {
      await db.dataSource.query('create database shop')
      await Promise.all([1, 2, 3].map(() => db.dataSource.query('select sleep(0.02)')))
      const slow = thrown(db.dataSource.query('select sleep(20)'))
      await sleep(50)
      await server.kill()
      expect(await slow).toBeInstanceOf(ConnectionLostError)
      expect(await thrown(db.dataSource.query('select 1'))).toMatchObject({ status: 503 })
      await server.start()
      expect(await db.dataSource.query('select 1 as one')).toEqual([{ one: 1 }])
      expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
    } finally {
      await db.close()
      await server.stop()
    }
  })

  it('that never answers is given up in time', async () => {
    const silent = createServer(() => undefined)
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const db = new ActiveAlchemy(`mysql://root@127.0.0.1:${port}/x`, { poolTimeoutMs: 200 })
    const startedAt = Date.now()
    await expect(db.dataSource.ready()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' })
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    await db.close()
    silent.close()
  })

  it('a wrong password is told without it', async () => {
    const uri = new URL(serverUrl())
    uri.username = 'nobody'
    uri.password = 'the-secret'
    const db = new ActiveAlchemy(`${uri.href}x`)
    const error = await thrown(db.dataSource.ready())
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', message: expect.stringContaining('Access denied') as unknown })
    const { inspect } = await import('node:util')
    expect(`${inspect(error)} ${JSON.stringify(error)}`).not.toContain('the-secret')
    await db.close()
  })
})

describe('the pool', () => {
  it('of two serves fifty at once, first come, first served', () =>
    inStore(
      mariadb,
      async ({ db, User }) => {
        const callers = new AsyncLocalStorage<number>()
        const order: (number | undefined)[] = []
        const { driver } = db.dataSource
        // Both connections are there already: who has to open one would be overtaken meanwhile.
        for (const runner of await Promise.all([driver.lease('write'), driver.lease('write')])) await runner.release()
        const lease = driver.lease.bind(driver)
        driver.lease = async (purpose) => {
          const caller = callers.getStore()
          const runner = await lease(purpose)
          order.push(caller)
          return runner
        }
        let most = 0
        await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            callers.run(index, () =>
              db.run(async () => {
                await User.create({ name: `n${index}` })
                most = Math.max(most, driver.pool.leased)
                await sleep(2)
              }),
            ),
          ),
        )
        expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index))
        expect(await User.count()).toBe(50)
        expect(most).toBe(2)
      },
      { poolSize: 2, poolTimeoutMs: 60_000 },
    ))

  it('that is exhausted says so in time, and goes on', () =>
    inStore(
      mariadb,
      async ({ db, User }) => {
        const wrote = latch()
        const done = latch()
        const holder = db.run(async () => {
          await User.create({ name: 'holder' })
          wrote.open()
          await done.promise
        })
        await wrote.promise
        const startedAt = Date.now()
        const error = await thrown(db.run(() => User.create({ name: 'late' })))
        expect(error).toBeInstanceOf(PoolTimeoutError)
        expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290)
        expect(Date.now() - startedAt).toBeLessThan(10_000)
        expect(await db.ping()).toBe(false)
        done.open()
        await holder
        await User.create({ name: 'next' })
        expect(await User.count()).toBe(2)
      },
      { poolSize: 1, poolTimeoutMs: 300 },
    ))

  it('replaces a connection that is too old', () =>
    inStore(
      mariadb,
      async (store) => {
        const first = await store.db.run(() => connectionId(store))
        expect(await store.db.run(() => connectionId(store))).toBe(first)
        await sleep(400)
        expect(await store.db.run(() => connectionId(store))).not.toBe(first)
      },
      { poolSize: 1, poolRecycleMs: 300 },
    ))

  it('close ends what is under way, here and on the server', async () => {
    const fresh = await mariadb.create()
    const db = new ActiveAlchemy(fresh.uri)
    const witness = new ActiveAlchemy(serverUrl())
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const asleep = async (): Promise<unknown[]> =>
      witness.dataSource.query("select id from information_schema.processlist where info like '%asleep%' and id <> connection_id()")
    try {
      const sleeping = db.dataSource.query("select sleep(20), 'asleep'").catch((error: unknown) => error)
      while ((await asleep()).length === 0) await sleep(10)
      await db.close()
      expect(await sleeping).toMatchObject({ code: 'DATABASE_CLOSED' })
      await expect.poll(asleep, { timeout: 10_000 }).toEqual([])
    } finally {
      printed.mockRestore()
      await witness.close()
      await fresh.drop()
    }
  })

  it('closes its connections', async () => {
    const fresh = await mariadb.create()
    const db = new ActiveAlchemy(fresh.uri)
    const name = new URL(fresh.uri).pathname.slice(1)
    const witness = new ActiveAlchemy(serverUrl())
    const open = async (): Promise<number> =>
      ((await witness.dataSource.query('select id from information_schema.processlist where db = ?', [name])) as unknown[]).length
    await witness.dataSource.ready()
    await Promise.all([1, 2, 3].map(() => db.run(() => db.sql`select sleep(0.05)`.then(() => undefined))))
    expect(await open()).toBe(3)
    await db.close()
    await sleep(20)
    expect(await open()).toBe(0)
    await witness.close()
    await fresh.drop()
  })
})

describe('nothing leaks to the next borrower', () => {
  const leaks: Record<string, { readonly leave: string; readonly look: string; readonly clean: unknown }> = {
    'a user variable': { leave: 'set @secret = 1', look: 'select @secret as found', clean: null },
    'a user variable by SELECT': { leave: 'select @secret := 1', look: 'select @secret as found', clean: null },
    'a session variable': {
      leave: 'set session group_concat_max_len = 77',
      look: 'select @@group_concat_max_len = 77 as found',
      clean: 0,
    },
    'a time zone': { leave: "set time_zone = '+05:00'", look: 'select @@session.time_zone as found', clean: '+00:00' },
    'a character set': { leave: 'set names latin1', look: 'select @@character_set_client as found', clean: 'utf8mb4' },
    'an isolation level': {
      leave: 'set session transaction isolation level serializable',
      look: 'select @@tx_isolation as found',
      clean: 'READ-COMMITTED',
    },
    'a lock by name': { leave: "select get_lock('aa_leak', 0)", look: "select is_used_lock('aa_leak') as found", clean: null },
    'a temporary table': {
      leave: 'create temporary table scratch as select 1 as n',
      look: "select count(*) as found from information_schema.tables where table_schema = database() and table_name = 'scratch'",
      clean: 0,
    },
    'another database': { leave: 'use information_schema', look: "select database() = 'information_schema' as found", clean: 0 },
  }
  for (const [what, { leave, look, clean }] of Object.entries(leaks)) {
    it(what, () =>
      inStore(
        mariadb,
        async ({ db }) => {
          await db.run(() => db.session.manager.query(leave))
          const [row] = (await db.run(() => db.session.manager.query(look))) as { found: unknown }[]
          expect(typeof clean === 'number' ? Number(row?.found) : row?.found).toBe(clean)
        },
        { poolSize: 1 },
      ),
    )
  }

  it('an open transaction', () =>
    inStore(
      mariadb,
      async ({ db, User }) => {
        const runner = db.dataSource.createQueryRunner()
        await runner.startTransaction()
        await runner.manager.insert(User, { name: 'open' })
        await runner.release()
        expect(await User.count()).toBe(0)
        const raw = db.dataSource.createQueryRunner()
        await raw.query('set autocommit = 0')
        await raw.manager.insert(User, { name: 'open' })
        await raw.release()
        expect(await User.count()).toBe(0)
      },
      { poolSize: 1 },
    ))

  it('a prepared statement', () =>
    inStore(
      mariadb,
      async ({ db }) => {
        await db.run(() => db.session.manager.query("prepare leak from 'select 1'"))
        const error = await thrown(db.run(() => db.session.manager.query('execute leak')))
        expect(error).toMatchObject({ driverError: { errno: 1243 } })
      },
      { poolSize: 1 },
    ))

  it('locked tables', () =>
    inStore(
      mariadb,
      async ({ db, User }) => {
        const runner = db.dataSource.createQueryRunner()
        await runner.query('lock tables user write')
        await runner.release()
        const other = db.dataSource.createQueryRunner()
        expect(await other.query('select count(*) as n from post')).toHaveLength(1)
        await other.release()
        expect(await User.count()).toBe(0)
      },
      { poolSize: 1 },
    ))

  it('and the usual statement costs no other', () =>
    inStore(
      mariadb,
      async (store) => {
        const { db, User } = store
        const asked = async (): Promise<number> => {
          const [row] = (await db.dataSource.query("show session status like 'Questions'")) as { Value: string }[]
          return Number(row?.Value)
        }
        const id = await db.run(() => connectionId(store))
        const before = await asked()
        await User.create({ name: 'a' })
        await User.query().all()
        // INSERT, SELECT, SHOW
        expect((await asked()) - before).toBe(3)
        await db.run(() => db.session.manager.query('set @x = 1'))
        expect(await db.run(() => connectionId(store))).toBe(id)
      },
      { poolSize: 1 },
    ))
})

describe('a stream', () => {
  it('gives rows, and its connection when it has ended', () =>
    inStore(mariadb, async ({ db, User }) => {
      await User.createMany([{ name: 'a' }, { name: 'b' }])
      const runner = db.dataSource.createQueryRunner()
      const names: string[] = []
      for await (const row of await runner.stream('select name from user order by id'))
        names.push((row as unknown as { name: string }).name)
      expect(names).toEqual(['a', 'b'])
      await runner.release()
    }))

  it('ends with an error when its connection is lost', () =>
    inStore(mariadb, async ({ db }) => {
      const runner = db.dataSource.createQueryRunner()
      const [row] = (await runner.query('select connection_id() as id')) as { id: number }[]
      const stream = await runner.stream('select sleep(20)')
      stream.resume()
      const failed = once(stream, 'error')
      await sleep(50)
      await kill(Number(row?.id))
      expect((await failed)[0]).toBeInstanceOf(Error)
      await runner.release()
    }))
})

import { ActiveAlchemy, type ReportEvent } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { models } from './conformance/store.ts'
import { latch, until } from './conformance/world.ts'
import { type FreshDatabase, open, type TestDatabase } from './databases/database.ts'
import { onServer as onMariadb } from './databases/mysql.ts'
import { onServer as onPostgres } from './databases/postgres.ts'
import type { Framework, Handler } from './frameworks/framework.ts'
import { eachCross } from './matrix.ts'

/** An application whose handlers do what a database refuses. */
class Bench {
  readonly db: ActiveAlchemy
  readonly models: ReturnType<typeof models>
  readonly leases: { leased: number; released: number }
  readonly reports: ReportEvent[] = []
  readonly #framework: Framework

  constructor(framework: Framework, fresh: FreshDatabase) {
    const { db, leases } = open(ActiveAlchemy, fresh, { poolSize: 3, poolTimeoutMs: 1_500 })
    this.#framework = framework
    this.db = db
    this.leases = leases
    this.models = models(db)
  }

  /** What is answered to a request that `handler` serves. */
  async answer(handler: Handler): Promise<{ status: number; worded: unknown }> {
    const app = await this.#framework.start({
      databases: [this.db],
      options: { report: (event) => void this.reports.push(event) },
      routes: { 'POST /': handler },
    })
    try {
      const answer = await fetch(app.url, { method: 'POST' })
      const { worded } = (await answer.json()) as { worded?: unknown }
      return { status: answer.status, worded }
    } finally {
      await app.stop()
    }
  }

  /** Another scope that holds the lock of a row while `work` runs. */
  async whileLocked<T>(id: number, work: () => Promise<T>): Promise<T> {
    const locked = latch()
    const done = latch()
    const holder = this.db.run(async () => {
      await this.models.User.get(id, { forUpdate: true })
      locked.open()
      await done.promise
    })
    await locked.promise
    try {
      return await work()
    } finally {
      done.open()
      await holder
    }
  }
}

async function onBench(framework: Framework, database: TestDatabase, row: (bench: Bench) => Promise<void>): Promise<void> {
  const fresh = await database.create()
  const bench = new Bench(framework, fresh)
  try {
    await bench.db.createAll()
    await row(bench)
    await until(() => bench.leases.released === bench.leases.leased)
  } finally {
    await bench.db.close()
    await fresh.drop()
  }
}

const ok = { json: {} }
const swallow = (work: PromiseLike<unknown>): Promise<unknown> => Promise.resolve(work).then(undefined, () => undefined)

eachCross('what the database refuses', (framework, database) => {
  const has = (lack: 'concurrent writers' | 'transactional DDL' | 'deferred constraints'): boolean => database.lacks[lack] === undefined
  const row = (title: string, run: (bench: Bench) => Promise<void>): void => {
    it(title, () => onBench(framework, database, run))
  }

  row('unique and foreign key are 409, not-null and check are 422, and nothing of the request stays', async (bench) => {
    const { db } = bench
    const { User, Post } = bench.models
    class Product extends db.Model('Product', { stock: db.Column(db.Integer, { default: 0 }) }) {}
    db.Check('stock_left', 'stock >= 0')(Product)
    await db.createAll()
    await User.create({ name: 'taken', email: 'a@b.cd' })
    const { id } = await Post.create({ title: 'x' })
    const user = db.dataSource.driver.escape('user')
    const refused: Record<string, [number, string, () => PromiseLike<unknown>]> = {
      unique: [409, 'UNIQUE', () => User.create({ name: 'b', email: 'a@b.cd' })],
      'foreign key': [409, 'FOREIGN_KEY', () => db.dataSource.query(`update post set author_id = 987 where id = ${id}`)],
      'not null': [422, 'NOT_NULL', () => db.dataSource.query(`update ${user} set name = null`)],
      check: [422, 'CHECK', () => Product.create({}).increment('stock', -1)],
    }
    for (const [what, [status, code, refuse]] of Object.entries(refused)) {
      const answer = await bench.answer(async () => {
        await User.create({ name: 'lost' })
        await refuse()
        return ok
      })
      expect([what, answer]).toEqual([what, { status, worded: code }])
      expect(await User.query('name').all()).toEqual([{ name: 'taken' }])
    }
  })

  row('an error that was swallowed is an error of the answer, and nothing stays', async (bench) => {
    const { User } = bench.models
    await User.create({ name: 'taken', email: 'a@b.cd' })
    const answer = await bench.answer(async () => {
      await User.create({ name: 'lost' })
      await swallow(User.create({ name: 'b', email: 'a@b.cd' }))
      return ok
    })
    expect(answer).toEqual({ status: 500, worded: 'SESSION_FAILED' })
    expect(await User.count()).toBe(1)
  })

  row('a lock that is not free in time is 503', async (bench) => {
    const { User } = bench.models
    const { id } = await User.create({ name: 'a' })
    await bench.whileLocked(id, async () => {
      const answer = await bench.answer(async () => {
        await User.create({ name: 'lost' })
        await User.get(id, { forUpdate: true })
        return ok
      })
      // The one lock of SQLite is waited for in the line for connections.
      expect(answer).toEqual({ status: 503, worded: has('concurrent writers') ? 'LOCK_TIMEOUT' : 'POOL_TIMEOUT' })
    })
    expect(await User.count()).toBe(1)
  })

  row('a connection that comes too late is 503', async (bench) => {
    const { User } = bench.models
    const runners = await Promise.all([1, 2, 3].map(async () => bench.db.dataSource.driver.lease('read')))
    expect(await bench.answer(async () => ({ json: await User.count() }))).toEqual({ status: 503, worded: 'POOL_TIMEOUT' })
    await Promise.all(runners.map((runner) => runner.release()))
    expect(await bench.answer(async () => ({ json: { count: await User.count() } }))).toMatchObject({ status: 200 })
  })

  row('the victim of a deadlock is 503, also when it swallows the error; the other is kept', async (bench) => {
    const { User } = bench.models
    const [a, b] = await User.createMany([{ name: 'a' }, { name: 'b' }])
    const hold = [latch(), latch()] as const
    const cross = (own: 0 | 1): Promise<{ status: number; worded: unknown }> =>
      bench.answer(async () => {
        const order = own ? [b, a] : [a, b]
        await User.get(order[0]?.id, { forUpdate: true }).update({ points: 1 })
        hold[own].open()
        if (has('concurrent writers')) await hold[own ? 0 : 1].promise
        const work = User.get(order[1]?.id, { forUpdate: true }).update({ points: 1 })
        await (own ? work : swallow(work))
        return ok
      })
    const answers = await Promise.all([cross(0), cross(1)])
    if (has('concurrent writers')) {
      const [victim, ...others] = answers.filter(({ status }) => status !== 200)
      expect(others).toEqual([])
      expect([
        { status: 503, worded: 'DEADLOCK' },
        { status: 500, worded: 'SESSION_FAILED' },
      ]).toContainEqual(victim)
    } else expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await User.query('points').all()).map(({ points }) => points)).toEqual([1, 1])
  })

  row('a schema change in a request is undone with it, or refused before it is sent', async (bench) => {
    const { db } = bench
    const { User } = bench.models
    const answer = await bench.answer(async () => {
      await User.create({ name: 'lost' })
      await swallow(db.dataSource.query('create table sneaked (id integer)'))
      return { json: {}, status: 409 }
    })
    expect(answer.status).toBe(409)
    expect(await User.count()).toBe(0)
    expect((await db.reflect()).map(({ name }) => name)).not.toContain('sneaked')
    const kept = await bench.answer(async () => {
      await User.create({ name: 'x' })
      await swallow(db.dataSource.query('create table sneaked (id integer)'))
      return ok
    })
    expect(kept).toEqual(has('transactional DDL') ? { status: 200, worded: undefined } : { status: 500, worded: 'SESSION_FAILED' })
    expect(await User.count()).toBe(has('transactional DDL') ? 1 : 0)
  })

  row('a commit that the database turns into a rollback is an error, and nothing stays', async (bench) => {
    const { db } = bench
    const { User } = bench.models
    await db.dataSource.query('create table note (id integer primary key)')
    for (const sql of database.prepareBreak) await db.dataSource.query(sql)
    const answer = await bench.answer(async () => {
      await User.create({ name: 'lost' })
      for (const sql of database.breakCommit) await db.dataSource.query(sql)
      return ok
    })
    // A promise that was not kept, or a rollback that was no wish of ours.
    expect([409, 500]).toContain(answer.status)
    expect(await User.count()).toBe(0)
  })

  row('a statement that ends the whole transaction is an error of the answer, whoever swallows it', async (bench) => {
    const { db } = bench
    const { Country, User } = bench.models
    await Country.create({ code: 'XX', name: 'x' })
    const ending: Record<string, string> = {
      sqlite: "insert or rollback into country (code, name) values ('XX', 'x')",
      postgres: 'select 1 / 0',
      mariadb: "signal sqlstate '40001'",
    }
    const answer = await bench.answer(async () => {
      await User.create({ name: 'lost' })
      await swallow(db.dataSource.query(ending[database.name] ?? ''))
      await swallow(User.create({ name: 'after' }))
      return ok
    })
    expect(answer).toEqual({ status: 500, worded: 'SESSION_FAILED' })
    expect(await User.count()).toBe(0)
  })

  row('a connection that is lost is 503, and the next request is served', async (bench) => {
    const { db } = bench
    const { User } = bench.models
    const kill: Record<string, () => Promise<unknown>> = {
      postgres: async () => {
        const [{ id }] = (await db.dataSource.query('select pg_backend_pid() as id')) as [{ id: number }]
        await onPostgres(`select pg_terminate_backend(${id}, 5000)`)
      },
      mariadb: async () => {
        const [{ id }] = (await db.dataSource.query('select connection_id() as id')) as [{ id: number }]
        await onMariadb(`kill ${id}`)
      },
      // A file has no other end that could be lost.
      sqlite: () => Promise.reject(Object.assign(new Error('none'), { status: 503, code: 'CONNECTION_LOST' })),
    }
    const answer = await bench.answer(async () => {
      await User.create({ name: 'lost' })
      await kill[database.name]?.()
      await User.count()
      return ok
    })
    expect(answer).toEqual({ status: 503, worded: 'CONNECTION_LOST' })
    expect(await User.count()).toBe(0)
    expect(await bench.answer(async () => ({ json: { count: await User.count() } }))).toMatchObject({ status: 200 })
  })
})

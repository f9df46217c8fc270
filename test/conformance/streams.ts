import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { NestedScopeError } from '@active-alchemy/core'
import { expect } from 'vitest'
import { type TestDatabase, work } from '../databases/database.ts'
import { mariadb } from '../databases/mysql.ts'
import { postgres } from '../databases/postgres.ts'
import { rowIn, type Store } from './store.ts'
import { until } from './world.ts'

/** What is read piece by piece: by a stream, which holds nothing between two pieces, and by a job that commits each. */
export function streamRows(database: TestDatabase): void {
  const row = rowIn(database)
  const fill = ({ User }: Store, count: number): Promise<unknown> =>
    User.createMany(Array.from({ length: count }, (_, points) => ({ name: `n${points % 7}`, points })))
  const inMemory = database.lacks['a connection for each session'] !== undefined

  row('a stream gives each record once, in the order of the query, by one statement a batch', async (store) => {
    const { User, sent } = store
    await fill(store, 25)
    for (const [query, key] of [
      [() => User.query(), () => User.query().orderBy('id')],
      [() => User.query().orderBy('points', 'DESC'), undefined],
      [() => User.query().orderBy('name'), () => User.query().orderBy('name').orderBy('id')],
      [() => User.query().orderBy('name').limit(11).offset(3), () => User.query().orderBy('name').orderBy('id').limit(11).offset(3)],
      [() => User.query().limit(10), () => User.query().orderBy('id').limit(10)],
      [() => User.query().limit(0), undefined],
      [() => User.filter({ name: 'nobody' }), undefined],
    ] as const) {
      const seen: number[] = []
      const all = (await (key ?? query)().all()).map(({ points }) => points)
      const statements = await sent(async () => {
        for await (const user of query().stream({ batch: 10 })) {
          expect(user).toBeInstanceOf(User)
          seen.push(user.points)
        }
      })
      expect(seen).toEqual(all)
      expect(statements.length).toBeLessThanOrEqual(Math.floor(all.length / 10) + 1)
    }
  })

  row('relations come with each batch, and chosen columns and expressions are rows', async (store) => {
    const { User, Post, sent } = store
    await fill(store, 6)
    const [author] = await User.query().orderBy('id').all()
    await Post.createMany([1, 2].map((words) => ({ title: `t${words}`, words, author: author ?? null })))
    const counts: number[] = []
    const statements = await sent(async () => {
      for await (const user of User.query().with('posts').stream({ batch: 4 })) counts.push(user.posts.length)
    })
    expect([counts, statements.length]).toEqual([[2, 0, 0, 0, 0, 0], 4])
    const rows: object[] = []
    for await (const each of Post.query((post) => ({ title: post.title, author: post.author.name.upper() })).stream({ batch: 1 }))
      rows.push(each)
    expect(rows).toEqual([
      { title: 't1', author: 'N0' },
      { title: 't2', author: 'N0' },
    ])
  })

  row('between two batches it holds no connection, and reads no further than its reader', async (store) => {
    const { db, User, statements } = store
    await fill(store, 60)
    statements.length = 0
    const stream = User.query().stream({ batch: 10 })
    expect(statements).toEqual([])
    let taken = 0
    let go: (() => void) | undefined
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(_user, _encoding, done) {
        taken += 1
        if (taken === 5) go = done
        else done()
      },
    })
    const piped = pipeline(stream, slow)
    await until(() => taken === 5)
    // A batch may be under way that the buffer of the stream has asked for.
    await until(() => db.dataSource.driver.pool.leased === 0)
    // The buffer holds 16 records.
    expect(work(statements).length).toBeLessThanOrEqual(4)
    await User.create({ name: 'meanwhile', points: 60 })
    go?.()
    await piped
    expect(taken).toBe(61)
  })

  row('its session is its own: it begins after a scope as well, and sees what is committed', async (store) => {
    const { db, User } = store
    await fill(store, 3)
    const read = async (stream: AsyncIterable<{ readonly points: number }>): Promise<number[]> => {
      const seen: number[] = []
      for await (const { points } of stream) seen.push(points)
      return seen
    }
    const late = await db.run(async () => User.query().stream())
    expect(await read(late)).toEqual([0, 1, 2])
    await db.run(async () => {
      await User.create({ name: 'new', points: 3 })
      if (inMemory) await expect(read(User.query().stream())).rejects.toBeInstanceOf(NestedScopeError)
      else expect(await read(User.query().stream())).toEqual([0, 1, 2])
      await db.commit()
      expect(await read(User.query().stream())).toEqual([0, 1, 2, 3])
    })
    // What is done with a record is done where its reader stands. A database in memory has no connection for both.
    const undone = db.run(async () => {
      for await (const user of inMemory ? [] : User.query().stream({ batch: 2 })) await user.update({ name: 'lost' })
      throw new Error('boom')
    })
    await expect(undone).rejects.toThrow('boom')
    expect(await User.count({ name: 'lost' })).toBe(0)
    for await (const user of User.query().stream({ batch: 2 })) await user.update({ name: 'kept' })
    expect(await User.count({ name: 'kept' })).toBe(4)
  })

  row('one that is destroyed ends its statement on the server, and one whose statement fails says why', async (store) => {
    const { db, User, raw } = store
    await fill(store, 5)
    const failing = User.filter(db.sql.read`no_such_column = 1`).stream()
    await expect(failing.toArray()).rejects.toThrow('no_such_column')
    expect(failing.destroyed).toBe(true)
    const half = User.query().stream({ batch: 2 })
    for await (const user of half) if (user.points === 2) break
    expect(half.destroyed).toBe(true)
    await until(() => db.dataSource.driver.pool.leased === 0)
    if (database !== postgres && database !== mariadb) return
    const sleeping = database === postgres ? db.sql.read`pg_sleep(60) is not null` : db.sql.read`sleep(60) = 0`
    const stream = User.filter(sleeping).stream()
    stream.resume()
    await until(() => db.dataSource.driver.pool.leased === 1 && store.statements.some((sql) => sql.includes('sleep')))
    await sleep(100)
    stream.destroy()
    await once(stream, 'close')
    await until(() => db.dataSource.driver.pool.leased === 0)
    const [list, text] =
      database === postgres
        ? ['pg_stat_activity', "query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()"]
        : ['information_schema.processlist', "info like '%sleep(60)%' and id <> connection_id()"]
    for (let turn = 0; ; turn++) {
      const [{ n }] = (await raw(`select count(*) as n from ${list} where ${text}`)) as [{ n: string | number }]
      if (Number(n) === 0) break
      if (turn === 200) throw new Error('It runs on')
      await sleep(25)
    }
  })

  row('rows without a key, SQL in the order, locks and unknown options are refused before anything is sent', async ({ db, User, sent }) => {
    const statements = await sent(async () => {
      for (const query of [
        User.query('location').distinct(),
        User.query({ n: db.func.count() }),
        User.query().orderBy(db.sql.read`points`),
        User.query().forUpdate(),
      ]) {
        expect(() => query.stream()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }) as Error)
      }
      for (const options of [{ batch: 0 }, { batch: 10_001 }, { batch: '5' }, { bach: 5 }]) {
        expect(() => User.query().stream(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
        await expect(User.query().inBatches(async () => undefined, options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      }
    })
    expect(statements).toEqual([])
  })

  row('a job in batches commits each, and goes on from where it failed', async (store) => {
    const { db, User } = store
    class Job extends db.BaseModel('Job', {
      id: db.Column(db.Integer, { primary: true }),
      cursor: db.Column(db.Text, { nullable: true }),
      times: db.Column(db.Integer, { default: 0 }),
    }) {}
    await db.createAll()
    await fill(store, 25)
    await Job.create({ id: 1 })
    const run = async (fails: boolean): Promise<number> => {
      const { cursor } = await Job.getOrError(1)
      return User.query()
        .orderBy('points', 'DESC')
        .inBatches(
          async (users) => {
            for (const user of users) {
              if (fails && user.points === 8) throw new Error('boom')
              await user.update({ location: `${user.location}!` })
            }
            await Job.getOrError(1).update({ cursor: users.endCursor, times: (await Job.getOrError(1)).times + 1 })
          },
          { batch: 10, after: cursor },
        )
    }
    await expect(run(true)).rejects.toThrow('boom')
    expect([await User.count({ location: 'USA!' }), (await Job.getOrError(1)).times]).toEqual([10, 1])
    expect(await run(false)).toBe(15)
    expect([await User.count({ location: 'USA!' }), (await Job.getOrError(1)).times]).toEqual([25, 3])
    expect(await run(false)).toBe(0)
  })

  row('a job may leave the rows that it looks for, and lock what it works on', async (store) => {
    const { db, User, statements } = store
    await fill(store, 25)
    statements.length = 0
    const sizes: number[] = []
    const count = await User.filter({ location: 'USA' })
      .forUpdate({ skipLocked: true })
      .inBatches(
        async (users) => {
          sizes.push(users.items.length)
          for (const user of users) await user.update({ location: 'done' })
        },
        { batch: 10, transactionTimeoutMs: 20_000 },
      )
    expect([count, sizes, await User.count({ location: 'done' })]).toEqual([25, [10, 10, 5], 25])
    expect(statements.filter((sql) => sql.startsWith('COMMIT'))).toHaveLength(3)
    // Inside a scope each batch is a scope of its own, as with db.run.
    await db.run(async () => {
      await User.filter({ points: 1 }).inBatches(async (users) => users.items[0]?.update({ name: 'own' }))
      db.session.rollbackOnly()
    })
    expect(await User.count({ name: 'own' })).toBe(1)
  })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore, type Store } from './conformance/store.ts'
import { latch } from './conformance/world.ts'
import { sqliteFile, sqliteMemory } from './databases/sqlite.ts'

/** How a transaction is opened: each must keep transactions apart. */
const openers: Record<string, (store: Store, work: (insert: (name: string) => Promise<unknown>) => Promise<void>) => Promise<void>> = {
  'db.run': ({ db, User }, work) => db.run(() => work((name) => User.create({ name }).then(() => undefined))),
  'db.transaction': ({ db, User }, work) => db.transaction(() => work((name) => User.create({ name }).then(() => undefined))),
  'dataSource.transaction': ({ db, User }, work) => db.dataSource.transaction((manager) => work((name) => manager.save(User, { name }))),
  'a query runner': async ({ db, User }, work) => {
    const runner = db.dataSource.createQueryRunner()
    try {
      await runner.startTransaction()
      await work((name) => runner.manager.save(User, { name }))
      await runner.commitTransaction()
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction()
      throw error
    } finally {
      await runner.release()
    }
  },
}

describe('sqlite: the key of a new record', () => {
  it('is its own, whatever triggers and indexes of full text insert beside it', () =>
    inStore(sqliteFile, async ({ User, Country, raw }) => {
      await Country.createMany(['AA', 'BB', 'CC'].map((code) => ({ code, name: code })))
      await raw('create virtual table found using fts5(name)')
      for (const [moment, rowid] of [
        ['before', '(select count(*) from found) + 5000'],
        ['after', 'new.id + 1000'],
      ]) {
        await raw(
          `create trigger ${moment}_user ${moment} insert on user begin insert into found (rowid, name) values (${rowid}, new.name); end`,
        )
      }
      for (const name of ['a', 'b', 'c']) {
        const { id } = await User.create({ name })
        expect(await raw(`select id from user where name = '${name}'`)).toEqual([{ id }])
      }
    }))
})

const names = async ({ User }: Store): Promise<string[]> => (await User.query('name').orderBy('name').all()).map(({ name }) => name)
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: Error) => error.message,
  )

/** Another process that writes to the file of `db` for so many milliseconds. */
async function otherProcess(db: ActiveAlchemy, ms: number): Promise<ChildProcess> {
  const script = `const d = require('better-sqlite3')(process.argv[1]); d.exec('BEGIN IMMEDIATE'); console.log('locked'); setTimeout(() => d.exec('COMMIT'), ${ms})`
  const holder = spawn(process.execPath, ['-e', script, String(db.dataSource.options.database)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  return holder
}

/**
 * Two transactions that overlap, as TypeORM's own driver mixes them up: what one was told must be what happened.
 *
 * The letters are those of the research that found it. Under one write lock the second waits for the first.
 */
for (const database of [sqliteFile, sqliteMemory]) {
  for (const [opener, open] of Object.entries(openers)) {
    describe(`${database.name}: overlapping transactions by ${opener}`, () => {
      const pair = async (
        store: Store,
        first: { fails: boolean; waitsForSecond?: boolean },
        second: { fails: boolean },
      ): Promise<[string, string, string[]]> => {
        const firstWrote = latch()
        const secondStarted = latch()
        const one = outcome(
          open(store, async (insert) => {
            await insert('t1')
            firstWrote.open()
            await secondStarted.promise
            if (first.fails) throw new Error('t1 fails')
          }),
        )
        await firstWrote.promise
        const two = outcome(
          open(store, async (insert) => {
            secondStarted.open()
            await insert('t2')
            if (second.fails) throw new Error('t2 fails')
          }),
        )
        // In memory the second cannot even start before the first has ended.
        setTimeout(() => secondStarted.open(), 20)
        return [await one, await two, await names(store)]
      }

      it('A: the first fails after the second was told ok', () =>
        inStore(database, async (store) =>
          expect(await pair(store, { fails: true }, { fails: false })).toEqual(['t1 fails', 'ok', ['t2']]),
        ))

      it('B: the first commits, the second fails', () =>
        inStore(database, async (store) =>
          expect(await pair(store, { fails: false }, { fails: true })).toEqual(['ok', 't2 fails', ['t1']]),
        ))

      it('C: both commit, and both fail', () =>
        inStore(database, async (store) => {
          expect(await pair(store, { fails: true }, { fails: true })).toEqual(['t1 fails', 't2 fails', []])
          expect(await pair(store, { fails: false }, { fails: false })).toEqual(['ok', 'ok', ['t1', 't2']])
        }))

      it('D: a save beside a transaction that fails is kept', () =>
        inStore(database, async (store) => {
          const wrote = latch()
          const one = outcome(
            open(store, async (insert) => {
              await insert('t1')
              wrote.open()
              await new Promise((resolve) => setTimeout(resolve, 20))
              throw new Error('t1 fails')
            }),
          )
          await wrote.promise
          await store.db.dataSource.getRepository(store.User).save({ name: 'beside' })
          expect([await one, await names(store)]).toEqual(['t1 fails', ['beside']])
        }))

      it('E: nobody reads what is not committed', () =>
        inStore(database, async (store) => {
          const wrote = latch()
          const one = outcome(
            open(store, async (insert) => {
              await insert('t1')
              wrote.open()
              await new Promise((resolve) => setTimeout(resolve, 20))
              throw new Error('t1 fails')
            }),
          )
          await wrote.promise
          const seen = await store.db.dataSource.getRepository(store.User).find()
          expect([seen, await one]).toEqual([[], 't1 fails'])
        }))

      it('F: three in one tick all commit', () =>
        inStore(database, async (store) => {
          const three = ['a', 'b', 'c'].map((name) => open(store, async (insert) => void (await insert(name))))
          expect(await Promise.all(three.map(outcome))).toEqual(['ok', 'ok', 'ok'])
          expect(await names(store)).toEqual(['a', 'b', 'c'])
        }))

      it('G: five saves at once are five rows', () =>
        inStore(database, async (store) => {
          const repository = store.db.dataSource.getRepository(store.User)
          await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => repository.save({ name })))
          expect(await names(store)).toHaveLength(5)
        }))
    })
  }
}

describe('sqlite: locks', () => {
  it('another process that holds the lock for two seconds never blocks the event loop', () =>
    inStore(
      sqliteFile,
      async ({ db, User }) => {
        const holder = await otherProcess(db, 2_000)
        let last = performance.now()
        let largest = 0
        const beat = setInterval(() => {
          largest = Math.max(largest, performance.now() - last)
          last = performance.now()
        }, 5)
        try {
          const [, , read] = await Promise.all([User.create({ name: 'a' }), User.create({ name: 'b' }), User.count()])
          expect([read, await User.count()]).toEqual([0, 2])
        } finally {
          clearInterval(beat)
        }
        if (holder.exitCode === null) await once(holder, 'exit')
        // The loop may wait for the machine, never for the lock: the bound is half of its two seconds.
        expect(largest).toBeLessThan(1_000)
      },
      { poolTimeoutMs: 10_000 },
    ))

  it('a lock that is never given back ends in time, with its name', () =>
    inStore(
      sqliteFile,
      async ({ db, User, another }) => {
        const other = another({ poolTimeoutMs: 5_000 })
        const held = latch()
        const holding = latch()
        const holder = other.run(async () => {
          await other.dataSource.query("insert into country (code, name) values ('XX', 'x')")
          holding.open()
          await held.promise
        })
        await holding.promise
        await expect(User.create({ name: 'a' })).rejects.toMatchObject({ code: 'POOL_TIMEOUT', status: 503 })
        expect(await User.count()).toBe(0)
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
        held.open()
        await holder
        await User.create({ name: 'b' })
      },
      { poolTimeoutMs: 150 },
    ))

  it('a write waits no longer than poolTimeoutMs, for its turn and for another process together', () =>
    inStore(
      sqliteFile,
      async ({ db, User }) => {
        const holder = await otherProcess(db, 60_000)
        const { connections } = db.dataSource.driver as typeof db.dataSource.driver & {
          connections: { lockForWriting(deadline: number): Promise<() => void> }
        }
        const letIn = await connections.lockForWriting(Infinity)
        setTimeout(letIn, 900)
        const events: string[] = []
        const write = User.create({ name: 'a' }).catch((error: unknown) => events.push((error as { code: string }).code))
        const limit = sleep(1_500).then(() => events.push('far too long'))
        await Promise.all([write, limit])
        holder.kill()
        expect(events).toEqual(['LOCK_TIMEOUT', 'far too long'])
      },
      { poolTimeoutMs: 1_000 },
    ))

  for (const database of [sqliteFile, sqliteMemory]) {
    it(`${database.name}: who does not wait for the writer is told at once`, () =>
      inStore(
        database,
        async ({ db }) => {
          const { driver } = db.dataSource
          const writer = await driver.lease('write')
          await expect(driver.lease('try-write')).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', status: 503 })
          await writer.release()
          const next = await driver.lease('try-write')
          await next.begin()
          await next.rollback()
          await next.release()
        },
        { poolTimeoutMs: 60_000 },
      ))
  }

  it('who does not wait for the writer of another process is told at once', () =>
    inStore(
      sqliteFile,
      async ({ db }) => {
        const holder = await otherProcess(db, 60_000)
        const runner = await db.dataSource.driver.lease('try-write')
        await expect(runner.begin()).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', status: 503 })
        await runner.release()
        holder.kill()
      },
      { poolTimeoutMs: 60_000 },
    ))

  it.each([
    ['select 1', true],
    ['with a as (select 1 as n) select n from a', true],
    ["/* pragma */ select count(*) from user where name <> 'insert'", true],
    ['values (1)', true],
    ['insert into user (name) values (1) returning id', false],
    ['with a as (select 1) delete from user', false],
    ['pragma busy_timeout = 5', false],
    ['pragma foreign_keys = off', false],
    ['-- so\npragma main.journal_mode', false],
    ["attach ':memory:' as other", false],
    ['create temp table t (id)', false],
    ['begin', false],
    ['select * from missing', false],
    ['select from where', false],
    ['select 1; delete from user', false],
  ])('SQLite itself says of %j whether it only reads', (sql, onlyReads) =>
    inStore(sqliteFile, async ({ db }) => expect(db.dataSource.driver.isReadOnly(sql)).toBe(onlyReads)),
  )

  it('a wait ends in time, although the clock is set back meanwhile', () =>
    inStore(
      sqliteFile,
      async ({ db, User }) => {
        const holder = await otherProcess(db, 60_000)
        const now = Date.now
        setTimeout(() => (Date.now = () => now() - 3_600_000), 100)
        try {
          const write = User.create({ name: 'a' }).then(
            () => 'written',
            (error: unknown) => (error as { code: string }).code,
          )
          expect(await Promise.race([write, sleep(5_000, 'never')])).toBe('LOCK_TIMEOUT')
        } finally {
          Date.now = now
          holder.kill()
        }
      },
      { poolTimeoutMs: 300 },
    ))

  it('two databases of one process on one file take turns, and readers never wait for the writer', () =>
    inStore(sqliteFile, async ({ User, another, db }) => {
      const other = another()
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          index % 2 === 0
            ? User.create({ name: `a${index}` })
            : other.dataSource.query(`insert into country (code, name) values ('${String(index).padStart(2, '0')}', 'x')`),
        ),
      )
      expect([await User.count(), (await other.dataSource.query('select * from country')).length]).toEqual([20, 20])
      await db.run(async () => {
        await User.create({ name: 'open' })
        expect(await db.detach(() => User.count())).toBe(20)
      })
    }))

  it('more requests than connections are all served', () =>
    inStore(
      sqliteFile,
      async ({ db, User }) => {
        await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            db.run(async () => {
              await User.count()
              await User.create({ name: `n${index}` })
              await User.count()
            }),
          ),
        )
        expect(await User.count()).toBe(60)
      },
      { poolSize: 2 },
    ))
})

describe('sqlite: what it is', () => {
  it('a commit is durable: WAL with a full sync, foreign keys on, on every connection', () =>
    inStore(sqliteFile, async ({ db, raw, User }) => {
      await db.run(async () => {
        await User.create({ name: 'a' })
        const [inside] = await db.dataSource.query('pragma synchronous')
        expect(inside).toEqual({ synchronous: 2 })
        await db.rollback()
      })
      expect([await raw('pragma journal_mode'), await raw('pragma synchronous'), await raw('pragma foreign_keys')]).toEqual([
        [{ journal_mode: 'wal' }],
        [{ synchronous: 2 }],
        [{ foreign_keys: 1 }],
      ])
    }))

  it('a statement that rolls back the whole transaction is not believed as a commit', () =>
    inStore(sqliteFile, async ({ db, User }) => {
      const work = db.run(async () => {
        await User.create({ name: 'lost', email: 'a@b.cd' })
        await db.dataSource
          .query(
            "insert or rollback into user (name, location, points, email, created_at, updated_at) values ('x', 'y', 0, 'a@b.cd', '2026', '2026')",
          )
          .catch(() => undefined)
      })
      await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED' })
      expect(await User.count()).toBe(0)
    }))

  it('a path whose directory is missing is an error that names the directory, and makes none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alchemy-'))
    const db = new ActiveAlchemy(`sqlite:///${join(folder, 'no', 'such', 'shop.db')}`)
    for (const call of [() => db.createAll(), () => db.ping()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        message: expect.stringContaining(`The directory ${join(folder, 'no', 'such')} does not exist`) as unknown,
      })
    }
    expect(await readdir(folder)).toEqual([])
    await db.close()
    await rm(folder, { recursive: true })
  })

  it('a file that cannot be opened is told with its name, each time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alchemy-'))
    await writeFile(join(folder, 'text.db'), 'no database, but a text that is long enough for a head of one')
    for (const [file, why] of [
      [folder, /unable to open database file/],
      [join(folder, 'text.db'), /not a database/],
    ] as const) {
      const db = new ActiveAlchemy(`sqlite:///${file}`)
      for (const call of [() => db.createAll(), () => db.ping()]) {
        const error = await call().then(String, (reason: unknown) => reason as Error)
        expect(error).toMatchObject({ code: 'CONNECTION_FAILED', message: expect.stringMatching(why) as unknown })
        expect(String(error)).toContain(file)
      }
      await db.close()
    }
    await rm(folder, { recursive: true })
  })

  it.each([
    ['', 2],
    ['synchronous=full', 2],
    ['synchronous=normal', 1],
    ['synchronous=OFF', 0],
  ])('the URI chooses when a commit is on the disk: %j', async (option, synchronous) => {
    const fresh = await sqliteFile.create()
    const db = new ActiveAlchemy(`${fresh.uri}${fresh.uri.includes('?') ? '&' : '?'}${option}`)
    const inside = db.run(async () => {
      await db.dataSource.query('create table t (id integer)')
      return db.dataSource.query('pragma synchronous')
    })
    expect([await inside, await db.dataSource.query('pragma synchronous')]).toEqual([[{ synchronous }], [{ synchronous }]])
    await db.close()
    await fresh.drop()
  })

  it('an option of the URI that SQLite does not have is refused', () => {
    for (const query of ['?synchronous=often', '?mode=ro', '?synchronos=off']) {
      expect(() => new ActiveAlchemy(`sqlite:///shop.db${query}`)).toThrow(/synchronous/)
    }
  })

  it('a table that the Python original made opens unchanged, and what we write it reads', () =>
    inStore(sqliteFile, async ({ db, raw }) => {
      await raw(`create table python_note (
        id integer not null primary key, created_at datetime, updated_at datetime, is_deleted boolean, deleted_at datetime,
        text varchar(20), moment datetime, check (is_deleted in (0, 1)))`)
      await raw(
        "insert into python_note values (1, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 0, null, 'old', '2026-01-02 03:04:05')",
      )
      await raw("insert into python_note values (2, '2026-01-02 03:04:05.000000', '2026-01-02 03:04:05.000000', null, null, 'flag', null)")
      class PythonNote extends db.Model('PythonNote', {
        text: db.Column(db.String(20)),
        moment: db.Column(db.DateTime, { nullable: true }),
      }) {}
      const note = await PythonNote.getOrError(1)
      expect([note.createdAt.toISO(), note.moment?.toISO()]).toEqual(['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.000Z'])
      expect(await PythonNote.count()).toBe(2)
      await note.update({ text: 'new' })
      await note.delete()
      const [row] = await raw('select * from python_note where id = 1')
      expect(row).toMatchObject({ text: 'new', is_deleted: 1, created_at: '2026-01-02 03:04:05.678901' })
      expect(row?.['deleted_at']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    }))
})

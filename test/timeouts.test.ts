import { tracingChannel } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { ActiveAlchemy, type ReportEvent, TransactionTimeoutError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore, patiently } from './conformance/store.ts'
import { latch, noteModel, until } from './conformance/world.ts'
import type { TestDatabase } from './databases/database.ts'
import { open } from './databases/database.ts'
import { databases, eachCross, eachDatabase } from './matrix.ts'

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const isTold = (told: unknown): told is { readonly text: string } =>
  typeof told === 'object' && told !== null && 'text' in told && typeof told.text === 'string'

/** A statement that does not end in time; SQLite has none that others could run beside. */
const hanging: Readonly<Record<string, readonly { readonly statement: string; readonly running: string }[]>> = {
  postgres: [
    {
      statement: 'select pg_sleep(60)',
      running: "select pid from pg_stat_activity where datname = current_database() and query like 'select pg_sleep%' and state = 'active'",
    },
  ],
  mariadb: [
    {
      statement: 'select sleep(60)',
      running: "select id from information_schema.processlist where db = database() and info like 'select sleep%'",
    },
  ],
}

const limit = { transactionTimeoutMs: 150, poolSize: 1 }

eachDatabase('a transaction that is open for too long', (database: TestDatabase) => {
  it('is rolled back, and who asks for its commit is told so', () =>
    inStore(
      database,
      async ({ db, User }) => {
        const work = db.run(async () => {
          await User.create({ name: 'slow' })
          await sleep(400)
        })
        await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT', status: 503 })
        expect(await patiently(db, () => User.count())).toBe(0)
      },
      limit,
    ))

  it('is ended in the midst of its work, also where a driver that never waits leaves timers no turn', () =>
    inStore(
      database,
      async ({ db, User }) => {
        let written = 0
        const endless = async (write: () => Promise<unknown>): Promise<void> => {
          for (; written < 20_000; written++) await write()
        }
        for (const write of [
          () => User.create({ name: 'busy' }),
          () => db.dataSource.getRepository(User).save({ name: 'busy' }),
          () => User.createMany([{ name: 'busy' }, { name: 'busy' }]),
        ]) {
          await expect(db.run(() => endless(write))).rejects.toMatchObject({ code: 'TRANSACTION_TIMEOUT', status: 503 })
        }
        expect(await patiently(db, () => User.count())).toBe(0)
        expect(written).toBeGreaterThan(3)
      },
      limit,
    ))

  for (const [what, sent] of [
    ['a savepoint is rolled back', /^ROLLBACK TO SAVEPOINT/],
    ['a savepoint is kept', /^RELEASE SAVEPOINT/],
    ['a savepoint begins', /^SAVEPOINT/],
  ] as const) {
    it(`is told so where its time is over while ${what}`, () =>
      inStore(
        database,
        async ({ db, User }) => {
          const later: string[] = []
          let isOver = false
          const delay = (told: unknown): void => {
            if (!isTold(told)) return
            if (isOver) later.push(told.text)
            if (!sent.test(told.text)) return
            isOver = true
            const until = performance.now() + limit.transactionTimeoutMs + 10
            while (performance.now() < until);
          }
          const queries = tracingChannel('active-alchemy:query')
          queries.start.subscribe(delay)
          const takenBack = new Error('Taken back by its caller')
          let inner: unknown
          try {
            const work = db.run(async () => {
              await User.create({ name: 'lost' })
              inner = await thrown(
                db.dataSource.transaction(async (manager) => {
                  await manager.save(User, { name: 'inner' })
                  if (sent.source.startsWith('^ROLLBACK')) throw takenBack
                }),
              )
              await sleep(400)
            })
            expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
            // Where the driver never waits, the statement is done before anybody can look at the clock.
            expect([undefined, takenBack, expect.any(TransactionTimeoutError)]).toContainEqual(inner)
            // All is being rolled back: nobody undoes a part of it beside that.
            expect(later.filter((text) => text.startsWith('ROLLBACK TO'))).toEqual([])
          } finally {
            queries.start.unsubscribe(delay)
          }
          expect(await patiently(db, () => User.count())).toBe(0)
        },
        limit,
      ))
  }

  for (const [what, transaction] of [
    ['db.transaction', (db) => (work) => db.transaction(work)],
    ["TypeORM's transaction", (db) => (work) => db.dataSource.transaction(work)],
  ] as const satisfies readonly (readonly [string, (db: ActiveAlchemy) => (work: () => Promise<void>) => Promise<void>])[]) {
    it(`is told so by ${what} inside it, which sent nothing since`, () =>
      inStore(
        database,
        async ({ db, User }) => {
          const inner = latch<unknown>()
          const work = db.run(async () => {
            const nested = transaction(db)(async () => {
              await User.create({ name: 'lost' })
              await sleep(400)
            })
            inner.open(await thrown(nested))
          })
          expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
          expect(await inner.promise).toBeInstanceOf(TransactionTimeoutError)
          expect(await patiently(db, () => User.count())).toBe(0)
        },
        limit,
      ))
  }

  it('is told so by a verb that commits by itself, and whose listener takes too long', () =>
    inStore(
      database,
      async ({ db, User }) => {
        db.dataSource.subscribers.push({ afterInsert: () => sleep(400) })
        const inner = latch<unknown>()
        const work = db.run(async () => inner.open(await thrown(User.create({ name: 'lost' }))))
        expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
        expect(await inner.promise).toBeInstanceOf(TransactionTimeoutError)
        db.dataSource.subscribers.pop()
        expect(await patiently(db, () => User.count())).toBe(0)
      },
      { ...limit, commit: 'save' },
    ))

  it('refuses what comes later with the same error, which no catch can hide', () =>
    inStore(
      database,
      async ({ db, User }) => {
        const late: unknown[] = []
        const work = db.run(async () => {
          await thrown(User.create({ name: 'slow' }))
          await sleep(400)
          late.push(await thrown(User.create({ name: 'late' })), await thrown(User.count()))
        })
        expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
        expect(late).toEqual([expect.any(TransactionTimeoutError), expect.any(TransactionTimeoutError)])
        expect(await patiently(db, () => User.count())).toBe(0)
      },
      limit,
    ))
})

for (const database of databases) {
  for (const { statement, running } of hanging[database.name] ?? []) {
    describe(`${database.name} › a statement that hangs`, () => {
      it('does not wait for the statement that hangs, which ends on the server too, and its connection is replaced', () =>
        inStore(
          database,
          async ({ db, User, another }) => {
            const startedAt = Date.now()
            const inner: unknown[] = []
            const work = db.run(async () => {
              await User.create({ name: 'lost' })
              inner.push(await thrown(db.dataSource.query(statement)))
            })
            expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
            expect(inner).toEqual([expect.any(TransactionTimeoutError)])
            expect(Date.now() - startedAt).toBeLessThan(10_000)
            const witness = another()
            await expect.poll(() => witness.dataSource.query(running), { timeout: 5_000 }).toEqual([])
            expect(await patiently(db, () => db.dataSource.query('select 1 as one'))).toEqual([{ one: 1 }])
            expect(await patiently(db, () => User.count())).toBe(0)
          },
          limit,
        ))

      it('ends a statement that nobody awaited, and no success is told', () =>
        inStore(
          database,
          async ({ db, User }) => {
            const work = db.run(async () => {
              await User.create({ name: 'lost' })
              db.dataSource.query(statement).catch(() => undefined)
            })
            expect(await thrown(work)).toBeInstanceOf(TransactionTimeoutError)
            expect(await patiently(db, () => User.count())).toBe(0)
          },
          limit,
        ))
    })
  }
}

eachDatabase('a second connection inside a scope', (database) => {
  const isOneLine = database.lacks['concurrent writers'] !== undefined

  it('is served from the session, by every way of TypeORM', () =>
    inStore(
      database,
      async ({ db, User }) => {
        await db.run(async () => {
          await User.create({ name: 'a' })
          const runner = db.dataSource.createQueryRunner()
          await runner.connect()
          expect(await runner.manager.count(User)).toBe(1)
          await runner.release()
          expect(await db.dataSource.transaction((manager) => manager.count(User))).toBe(1)
          expect(db.dataSource.driver.pool.leased).toBe(1)
        })
      },
      { poolSize: 1 },
    ))

  it('that only the scope around it could give back fails at once', () =>
    inStore(
      database,
      async ({ db, User }) => {
        const startedAt = Date.now()
        await db.run(async () => {
          await User.create({ name: 'a' })
          await expect(db.run(() => User.create({ name: 'b' }).then(() => undefined))).rejects.toMatchObject({ code: 'NESTED_SCOPE' })
        })
        expect(Date.now() - startedAt).toBeLessThan(10_000)
        expect(await User.count()).toBe(1)
      },
      { poolSize: 1, poolTimeoutMs: 20_000 },
    ))

  it('that scopes beside one another hold from each other fails in time, with the name of the pool', () =>
    inStore(
      database,
      async ({ db, User }) => {
        const both = [latch(), latch()] as const
        const hold = async (own: 0 | 1): Promise<unknown> =>
          db.run(async () => {
            await User.create({ name: 'outer' })
            both[own].open()
            if (!isOneLine) await both[own ? 0 : 1].promise
            return thrown(db.run(() => User.create({ name: 'inner' }).then(() => undefined)))
          })
        const errors = await Promise.all([hold(0), hold(1)])
        const code = isOneLine ? 'NESTED_SCOPE' : 'POOL_TIMEOUT'
        // Who fails first gives its connection to the other's inner scope.
        const failed = errors.filter((error) => error !== undefined)
        expect(failed).not.toEqual([])
        for (const error of failed) expect(error).toMatchObject({ code })
        expect(await User.count({ name: 'outer' })).toBe(2)
      },
      { poolSize: 2, poolTimeoutMs: 400 },
    ))
})

eachCross('a request whose transaction is open for too long', (framework, database) => {
  it('is answered 503, whether it sleeps, hangs in a statement, or swallows the error', async () => {
    const fresh = await database.create()
    const { db, leases } = open(ActiveAlchemy, fresh, limit)
    const Note = noteModel(db)
    const hang = hanging[database.name]?.[0]?.statement
    const reports: ReportEvent[] = []
    await db.createAll()
    const app = await framework.start({
      databases: [db],
      options: { report: (event) => void reports.push(event) },
      routes: {
        'POST /sleeps': async () => {
          await Note.create({ text: 'sleeps' })
          await sleep(400)
          return { json: { ok: true } }
        },
        'POST /hangs': async () => {
          await Note.create({ text: 'hangs' })
          if (hang) await db.dataSource.query(hang)
          else await sleep(400)
          return { json: { ok: true } }
        },
        'POST /swallows': async () => {
          await Note.create({ text: 'swallows' })
          if (hang) await thrown(db.dataSource.query(hang))
          else await sleep(400)
          await thrown(Note.create({ text: 'late' }))
          return { json: { ok: true } }
        },
      },
    })
    try {
      for (const path of ['/sleeps', '/hangs', '/swallows']) {
        const answer = await fetch(`${app.url}${path}`, { method: 'POST' })
        expect([path, answer.status]).toEqual([path, 503])
      }
      expect(await patiently(db, () => Note.count())).toBe(0)
      await until(() => leases.released === leases.leased)
    } finally {
      await app.stop()
      await db.close()
      await fresh.drop()
    }
  })
})

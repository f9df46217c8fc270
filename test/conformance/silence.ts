import { type ActiveAlchemyOptions, CommitUnknownError, TransactionTimeoutError } from '@active-alchemy/core'
import { expect, it, vi } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inProxied } from './proxied.ts'
import { inStore } from './store.ts'

/** Statements that would never end. */
export function silenceRows(database: TestDatabase): void {
  const row = database.lacks['a server'] === undefined ? it : it.skip

  const options: ActiveAlchemyOptions = { poolSize: 1, poolTimeoutMs: 20_000, transactionTimeoutMs: 1_000 }

  row('a read on a silent network ends as a timeout, and its place in the pool is free for the next', () =>
    inProxied(
      database,
      async ({ db, User, proxy }) => {
        await User.count()
        proxy.silence()
        const error = await User.count().catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(TransactionTimeoutError)
        expect(String(error)).toContain('transactionTimeoutMs')
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
        proxy.speak()
        expect(await User.count()).toBe(0)
      },
      options,
    ),
  )

  row('a write on a silent network ends too, wherever the silence begins', () =>
    inProxied(
      database,
      async ({ db, User, proxy }) => {
        for (const name of ['first', 'second']) await User.create({ name })
        proxy.silence()
        // It is its own commit.
        const alone = { code: 'COMMIT_UNKNOWN', cause: expect.any(TransactionTimeoutError) as unknown }
        await expect(User.create({ name: 'never' })).rejects.toMatchObject(alone)
        proxy.speak()
        const inside = db.run(async () => {
          await User.create({ name: 'never' })
          proxy.silence()
          await User.create({ name: 'never' })
        })
        await expect(inside).rejects.toThrow(TransactionTimeoutError)
        proxy.speak()
        expect(await User.count()).toBe(2)
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      },
      options,
    ),
  )

  row('a COMMIT on a silent network ends as unknown', () =>
    inProxied(
      database,
      async ({ db, User, proxy }) => {
        vi.spyOn(console, 'error').mockImplementation(() => undefined)
        const work = db.run(async () => {
          await User.create({ name: 'who knows' })
          proxy.silence()
        })
        await expect(work).rejects.toThrow(CommitUnknownError)
        proxy.speak()
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
        expect(await User.count()).toBeLessThan(2)
        vi.restoreAllMocks()
      },
      options,
    ),
  )

  row('a connection that is cleaned on a silent network gives its place back', () =>
    inProxied(
      database,
      async ({ db, User, proxy }) => {
        const runner = db.dataSource.createQueryRunner()
        await runner.query(database.name === 'postgres' ? "set application_name = 'x'" : 'set @x = 1')
        proxy.silence()
        await runner.release()
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
        proxy.speak()
        expect(await User.count()).toBe(0)
      },
      options,
    ),
  )

  row('a read that takes too long is cancelled on the server too', () =>
    inStore(
      database,
      async ({ db, User, raw }) => {
        const mark = `a read of ${process.pid}`
        const sleeping = database.name === 'postgres' ? 'pg_sleep(60)' : 'sleep(60)'
        const slow = Promise.resolve(db.dataSource.driver.lease('read')).then(async (runner) => {
          try {
            await runner.query(`select ${sleeping} as "${mark}"`)
          } finally {
            await runner.release()
          }
        })
        await expect(slow).rejects.toThrow(TransactionTimeoutError)
        expect(await User.count()).toBe(0)
        await vi.waitFor(async () => expect(await underWay(raw, database, mark)).toBe(0), { timeout: 10_000 })
      },
      options,
    ),
  )

  row('each lease has its own limit, and its statements are told of it', () =>
    inStore(database, async ({ db }) => {
      const runner = await db.dataSource.driver.lease('read', 100)
      const sleeping = database.name === 'postgres' ? 'pg_sleep(60)' : 'sleep(60)'
      await expect(runner.query(`select ${sleeping}`)).rejects.toThrow('longer than 100 ms')
      await expect(runner.query('select 1')).rejects.toThrow('longer than 100 ms')
      await runner.release()
    }),
  )
}

async function underWay(raw: (sql: string) => Promise<Record<string, unknown>[]>, database: TestDatabase, mark: string): Promise<number> {
  const [table, column, own] =
    database.name === 'postgres'
      ? ['pg_stat_activity', 'query', "state = 'active' and pid <> pg_backend_pid()"]
      : ['information_schema.processlist', 'info', 'id <> connection_id()']
  const [row] = await raw(`select count(*) as n from ${table} where ${column} like '%${mark}%' and ${own}`)
  return Number(row?.['n'])
}

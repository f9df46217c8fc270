import { DeadlockError, LockTimeoutError, SerializationError, UniqueError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { latch } from '../conformance/world.ts'
import { postgres } from '../databases/postgres.ts'
import { express5 } from '../frameworks/express.ts'

const thrown = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('postgres: conflicts have names', () => {
  it('a deadlock', () =>
    inStore(postgres, async ({ db, User }) => {
      const [a, b] = await User.createMany([{ name: 'a' }, { name: 'b' }])
      const both = [latch(), latch()] as const
      const crossing = (first: number, second: number, own: 0 | 1): Promise<unknown> =>
        thrown(
          db.run(async () => {
            await User.get(first, { forUpdate: true })
            both[own].open()
            await both[own === 0 ? 1 : 0].promise
            await User.get(second, { forUpdate: true })
          }),
        )
      const outcomes = await Promise.all([crossing(a?.id ?? 0, b?.id ?? 0, 0), crossing(b?.id ?? 0, a?.id ?? 0, 1)])
      const errors = outcomes.filter((outcome) => outcome !== undefined)
      expect(errors).toHaveLength(1)
      expect(errors[0]).toBeInstanceOf(DeadlockError)
      expect(errors[0]).toMatchObject({ status: 503 })
    }))

  it('a change that a stricter transaction had not seen', () =>
    inStore(postgres, async ({ db, User }) => {
      const user = await User.create({ name: 'a' })
      const error = await thrown(
        db.transaction(
          async () => {
            const seen = await User.getOrError(user.id)
            await db.detach(() => User.getOrError(user.id).update({ name: 'other' }))
            await seen.update({ name: 'mine' })
          },
          { isolation: 'REPEATABLE READ' },
        ),
      )
      expect(error).toBeInstanceOf(SerializationError)
      expect(await thrown(db.transaction(() => User.count(), { isolation: 'SNAPSHOT' as 'SERIALIZABLE' }))).toMatchObject({
        code: 'INVALID_OPTION',
      })
    }))

  it('a change that a stricter transaction had not seen, through an adapter', () =>
    inStore(postgres, async ({ db, User }) => {
      const { id } = await User.create({ name: 'a' })
      const app = await express5.start({
        databases: [db],
        routes: {
          'POST /': async () => {
            const strict = async (): Promise<void> => {
              const seen = await User.getOrError(id)
              await db.detach(() => User.getOrError(id).update({ name: 'other' }))
              await seen.update({ name: 'mine' })
            }
            await db.detach(() => db.transaction(strict, { isolation: 'REPEATABLE READ' }))
            return { json: {} }
          },
        },
      })
      const answer = await fetch(app.url, { method: 'POST' })
      expect([answer.status, await answer.json()]).toEqual([503, { worded: 'SERIALIZATION' }])
      expect(await User.get(id)).toMatchObject({ name: 'other' })
      await app.stop()
    }))

  it('a lock that is not waited for, and one that is not free in time', () =>
    inStore(postgres, async ({ db, User }) => {
      const { id } = await User.create({ name: 'a' })
      await db.run(async () => {
        await User.get(id, { forUpdate: true })
        const waiting = (before: string): Promise<unknown> =>
          db.detach(() =>
            thrown(
              db.run(async () => {
                await db.dataSource.query(before)
                await db.sql`select id from ${User} where id = ${id} for update`
              }),
            ),
          )
        expect(await waiting('set local lock_timeout = 30')).toBeInstanceOf(LockTimeoutError)
        expect(await waiting('set local statement_timeout = 30')).toMatchObject({ code: '57014' })
        const now = db.detach(() => thrown(db.dataSource.query('select id from "user" where id = $1 for update nowait', [id])))
        expect(await now).toBeInstanceOf(LockTimeoutError)
      })
    }))

  it('a unique value: its columns, and no expression', () =>
    inStore(postgres, async ({ raw }) => {
      await raw('create table odd ("left" text, "a ""b"" (c)" text, plain text, unique ("left", "a ""b"" (c)", plain))')
      await raw('create unique index on odd (lower(plain))')
      await raw(`insert into odd values ('x)=(y', 'b', 'Plain')`)
      const error = await thrown(raw(`insert into odd values ('x)=(y', 'b', 'Plain')`))
      expect(error).toBeInstanceOf(UniqueError)
      expect((error as UniqueError).columns).toEqual(['left', 'a "b" (c)', 'plain'])
      const expression = await thrown(raw(`insert into odd values ('other', 'b', 'PLAIN')`))
      expect(expression).toBeInstanceOf(UniqueError)
      expect((expression as UniqueError).columns).toEqual([])
    }))

  it('sixteen clients that deadlock all the time are all served, each exactly once', () =>
    inStore(
      postgres,
      async ({ db, User, raw }) => {
        // A deadlock is looked for after a second, unless the server is told otherwise.
        const [row] = await raw<{ name: string }>('select current_database() as name')
        await raw(`alter database ${row?.name} set deadlock_timeout = '10ms'`)
        const users = await User.createMany(Array.from({ length: 4 }, (_, index) => ({ name: `n${index}` })))
        const ids = users.map(({ id }) => id)
        let attempts = 0
        await Promise.all(
          Array.from({ length: 16 }, async (_, client) => {
            for (let turn = 0; turn < 5; turn++) {
              const first = ids[(client + turn) % 4] ?? 0
              const second = ids[(client + turn + 1 + (client % 3)) % 4] ?? 0
              await db.transaction(
                async () => {
                  attempts += 1
                  await (await User.getOrError(first)).increment('points', 1)
                  await (await User.getOrError(second)).increment('points', 1)
                },
                { retries: 20 },
              )
            }
          }),
        )
        const rows = await User.query('points').all()
        expect(rows.reduce((sum, { points }) => sum + points, 0)).toBe(160)
        expect(attempts).toBeGreaterThanOrEqual(80)
      },
      { poolSize: 16, poolTimeoutMs: 60_000 },
    ))
})

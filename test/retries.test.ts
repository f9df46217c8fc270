import { DeadlockError, SerializationError, SessionFailedError } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import { inStore, type Store } from './conformance/store.ts'
import { eachDatabase } from './matrix.ts'

const clients = 16
const transfers = 112
const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** What the storm of a test did. */
interface Storm {
  readonly attempts: number
  readonly failures: number
}

/** Each client moves points between accounts that all want, again and again, and writes down what it did. */
async function storm({ db, User, Post }: Store, isolation: 'READ COMMITTED' | 'SERIALIZABLE', retries: number): Promise<Storm> {
  const accounts = await User.createMany(many(4).map((index) => ({ name: `account ${index}`, points: 100 })))
  const done = { attempts: 0, failures: 0 }
  // PostgreSQL looks for a deadlock after a second, which is long for a test.
  if (db.dataSource.driver.kind === 'postgres') db.onBegin((session) => session.setLocal('deadlock_timeout', '10ms'))
  const transfer = async (serial: number): Promise<void> => {
    const from = accounts[serial % 4]
    const to = accounts[(serial + 1 + (serial % 3)) % 4]
    done.attempts += 1
    await Post.create({ title: `transfer ${serial}` })
    // A read that locks nothing by itself, but for the isolation; the write comes later, from what was read.
    const forUpdate = isolation === 'READ COMMITTED'
    const payer = await User.get(from?.id, { forUpdate })
    await new Promise((resolve) => setImmediate(resolve))
    const payee = await User.get(to?.id, { forUpdate })
    if (!payer || !payee) throw new Error('An account is gone')
    await payer.update({ points: payer.points - 1 })
    await payee.update({ points: payee.points + 1 })
  }
  await Promise.all(
    many(clients).map(async (client) => {
      for (let serial = client; serial < transfers; serial += clients) {
        try {
          await db.transaction(() => transfer(serial), { isolation, retries })
        } catch (error) {
          const cause = error instanceof SessionFailedError ? error.cause : error
          if (!(cause instanceof DeadlockError || cause instanceof SerializationError)) throw error
          done.failures += 1
        }
      }
    }),
  )
  return done
}

/** Points that the transfers must have left, by the written record of those that are kept. */
async function expected({ Post }: Store): Promise<number[]> {
  const points = [100, 100, 100, 100]
  const titles = (await Post.query('title').all()).map(({ title }) => Number(title.split(' ')[1]))
  expect(new Set(titles).size).toBe(titles.length)
  for (const serial of titles) {
    points[serial % 4] = (points[serial % 4] ?? 0) - 1
    points[(serial + 1 + (serial % 3)) % 4] = (points[(serial + 1 + (serial % 3)) % 4] ?? 0) + 1
  }
  return points
}

eachDatabase('retries', (database) => {
  const options = { poolSize: clients, poolTimeoutMs: 60_000 }
  const points = async ({ User }: Store): Promise<number[]> => (await User.query('points').orderBy('id').all()).map((row) => row.points)

  for (const isolation of ['READ COMMITTED', 'SERIALIZABLE'] as const) {
    it(`of transactions that are ${isolation} and meet: sixteen clients succeed, effects exactly once`, { timeout: 120_000 }, () =>
      inStore(
        database,
        async (store) => {
          const { attempts, failures } = await storm(store, isolation, 20)
          expect(failures).toBe(0)
          expect(await store.Post.count()).toBe(transfers)
          expect(await points(store)).toEqual(await expected(store))
          // The one writer of SQLite meets nobody.
          const hasMet = database.lacks['concurrent writers'] === undefined
          expect(attempts > transfers).toBe(hasMet)
        },
        options,
      ),
    )
  }

  it('of which there are none leave no effect of those that failed', { timeout: 120_000 }, () =>
    inStore(
      database,
      async (store) => {
        const { attempts, failures } = await storm(store, 'READ COMMITTED', 0)
        expect(attempts).toBe(transfers)
        expect(await store.Post.count()).toBe(transfers - failures)
        expect(await points(store)).toEqual(await expected(store))
      },
      options,
    ),
  )

  it('are for what the database has undone: another error is thrown at once, and a bounded number is all there are', () =>
    inStore(database, async ({ db, User }) => {
      let attempts = 0
      const twice = async (): Promise<void> => {
        attempts += 1
        await User.create({ name: 'a', email: 'a@b.cd' })
        await User.create({ name: 'b', email: 'a@b.cd' })
      }
      await expect(db.transaction(twice, { retries: 3 })).rejects.toMatchObject({ code: 'UNIQUE' })
      expect(attempts).toBe(1)
    }))
})

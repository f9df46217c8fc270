import { UniqueError } from '@active-alchemy/core'
import { describe, expect, it } from 'vitest'
import { inStore, type Store } from '../conformance/store.ts'
import { postgres } from '../databases/postgres.ts'
import { inProxied } from './proxied.ts'

/** The server's word that it has answered all of a message. */
const readyForQuery = 'Z\0\0\0\x05'
/** BEGIN is executed, and a statement follows in the same message. */
const carried = 'E\0\0\0\x09\0\0\0\0\0B'

/** Uses the one connection as an application has before: a transaction, and each text until it is prepared. */
async function warm({ db, User }: Pick<Store, 'db' | 'User'>): Promise<void> {
  for (let use = 0; use < 4; use++) await db.run(() => User.create({ name: `warm ${use}` }))
  await User.query().deleteAll({ allRows: true, hardDelete: true })
}

const namesOf = async ({ User }: Pick<Store, 'User'>): Promise<string[]> =>
  (await User.query('name').orderBy('name').all()).map(({ name }) => name)

describe('postgres: a transaction begins with its first statement', () => {
  it('in one message, so that n statements are n + 1 answers', () => {
    let answers = 0
    return inProxied(
      async ({ db, User, proxy }) => {
        await warm({ db, User })
        const before = { answers, carried: proxy.count(carried) }
        await db.run(async () => {
          await User.create({ name: 'a' })
          await User.create({ name: 'b' })
        })
        expect({ answers: answers - before.answers, carried: proxy.count(carried) - before.carried }).toEqual({ answers: 3, carried: 1 })
        expect(await namesOf({ User })).toEqual(['a', 'b'])
      },
      { poolSize: 1 },
      (chunk) => {
        answers += chunk.toString('latin1').split(readyForQuery).length - 1
        return chunk
      },
    )
  })

  it('a savepoint, a text of several statements and a level of isolation begin after it', () =>
    inProxied(
      async ({ db, User, proxy }) => {
        await warm({ db, User })
        const before = proxy.count(carried)
        const seen = async (): Promise<unknown> => (await db.sql`select current_setting('transaction_isolation') as level`)[0]
        await db.run(() => db.transaction(() => User.create({ name: 'in a savepoint' })))
        await db.run(async () => await db.sql`select 1; select 2`)
        expect(await db.transaction(seen, { isolation: 'SERIALIZABLE' })).toEqual({ level: 'serializable' })
        expect(proxy.count(carried)).toBe(before)
        expect(await namesOf({ User })).toEqual(['in a savepoint'])
      },
      { poolSize: 1 },
    ))

  it('a first statement that fails fails the transaction, and leaves a connection that is sound', () =>
    inStore(
      postgres,
      async (store) => {
        const { db, User } = store
        await User.create({ name: 'first', email: 'a@b.cd' })
        await warm({ db, User: store.User })
        await User.create({ name: 'first', email: 'a@b.cd' })
        const twice = db.run(async () => {
          await User.create({ name: 'again', email: 'a@b.cd' }).catch(() => undefined)
          await User.create({ name: 'more' })
        })
        await expect(twice).rejects.toMatchObject({ cause: expect.any(UniqueError) as UniqueError })
        await db.run(() => User.create({ name: 'later' }))
        expect(await namesOf(store)).toEqual(['first', 'later'])
        expect(db.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      },
      { poolSize: 1 },
    ))

  it('where the server does not know BEGIN any more it skips the statement, and both are sent again', () =>
    inStore(
      postgres,
      async (store) => {
        const { db, User, raw } = store
        await raw('create sequence tries')
        await warm(store)
        const runner = db.dataSource.createQueryRunner()
        // What the application does at pg's own client is not seen.
        const client: { query(text: string): Promise<unknown> } = await runner.connect()
        await client.query('discard all')
        await runner.release()
        await db.run(async () => {
          await db.sql`select nextval('tries') + ${0}`
          await User.create({ name: 'kept' })
        })
        expect(await raw(`select nextval('tries') as next`)).toEqual([{ next: '2' }])
        expect(await namesOf(store)).toEqual(['kept'])
        await expect(
          db.run(async () => {
            await User.create({ name: 'lost' })
            throw new Error('Thought again')
          }),
        ).rejects.toThrow('Thought again')
        expect(await namesOf(store)).toEqual(['kept'])
      },
      { poolSize: 1 },
    ))

  it('an answer to it that is lost costs nothing: it is sent again, since nothing was committed', () =>
    inProxied(
      async ({ db, User, proxy }, { raw }) => {
        await warm({ db, User })
        proxy.cutAnswerTo(carried)
        await db.run(() => User.create({ name: 'once' }))
        expect(await raw('select name from "user"')).toEqual([{ name: 'once' }])
      },
      { poolSize: 1 },
    ))

  it("pg's own client is in the transaction, also before its first statement", () =>
    inStore(
      postgres,
      async (store) => {
        await warm(store)
        const runner = await store.db.dataSource.driver.lease('write')
        await runner.begin()
        expect(runner.connectionStatus).toBe('transaction')
        // What TypeORM's streams send, too.
        const client: { query(text: string): Promise<unknown> } = await runner.connect()
        await client.query(`insert into "user" (name) values ('lost')`)
        await runner.rollback()
        await runner.begin()
        await runner.commit()
        expect(runner.connectionStatus).toBe('idle')
        await runner.release()
        expect(await namesOf(store)).toEqual([])
      },
      { poolSize: 1 },
    ))

  it('waits for locks no longer than for a connection, and what an application sets is its own', () =>
    inStore(
      postgres,
      async (store) => {
        const { db } = store
        const limit = (): Promise<unknown> =>
          db.run(async () => (await db.sql`select current_setting('lock_timeout') as ms, ${1} as one`)[0])
        await warm(store)
        expect(await limit()).toMatchObject({ ms: '7s' })
        // What leaves nothing behind is not cleaned away: the limit is still there.
        await warm(store)
        const runner = db.dataSource.createQueryRunner()
        expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '0' }])
        await runner.query('set lock_timeout = 1')
        await runner.release()
        expect(await limit()).toMatchObject({ ms: '7s' })
        await db.run(async () => await db.sql`set local lock_timeout = 2`)
        expect(await limit()).toMatchObject({ ms: '7s' })
      },
      { poolSize: 1, poolTimeoutMs: 7_000 },
    ))
})

import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore, type Store } from './store.ts'
import { latch } from './world.ts'

/** Runs `work` while another scope has written to the user, and has not ended. */
async function besideWriter({ db, User }: Store, work: (id: number) => Promise<void>): Promise<void> {
  const { id } = await User.create({ name: 'a' })
  const holds = latch()
  const done = latch()
  const writer = db.run(async () => {
    const user = await User.getOrError(id, { forUpdate: true })
    await user.update({ points: 1 })
    holds.open()
    await done.promise
  })
  await holds.promise
  try {
    await work(id)
  } finally {
    done.open()
    await writer
  }
}

/** Who waits for whom, and who does not. Nobody here waits as long as `poolTimeoutMs`: the test would end before. */
export function lockRows(database: TestDatabase): void {
  const row = (title: string, run: (store: Store) => Promise<void>): void => {
    it(title, () => inStore(database, run, { poolTimeoutMs: 60_000 }))
  }

  row('forUpdate with noWait fails at once when another has locked the row, and fails its session', (store) =>
    besideWriter(store, async () => {
      const { db, User } = store
      const asked = db.run(async () => {
        await expect(User.query().forUpdate({ noWait: true }).all()).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', status: 503 })
        await User.create({ name: 'after' })
      })
      await expect(asked).rejects.toMatchObject({ code: 'SESSION_FAILED' })
      await expect(User.query().forUpdate({ noWait: true }).first()).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    }),
  )

  row('forUpdate with skipLocked leaves out at once what another has locked, and the session goes on', (store) =>
    besideWriter(store, async () => {
      const { db, User } = store
      await db.run(async () => {
        expect(await User.query().forUpdate({ skipLocked: true }).all()).toEqual([])
        expect(await User.query().forUpdate({ skipLocked: true }).first()).toBeNull()
      })
    }),
  )

  row('forUpdate with noWait or skipLocked locks what is free, until the end of the scope', async ({ db, User, raw }) => {
    await User.create({ name: 'a' })
    for (const options of [{ noWait: true }, { skipLocked: true }]) {
      await db.run(async () => {
        const [user] = await User.query().forUpdate(options).all()
        expect(db.session.inTransaction).toBe(true)
        const other = db.detach(() => User.query().forUpdate({ noWait: true }).all())
        await expect(other).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
        await user?.increment('points')
      })
    }
    expect((await raw<{ points: number }>(`select points from ${database.name === 'postgres' ? '"user"' : 'user'}`))[0]?.points).toBe(2)
  })

  // The one connection of a database in memory is the writer's.
  const beside = database.lacks['a connection for each session'] ? it.skip : it

  beside('SQL that reads waits for no writer', () =>
    inStore(
      database,
      (store) =>
        besideWriter(store, async (id) => {
          const { db, User } = store
          const [found] = await db.sql<{ n: number }>`select count(*) as n from ${User} where points >= ${0}`
          expect(found?.n).toBe(1)
          expect((await User.filter(db.sql`points >= ${0}`).limit(5).all()).map((user) => user.id)).toEqual([id])
          expect((await User.filter(db.sql`points >= ${0}`).paginate()).total).toBe(1)
          expect(await db.run(() => db.dataSource.query('select title from post where 1 = 0'))).toEqual([])
        }),
      { poolTimeoutMs: 60_000 },
    ),
  )

  row('SQL that reads holds nothing where the database itself says that it reads; what writes begins', async ({ db, User, statements }) => {
    const isTold = db.dataSource.driver.isReadOnly('select 1')
    await db.run(async () => {
      await db.sql`select count(*) as n from ${User}`
      await User.filter(db.sql`points >= ${0}`).all()
      expect(db.session.inTransaction).toBe(!isTold)
      await db.sql`update ${User} set points = ${1}`
      expect(db.session.inTransaction).toBe(true)
      // In its transaction: what is written there is seen.
      await db.sql`select count(*) as n from ${User}`
    })
    expect(statements.filter((sql) => /^(BEGIN|START)/.test(sql))).toHaveLength(1)
  })
}

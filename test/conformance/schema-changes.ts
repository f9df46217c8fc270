import { DdlInScopeError } from '@active-alchemy/core'
import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** Schema changes by the application's own SQL. */
export function schemaChangeRows(database: TestDatabase): void {
  it('run outside any scope, and in db.detach', () =>
    inStore(database, async ({ db, User }) => {
      await db.sql`create table first (id integer)`
      await db.sql`insert into first (id) values (${1})`
      await db.run(async () => {
        await User.count()
        await db.detach(() => db.sql`create table second (id integer)`)
        await db.sql`insert into second (id) values (${1})`
      })
      await db.sql`drop table first`
      expect(await db.sql<{ n: number }>`select count(*) as n from second`).toEqual([{ n: 1 }])
      await expect(db.run(async () => db.sql`select * from first`)).rejects.toThrow(/first/)
    }))

  it.runIf(database.lacks['transactional DDL'])('are refused inside a scope, where they would commit it', () =>
    inStore(database, async ({ db, User }) => {
      await expect(db.run(async () => db.sql`create table first (id integer)`)).rejects.toThrow(DdlInScopeError)
      const half = db.run(async () => {
        await User.create({ name: 'a' })
        await db.sql`create table first (id integer)`
      })
      await expect(half).rejects.toThrow(DdlInScopeError)
      expect(await User.count()).toBe(0)
    }),
  )
}

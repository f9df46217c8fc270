import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** How rows are marked as deleted, and how the mark is found. */
export function deletionRows(database: TestDatabase): void {
  const row = rowIn(database)
  const explain = database.name.startsWith('sqlite') ? 'explain query plan' : 'explain'

  row(
    'TypeORM deletes and restores by statements that write both columns, and touch only rows that are not as wanted',
    async ({ db, User, statements }) => {
      const users = db.dataSource.getRepository(User)
      const [gone, live] = [await User.create({ name: 'gone' }), await User.create({ name: 'live' })]
      await gone.delete()
      const first = (await User.getOrError(gone.id, { includeDeleted: true })).deletedAt?.toMillis()
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (const remove of [
        () => users.softRemove([gone, live]),
        () => users.softDelete([gone.id, live.id]),
        () => users.createQueryBuilder().softDelete().where({ name: 'gone' }).orWhere({ name: 'live' }).execute(),
      ]) {
        await users.restore(live.id)
        statements.length = 0
        await remove()
        const updates = statements.filter((sql) => /^update/i.test(sql))
        expect(updates.filter((sql) => !/is_deleted.*deleted_at.*where.*deleted_at/is.test(sql))).toEqual([])
        expect((await User.getOrError(gone.id, { includeDeleted: true })).deletedAt?.toMillis()).toBe(first)
        expect(await User.count()).toBe(0)
        expect(
          await db.dataSource.query('select is_deleted as flag from "user" where deleted_at is null'.replaceAll('"', quote(db))),
        ).toEqual([])
      }
      await users.restore([gone.id, live.id])
      expect(await User.query().orderBy('id').all()).toMatchObject([{ isDeleted: false, deletedAt: null }, { isDeleted: false }])
    },
  )

  row('what TypeORM deletes is deleted on the object too, in both columns', async ({ db, User }) => {
    const users = db.dataSource.getRepository(User)
    const user = await User.create({ name: 'a' })
    await users.softRemove(user)
    expect([user.isDeleted, user.deletedAt?.isValid]).toEqual([true, true])
    await users.recover(user)
    expect([user.isDeleted, user.deletedAt]).toEqual([false, null])
  })

  row(
    'the few live rows among many deleted ones are found by an index, as are the few deleted ones',
    async ({ db, Post }) => {
      await Post.createMany(Array.from({ length: 4_000 }, (_, n) => ({ title: `t${n % 40}` })))
      const plan = async (condition: string): Promise<string> =>
        JSON.stringify(await db.dataSource.query(`${explain} select * from post where ${condition}`))
      const analyze = database.name.startsWith('mariadb') ? 'analyze table post' : 'analyze post'
      await Post.query().filter({ title: 't1' }).deleteAll()
      await db.detach(() => db.dataSource.query(analyze))
      expect(await plan('deleted_at is not null')).toContain('IDX_')
      await db.dataSource.query("update post set is_deleted = true, deleted_at = created_at where title <> 't2'")
      await db.detach(() => db.dataSource.query(analyze))
      expect(await plan('deleted_at is null')).toContain('IDX_')
    },
    {},
    'histograms of indexes',
  )

  row('a migration finds nothing to change after createAll', async ({ db }) => {
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })
}

function quote(db: { readonly dataSource: { readonly driver: { escape(name: string): string } } }): string {
  return db.dataSource.driver.escape('x').charAt(0)
}

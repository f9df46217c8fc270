import { expect, it } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { inStore } from './store.ts'

/** What a connection is like when it comes back. */
export function connectionRows(database: TestDatabase): void {
  it('a runner that is released with its transaction open takes its rows along, and the next statement is outside', () =>
    inStore(
      database,
      async ({ db, User, statements }) => {
        const runner = db.dataSource.createQueryRunner()
        await runner.startTransaction()
        await runner.manager.insert(User, { name: 'never kept' })
        await runner.release()
        expect(await User.count()).toBe(0)
        // In a transaction that is still open it would be lost with it.
        await User.create({ name: 'kept' })
        expect(await db.detach(() => User.count())).toBe(1)
        expect(statements.filter((sql) => /^COMMIT/i.test(sql))).toHaveLength(0)
        await db.transaction(() => User.create({ name: 'kept too' }))
        expect((await User.query('name').orderBy('name').all()).map(({ name }) => name)).toEqual(['kept', 'kept too'])
      },
      { poolSize: 1 },
    ))
}

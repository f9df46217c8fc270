import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { rowIn } from '../store.ts'
import { latch } from '../world.ts'

/** How a database is closed. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('close refuses new scopes, waits for a live one, and what comes after it finds no connection', async ({ db, User, another }) => {
    const other = database.lacks['a connection for each session'] ? db : another()
    const began = latch()
    const goOn = latch()
    const live = other.run(async () => {
      await other.dataSource.query('delete from post')
      began.open()
      await goOn.promise
      return other.dataSource.query('select 1')
    })
    await began.promise
    const closed = other.close()
    await expect(other.run(() => other.dataSource.query('select 1'))).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    goOn.open()
    expect(await live).toHaveLength(1)
    await closed
    await expect(other.run(() => other.dataSource.query('select 1'))).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    await expect(other.ping()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
    expect(other === db || (await User.count()) === 0).toBe(true)
  })

  row(
    'close waits no longer than a transaction may last',
    async ({ another, db }) => {
      const other = database.lacks['a connection for each session'] ? db : another({ transactionTimeoutMs: 100 })
      const began = latch()
      const never = latch()
      const stuck = other
        .run(async () => {
          await other.dataSource.query('delete from post')
          began.open()
          await never.promise
        })
        .then(undefined, (error: unknown) => error)
      await began.promise
      await other.close()
      never.open()
      expect(await stuck).toBeInstanceOf(Error)
    },
    { transactionTimeoutMs: 100 },
  )
}

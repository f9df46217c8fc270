import { expect, vi } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { run } from '../../processes.ts'
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

  row('close ends what a query runner still has, undoes it, and says where that was made', async ({ another, db }) => {
    const isOwn = database.lacks['a connection for each session'] !== undefined
    const other = isOwn ? db : another({ name: 'other', poolTimeoutMs: 300 })
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    try {
      const runner = other.dataSource.createQueryRunner()
      await runner.startTransaction()
      await runner.query("insert into country (code, name) values ('IT', 'Italy')")
      const idle = other.dataSource.createQueryRunner()
      if (!isOwn) await idle.query('select 1')
      await other.close()
      // Its locks have gone with it, and what it wrote.
      if (!isOwn) await db.dataSource.query("insert into country (code, name) values ('IT', 'Italia')")
      const told = printed.mock.calls.map(([message]) => String(message))
      expect(told).toHaveLength(isOwn ? 1 : 2)
      expect(told[0]).toMatch(/connection of .* still had.*, and rolled its transaction back.*close\.ts:\d+:\d+/)
      expect(told[1] ?? '').not.toContain('rolled')
      await expect(runner.query('select 1')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
      await expect(runner.commitTransaction()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
      await runner.release()
      await idle.release()
      expect(other.dataSource.driver.pool).toMatchObject({ leased: 0, waiting: 0 })
      expect(printed).toHaveBeenCalledTimes(told.length)
    } finally {
      printed.mockRestore()
    }
  })

  row('a process ends by itself that has closed its database, whatever was not released', async ({ uri }) => {
    const { code, output } = await run({ SHOP_URI: uri }, 'processes/close.js')
    expect([code, output]).toEqual([0, expect.stringMatching(/^closed$/m)])
  })
}

import { RolledBackError, SessionFailedError, TransactionControlError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'

/** Who opens and ends the transaction of a session. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  for (const text of ['COMMIT', 'rollback', 'begin', 'SAVEPOINT mine', 'release savepoint mine', '/* now */ commit', 'rollback; begin']) {
    row(`${text} as a statement is refused in a scope, and loses nothing`, async (store) => {
      const { db, User } = store
      const refused = { code: 'TRANSACTION_CONTROL', message: expect.stringMatching(/db\.commit\(\).*db\.transaction/) as string }
      await db.run(async () => {
        await User.create({ name: 'a' })
        for (const send of [
          () => db.dataSource.query(text),
          () => db.session.manager.query(text),
          () => db.dataSource.createQueryRunner().query(text),
        ]) {
          await expect(send()).rejects.toMatchObject(refused)
        }
        await User.create({ name: 'b' })
      })
      await expect(
        db.run(async () => {
          await User.create({ name: 'c' })
          await db.dataSource.query(text)
        }),
      ).rejects.toBeInstanceOf(TransactionControlError)
      expect(await names(store)).toEqual(['a', 'b'])
    })
  }

  row('a transaction that ended behind its back fails its session at once', async (store) => {
    const { db, User } = store
    const work = db.run(async () => {
      await User.create({ name: 'a' })
      const { connection } = db.session
      const ended = (async () => connection.query('write', 'ROLLBACK', []))()
      if (database.name !== 'mariadb') await expect(ended).rejects.toBeInstanceOf(RolledBackError)
      await ended.catch(() => undefined)
      const next: unknown = await User.create({ name: 'b' }).then(undefined, (error: unknown) => error)
      expect(next instanceof SessionFailedError || next instanceof RolledBackError).toBe(true)
    })
    await expect(work).rejects.toBeInstanceOf(Error)
    expect(await names(store)).toEqual([])
  })
}

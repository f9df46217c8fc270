import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'

/** What runs after a commit, after a rollback and at the begin. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('onCommit runs after the commit and outside the scope, onRollback after a rollback', async (store) => {
    const { db, User } = store
    const told: string[] = []
    await db.run(async () => {
      await User.create({ name: 'a' })
      db.onCommit(async () => told.push(`committed ${(await names(store)).length}`))
      db.session.onRollback(() => told.push('never'))
      await db
        .transaction(async () => {
          db.onCommit(() => told.push('undone'))
          await User.create({ name: 'b' })
          throw new Error('inner')
        })
        .catch(() => undefined)
      await db.transaction(async () => db.onCommit(() => told.push('inner kept')))
      expect(told).toEqual([])
    })
    expect(told).toEqual(['committed 1', 'inner kept'])
    await db
      .run(async () => {
        db.session.onRollback(() => told.push('rolled back'))
        await User.create({ name: 'c' })
        throw new Error('x')
      })
      .catch(() => undefined)
    expect(told).toEqual(['committed 1', 'inner kept', 'rolled back'])
  })

  row('a hook is a function, which is said where it is given', async ({ db }) => {
    await db.run(async () => {
      for (const hook of [5, undefined, {}] as never[]) {
        expect(() => db.onCommit(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        expect(() => db.session.onRollback(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        expect(() => db.onBegin(hook)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
        const inner = db.transaction(async () => db.onCommit(hook))
        await expect(inner).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      }
    })
  })
}

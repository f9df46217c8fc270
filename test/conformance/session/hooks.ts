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

  row('db.commit() calls what was given since the last commit, and what comes later tells of what comes later', async (store) => {
    const { db, User } = store
    const told: string[] = []
    const work = db.run(async () => {
      await User.create({ name: 'kept' })
      db.onCommit(async () => told.push(`first kept, ${(await names(store)).length}`), { await: true })
      db.session.onRollback(() => told.push('first lost'))
      await db.commit()
      expect(told).toEqual(['first kept, 1'])
      await User.create({ name: 'lost' })
      db.onCommit(() => told.push('second kept'))
      db.session.onRollback(() => told.push('second lost'))
      throw new Error('the slow call failed')
    })
    await expect(work).rejects.toThrow('the slow call failed')
    expect(told).toEqual(['first kept, 1', 'second lost'])
    expect(await names(store)).toEqual(['kept'])
  })

  row('db.rollback() calls what was given to onRollback, also inside a transaction that is undone', async (store) => {
    const { db, User } = store
    const told: string[] = []
    await db.run(async () => {
      await User.create({ name: 'lost' })
      db.session.onRollback(() => told.push('lost'))
      db.onCommit(() => told.push('never'))
      await db.rollback()
      expect(told).toEqual(['lost'])
      await db
        .transaction(async () => {
          db.session.onRollback(() => told.push('inner lost'))
          await User.create({ name: 'inner' })
          throw new Error('inner')
        })
        .catch(() => undefined)
      expect(told).toEqual(['lost', 'inner lost'])
      await User.create({ name: 'kept' })
    })
    expect(told).toEqual(['lost', 'inner lost'])
    expect(await names(store)).toEqual(['kept'])
  })

  row(
    'a commit does not wait for a hook that never ends, unless it is told to, and then for as long as a transaction may last',
    async (store) => {
      const { db, User } = store
      const alive = setInterval(() => undefined, 1_000)
      await db.run(async () => {
        await User.create({ name: 'a' })
        db.onCommit(() => new Promise(() => undefined))
        await db.commit()
        expect(await names(store)).toEqual(['a'])
        await User.create({ name: 'b' })
        db.onCommit(() => new Promise(() => undefined), { await: true })
        await db.commit()
      })
      clearInterval(alive)
      expect(await names(store)).toEqual(['a', 'b'])
    },
    { transactionTimeoutMs: 300 },
  )

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

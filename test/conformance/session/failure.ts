import { ScopeClosedError, SessionFailedError, UniqueError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'
import { latch } from '../world.ts'

/** What a failed statement does to its session. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a failed statement fails the session until a rollback; its first cause is kept', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    const work = db.run(async () => {
      await User.create({ name: 'lost' })
      await expect(User.create({ name: 'x', email: 'a@b.cd' })).rejects.toBeInstanceOf(UniqueError)
      const refused = await User.create({ name: 'y' }).then(undefined, (error: unknown) => error)
      expect(refused).toBeInstanceOf(SessionFailedError)
      expect((refused as Error).cause).toBeInstanceOf(UniqueError)
      await expect(User.query().all()).rejects.toMatchObject({ code: 'SESSION_FAILED' })
      await expect(db.commit()).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED' })
    expect(await names(store)).toEqual(['taken'])
    await db.run(async () => {
      await User.create({ name: 'x', email: 'a@b.cd' }).then(undefined, () => undefined)
      await db.rollback()
      await User.create({ name: 'after' })
    })
    expect(await names(store)).toEqual(['taken', 'after'])
  })

  row('a write that could not begin fails the session as well, though its error was swallowed', async (store) => {
    const { db, User } = store
    let isBroken = true
    db.onBegin(() => {
      if (isBroken) throw new Error('no tenant')
    })
    const work = db.run(async () => {
      await User.create({ name: 'half' }).catch(() => (isBroken = false))
      await expect(User.create({ name: 'other half' })).rejects.toBeInstanceOf(SessionFailedError)
      return 'done'
    })
    await expect(work).rejects.toMatchObject({ code: 'SESSION_FAILED', cause: { message: 'no tenant' } })
    expect(await names(store)).toEqual([])
    await db.run(async () => {
      isBroken = true
      await expect(db.transaction(() => User.create({ name: 'lost' }))).rejects.toThrow('no tenant')
      isBroken = false
      await User.create({ name: 'kept' })
    })
    expect(await names(store)).toEqual(['kept'])
  })

  row('a verb that fails and that nobody awaits fails its scope, and does not end the process', async (store) => {
    const { db, User } = store
    const invalid = { name: 'x'.repeat(26) }
    for (const [code, forget] of [
      ['INVALID_VALUE', () => void User.create(invalid)],
      ['RECORD_NOT_FOUND', () => void User.get(4711).update({ name: 'y' })],
      ['UNIQUE', () => void User.create({ name: 'a', email: 'taken@example.org' })],
      ['INVALID_VALUE', () => void db.transaction(() => User.create(invalid))],
      ['INVALID_VALUE', () => (db.add(new User({ name: 'a' }).set({ name: 7 } as never, { unguarded: true })), void db.flush())],
    ] as const) {
      const work = db.run(async () => {
        await User.create({ name: 'lost', email: 'taken@example.org' })
        forget()
      })
      await expect(work).rejects.toMatchObject({ code })
      expect(await names(store)).toEqual([])
    }
    await db.run(async () => {
      const seenLate = User.create(invalid)
      await User.create({ name: 'kept' })
      await expect(seenLate).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    })
    expect(await names(store)).toEqual(['kept'])
  })

  row('a read that failed while no transaction was open fails nothing', async ({ db, User }) => {
    await db
      .run(async () => {
        await expect(User.query().orderBy(db.sql`no_such_column`).all()).rejects.toThrow('no_such_column')
      })
      .catch(() => undefined)
    await db.run(async () => {
      await expect(db.dataSource.getRepository(User).createQueryBuilder('u').where('u.nope = 1').getMany()).rejects.toThrow('nope')
      await db.rollback()
      await User.create({ name: 'a' })
    })
    expect(await User.count()).toBe(1)
  })

  row('siblings of what fails leave no row', async (store) => {
    const { db, User } = store
    await User.create({ name: 'taken', email: 'a@b.cd' })
    await expect(
      db.run(() =>
        Promise.all([User.create({ name: 'a' }), User.create({ name: 'x', email: 'a@b.cd' }), User.create({ name: 'b' })]).then(
          () => undefined,
        ),
      ),
    ).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(await names(store)).toEqual(['taken'])
  })

  row('a commit that waits for its turn when its scope is cut off does not say that it has committed', async (store) => {
    const { db, User } = store
    const { Scope } = (await import(
      '../../../packages/core/src/scope/scope.ts'
    )) as typeof import('../../../packages/core/src/scope/scope.ts')
    const scope = new Scope({ label: 'a job' })
    const go = latch()
    await scope.run(async () => {
      await User.create({ name: 'lost' })
      const beside = db.transaction(() => go.promise)
      const commit = db.commit()
      commit.catch(() => undefined)
      await scope.settle({ commit: false, reason: 'abort' })
      go.open()
      await beside.catch(() => undefined)
      await expect(commit).rejects.toBeInstanceOf(ScopeClosedError)
    })
    expect(await names(store)).toEqual([])
  })
}

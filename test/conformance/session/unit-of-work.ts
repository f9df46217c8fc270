import type { ReportEvent } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'

/** What is written when, and what a rollback gives back. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('add waits for the next query, flush or commit', async (store) => {
    const { db, User, statements } = store
    await db.run(async () => {
      db.add(new User({ name: 'a' }), new User({ name: 'b' }))
      expect(statements).toEqual([])
      expect(await User.count()).toBe(2)
      const third = new User({ name: 'c' })
      db.session.add(third)
      await db.flush()
      expect(third.id).toBe(3)
      db.add(new User({ name: 'd' }))
    })
    expect(await names(store)).toEqual(['a', 'b', 'c', 'd'])
  })

  row('flush and commit write every changed record, the commit of the scope what was saved', async (store) => {
    const { db, User } = store
    await User.createMany([{ name: 'a' }, { name: 'b' }])
    await db.run(async () => {
      const [a, b] = await User.query().orderBy('id').all()
      if (!a || !b) throw new Error('lost')
      a.name = 'flushed'
      await db.flush()
      b.name = 'committed'
      await db.commit()
      a.name = 'forgotten'
    })
    expect(await names(store)).toEqual(['flushed', 'committed'])
  })

  row('commit keeps what was done, and gives the connection back', async (store) => {
    const { db, User } = store
    await expect(
      db.run(async () => {
        await User.create({ name: 'kept' })
        await db.commit()
        expect(db.dataSource.driver.pool.leased).toBe(0)
        await User.create({ name: 'lost' })
        throw new Error('late')
      }),
    ).rejects.toThrow('late')
    expect(await names(store)).toEqual(['kept'])
  })

  row('rollback drops what was done, gives objects their values back, and goes on', async (store) => {
    const { db, User } = store
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await User.getOrError(id)
      const added = new User({ name: 'new' })
      await user.update({ name: 'b', points: 5 })
      await added.save()
      await db.rollback()
      expect([user.name, user.points, user.isDirty, added.isNew, added.id]).toEqual(['a', 0, false, true, undefined])
      await user.update({ location: 'Moon' })
    })
    expect(await User.query().all()).toMatchObject([{ name: 'a', location: 'Moon' }])
  })

  row('remove rolls back and forgets the records', async ({ db, User }) => {
    await db.run(async () => {
      const { id } = await User.create({ name: 'a' })
      await db.session.remove()
      expect(await User.get(id)).toBeNull()
    })
  })

  row('what nobody saved is told once, in development', async ({ db, User }) => {
    const { Scope } = (await import(
      '../../../packages/core/src/scope/scope.ts'
    )) as typeof import('../../../packages/core/src/scope/scope.ts')
    const { id } = await User.create({ name: 'a' })
    const reports: ReportEvent[] = []
    const scope = new Scope({ label: 'a job', report: (event) => void reports.push(event) })
    await scope.run(async () => {
      const user = await User.getOrError(id)
      user.name = 'unsaved'
    })
    await scope.settle({ commit: true })
    expect(reports).toMatchObject([{ kind: 'unsaved-changes', label: 'a job' }])
    expect(await User.count({ name: 'a' })).toBe(1)
    expect(db.toJSON()).not.toContain('password')
  })
}

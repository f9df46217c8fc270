import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { rowIn } from '../store.ts'

/** What objects hold after what was done to them was rolled back. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a db.transaction that fails gives objects their values back, also those that were not flushed', async ({ db, User, raw }) => {
    await User.create({ name: 'taken', email: 'a@b.cd' })
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await User.getOrError(id)
      user.location = 'Moon'
      const failing = db.transaction(async () => {
        // The flush of what was added fails before the update is sent.
        db.add(new User({ name: 'x', email: 'a@b.cd' }))
        await user.update({ points: 3 })
      })
      await expect(failing).rejects.toMatchObject({ code: 'UNIQUE' })
      expect([user.points, user.location, user.changes]).toEqual([0, 'Moon', { location: 'Moon' }])
      const saving = db.transaction(async () => {
        db.add(new User({ name: 'x', email: 'a@b.cd' }))
        user.location = 'Mars'
        await user.save()
      })
      await expect(saving).rejects.toMatchObject({ code: 'UNIQUE' })
      expect(user.isDirty).toBe(false)
      user.location = 'Moon'
      await user.update({ name: 'b' })
    })
    if (!database.lacks['a connection for each session']) await db.dataSource.ready()
    expect(await raw(`select name, location, points from ${db.dataSource.driver.escape('user')} where id = ${id}`)).toEqual([
      { name: 'b', location: 'Moon', points: 0 },
    ])
  })

  row('a transaction that is kept in a scope that fails gives its objects their values back', async ({ db, User }) => {
    const { id } = await User.create({ name: 'a' })
    let user: InstanceType<typeof User> | undefined
    const made = new User({ name: 'new' })
    const work = db.run(async () => {
      const loaded = await User.getOrError(id)
      user = loaded
      await db.transaction(async () => {
        await loaded.update({ name: 'b', points: 7 })
        await db.transaction(() => made.save().then(() => undefined))
        await made.update({ points: 1 })
      })
      throw new Error('undo')
    })
    await expect(work).rejects.toThrow('undo')
    expect([user?.name, user?.points, user?.isDirty]).toEqual(['a', 0, false])
    expect([made.isNew, made.id]).toEqual([true, undefined])
    expect(await User.count()).toBe(1)
  })

  row('each verb that is undone leaves the object as it was, with what was assigned and not saved', async ({ db, User }) => {
    const { id } = await User.create({ name: 'a', points: 5, settings: { theme: 'dark' } })
    await db.run(async () => {
      const user = await User.getOrError(id)
      for (const verb of [
        () => user.increment('points', 2),
        () => user.delete(),
        () => user.delete({ hardDelete: true }),
        () => user.update({ settings: { theme: 'light' }, name: 'b' }),
        async () => {
          await user.update({ name: 'b' })
          await user.update({ name: 'c' })
          await user.delete()
        },
      ]) {
        user.location = 'Moon'
        const before = Object.entries(user)
        await db
          .transaction(async () => {
            await verb()
            throw new Error('undo')
          })
          .catch(() => undefined)
        expect(Object.entries(user)).toEqual(before)
        expect(user.changes).toEqual({ location: 'Moon' })
      }
      await user.save()
    })
    expect(await User.getOrError(id)).toMatchObject({
      name: 'a',
      points: 5,
      location: 'Moon',
      settings: { theme: 'dark' },
      isDeleted: false,
    })
  })

  row('a value that was changed in place is seen and saved, and put back by a rollback', async ({ db, User }) => {
    const { id } = await User.create({ name: 'a', settings: { theme: 'dark' } })
    await db.run(async () => {
      const user = await User.getOrError(id)
      ;(user.settings as { theme: string }).theme = 'light'
      expect(user.changes).toEqual({ settings: { theme: 'light' } })
      await user.save()
      await db.rollback()
      expect([user.settings, user.isDirty]).toEqual([{ theme: 'dark' }, false])
    })
    expect(await User.getOrError(id)).toMatchObject({ settings: { theme: 'dark' } })
  })
}

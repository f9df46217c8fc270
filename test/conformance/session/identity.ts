import { ForeignRecordError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { rowIn } from '../store.ts'
import { quoted } from '../verbs.ts'
import { latch } from '../world.ts'

/** One row, one object. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)

  row('one row is one object within a scope, refreshed when it is read again', async ({ db, User, raw }) => {
    const { id } = await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await User.getOrError(id)
      expect(await User.get(id)).toBe(user)
      expect(await User.first({ name: 'a' })).toBe(user)
      user.points = 7
      if (!database.lacks['a connection for each session']) {
        await raw(`update ${quoted(database, 'user')} set location = 'Mars', points = 3`)
        await User.get(id)
        expect([user.location, user.points]).toEqual(['Mars', 7])
      }
    })
    expect(await User.get(id)).not.toBe(await User.get(id))
  })

  row('a record whose scope is over joins the next with what it knows; one of an open scope is refused', async ({ db, User, sent }) => {
    const user = await db.run(() => User.create({ name: 'a' }).then((each) => each))
    expect(await sent(() => db.run(() => user.update({ name: 'b' }).then(() => undefined)))).toHaveLength(1)
    const held = latch()
    const taken = latch<unknown>()
    const first = db.run(async () => {
      taken.open(await User.getOrError(user.id))
      await held.promise
    })
    const record = (await taken.promise) as typeof user
    await expect(db.detach(() => db.run(() => record.update({ name: 'c' }).then(() => undefined)))).rejects.toBeInstanceOf(
      ForeignRecordError,
    )
    held.open()
    await first
    expect(await User.get(user.id)).toMatchObject({ name: 'b' })
  })

  row('a record that plain TypeORM loaded is saved by our verb without a SELECT', async ({ db, User, sent }) => {
    await User.create({ name: 'a' })
    await db.run(async () => {
      const user = await db.dataSource.getRepository(User).findOneByOrFail({ name: 'a' })
      expect(await sent(() => user.update({ name: 'b' }))).toHaveLength(1)
    })
    expect(await User.count({ name: 'b' })).toBe(1)
  })
}

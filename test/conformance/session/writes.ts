import { type ActiveAlchemyOptions, RecordNotFoundError, WriteIgnoredError } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../../databases/database.ts'
import { names, rowIn } from '../store.ts'
import { countVersions } from './events.ts'

/** What a write sends, and what it does when the row is not as it was. */
export function rows(database: TestDatabase): void {
  const row = rowIn(database)
  const save: ActiveAlchemyOptions = { commit: 'save' }

  row('update sends every column that it names, whatever the object remembers', async ({ db, User }) => {
    const { id } = await User.create({ name: 'a', points: 0 })
    const kept = await db.run(() => User.getOrError(id))
    await db.run(async () => {
      const user = await User.getOrError(id)
      await User.filter({ id }).updateAll({ points: 5 })
      await user.update({ points: 0 })
    })
    expect((await User.getOrError(id)).points).toBe(0)
    await db.run(async () => (await User.getOrError(id)).update({ points: 5 }).then(() => undefined))
    await kept.update({ points: 0 })
    expect((await User.getOrError(id)).points).toBe(0)
  })

  row('save sends what the application changed, also of a record that a bulk write has passed by', async ({ db, User, sent }) => {
    const { id } = await User.create({ name: 'a', points: 0 })
    await db.run(async () => {
      const user = await User.getOrError(id)
      await User.filter({ id }).updateAll({ points: 5 })
      expect(await sent(() => user.save())).toEqual([])
      user.name = 'b'
      expect(await sent(() => user.save())).toEqual([expect.not.stringContaining('points')])
      await User.filter({ id }).updateAll({ points: 6 })
      expect((await User.first({ id }))?.points).toBe(6)
      expect([user.points, user.isDirty]).toEqual([6, false])
    })
    expect(await User.getOrError(id)).toMatchObject({ name: 'b', points: 6 })
  })

  row('what TypeORM has saved is not told as unsaved, and what it has not is', async ({ db, User }) => {
    const { Scope } = (await import(
      '../../../packages/core/src/scope/scope.ts'
    )) as typeof import('../../../packages/core/src/scope/scope.ts')
    const { id } = await User.create({ name: 'a' })
    const told: string[] = []
    for (const saves of [true, false]) {
      const scope = new Scope({ label: `saves ${saves}`, report: ({ label, kind }) => void told.push(`${label}: ${kind}`) })
      await scope.run(async () => {
        const user = await User.getOrError(id)
        user.name = 'b'
        if (saves) await db.dataSource.getRepository(User).save(user)
        if (saves) expect(user.isDirty).toBe(false)
        user.location = saves ? user.location : 'Moon'
      })
      await scope.settle({ commit: true })
    }
    expect(told).toEqual(['saves false: unsaved-changes'])
  })

  row(
    "with commit: 'save' a verb that fails takes nothing along that is not its own",
    async (store) => {
      const { db, User } = store
      await User.create({ name: 'taken', email: 'a@b.cd' })
      await db.run(async () => {
        await db.dataSource.getRepository(User).insert({ name: 'repository' })
        await expect(User.create({ name: 'x', email: 'a@b.cd' })).rejects.toMatchObject({ code: 'UNIQUE' })
        db.add(new User({ name: 'added' }))
        await expect(User.create({ name: 'y', email: 'a@b.cd' })).rejects.toMatchObject({ code: 'UNIQUE' })
        const made = await User.createMany([{ name: 'many' }])
        expect(made).toHaveLength(1)
        expect(db.dataSource.driver.pool.leased).toBe(0)
      })
      expect(await names(store)).toEqual(['taken', 'repository', 'added', 'many'])
    },
    save,
  )

  row('createMany outside a scope needs no savepoint, and inside one loses nothing else', async ({ db, User, statements }) => {
    await User.createMany([{ name: 'a' }, { name: 'b' }])
    expect(statements.filter((sql) => /savepoint/i.test(sql))).toEqual([])
    await db.run(async () => {
      await User.create({ name: 'c' })
      const refused = User.createMany([
        { name: 'x', email: 'a@b.cd' },
        { name: 'y', email: 'a@b.cd' },
      ])
      await expect(refused).rejects.toMatchObject({ code: 'UNIQUE' })
    })
    expect(await User.count()).toBe(3)
  })

  row('many rows are inserted by few texts, whatever their number', async ({ User, statements }) => {
    const texts = new Set<string>()
    for (const size of [130, 131, 199, 255, 300]) {
      statements.length = 0
      const made = await User.createMany(Array.from({ length: size }, (_, n) => ({ name: `n${n}` })))
      expect(new Set(made.map(({ id }) => id)).size).toBe(size)
      for (const sql of statements) if (/^insert/i.test(sql) && sql.length > 10_000) texts.add(sql)
    }
    expect(await User.count()).toBe(1_015)
    // Of 128 and of 256 rows; databases that give nothing back insert one by one.
    if (!database.lacks['returning']) expect(texts.size).toBeLessThanOrEqual(6)
  })

  row('each set of columns has a statement of its own, for an INSERT as for an UPDATE', async ({ db }) => {
    class Five extends db.Model('Five', {
      a: db.Column(db.Integer, { default: 0 }),
      b: db.Column(db.Integer, { default: 0 }),
      c: db.Column(db.Integer, { default: 0 }),
      d: db.Column(db.Integer, { default: 0 }),
      e: db.Column(db.Integer, { default: 0 }),
    }) {}
    await db.createAll()
    const names = ['a', 'b', 'c', 'd', 'e'] as const
    const sets = Array.from({ length: 32 }, (_, set) => names.filter((_name, place) => (set & (1 << place)) !== 0))
    const of = (set: readonly string[], value: number) => Object.fromEntries(set.map((name, place) => [name, value + place]))
    const zeros = of([], 0)
    for (const name of names) zeros[name] = 0
    for (const set of sets) {
      const { id } = await Five.create(of(set, 10))
      expect(await Five.getOrError(id)).toMatchObject({ ...zeros, ...of(set, 10) })
      await (await Five.getOrError(id)).update(of(set, 20))
      expect(await Five.getOrError(id)).toMatchObject({ ...zeros, ...of(set, 20) })
    }
  })

  row('a version is counted by the database, and never comes twice', ({ db }) => countVersions(db))

  row(
    'a row that is gone is not found by update, and delete has nothing more to do',
    async ({ db, User, raw }) => {
      const [one, other] = await User.createMany([{ name: 'a' }, { name: 'b' }])
      await raw(`delete from ${db.dataSource.driver.escape('user')}`)
      await expect(one?.update({ name: 'c' })).rejects.toBeInstanceOf(RecordNotFoundError)
      await expect(other?.delete({ hardDelete: true })).resolves.toBe(other)
    },
    undefined,
    'a connection for each session',
  )

  row('a write that a trigger swallows is an error', async ({ db, User, raw }) => {
    // MySQL and MariaDB have no trigger that swallows a write and says nothing.
    if (database.name === 'mariadb') return
    const user = await User.create({ name: 'a' })
    const table = db.dataSource.driver.escape('user')
    const swallow = async (event: string): Promise<void> => {
      if (database.name === 'postgres') {
        await raw(`create or replace function swallow() returns trigger language plpgsql as $$ begin return null; end $$`)
        await raw(`create trigger swallow_${event} before ${event} on ${table} for each row execute function swallow()`)
      } else await raw(`create trigger swallow_${event} before ${event} on ${table} begin select raise(ignore); end`)
    }
    await swallow('insert')
    await expect(User.create({ name: 'b' })).rejects.toBeInstanceOf(WriteIgnoredError)
    await expect(User.createMany([{ name: 'b' }, { name: 'c' }])).rejects.toBeInstanceOf(WriteIgnoredError)
    await swallow('update')
    await expect(user.update({ name: 'b' })).rejects.toMatchObject({ code: 'WRITE_IGNORED', status: 500 })
    await expect(user.delete()).rejects.toBeInstanceOf(WriteIgnoredError)
    await expect(user.increment('points')).rejects.toBeInstanceOf(WriteIgnoredError)
    await swallow('delete')
    await expect(user.delete({ hardDelete: true })).rejects.toBeInstanceOf(WriteIgnoredError)
    expect(await User.query().all()).toMatchObject([{ name: 'a', isDeleted: false }])
  })
}

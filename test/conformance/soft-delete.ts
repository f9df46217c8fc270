import { DateTime, oneOf } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'
import { quoted } from './verbs.ts'

/** A deleted row stays, and nothing finds it, whichever path deleted it and whichever path looks. */
export function softDeleteRows(database: TestDatabase): void {
  const row = rowIn(database)
  const user = quoted(database, 'user')

  /** Both columns of every row, as the database holds them: they must agree. */
  const flags = async ({ raw }: Store): Promise<string[]> => {
    const rows = await raw<{ is_deleted: number | boolean; deleted_at: unknown }>(`select is_deleted, deleted_at from ${user} order by id`)
    return rows.map(({ is_deleted, deleted_at }) => `${Number(is_deleted)}${deleted_at === null ? '-' : 't'}`)
  }

  const deletes: Record<string, (store: Store, id: number) => Promise<unknown>> = {
    'delete()': async ({ User }, id) => (await User.getOrError(id)).delete(),
    'a save of isDeleted': async ({ User }, id) => {
      const record = await User.getOrError(id)
      record.isDeleted = true
      await record.save()
    },
    'a save of deletedAt': async ({ User }, id) => {
      const record = await User.getOrError(id)
      record.deletedAt = DateTime.utc()
      await record.save()
    },
    'deleteAll()': ({ User }, id) => User.filter({ id }).deleteAll(),
    'repository.softDelete': ({ db, User }, id) => db.dataSource.getRepository(User).softDelete(id),
    'repository.softRemove': async ({ db, User }, id) => {
      const repository = db.dataSource.getRepository(User)
      await repository.softRemove(await repository.findOneByOrFail({ id }))
    },
    'repository.save of deletedAt': async ({ db, User }, id) => {
      const repository = db.dataSource.getRepository(User)
      const record = await repository.findOneByOrFail({ id })
      record.deletedAt = DateTime.utc()
      await repository.save(record)
    },
    'manager.softDelete': ({ db, User }, id) => db.dataSource.manager.softDelete(User, { id }),
    'a builder': ({ db, User }, id) => db.dataSource.createQueryBuilder().softDelete().from(User).where('id = :id', { id }).execute(),
  }

  const restores: Record<string, (store: Store, id: number) => Promise<unknown>> = {
    'delete(false)': async ({ User }, id) => User.get(id, { includeDeleted: true }).delete(false),
    'restore()': async ({ User }, id) => User.get(id, { includeDeleted: true }).restore(),
    'restoreAll()': ({ User }, id) => User.filter({ id }, { includeDeleted: true }).restoreAll(),
    'repository.restore': ({ db, User }, id) => db.dataSource.getRepository(User).restore(id),
    'repository.recover': async ({ db, User }, id) => {
      const repository = db.dataSource.getRepository(User)
      await repository.recover(await repository.findOneOrFail({ where: { id }, withDeleted: true }))
    },
    'a builder': ({ db, User }, id) => db.dataSource.createQueryBuilder().restore().from(User).where('id = :id', { id }).execute(),
  }

  for (const [name, remove] of Object.entries(deletes)) {
    row(`${name} writes both columns, in a scope and outside`, async (store) => {
      const [kept, first, second] = [
        await store.User.create({ name: 'a' }),
        await store.User.create({ name: 'b' }),
        await store.User.create({ name: 'c' }),
      ]
      await remove(store, first.id)
      await store.db.run(() => remove(store, second.id))
      expect(await flags(store)).toEqual(['0-', '1t', '1t'])
      expect(await store.User.query().all()).toMatchObject([{ id: kept.id }])
    })
  }

  for (const [name, restore] of Object.entries(restores)) {
    row(`${name} writes both columns, in a scope and outside`, async (store) => {
      const [first, second] = await store.User.createMany([{ name: 'a' }, { name: 'b' }])
      await store.User.query().deleteAll({ allRows: true })
      await restore(store, first?.id ?? 0)
      await store.db.run(() => restore(store, second?.id ?? 0))
      expect(await flags(store)).toEqual(['0-', '0-'])
      expect(await store.User.count()).toBe(2)
    })
  }

  row('no way of looking finds a deleted row, and every way finds it when asked', async ({ User, Post, db }) => {
    const [live, dead] = await User.createMany([
      { name: 'live', points: 1 },
      { name: 'dead', points: 10 },
    ])
    await Post.create({ title: 'by the dead', author: dead ?? null })
    await dead?.delete()
    const id = dead?.id ?? 0
    const repository = db.dataSource.getRepository(User)

    expect(await User.get(id)).toBeNull()
    expect(await User.first({ name: 'dead' })).toBeNull()
    expect([await User.count(), await User.exists({ name: 'dead' }), (await User.paginate()).total]).toEqual([1, false, 1])
    expect(await User.query({ sum: db.func.sum('points') }).first()).toEqual({ sum: 1 })
    expect(await User.query('name').all()).toEqual([{ name: 'live' }])
    expect(await db.query(User).all()).toMatchObject([{ id: live?.id }])
    expect([await repository.count(), (await repository.find()).length, await repository.findOneBy({ id })]).toEqual([1, 1, null])
    expect(await db.dataSource.createQueryBuilder(User, 'u').getCount()).toBe(1)
    expect((await db.dataSource.getRepository(Post).findOneOrFail({ where: {}, relations: { author: true } })).author).toBeNull()

    expect(await User.get(id, { includeDeleted: true })).toMatchObject({ isDeleted: true })
    expect(await User.query({ includeDeleted: true }).all()).toHaveLength(2)
    expect(await User.query({ onlyDeleted: true }).all()).toMatchObject([{ id }])
    expect(await User.query('name', { onlyDeleted: true }).all()).toEqual([{ name: 'dead' }])
    expect(await repository.find({ withDeleted: true })).toHaveLength(2)
  })

  row("TypeORM's softRemove and recover leave the object as its row is, so that a save undoes nothing", async (store) => {
    const { User, db } = store
    const { id } = await User.create({ name: 'a' })
    const repository = db.dataSource.getRepository(User)
    const record = await repository.findOneByOrFail({ id })
    expect(await repository.softRemove(record)).toBe(record)
    expect(record.isDeleted).toBe(true)
    expect(DateTime.isDateTime(record.deletedAt)).toBe(true)
    const row = await User.getOrError(id, { includeDeleted: true })
    expect([+(record.deletedAt ?? 0), +record.updatedAt]).toEqual([+(row.deletedAt ?? 1), +row.updatedAt])
    await repository.save(record)
    expect(await flags(store)).toEqual(['1t'])
    await repository.recover(record)
    expect([record.isDeleted, record.deletedAt]).toEqual([false, null])
    await repository.save(record)
    expect(await flags(store)).toEqual(['0-'])
  })

  row('a second delete keeps the first time', async ({ User }) => {
    const record = await User.create({ name: 'a' })
    await record.delete()
    const { deletedAt } = record
    await new Promise((resolve) => setTimeout(resolve, 3))
    await record.delete()
    expect(+(record.deletedAt ?? 0)).toBe(+(deletedAt ?? 1))
  })

  row('a deletion moves updatedAt, as every change does', async ({ User }) => {
    const record = await User.create({ name: 'a' })
    await new Promise((resolve) => setTimeout(resolve, 3))
    const { updatedAt } = await record.delete()
    expect(+updatedAt).toBeGreaterThan(+record.createdAt)
    expect(+(await User.query({ includeDeleted: true }).one()).updatedAt).toBe(+updatedAt)
  })

  row('isDeleted and deletedAt cannot disagree', async ({ User }) => {
    const record = new User({ name: 'a' })
    expect(record.isDeleted).toBe(false)
    record.isDeleted = true
    await record.save()
    expect([record.isDeleted, record.deletedAt === null]).toEqual([true, false])
    record.deletedAt = null
    expect(record.isDeleted).toBe(false)
    await record.save()
    expect(await User.get(record.id)).toMatchObject({ isDeleted: false, deletedAt: null })
  })

  row('bulk verbs are one statement, and see live rows only', async (store) => {
    const { User, sent } = store
    await User.createMany(Array.from({ length: 4 }, (_, index) => ({ name: `n${index}` })))
    await User.filter({ name: 'n0' }).deleteAll()
    const seen: number[] = []
    expect(await sent(async () => seen.push(await User.query().updateAll({ points: 5 }, { allRows: true })))).toHaveLength(1)
    expect(await sent(async () => seen.push(await User.query().deleteAll({ allRows: true })))).toHaveLength(1)
    expect(await sent(async () => seen.push(await User.query({ includeDeleted: true }).restoreAll({ allRows: true })))).toHaveLength(1)
    expect(
      await sent(async () => seen.push(await User.filter({ name: oneOf(['n1', 'n2']) }).deleteAll({ hardDelete: true }))),
    ).toHaveLength(1)
    expect(seen).toEqual([3, 3, 4, 2])
    expect((await User.query().orderBy('name').all()).map(({ name, points }) => [name, points])).toEqual([
      ['n0', 0],
      ['n3', 5],
    ])
  })

  row('a row that was written by hand, with an empty flag, is live', async (store) => {
    const { User, raw } = store
    const [record] = await User.createMany([{ name: 'a' }])
    await record?.delete()
    await raw(`update ${user} set deleted_at = null`)
    expect(await User.get(record?.id)).toMatchObject({ isDeleted: false })
  })
}

import { oneOf, type Query } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** `updateAll`, `deleteAll` and `restoreAll`: which rows they write, and what they refuse. */
export function bulkWriteRows(database: TestDatabase): void {
  const row = rowIn(database)
  const ten = ({ User }: Store): Promise<unknown> =>
    User.createMany(Array.from({ length: 10 }, (_, index) => ({ name: `n${index % 5}`, points: index })))

  row('a bulk write refuses, before a row is touched, whatever is no condition', async (store) => {
    const { User, db, statements } = store
    await ten(store)
    await User.filter({ points: 9 }).deleteAll()
    statements.length = 0
    type UserQuery = Query<InstanceType<Store['User']>>
    const more: Readonly<Record<string, (query: UserQuery) => unknown>> = {
      limit: (query) => query.limit(3),
      'limit 0': (query) => query.limit(0),
      offset: (query) => query.offset(3),
      'offset 0': (query) => query.offset(0),
      'offset 0 with a limit': (query) => query.offset(0).limit(3),
      'a group': (query) => query.groupBy('name'),
      having: (query) => query.groupBy('name').having((user) => user.id.count().gt(1)),
      'an order': (query) => query.orderBy('points'),
      distinct: (query) => query.distinct(),
      'a lock': (query) => query.forUpdate(),
    }
    for (const [what, put] of Object.entries(more)) {
      for (const write of [
        (query: UserQuery) => query.deleteAll({ hardDelete: true }),
        (query: UserQuery) => query.deleteAll(),
        (query: UserQuery) => query.updateAll({ location: 'X' }),
        (query: UserQuery) => query.restoreAll(),
      ]) {
        const query = User.filter({ name: oneOf(['n1', 'n4']) })
        put(query)
        const error: unknown = await write(query).then(
          (count) => `${count} rows`,
          (each: unknown) => each,
        )
        expect([what, error]).toEqual([what, expect.objectContaining({ code: 'UNSUPPORTED' })])
      }
    }
    expect(statements).toEqual([])
    const selection = User.query('name').filter({ name: 'n1' }) as unknown as UserQuery
    await expect(selection.deleteAll()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect([await User.count(), await User.count({ location: 'X' }), await User.query({ onlyDeleted: true }).count()]).toEqual([9, 0, 1])
    expect(await db.sql`select count(*) as n from ${User}`).toEqual([{ n: 10 }])
  })

  row('a bulk write without a condition needs { allRows: true }', async (store) => {
    const { User, statements } = store
    await ten(store)
    await User.filter({ points: 9 }).deleteAll()
    const body = {}
    statements.length = 0
    for (const query of [User.query(), User.filter(body), User.filter(body).filter(body), User.query({ includeDeleted: true })]) {
      for (const write of [() => query.deleteAll(), () => query.updateAll({ points: 1 }), () => query.restoreAll()]) {
        const message = expect.stringMatching(/would change every row\. Filter, or say \{ allRows: true \}\.$/) as string
        await expect(write()).rejects.toMatchObject({ code: 'INVALID_FILTER', status: 400, message })
      }
    }
    await expect(User.query({ onlyDeleted: true }).restoreAll()).rejects.toMatchObject({ code: 'INVALID_FILTER', status: 400 })
    expect(() => User.filter({ name: undefined } as never)).toThrow(expect.objectContaining({ status: 400 }) as Error)
    expect(statements).toEqual([])
    expect(await User.query().updateAll({ location: 'all' }, { allRows: true })).toBe(9)
    expect(await User.query({ onlyDeleted: true }).updateAll({ location: 'bin' })).toBe(1)
    expect(await User.query().deleteAll({ allRows: true })).toBe(9)
    expect(await User.query().restoreAll({ allRows: true })).toBe(10)
    expect(await User.query().deleteAll({ allRows: true, hardDelete: true })).toBe(10)
  })

  row('a model in SQL is its own table, quoted, wherever the SQL stands', async (store) => {
    const { db, User, Post } = store
    class Order extends db.Model('Order', { stars: db.Column(db.Integer), user: db.Column(db.Integer) }) {}
    await db.createAll()
    const [one, two] = await User.createMany([
      { name: 'one', points: 0 },
      { name: 'two', points: 0 },
    ])
    await Order.createMany([
      { user: one?.id ?? 0, stars: 1 },
      { user: two?.id ?? 0, stars: 7 },
    ])
    await Post.create({ title: 'p', words: 5 })
    const best = db.sql`(select max(o.stars) from ${Order} o)`
    expect(await User.filter({ name: 'one' }).updateAll({ points: best })).toBe(1)
    expect(await User.filter({ name: 'two' }).updateAll({ points: db.sql`(select max(words) from ${Post}) + ${1}` })).toBe(1)
    expect((await User.query().orderBy('name').all()).map(({ points }) => points)).toEqual([7, 6])
    const byStars = db.sql`(select max(o.stars) from ${Order} o where o.stars > ${User}.points)`
    expect((await User.query().orderBy(byStars.desc().nullsLast()).orderBy('name').all()).map(({ name }) => name)).toEqual(['two', 'one'])
    expect(await User.filter(db.sql`points in (select o.stars from ${Order} o)`).count()).toBe(1)
    // Its own table, in a value.
    expect(await User.filter({ name: 'one' }).updateAll({ points: db.sql`${User}.points + ${1}` })).toBe(1)
    expect((await User.firstOrError({ name: 'one' })).points).toBe(8)
  })
}

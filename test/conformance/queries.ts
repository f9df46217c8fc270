import { DateTime, isNull, oneOf, or, Query } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** Reading: filters, orders, columns, aggregates, pages, loops. */
export function queryRows(database: TestDatabase): void {
  const row = rowIn(database)
  const people = async ({ User }: Store): Promise<void> => {
    await User.createMany([
      { name: 'Ada', location: 'London', points: 3 },
      { name: 'Bob', location: 'Moon', points: 1 },
      { name: 'Cid', location: 'Moon', points: 2, email: 'cid@example.org' },
    ])
  }
  const names = (users: readonly { readonly name: string }[]): string => users.map(({ name }) => name.charAt(0)).join('')

  row('a filter takes values, operators, alternatives and SQL', async (store) => {
    const { User, db } = store
    await people(store)
    const found = async (filter: unknown): Promise<string> =>
      names(
        await User.filter(filter as never)
          .orderBy('name')
          .all(),
      )
    expect(await found({ location: 'Moon' })).toBe('BC')
    expect(await found({ name: oneOf(['Ada', 'Cid', 'Nobody']) })).toBe('AC')
    expect(await found({ name: oneOf([]) })).toBe('')
    expect(await found({ email: isNull() })).toBe('AB')
    expect(await found({ location: 'Moon', points: 2 })).toBe('C')
    expect(await found(or({ name: 'Ada' }, { location: 'Moon', points: 1 }))).toBe('AB')
    expect(await found({})).toBe('ABC')
    expect(await found(db.sql`points >= ${2}` as never)).toBe('AC')
    expect(await found({ points: db.sql`1 + ${1}` } as never)).toBe('C')
    expect(
      names(
        await User.filter({ location: 'Moon' })
          .filter(or({ points: 1 }, { points: 3 }))
          .all(),
      ),
    ).toBe('B')
  })

  row('an order takes mapped names, in any case and both directions', async (store) => {
    const { User, db } = store
    await people(store)
    expect(names(await User.query().orderBy('points').all())).toBe('BCA')
    expect(
      names(
        await User.query()
          .orderBy('location', 'desc' as 'DESC')
          .orderBy('name', 'DESC')
          .all(),
      ),
    ).toBe('CBA')
    expect(names(await User.query().orderBy({ location: 'ASC', name: 'DESC' }).all())).toBe('ACB')
    expect(names(await User.query().orderBy(db.sql`points * ${-1}`).all())).toBe('ACB')
    for (const bad of ['nope', 'points; drop table user', 'points desc, name', '1', 'user.nope', '(select 1)']) {
      expect(() => User.query().orderBy(bad as 'name')).toThrow(expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as Error)
    }
    expect(() => User.query().orderBy('name', 'DESC; drop' as 'DESC')).toThrow('ASC or DESC')
  })

  row('first, one, scalar, count, exists', async (store) => {
    const { User, db } = store
    await people(store)
    expect(await User.first({ location: 'Moon' })).toMatchObject({ location: 'Moon' })
    expect(await User.query().orderBy('points', 'DESC').first()).toMatchObject({ name: 'Ada' })
    expect(await User.filter({ name: 'Ada' }).one()).toMatchObject({ name: 'Ada' })
    await expect(User.filter({ name: 'X' }).one()).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' })
    await expect(User.filter({ location: 'Moon' }).one()).rejects.toMatchObject({ code: 'MULTIPLE_RECORDS' })
    expect(await User.query({ n: db.func.max('points') }).scalar()).toBe(3)
    expect(await User.filter({ name: 'X' }).scalar()).toBeNull()
    expect([await User.count(), await User.count({ location: 'Moon' }), await User.filter({ points: 9 }).count()]).toEqual([3, 2, 0])
    expect([await User.exists(), await User.exists({ name: 'X' })]).toEqual([true, false])
    expect(await User.query('location').distinct().count()).toBe(2)
  })

  row('chosen columns give plain rows, converted as their columns', async (store) => {
    const { User } = store
    await people(store)
    await User.filter({ name: 'Ada' }).updateAll({ lastAccess: DateTime.fromISO('2026-01-01T00:00:00Z') })
    const [ada] = await User.query('name', 'lastAccess').orderBy('name').all()
    expect([ada?.name, ada?.lastAccess?.toISO()]).toEqual(['Ada', '2026-01-01T00:00:00.000Z'])
    expect(ada).not.toBeInstanceOf(User)
    expect(await User.query('location').distinct().orderBy('location').all()).toEqual([{ location: 'London' }, { location: 'Moon' }])
    expect(() => User.query('nope' as 'name')).toThrow(expect.objectContaining({ code: 'INVALID_FILTER' }) as Error)
  })

  row('aggregates have the type of what they count', async (store) => {
    const { User, db } = store
    await people(store)
    const selection = {
      n: db.func.count(),
      emails: db.func.count('email'),
      places: db.func.count('location').distinct(),
      sum: db.func.sum('points'),
      avg: db.func.avg('points'),
      min: db.func.min('name'),
      since: db.func.min('createdAt'),
    }
    const totals = await User.query(selection).first()
    expect(totals).toMatchObject({ n: 3, emails: 1, places: 2, sum: 6, avg: 2, min: 'Ada' })
    expect(DateTime.isDateTime(totals?.since)).toBe(true)
    expect(await User.filter({ name: 'X' }).count()).toBe(0)
    await User.query().deleteAll({ allRows: true })
    expect(await User.query(selection).first()).toEqual({ n: 0, emails: 0, places: 0, sum: null, avg: null, min: null, since: null })
    const groups = await User.query({ place: 'location', upper: db.func.upper('location'), n: db.func.count() }, { includeDeleted: true })
      .groupBy('location')
      .orderBy('place')
      .all()
    expect(groups).toEqual([
      { place: 'London', upper: 'LONDON', n: 1 },
      { place: 'Moon', upper: 'MOON', n: 2 },
    ])
  })

  row('SQL binds its values, and knows tables', async (store) => {
    const { User, db, statements } = store
    await people(store)
    const place = "Moon'; drop table user; --"
    expect(
      await db.sql<{ n: number }>`select count(*) as n from ${User} where location = ${place}`.then(([found]) => Number(found?.n)),
    ).toBe(0)
    expect(statements.at(-1)).not.toContain('drop table')
    const rows = await db.sql<{ name: string }>`select name from ${User} where location in (${'Moon'}, ${'Mars'}) order by name`
    expect(rows).toEqual([{ name: 'Bob' }, { name: 'Cid' }])
  })

  row('whole numbers of SQL are numbers on every database, and what TypeORM gives stays', async (store) => {
    const { User, db, raw } = store
    await people(store)
    const [row] = await db.sql<{ n: number; total: number; most: number }>`
      select count(*) as n, sum(points) as total, max(points) as most from ${User}`
    expect(row).toEqual({ n: 3, total: 6, most: 3 })
    expect(await db.sql`select 9007199254740993 as big, -2 as small, '12' as text, null as none`).toEqual([
      { big: 9_007_199_254_740_993n, small: -2, text: '12', none: null },
    ])
    class Wide extends db.Model('Wide', { big: db.Column(db.BigInteger), price: db.Column(db.Numeric(10, 2)) }) {}
    await db.createAll()
    await Wide.create({ big: 5n, price: '7.00' })
    expect(await db.sql`select big, sum(big) as total from ${Wide} group by big`).toEqual([{ big: 5, total: 5 }])
    // SQLite has no decimals.
    const [{ price } = { price: undefined }] = await db.sql<{ price: unknown }>`select price from ${Wide}`
    expect(price).toBe(database.lacks['exact decimals'] ? 7 : '7.00')
    const count = database.name.startsWith('sqlite') ? 3 : '3'
    const text = `select count(*) as n from ${db.dataSource.driver.escape('user')}`
    expect(await raw(text)).toEqual([{ n: count }])
    expect(await db.run(async () => db.dataSource.query(text))).toEqual([{ n: count }])
    const builder = db.dataSource.getRepository(User).createQueryBuilder('u').select('count(*)', 'n')
    expect(await builder.getRawOne()).toEqual({ n: count })
  })

  row('rows are grouped and sorted by mapped names and by functions', async (store) => {
    const { User, db } = store
    await people(store)
    await User.filter({ name: 'Ada' }).updateAll({ lastAccess: db.utcnow() })
    const query = User.query({ lastAccess: 'lastAccess', location: 'location', n: db.func.count() })
    const rows = await query.groupBy('lastAccess', 'location').orderBy(db.func.count(), 'DESC').orderBy('location').all()
    expect(rows.map(({ location, n }) => [location, n])).toEqual([
      ['Moon', 2],
      ['London', 1],
    ])
    expect(await User.query({ n: db.func.count() }).groupBy(db.sql`lower(location)`).orderBy('n').all()).toEqual([{ n: 1 }, { n: 2 }])
    expect(() => User.query().orderBy(db.func.sum('nope') as never)).toThrow(expect.objectContaining({ code: 'INVALID_FILTER' }) as Error)
  })

  row('a page of locked rows is counted without a lock', async (store) => {
    const { User, db } = store
    await people(store)
    await db.run(async () => {
      const page = await User.query().orderBy('name').forUpdate().paginate({ perPage: 2 })
      expect([names(page.items), page.total]).toEqual(['AB', 3])
      expect(await User.query().forUpdate().count()).toBe(3)
    })
  })

  row('SQL takes values, never an object that a client of the database could read as SQL', async ({ db, User }) => {
    for (const value of [{ a: 1 }, { toSqlString: () => '1 or 1=1' }, [{ a: 1 }], Symbol('x')]) {
      await expect((async () => db.sql`select ${value} as x`)()).rejects.toMatchObject({ code: 'INVALID_VALUE', status: 422 })
      expect(() => User.filter(db.sql`name = ${value}`)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }) as Error)
    }
  })

  row('what a query selects is checked', async ({ User, db }) => {
    const wrong: readonly unknown[][] = [
      [5],
      ['name', 5],
      [['name']],
      [null],
      [{ name: 5 }],
      [{ includeDeleted: null }],
      [db.func.sum('points')],
    ]
    for (const parameters of wrong) {
      const select = User.query as unknown as (...each: unknown[]) => unknown
      expect(() => select.call(User, ...parameters)).toThrow(expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as Error)
    }
  })

  row('updateAll sets what update sets', async ({ User, Post, db }) => {
    const { id } = await User.create({ name: 'a' })
    const change = (values: unknown): Promise<number> => User.query().updateAll(values as never, { allRows: true })
    await expect(change({ nope: 1 })).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN', status: 422 })
    for (const values of [{ id: 5 }, { isDeleted: true }, { deletedAt: null }, { updatedAt: null }, { id: db.sql`id + 1` }]) {
      await expect(change(values)).rejects.toMatchObject({ code: 'PROTECTED_COLUMN', status: 422 })
    }
    for (const values of [{ name: 5 }, { name: null }, null, [], 'name', { posts: [] }]) {
      await expect(change(values)).rejects.toMatchObject({ code: 'INVALID_VALUE', status: 422 })
    }
    expect(await change({})).toBe(0)
    expect(await change({ name: undefined })).toBe(0)
    expect(await User.filter({ id }).updateAll({ id: id + 1 }, { unguarded: true })).toBe(1)
    const author = await User.getOrError(id + 1)
    await Post.createMany([{ title: 'a' }, { title: 'b' }])
    expect(await Post.query().updateAll({ author }, { allRows: true })).toBe(2)
    expect(await Post.count({ author })).toBe(2)
    expect(await Post.filter({ author }).updateAll({ author: null })).toBe(2)
    expect(await Post.count({ author: isNull() })).toBe(2)
  })

  row('a page is two statements, one without a count', async (store) => {
    const { User, sent } = store
    await User.createMany(Array.from({ length: 25 }, (_, index) => ({ name: `n${String(index).padStart(2, '0')}` })))
    let page = await User.paginate()
    expect(await sent(async () => (page = await User.query().orderBy('name').paginate({ page: 2, perPage: 10 })))).toHaveLength(2)
    expect([page.page, page.perPage, page.total, page.totalPages, page.firstIndex, page.lastIndex]).toEqual([2, 10, 25, 3, 11, 20])
    expect([...page].map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, index) => `n${index + 10}`))
    expect(JSON.parse(JSON.stringify(page))).toMatchObject({ items: { length: 10 }, meta: { page: 2, total: 25, hasNext: true } })
    expect(await sent(async () => (page = await User.paginate({ page: 3, perPage: 10, count: false })))).toHaveLength(1)
    expect([page.items.length, page.total, page.hasNext]).toEqual([5, null, false])
    expect((await User.paginate({ page: 1, perPage: 10, count: false })).hasNext).toBe(true)
  })

  row('a page request may come straight from a query string', async (store) => {
    const { User } = store
    await people(store)
    for (const page of ['x', '-1', '0', 'NaN', '1e9999', '', ['2'], { $gt: 1 }, null, undefined, '1;drop']) {
      expect((await User.paginate({ page: page as never, perPage: 2 })).page).toBe(1)
    }
    expect((await User.paginate({ page: '2', perPage: '2' as never })).items).toHaveLength(1)
    expect((await User.paginate({ page: 99, perPage: 2 })).items).toEqual([])
    expect((await User.paginate({ perPage: 1_000_000 as never, maxPerPage: 2 })).items).toHaveLength(2)
  })

  row('pages never overlap, also without an order', async (store) => {
    const { User } = store
    await User.createMany(Array.from({ length: 30 }, () => ({ name: 'same' })))
    const ids: number[] = []
    for (let page = 1; page <= 3; page++) ids.push(...(await User.paginate({ page, perPage: 10 })).items.map(({ id }) => id))
    expect(new Set(ids).size).toBe(30)
  })

  row('a loop sees each row once, also when it writes what it reads', async (store) => {
    const { User } = store
    await User.createMany(Array.from({ length: 1_100 }, (_, index) => ({ name: `n${index}`, points: index })))
    let seen = 0
    for await (const user of User.query().orderBy('points')) {
      seen += 1
      if (seen % 100 === 0) await user.update({ points: 10_000 + seen })
    }
    expect([seen, (await User.filter({ name: 'n99' }).scalar()) !== null]).toEqual([1_100, true])
    for await (const { name } of User.query('name').limit(1)) expect(name).toBe('n0')
  })

  row('a query is no promise, and keeps what it is through a clone', async (store) => {
    const { User } = store
    await people(store)
    const query = User.filter({ location: 'Moon' })
    expect(query).toBeInstanceOf(Query)
    expect('then' in query).toBe(false)
    const sorted = query.clone().orderBy('name', 'DESC')
    expect([names(await sorted.all()), (await query.all()).length]).toEqual(['CB', 2])
  })

  row("TypeORM's own builder goes on from a query, with its conditions, order and window", async (store) => {
    const { User, Post } = store
    await people(store)
    const ada = await User.firstOrError({ name: 'Ada' })
    await Post.createMany([
      { title: 'One', author: ada },
      { title: 'Two', author: ada },
    ])
    const builder = User.filter({ name: 'Ada' })
      .builder('u')
      .leftJoinAndSelect('u.posts', 'post')
      .andWhere('post.title = :title', { title: 'Two' })
    expect(await builder.getMany()).toMatchObject([{ name: 'Ada', posts: [{ title: 'Two' }] }])
    expect(await User.filter({ location: 'Moon' }).orderBy('name', 'DESC').limit(1).builder().getMany()).toMatchObject([{ name: 'Cid' }])
    expect(await Post.filter({ author: ada }).count()).toBe(2)
  })

  row('updateAll sets values and SQL, and moves updatedAt', async (store) => {
    const { User, db } = store
    await people(store)
    const before = await User.firstOrError({ name: 'Ada' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await User.filter({ location: 'Moon' }).updateAll({ points: db.sql`points + ${10}`, email: null })).toBe(2)
    expect((await User.query().orderBy('name').all()).map(({ points }) => points)).toEqual([3, 11, 12])
    const bob = await User.firstOrError({ name: 'Bob' })
    expect(+bob.updatedAt).toBeGreaterThan(+before.updatedAt)
    await expect((async () => User.query().updateAll({ nope: 1 } as never))()).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN' })
    await expect((async () => User.query().limit(1).updateAll({ points: 1 }))()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  row('what a session reads it reads for itself, wherever it is called', async ({ User, db }) => {
    await db.run(async () => {
      await User.create({ name: 'Ada' })
      const { session } = db
      const query = session.query(User).filter({ name: 'Ada' })
      expect(await db.detach(() => query.count())).toBe(1)
      expect(await db.detach(() => session.get(User, 1))).toMatchObject({ name: 'Ada' })
      if (!database.lacks['a connection for each session']) expect(await db.detach(() => User.count())).toBe(0)
    })
  })
}

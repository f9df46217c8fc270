import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Chosen columns, functions and groups: what text may name, and what the results are. */
export function selectionRows(database: TestDatabase): void {
  const row = rowIn(database)
  const refused = expect.objectContaining({ code: 'INVALID_FILTER', status: 400, expose: true }) as Error

  row('hidden columns are reached by no text that names them', async ({ db }) => {
    class Account extends db.Model(
      'Account',
      {
        login: db.Column(db.String(20)),
        hash: db.Column(db.String(20), { hidden: true }),
        token: db.Column(db.String(20)),
      },
      { hidden: ['token'] },
    ) {}
    await db.createAll()
    await Account.create({ login: 'ada', hash: 'secret-1', token: 'secret-2' })
    const { func } = db
    for (const name of ['hash', 'token']) {
      const asked: readonly (() => unknown)[] = [
        () => Account.query(name as 'hash'),
        () => Account.query('login', name as 'hash'),
        () => Account.query({ it: name as 'hash' }),
        () => Account.query({ [name]: name } as never),
        () => Account.query({ it: func.min(name as 'hash') }),
        () => Account.query({ it: func.max(name as 'hash') }),
        () => Account.query({ it: func.count(name as 'hash').distinct() }),
        () => Account.query({ it: func.upper(name as 'hash') }),
        () => Account.query().orderBy(name as 'hash'),
        () => Account.query().orderBy({ [name]: 'ASC' }),
        () => Account.query().orderBy(func.lower(name)),
        () =>
          Account.query()
            .orderBy('login')
            .orderBy(name as 'hash'),
        () => Account.query({ n: func.count() }).groupBy(name as 'hash'),
        () => Account.query({ n: func.count() }).groupBy('login', name as 'hash'),
      ]
      for (const [index, ask] of asked.entries()) {
        let message = `${index} was answered`
        try {
          ask()
        } catch (error) {
          expect(error).toEqual(refused)
          ;({ message } = error as Error)
        }
        // It is told like any name that there is not.
        expect(message.replaceAll(name, '')).toMatch(/it is no column\. It has .*\blogin\b/)
        expect(message.replaceAll(name, '')).not.toMatch(/hash|token/)
      }
      // The application holds the value: a token is looked up by its column.
      expect(await Account.first({ [name]: name === 'hash' ? 'secret-1' : 'secret-2' })).toMatchObject({ login: 'ada' })
    }
  })

  row('groups are made by mapped names and SQL of the application, never by other text', async (store) => {
    const { User, db, raw } = store
    await User.createMany([
      { name: 'Ada', location: 'Moon' },
      { name: 'Bob', location: 'moon' },
    ])
    for (const text of [
      'id; drop table user',
      'id having (select count(*) from user) > 0',
      'lower(location)',
      'nope',
      'user.nope',
      '1',
      '',
      'settings',
      { a: 1 },
      null,
      5,
    ]) {
      expect(() => User.query({ n: db.func.count() }).groupBy(text as 'name')).toThrow(refused)
      expect(() => User.query({ n: db.func.count() }).groupBy('location', text as 'name')).toThrow(refused)
    }
    expect(await User.query({ n: db.func.count() }).groupBy(db.sql`lower(location)`).all()).toEqual([{ n: 2 }])
    expect(await User.query({ n: db.func.count() }).groupBy('name').all()).toEqual([{ n: 1 }, { n: 1 }])
    expect(await raw(`select id from ${db.dataSource.driver.escape('user')}`)).toHaveLength(2)
  })

  row('a name of a result is checked: a client may have chosen it', async ({ db, User }) => {
    await User.create({ name: 'Ada' })
    const own = JSON.parse('{"__proto__":"name"}') as object
    for (const selection of [
      own,
      { 'a\0b': 'name' },
      { ['x'.repeat(64)]: 'name' },
      { '': 'name' },
      { ' ': 'name' },
      { 'a"b': 'name' },
      { 'a`b': 'name' },
      { ':filter_0': 'name' },
      { 'user.name': 'name' },
      { 'ends ': 'name' },
      { 𖠀: 'name' },
    ]) {
      expect(() => User.query(selection as never)).toThrow(refused)
    }
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'größe', 'avg price', '2026', 'x'.repeat(63), 'select']) {
      expect(await User.query({ [name]: 'name' } as never).all()).toEqual([{ [name]: 'Ada' }])
      expect(
        await User.query({ [name]: db.func.count() } as never)
          .orderBy(name as 'name')
          .all(),
      ).toEqual([{ [name]: 1 }])
    }
    for (const name of ['*', 'name, email', '1', '(select 1)', 'user.name']) {
      expect(() => User.query(name as 'name')).toThrow(refused)
      expect(() => User.query({ n: db.func.sum(name) } as never)).toThrow(refused)
    }
  })

  row('a function takes the columns that it is for, and no JSON is compared', async ({ db, User }) => {
    const { func } = db
    for (const expression of [
      func.sum('name'),
      func.avg('lastAccess'),
      func.sum('settings'),
      func.min('settings'),
      func.max('isDeleted'),
    ]) {
      expect(() => User.query({ it: expression } as never)).toThrow(refused)
    }
    expect(() => User.query({ it: func.lower('points') } as never)).toThrow(refused)
    class Item extends db.Model('Item', { uid: db.Column(db.UUID), bytes: db.Column(db.LargeBinary) }) {}
    for (const expression of [func.min('uid'), func.max('bytes'), func.lower('uid'), func.upper('bytes')]) {
      expect(() => Item.query({ it: expression } as never)).toThrow(refused)
    }
    await db.createAll()
    await expect(
      (async () => Item.filter((item) => (item.uid as never as { like(text: string): never }).like('a%')).count())(),
    ).rejects.toEqual(refused)
    expect(() => User.query({ n: func.count('settings').distinct() })).toThrow(refused)
    expect(() => User.query().orderBy('settings')).toThrow(refused)
    expect(() => User.query('settings').distinct()).toThrow(refused)
    expect(await User.query({ n: func.count('settings') }).all()).toEqual([{ n: 0 }])
    expect(await User.query().distinct().all()).toEqual([])
  })

  row('sums have the type of their column, and means the same digits everywhere', async ({ db }) => {
    class Thing extends db.Model('Thing', {
      n: db.Column(db.Integer),
      big: db.Column(db.BigInteger),
      price: db.Column(db.Numeric(20, 2)),
      weight: db.Column(db.Float),
    }) {}
    await db.createAll()
    const selection = {
      n: db.func.sum('n'),
      big: db.func.sum('big'),
      price: db.func.sum('price'),
      weight: db.func.sum('weight'),
      mean: db.func.avg('n'),
      meanBig: db.func.avg('big'),
      meanPrice: db.func.avg('price'),
      meanDistinct: db.func.avg('n').distinct(),
    }
    expect(Object.values((await Thing.query(selection).first()) ?? {})).toEqual(Object.values(selection).map(() => null))
    await Thing.createMany([
      { n: 1, big: 9_007_199_254_740_993n, price: '0.10', weight: 0.5 },
      { n: 2, big: 2n, price: '0.20', weight: 0.25 },
      { n: 2, big: 1n, price: '5.00', weight: 1 },
    ])
    const sums = await Thing.query(selection).first()
    expect(sums).toEqual({
      n: 5,
      big: 9_007_199_254_740_996n,
      price: '5.30',
      weight: 1.75,
      mean: 5 / 3,
      meanBig: expect.closeTo(3_002_399_751_580_332, -2) as number,
      meanPrice: expect.closeTo(5.3 / 3, 12) as number,
      meanDistinct: 1.5,
    })
    await Thing.filter({ n: 2 }).deleteAll({ hardDelete: true })
    await Thing.createMany([
      { n: 1, big: 0n, price: '123456789012345678.25', weight: 0 },
      { n: 1, big: 0n, price: '0.30', weight: 0 },
    ])
    expect(await Thing.query({ total: db.func.sum('price') }).scalar()).toBe('123456789012345678.65')
    expect(await Thing.query({ total: db.func.sum('price').distinct() }).scalar()).toBe('123456789012345678.65')
  })
}

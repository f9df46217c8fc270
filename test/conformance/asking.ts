import {
  and,
  between,
  contains,
  endsWith,
  eq,
  every,
  type Filter,
  gt,
  gte,
  ilike,
  is,
  isNull,
  like,
  lt,
  lte,
  ne,
  none,
  not,
  oneOf,
  or,
  type Query,
  some,
  startsWith,
} from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** What a query may ask, and that each database answers it the same. */
export function askingRows(database: TestDatabase): void {
  const row = rowIn(database)
  const people = async ({ User, Post, Tag }: Store): Promise<void> => {
    const [ada, bob] = await User.createMany([
      { name: 'Ada', location: 'London', points: 3, email: 'ada@example.org' },
      { name: 'bob', location: 'Moon', points: 1 },
      { name: 'Cid_%', location: 'Moon', points: 2, email: 'cid@example.org' },
      { name: 'Ünal', location: 'USA', points: 7 },
    ])
    const tags = await Tag.createMany([{ label: 'new' }, { label: 'old' }])
    await Post.createMany([
      { title: 'One', words: 100, author: ada ?? null },
      { title: 'Two', words: 50, author: ada ?? null },
      { title: 'Three', words: 10, author: bob ?? null },
      { title: 'Nobody', words: 1 },
    ])
    const post = await Post.firstOrError({ title: 'One' })
    post.tags = tags
    await post.save()
  }
  const names = async ({ User }: Store, filter: Filter<InstanceType<Store['User']>>): Promise<string[]> =>
    (await User.filter(filter).orderBy('id').all()).map(({ name }) => name)
  const titles = async ({ Post }: Store, filter: Filter<InstanceType<Store['Post']>>): Promise<string[]> =>
    (await Post.filter(filter).orderBy('id').all()).map(({ title }) => title)

  row('every operator of a column finds what it says', async (store) => {
    await people(store)
    const ask: readonly (readonly [Parameters<typeof names>[1], string[]])[] = [
      [{ points: eq(3) }, ['Ada']],
      [{ points: ne(3) }, ['bob', 'Cid_%', 'Ünal']],
      [{ points: gt(2) }, ['Ada', 'Ünal']],
      [{ points: gte(2) }, ['Ada', 'Cid_%', 'Ünal']],
      [{ points: lt(2) }, ['bob']],
      [{ points: lte(2) }, ['bob', 'Cid_%']],
      [{ points: between(2, 3) }, ['Ada', 'Cid_%']],
      [{ points: oneOf([1, 7]) }, ['bob', 'Ünal']],
      [{ points: oneOf([]) }, []],
      [{ email: isNull() }, ['bob', 'Ünal']],
      [{ email: not(isNull()) }, ['Ada', 'Cid_%']],
      [{ email: ne('ada@example.org') }, ['Cid_%']],
      [{ points: or(gt(5), lt(2)) }, ['bob', 'Ünal']],
      [{ points: and(gt(1), not(7)) }, ['Ada', 'Cid_%']],
      [or({ name: 'Ada' }, { points: between(7, 9) }), ['Ada', 'Ünal']],
      [not(or({ name: 'Ada' }, { location: 'Moon' })), ['Ünal']],
      [and({ location: 'Moon' }, or({ name: 'bob' }, { points: 7 })), ['bob']],
    ]
    for (const [filter, found] of ask) expect([filter, await names(store, filter)]).toEqual([filter, found])
  })

  row('text is matched with its case, and without where that is asked for; wildcards of a value are themselves', async (store) => {
    await people(store)
    const ask: readonly (readonly [Parameters<typeof names>[1], string[]])[] = [
      [{ name: startsWith('A') }, ['Ada']],
      [{ name: startsWith('a') }, []],
      [{ name: endsWith('b') }, ['bob']],
      [{ name: contains('_') }, ['Cid_%']],
      [{ name: contains('%') }, ['Cid_%']],
      [{ name: like('%d%') }, ['Ada', 'Cid_%']],
      [{ name: like('___') }, ['Ada', 'bob']],
      [{ name: like('Cid\\_\\%') }, ['Cid_%']],
      [{ name: like('BOB') }, []],
      [{ name: ilike('BOB') }, ['bob']],
      [{ name: ilike('üNAL') }, ['Ünal']],
      [{ name: contains('[') }, []],
      [{ name: contains('*') }, []],
      [{ name: 'BOB' }, []],
    ]
    for (const [filter, found] of ask) expect([filter, await names(store, filter)]).toEqual([filter, found])
  })

  row('relations are asked by is, some, every and none, and deleted records are seen by none of them', async (store) => {
    const { User, Post, Tag } = store
    await people(store)
    expect(await titles(store, { author: is({ location: 'London' }) })).toEqual(['One', 'Two'])
    expect(await titles(store, { author: isNull() })).toEqual(['Nobody'])
    expect(await titles(store, { author: 2 })).toEqual(['Three'])
    expect(await names(store, { posts: some({ words: gte(100) }) })).toEqual(['Ada'])
    expect(await names(store, { posts: some() })).toEqual(['Ada', 'bob'])
    expect(await names(store, { posts: none() })).toEqual(['Cid_%', 'Ünal'])
    expect(await names(store, { posts: every({ words: lt(100) }) })).toEqual(['bob', 'Cid_%', 'Ünal'])
    expect(await names(store, { posts: none({ words: 10 }) })).toEqual(['Ada', 'Cid_%', 'Ünal'])
    expect(await titles(store, { tags: some({ label: 'old' }) })).toEqual(['One'])
    expect(await Tag.filter({ posts: some({ author: is({ name: 'Ada' }) }) }).count()).toBe(2)
    await Tag.filter({ label: 'old' }).deleteAll()
    await Post.filter({ title: 'Three' }).deleteAll()
    expect(await titles(store, { tags: some({ label: 'old' }) })).toEqual([])
    expect(await names(store, { posts: some() })).toEqual(['Ada'])
    await User.filter({ name: 'Ada' }).deleteAll()
    expect(await titles(store, { author: is({ location: 'London' }) })).toEqual([])
    expect(await titles(store, (post) => post.author.name.isNull())).toEqual(['One', 'Two', 'Nobody'])
    expect(() => Post.filter({ tags: is({ label: 'new' }) } as never)).toThrow('some(), every() or none()')
    expect(() => Post.filter({ author: some({ name: 'Ada' }) } as never)).toThrow('use is()')
  })

  row('expressions compare columns with values and with each other', async (store) => {
    const { db } = store
    await people(store)
    const ask: readonly (readonly [Parameters<typeof names>[1], string[]])[] = [
      [(user) => user.name.lower().eq('ada'), ['Ada']],
      [(user) => user.name.upper().eq('ÜNAL'), ['Ünal']],
      [(user) => user.name.lower().eq('ada').or(user.points.gt(5)), ['Ada', 'Ünal']],
      [(user) => user.updatedAt.gte(user.createdAt).and(user.location.ne('Moon')), ['Ada', 'Ünal']],
      [(user) => user.points.plus(1).eq(4), ['Ada']],
      [(user) => user.points.times(user.points).gt(8), ['Ada', 'Ünal']],
      [(user) => user.points.times(0.5).eq(1.5), ['Ada']],
      [(user) => user.points.minus(7).abs().eq(4), ['Ada']],
      [(user) => user.points.dividedBy(2).eq(0.5), ['bob']],
      [(user) => user.points.dividedBy(user.points.minus(7)).isNull(), ['Ünal']],
      [(user) => user.name.length().gt(3), ['Cid_%', 'Ünal']],
      [(user) => user.name.concat(' of ', user.location).eq('bob of Moon'), ['bob']],
      [(user) => user.email.coalesce('no@example.org').eq('no@example.org'), ['bob', 'Ünal']],
      [(user) => user.name.in(['Ada', 'bob']), ['Ada', 'bob']],
      [(user) => user.points.cast(db.Text).eq('7'), ['Ünal']],
      [(user) => user.email.isNull().not(), ['Ada', 'Cid_%']],
      [db.sql`points > ${6}`, ['Ünal']],
    ]
    for (const [filter, found] of ask) expect([String(filter), await names(store, filter)]).toEqual([String(filter), found])
  })

  row('rows of chosen columns and expressions are grouped, and walk to-one relations by their names', async (store) => {
    const { Post, db } = store
    await people(store)
    const rows = await Post.query((post) => ({ author: post.author.name, words: post.words.sum(), posts: db.func.count() }))
      .groupBy((post) => post.author.name)
      .having((post) => post.words.sum().gt(5))
      .orderBy('words', 'DESC')
      .all()
    expect(rows).toEqual([
      { author: 'Ada', words: 150, posts: 2 },
      { author: 'bob', words: 10, posts: 1 },
    ])
    expect(await Post.query((post) => ({ n: post.words.distinct().count(), mean: post.words.avg() })).first()).toEqual({
      n: 4,
      mean: 40.25,
    })
    expect(
      await Post.query((post) => ({ long: post.words.gt(50), half: post.words.dividedBy(4) }))
        .orderBy('half', 'DESC')
        .first(),
    ).toEqual({
      long: true,
      half: 25,
    })
    expect(
      await Post.query((post) => ({ place: post.author.location.upper() }))
        .distinct()
        .orderBy((post) => post.author.location.upper().asc().nullsLast())
        .all(),
    ).toEqual([{ place: 'LONDON' }, { place: 'MOON' }, { place: null }])
  })

  row('an order has its nulls where it says, and further orders sort among equals', async (store) => {
    const { User } = store
    await people(store)
    const order = async (query: Query<InstanceType<typeof User>>): Promise<string> =>
      (await query.all()).map(({ name }) => name.charAt(0)).join('')
    expect(
      await order(
        User.query()
          .orderBy((user) => user.email.asc().nullsFirst())
          .orderBy('id'),
      ),
    ).toBe('bÜAC')
    expect(
      await order(
        User.query()
          .orderBy((user) => user.email.asc().nullsLast())
          .orderBy('id'),
      ),
    ).toBe('ACbÜ')
    expect(
      await order(
        User.query()
          .orderBy((user) => user.email.desc().nullsLast())
          .orderBy('id', 'DESC'),
      ),
    ).toBe('CAÜb')
    expect(await order(User.query().orderBy('points').reorder('points', 'DESC'))).toBe('ÜACb')
  })

  row('sums keep the type of what is summed', async ({ db }) => {
    class Wallet extends db.Model('Wallet', {
      cents: db.Column(db.Integer),
      big: db.Column(db.BigInteger),
      price: db.Column(db.Numeric(12, 2)),
    }) {}
    await db.createAll()
    await Wallet.createMany([
      { cents: 1, big: 9_007_199_254_740_993n, price: '0.10' },
      { cents: 2, big: 1n, price: '0.20' },
      { cents: 2, big: 0n, price: '7' },
    ])
    const sums = await Wallet.query((wallet) => ({
      cents: wallet.cents.sum(),
      big: wallet.big.sum(),
      price: wallet.price.sum(),
      mean: wallet.cents.avg(),
    })).first()
    expect(sums).toEqual({ cents: 5, big: 9_007_199_254_740_994n, price: '7.30', mean: 5 / 3 })
    expect(await Wallet.query({ price: db.func.max('price'), n: db.func.count() }).first()).toEqual({ price: '7.00', n: 3 })
    expect(
      await Wallet.query((wallet) => ({ twice: wallet.price.times(2) }))
        .orderBy('id' as never)
        .first(),
    ).toEqual({ twice: '0.20' })
  })

  row('decimals of many digits compare and sort as numbers do', async ({ db }) => {
    class Star extends db.Model('Star', { mass: db.Column(db.Numeric(30, 2)) }) {}
    await db.createAll()
    const masses = ['9.00', '123456789012345678901.25', '-5.00', '123456789012345678901.24', '1000.00']
    await Star.createMany(masses.map((mass) => ({ mass })))
    const sorted = ['-5.00', '9.00', '1000.00', '123456789012345678901.24', '123456789012345678901.25']
    const all = async (query: Query<Star>): Promise<string[]> => (await query.all()).map(({ mass }) => mass)
    expect(await all(Star.query().orderBy('mass'))).toEqual(sorted)
    expect(await all(Star.query().orderBy((star) => star.mass.desc()))).toEqual([...sorted].reverse())
    expect(await all(Star.filter({ mass: gt('1000.00') }).orderBy('mass'))).toEqual(sorted.slice(3))
    expect(await all(Star.filter({ mass: between('-6', '123456789012345678901.24') }).orderBy('mass'))).toEqual(sorted.slice(0, 4))
    expect(await Star.count({ mass: '123456789012345678901.25' })).toBe(1)
    expect(await Star.count({ mass: oneOf(['123456789012345678901.25', '9']) })).toBe(2)
  })

  row('JSON is asked by its paths', async ({ User }) => {
    await User.createMany([
      { name: 'a', settings: { theme: 'dark', address: { city: 'Rome', floors: [1, 2] }, on: true } },
      { name: 'b', settings: { theme: 'light', address: { city: null } } },
      { name: 'c' },
    ])
    const found = async (filter: Filter<InstanceType<typeof User>>): Promise<string> =>
      (await User.filter(filter).orderBy('id').all()).map(({ name }) => name).join('')
    expect(await found((user) => user.settings.path('address.city').eq('Rome'))).toBe('a')
    expect(await found((user) => user.settings.path('address.city').isNull())).toBe('bc')
    expect(await found((user) => user.settings.path('address.floors.1').eq('2'))).toBe('a')
    expect(await found((user) => user.settings.path('on').eq('true'))).toBe('a')
    expect(await found((user) => user.settings.path('theme').startsWith('l'))).toBe('b')
    expect(() => User.filter((user) => user.settings.path("a'b").eq('x'))).toThrow('a path is names')
  })

  row('a window counts records, and every way to ask means the same rows', async (store) => {
    const { User } = store
    await people(store)
    const middle = User.query().orderBy('id').offset(1).limit(2)
    expect((await middle.all()).map(({ name }) => name)).toEqual(['bob', 'Cid_%'])
    expect([await middle.count(), await middle.exists(), (await middle.first())?.name]).toEqual([2, true, 'bob'])
    expect([await User.query().offset(9).exists(), await User.query().limit(0).count(), await User.query().limit(0).first()]).toEqual([
      false,
      0,
      null,
    ])
    const seen: string[] = []
    for await (const { name } of middle) seen.push(name)
    expect(seen).toEqual(['bob', 'Cid_%'])
    const page = await middle.paginate({ page: 2, perPage: 1 })
    expect([page.total, page.items.map(({ name }) => name)]).toEqual([2, ['Cid_%']])
    expect(await User.query().offset(2).orderBy('id').all()).toHaveLength(2)
    expect(await User.query().with('posts').orderBy('id').limit(2).all()).toMatchObject([
      { name: 'Ada', posts: [{}, {}] },
      { name: 'bob', posts: [{}] },
    ])
  })

  row('relations come with the records by one statement for each, at every depth, and for each record within bounds', async (store) => {
    const { User, Post, sent } = store
    await people(store)
    let users = await User.query().with('posts', 'posts.tags').orderBy('id').all()
    expect(await sent(async () => (users = await User.query().with('posts', 'posts.tags').orderBy('id').all()))).toHaveLength(3)
    expect(users.map(({ posts }) => posts.map(({ title, tags }) => [title, tags.map(({ label }) => label)]))).toEqual([
      [
        ['One', ['new', 'old']],
        ['Two', []],
      ],
      [['Three', []]],
      [],
      [],
    ])
    const newest = await User.query()
      .with('posts', (posts) => posts.orderBy('id', 'DESC').limit(1))
      .orderBy('id')
      .all()
    expect(newest.map(({ posts }) => posts.map(({ title }) => title))).toEqual([['Two'], ['Three'], [], []])
    const some = await User.query()
      .with('posts', (posts) => posts.filter({ words: gt(60) }))
      .orderBy('id')
      .first()
    expect(some?.posts.map(({ title }) => title)).toEqual(['One'])
    const posts = await Post.query().with('author').orderBy('id').all()
    expect(posts.map(({ author }) => author?.name ?? null)).toEqual(['Ada', 'Ada', 'bob', null])
    const looped: (number | undefined)[] = []
    for await (const user of User.query().with('posts').orderBy('id')) looped.push(user.posts.length)
    expect(looped).toEqual([2, 1, 0, 0])
    await User.filter({ name: 'Ada' }).deleteAll()
    expect((await Post.query().with('author').orderBy('id').first())?.author).toBeNull()
    expect(() => Post.query().with('nope' as never)).toThrow('it is no relation')
  })

  row('what is asked of related records may be SQL and may lock, as the query itself may', async (store) => {
    const { User, db } = store
    await people(store)
    const [ada] = await User.filter({ name: 'Ada' })
      .with('posts', (posts) => posts.filter(db.sql`words > ${60}`))
      .all()
    expect(ada?.posts.map(({ title }) => title)).toEqual(['One'])
    await db.run(async () => {
      await User.query()
        .with('posts', (posts) => posts.forUpdate())
        .all()
      expect(db.session.inTransaction).toBe(true)
    })
  })

  row('queries of one column, columns and models stand inside others and inside SQL', async (store) => {
    const { User, Post, db } = store
    await people(store)
    expect(await names(store, { id: oneOf(Post.query((post) => ({ id: post.author.id })).filter({ words: gt(60) })) })).toEqual(['Ada'])
    const rows = await db.sql<{
      n: unknown
    }>`select count(*) as n from ${User} where id in (${Post.query((post) => ({ id: post.author.id }))})`
    expect(rows).toEqual([{ n: 2 }])
    const points = User.column('points')
    expect(await db.sql`select max(${points}) as most, max(${points.plus(1)}) as more from ${User}`).toEqual([{ most: 7, more: 8 }])
    expect(await names(store, db.sql`${points} > ${6}`)).toEqual(['Ünal'])
    expect(await names(store, points.gt(6))).toEqual(['Ünal'])
    expect(() => User.column('nope' as 'name')).toThrow('it is no column')
  })

  row('a bulk write takes expressions, and touches the rows of its conditions alone', async (store) => {
    const { User, Post } = store
    await people(store)
    expect(await User.filter({ location: 'Moon' }).updateAll({ points: (user) => user.points.times(10) })).toBe(2)
    expect(await Post.filter({ author: is({ location: 'Moon' }) }).updateAll({ words: 0 })).toBe(1)
    expect(await Post.filter((post) => post.author.name.eq('Ada')).deleteAll()).toBe(2)
    expect((await User.query().orderBy('id').all()).map(({ points }) => points)).toEqual([3, 10, 20, 7])
    expect((await Post.query().orderBy('id').all()).map(({ title, words }) => [title, words])).toEqual([
      ['Three', 0],
      ['Nobody', 1],
    ])
    expect(await User.filter({ posts: none(), name: not('Ada') }).deleteAll({ hardDelete: true })).toBe(2)
    expect(await User.query({ includeDeleted: true }).count()).toBe(2)
  })
}

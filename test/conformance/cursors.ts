import { ActiveAlchemy, type CursorPage, DateTime, gte, type Query } from '@active-alchemy/core'
import { Column, PrimaryColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { mariadb } from '../databases/mysql.ts'
import { postgres } from '../databases/postgres.ts'
import { rowIn, type Store } from './store.ts'

/** A query, of whatever. */
interface Paged {
  paginateByCursor(options?: object): Promise<CursorPage<unknown>>
}

/** Pages between cursors: every item once, from either end, whatever happens meanwhile. */
export function cursorRows(database: TestDatabase): void {
  const row = rowIn(database)
  const idOf = (item: object): unknown => Reflect.get(item, 'id')

  /** Goes through all pages from both ends, and checks each against the whole list. */
  async function walk<R extends object>(query: () => Query<object, R>, all: readonly unknown[], size: number): Promise<void> {
    const seen: unknown[] = []
    let page: CursorPage<R> | null = await query().paginateByCursor({ first: size })
    for (let turn = 0; page && turn < 60; turn++) {
      expect([page.hasPrev, page.hasNext]).toEqual([seen.length > 0, seen.length + page.items.length < all.length])
      seen.push(...page.items.map(idOf))
      page = page.hasNext ? await query().paginateByCursor({ first: size, after: page.endCursor }) : null
    }
    expect(seen).toEqual(all)
    const back: unknown[] = []
    let earlier: CursorPage<R> | null = await query().paginateByCursor({ last: size })
    for (let turn = 0; earlier && turn < 60; turn++) {
      expect([earlier.hasNext, earlier.hasPrev]).toEqual([back.length > 0, back.length + earlier.items.length < all.length])
      back.unshift(...earlier.items.map(idOf))
      earlier = earlier.hasPrev ? await query().paginateByCursor({ last: size, before: earlier.startCursor }) : null
    }
    expect(back).toEqual(all)
  }

  async function people({ User, Post }: Store): Promise<void> {
    const at = DateTime.fromISO('2026-01-01T00:00:00.000Z')
    const users = await User.createMany(
      Array.from({ length: 23 }, (_, index) => ({
        name: `${'aBcÜd'.charAt(index % 5)}${index % 3}`,
        points: index % 4,
        location: index % 2 === 0 ? 'Moon' : 'Mars',
        lastAccess: index % 3 === 0 ? null : at.plus({ milliseconds: index % 7 }),
      })),
    )
    await Post.createMany(
      Array.from({ length: 13 }, (_, index) => ({
        title: `t${index}`,
        words: index % 3,
        author: index % 4 === 0 ? null : (users[index] ?? null),
      })),
    )
  }

  row('every order gives each record once, from both ends: several terms, mixed, with NULLs, of expressions', async (store) => {
    const { User, Post } = store
    await people(store)
    const orders: readonly (readonly [order: (query: Query<InstanceType<Store['User']>>) => unknown, key?: 'DESC'])[] = [
      [() => undefined],
      [(query) => query.orderBy('name')],
      [(query) => query.orderBy('points', 'DESC'), 'DESC'],
      [(query) => query.orderBy({ points: 'DESC', name: 'ASC' })],
      [(query) => query.orderBy('points').orderBy('name', 'DESC'), 'DESC'],
      [(query) => query.orderBy('location').orderBy('points').orderBy('name')],
      [(query) => query.orderBy('lastAccess')],
      [(query) => query.orderBy('lastAccess', 'DESC'), 'DESC'],
      [(query) => query.orderBy((user) => user.lastAccess.asc().nullsFirst())],
      [(query) => query.orderBy((user) => user.lastAccess.asc().nullsLast())],
      [(query) => query.orderBy((user) => user.lastAccess.desc().nullsFirst()).orderBy('points', 'DESC'), 'DESC'],
      [
        (query) =>
          query
            .orderBy('points')
            .orderBy((user) => user.lastAccess.desc().nullsLast())
            .orderBy('location'),
      ],
      [(query) => query.orderBy((user) => user.name.lower())],
      [(query) => query.orderBy((user) => user.points.times(-2).desc()), 'DESC'],
      [(query) => query.orderBy((user) => user.points.dividedBy(3)).orderBy((user) => user.name.concat('x').desc()), 'DESC'],
      [(query) => query.orderBy((user) => user.lastAccess.coalesce(DateTime.fromISO('2026-01-01T00:00:00.003Z')))],
    ]
    for (const [order, direction] of orders) {
      const query = () => {
        const made = User.query()
        order(made)
        return made
      }
      const all = (await query().orderBy('id', direction).all()).map(idOf)
      for (const size of [1, 4, 23]) await walk(query, all, size)
    }
    const byAuthor = () =>
      Post.query()
        .orderBy((post) => post.author.name)
        .orderBy('id')
    await walk(byAuthor, (await byAuthor().all()).map(idOf), 3)
  })

  row('an order by the key, or by a key of several columns, needs nothing behind it', async (store) => {
    const { db, User, sent } = store
    await people(store)
    await walk(() => User.query().orderBy('id', 'DESC'), (await User.query().orderBy('id', 'DESC').all()).map(idOf), 5)
    const [text = ''] = await sent(() => User.query().orderBy('id').orderBy('name').paginateByCursor())
    expect(text).not.toMatch(/ORDER BY .*name/)
    class Seat extends db.BaseModel('Seat', {
      hall: db.Column(db.String(10), { primary: true }),
      place: db.Column(db.Integer, { primary: true }),
      price: db.Column(db.Integer),
    }) {}
    await db.createAll()
    await Seat.createMany(Array.from({ length: 12 }, (_, index) => ({ hall: `h${index % 3}`, place: index, price: index % 2 })))
    const seen: string[] = []
    for (
      let page: CursorPage<Seat> | null = await Seat.query().orderBy('price').paginateByCursor({ first: 5 });
      page;
      page = await page.next()
    ) {
      seen.push(...page.items.map(({ hall, place }) => `${hall}/${place}`))
    }
    const all = await Seat.query().orderBy('price').orderBy('hall').orderBy('place').all()
    expect(seen).toEqual(all.map(({ hall, place }) => `${hall}/${place}`))
  })

  row('values come back as they are: moments, decimals, large integers, numbers, texts of any sign', async ({ db }) => {
    class Value extends db.BaseModel('Value', {
      id: db.Column(db.Integer, { primary: true }),
      moment: db.Column(db.DateTime),
      day: db.Column(db.Date),
      time: db.Column(db.Time),
      narrow: db.Column(db.Numeric(8, 3)),
      wide: db.Column(db.Numeric(38, 18)),
      big: db.Column(db.BigInteger),
      real: db.Column(db.Float),
      yes: db.Column(db.Boolean),
      uuid: db.Column(db.UUID),
      text: db.Column(db.Text),
    }) {}
    await db.createAll()
    const start = DateTime.fromISO('2026-03-29T00:59:59.998Z')
    const texts = ['', "it's", '%_\\', '"quoted"', 'Ünal', 'a', 'A', 'a ', '日本', '👩‍🚀', 'sn', 'null']
    await Value.createMany(
      texts.map((text, id) => ({
        id,
        moment: start.plus({ milliseconds: id % 5 }),
        day: `2026-01-0${(id % 4) + 1}`,
        time: `10:00:0${id % 3}.12`,
        narrow: `${(id % 4) - 2}.125`,
        wide: `1234567890123456789.00000000000000000${id % 3}`,
        big: 9_007_199_254_740_993n + BigInt(id % 4),
        real: 0.1 * (id % 5),
        yes: id % 2 === 0,
        uuid: `00000000-0000-4000-8000-00000000000${id % 3}`,
        text,
      })),
    )
    for (const column of ['moment', 'day', 'time', 'narrow', 'wide', 'big', 'real', 'yes', 'uuid', 'text'] as const) {
      for (const direction of ['ASC', 'DESC'] as const) {
        const query = () => Value.query().orderBy(column, direction)
        await walk(query, (await query().orderBy('id', direction).all()).map(idOf), 2)
      }
    }
  })

  row('microseconds that others wrote are places of their own', async (store) => {
    const { db, raw } = store
    class Event extends db.BaseModel('Event', { id: db.Column(db.Integer, { primary: true }), at: db.Column(db.DateTime) }) {}
    await db.createAll()
    await Event.createMany([1, 2, 3, 4].map((id) => ({ id, at: DateTime.fromISO('2026-01-01T00:00:00.001Z') })))
    for (const id of [1, 2, 3, 4]) await raw(`update event set at = '2026-01-01 00:00:00.00100${5 - id}' where id = ${id}`)
    const query = () => Event.query().orderBy('at')
    await walk(query, (await query().orderBy('id').all()).map(idOf), 1)
  })

  row('columns of plain TypeORM are places as well: numbers of single precision, choices that sort by their number', async ({ db }) => {
    class Shirt extends db.BaseModel {
      @PrimaryColumn('int') declare id: number
      @Column('float') declare single: number
      @Column('real') declare real: number
      @Column({ type: 'simple-enum', enum: ['small', 'medium', 'large'] }) declare size: string
    }
    db.register(Shirt)
    await db.createAll()
    const sizes = ['small', 'medium', 'large']
    await Shirt.createMany(
      [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, single: 0.1 * (id % 3), real: 0.1 * (id % 4), size: sizes[id % 3] ?? '' })),
    )
    for (const column of ['single', 'real', 'size'] as const) {
      const query = () => Shirt.query().orderBy(column)
      await walk(query, (await query().orderBy('id').all()).map(idOf), 2)
    }
  })

  row('what is inserted and deleted between pages moves nothing', async ({ User, sent }) => {
    await User.createMany([10, 20, 30, 40, 50].map((points) => ({ name: `n${points}`, points })))
    const query = () => User.query().orderBy('points')
    const points = (page: CursorPage<{ readonly points: number }>): number[] => page.items.map((user) => user.points)
    const first = await query().paginateByCursor({ first: 2 })
    expect(points(first)).toEqual([10, 20])
    await User.createMany([
      { name: 'before', points: 5 },
      { name: 'between', points: 25 },
    ])
    await User.filter({ points: 30 }).deleteAll()
    const second = await query().paginateByCursor({ first: 2, after: first.endCursor })
    expect(points(second)).toEqual([25, 40])
    // The row of the cursor itself is gone, and the place is still there.
    await User.filter({ points: 20 }).deleteAll()
    let again: CursorPage<{ readonly points: number }> | undefined
    const statements = await sent(async () => (again = await query().paginateByCursor({ first: 2, after: first.endCursor })))
    expect(again && [points(again), again.hasPrev, again.hasNext]).toEqual([[25, 40], true, true])
    expect(statements).toHaveLength(2)
    await User.filter({ points: gte(0) }).deleteAll()
    const empty = await query().paginateByCursor({ first: 2, after: second.endCursor })
    expect([empty.items, empty.hasPrev, empty.hasNext, empty.startCursor, empty.endCursor]).toEqual([[], false, false, null, null])
  })

  row('a page tells truly whether there is more on either side, by one statement', async ({ User, sent }) => {
    await User.createMany([1, 2, 3].map((points) => ({ name: `n${points}`, points })))
    let page: CursorPage<InstanceType<Store['User']>> | undefined
    const ask = async (options: Parameters<Query<InstanceType<Store['User']>>['paginateByCursor']>[0]) => {
      const statements = await sent(async () => (page = await User.query().orderBy('points').paginateByCursor(options)))
      expect(statements).toHaveLength(1)
      if (!page) throw new Error('no page')
      return page
    }
    const first = await ask({ first: 1 })
    const second = await ask({ first: 1, after: first.endCursor })
    const third = await ask({ first: 1, after: second.endCursor })
    expect([first, second, third].map(({ hasPrev, hasNext }) => [hasPrev, hasNext])).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ])
    const beyond = await ask({ first: 1, after: third.endCursor })
    expect([beyond.items, beyond.hasPrev, beyond.hasNext]).toEqual([[], true, false])
    const last = await ask({ last: 2 })
    expect([last.items.map(({ points }) => points), last.hasPrev, last.hasNext]).toEqual([[2, 3], true, false])
    const before = await ask({ last: 2, before: last.startCursor })
    expect([before.items.map(({ points }) => points), before.hasPrev, before.hasNext]).toEqual([[1], false, true])
    expect(JSON.parse(JSON.stringify(second))).toEqual({
      items: [expect.objectContaining({ points: 2 })],
      meta: { hasNext: true, hasPrev: true, startCursor: second.startCursor, endCursor: second.endCursor },
    })
    expect([...second]).toEqual(second.items)
    expect((await second.next())?.items.map(({ points }) => points)).toEqual([3])
    expect((await second.prev())?.items.map(({ points }) => points)).toEqual([1])
    expect([await third.next(), await first.prev()]).toEqual([null, null])
  })

  row('a cursor that was changed, cut, made by hand or is of another order is refused with 400', async (store) => {
    const { User, Post } = store
    await people(store)
    const { endCursor } = await User.query().orderBy('name').paginateByCursor({ first: 3 })
    const cursor = endCursor ?? ''
    expect(cursor).toMatch(/^[\w-]+$/)
    const refused = expect.objectContaining({ code: 'INVALID_CURSOR', status: 400, expose: true })
    const byName = (after: unknown) => User.query().orderBy('name').paginateByCursor({ after })
    const changed = Array.from(cursor, (sign, index) => cursor.slice(0, index) + (sign === 'A' ? 'B' : 'A') + cursor.slice(index + 1))
    const hand = Buffer.from(JSON.stringify(['sB1', 'n5'])).toString('base64url')
    for (const bad of [
      ...changed,
      cursor.slice(0, -1),
      cursor.slice(0, -4),
      cursor.slice(4),
      `${cursor}A`,
      `${cursor}=`,
      ` ${cursor}`,
      cursor + cursor,
      hand,
      'x',
      '"; drop table user',
      'A'.repeat(100_000),
      7,
      [cursor],
      { after: cursor },
      true,
    ]) {
      await expect(byName(bad)).rejects.toEqual(refused)
    }
    await expect(User.query().orderBy('name', 'DESC').paginateByCursor({ after: cursor })).rejects.toEqual(refused)
    await expect(
      User.query()
        .orderBy((user) => user.name.asc().nullsLast())
        .paginateByCursor({ after: cursor }),
    ).rejects.toEqual(refused)
    await expect(User.query().orderBy('name').orderBy('points').paginateByCursor({ after: cursor })).rejects.toEqual(refused)
    await expect(User.paginateByCursor({ after: cursor })).rejects.toEqual(refused)
    const { endCursor: ofUsers } = await User.paginateByCursor({ first: 1 })
    await expect(Post.paginateByCursor({ after: ofUsers })).rejects.toEqual(refused)
    // Another filter is another list with the same order: the place is one there, too.
    expect((await User.filter({ location: 'Moon' }).orderBy('name').paginateByCursor({ after: cursor })).items.length).toBeGreaterThan(0)
    for (const start of ['', null, undefined]) expect((await byName(start)).hasPrev).toBe(false)
  })

  /** The same model in another process, of which one has made the table. */
  async function elsewhere({ another }: Store, cursorSecret?: string) {
    const db = another(cursorSecret === undefined ? {} : { cursorSecret })
    class Person extends db.BaseModel(
      'Person',
      { id: db.Column(db.Integer, { primary: true }), salary: db.Column(db.Integer), pin: db.Column(db.String(20)) },
      { hidden: ['salary', 'pin'] },
    ) {}
    await db.createAll()
    if (!(await Person.exists())) await Person.createMany([1, 2, 3].map((id) => ({ id, salary: 70_000 + id, pin: `secret-pin-${id}` })))
    return Person
  }

  row('with a cursorSecret only who knows it makes cursors and reads them', async (store) => {
    const cursorOf = async (Person: Awaited<ReturnType<typeof elsewhere>>, after?: unknown) =>
      (await Person.paginateByCursor({ first: 1, after })).endCursor
    const [one, two] = [await elsewhere(store, 'the same'), await elsewhere(store, 'the same')]
    const [stranger, open, another] = [await elsewhere(store, 'not the same'), await elsewhere(store), await elsewhere(store)]
    const cursor = await cursorOf(one)
    expect(await cursorOf(one)).toBe(cursor)
    expect(await cursorOf(two, cursor)).toBe(await cursorOf(one, cursor))
    for (const other of [stranger, open]) await expect(cursorOf(other, cursor)).rejects.toMatchObject({ code: 'INVALID_CURSOR' })
    await expect(cursorOf(one, await cursorOf(open))).rejects.toMatchObject({ code: 'INVALID_CURSOR' })
    // Without one, every process reads them.
    expect(await cursorOf(another, await cursorOf(open))).toBe(await cursorOf(open, await cursorOf(open)))
    expect(() => new ActiveAlchemy('sqlite://', { cursorSecret: '' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error)
  })

  row('a hidden column in the order needs the secret, and nobody reads it in the cursor', async (store) => {
    const [Open, Secret] = [await elsewhere(store), await elsewhere(store, 'a long random text')]
    for (const order of [
      (Person: typeof Open) => Person.query().orderBy((person) => person.salary),
      (Person: typeof Open) => Person.query().orderBy((person) => person.pin.lower().desc()),
      (Person: typeof Open) => Person.query().orderBy((person) => person.salary.plus(1)),
      (Person: typeof Open) => Person.query((person) => ({ n: person.salary.plus(1) })).orderBy('n'),
    ]) {
      await expect(order(Open).paginateByCursor()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      const { endCursor, items } = await order(Secret).paginateByCursor({ first: 2 })
      expect(items).toHaveLength(2)
      expect(Buffer.from(endCursor ?? '', 'base64url').toString('latin1')).not.toMatch(/secret-pin|7000\d/)
      expect((await order(Secret).paginateByCursor({ first: 2, after: endCursor })).items).toHaveLength(1)
    }
    const { db } = store
    class Keyed extends db.BaseModel('Keyed', { token: db.Column(db.String(20), { primary: true }) }, { hidden: ['token'] }) {}
    await db.createAll()
    await expect(Keyed.paginateByCursor()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  row('first and last may be digits of a query string; what is no number is the default', async (store) => {
    const { User } = store
    await User.createMany(Array.from({ length: 130 }, (_, points) => ({ name: 'n', points })))
    const length = async (options: object) => (await User.paginateByCursor(options)).items.length
    for (const [options, expected] of [
      [{}, 20],
      [{ first: '5' }, 5],
      [{ last: '5' }, 5],
      [{ first: 100 }, 100],
      [{ first: '5000' }, 100],
      [{ last: 5_000 }, 100],
      [{ first: 120, maxPerPage: 120 }, 120],
      [{ maxPerPage: 3 }, 3],
      [{ first: 'many' }, 20],
      [{ first: '0' }, 20],
      [{ first: '-1' }, 20],
      [{ first: ['5', '6'] }, 20],
      [{ first: '' }, 20],
      [{ after: '' }, 20],
      [{ before: '' }, 20],
      [{ first: undefined, after: undefined, last: '2', before: undefined }, 2],
    ] as const) {
      expect([options, await length(options)]).toEqual([options, expected])
    }
    const refused = expect.objectContaining({ code: 'INVALID_PAGE', status: 400 })
    for (const bad of [{ first: 0 }, { last: -1 }, { first: 1.5 }, { first: 1, last: 1 }, { frist: 1 }, { first: 3, before: 'x' }]) {
      await expect(length(bad)).rejects.toEqual(refused)
    }
    expect((await User.paginateByCursor({ last: 2 })).items.map(({ points }) => points)).toEqual([128, 129])
  })

  row('chosen columns and expressions are paged as well; a window, groups and SQL in the order are refused', async (store) => {
    const { db, User, Post } = store
    await people(store)
    const chosen = await User.query('name', 'points').orderBy('points', 'DESC').paginateByCursor({ first: 2 })
    expect(chosen.items).toEqual((await User.query('name', 'points').orderBy({ points: 'DESC' }).orderBy('id', 'DESC').all()).slice(0, 2))
    const made = () => Post.query((post) => ({ id: post.id, upper: post.title.upper(), author: post.author.name })).orderBy('upper', 'DESC')
    await walk(made, (await made().all()).map(idOf), 4)
    for (const query of [
      User.query().limit(3),
      User.query().offset(3),
      User.query('location').distinct(),
      User.query({ n: db.func.count() }),
      User.query((user) => ({ n: user.points.sum().plus(1) })),
      Post.query((post) => ({ author: post.author.name, n: db.func.count() })).groupBy((post) => post.author.name),
      User.query().orderBy(db.sql.read`points`),
      User.query().orderBy((user) => db.func.call('abs', user.points)),
    ]) {
      await expect(query.paginateByCursor()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    }
  })

  row('an index of the order is entered where the place is, and nothing is sorted', async ({ db, raw }) => {
    class Feed extends db.BaseModel('Feed', {
      id: db.Column(db.Integer, { primary: true }),
      at: db.Column(db.Integer, { index: true }),
      kind: db.Column(db.Integer),
      late: db.Column(db.Integer, { nullable: true, index: true }),
      text: db.Column(db.String(200)),
    }) {}
    class Live extends db.Model('Live', { at: db.Column(db.DateTime, { index: true }), text: db.Column(db.String(200)) }) {}
    await db.createAll()
    await raw('create index feed_kind_at on feed (kind, at)')
    const start = DateTime.fromISO('2026-01-01T00:00:00Z')
    const many = Array.from({ length: 4_000 }, (_, id) => id + 1)
    await Feed.createMany(many.map((id) => ({ id, at: id >> 1, kind: id % 20, late: id % 50 === 0 ? null : id, text: 'x'.repeat(150) })))
    await Live.createMany(many.map((id) => ({ at: start.plus({ seconds: id >> 1 }), text: 'x'.repeat(150) })))
    for (const table of ['feed', 'live']) await raw(database === mariadb ? `analyze table ${table}` : `analyze ${table}`)
    const asked: { readonly query: string; readonly parameters: unknown[] }[] = []
    db.dataSource.subscribers.push({
      beforeQuery: ({ query, parameters = [] }) => void asked.push({ query, parameters: [parameters].flat() }),
    })
    const isSought = async (query: () => Paged, options: object): Promise<void> => {
      asked.length = 0
      await query().paginateByCursor(options)
      const [{ query: text, parameters } = { query: '', parameters: [] }] = asked
      const plan = await database.plan((words) => db.dataSource.query(`${words} ${text}`, parameters))
      expect([text, options, plan]).toEqual([text, options, { soughtIn: expect.any(String) as string, sorts: false }])
    }
    for (const make of [
      () => Feed.query().orderBy('at'),
      () => Feed.query().orderBy('at', 'DESC'),
      () => Feed.query().orderBy('kind').orderBy('at'),
      () => Feed.query().orderBy('kind', 'DESC').orderBy('at', 'DESC'),
      () => Live.query().orderBy('at', 'DESC'),
      () => Feed.query('id', 'at').orderBy('at'),
    ]) {
      const query = (): Paged => make()
      const { endCursor } = await query().paginateByCursor({ first: 100 })
      const { endCursor: deep } = await query().paginateByCursor({ first: 100, after: endCursor })
      for (const options of [
        { first: 20, after: deep },
        { last: 20, before: deep },
      ])
        await isSought(query, options)
    }
    // Of a column that may be NULL, as long as no NULL lies ahead.
    const late = (): Paged => Feed.query().orderBy('late', database === postgres ? 'DESC' : 'ASC')
    const { endCursor } = await late().paginateByCursor({ first: 90 })
    await isSought(late, { first: 20, after: endCursor })
  })

  row('relations come along, deleted rows stay out, and a lock holds what was read', async (store) => {
    const { db, User, Post } = store
    await people(store)
    await User.filter({ points: 0 }).deleteAll()
    const page = await User.query().with('posts').orderBy('points').paginateByCursor({ first: 5 })
    expect(page.items.every(({ points, posts }) => points > 0 && Array.isArray(posts))).toBe(true)
    await db.run(async () => {
      const locked = await Post.query().orderBy('words').forUpdate().paginateByCursor({ first: 2 })
      const [post] = locked.items
      await post?.update({ title: 'locked' })
      expect(await Post.get(post?.id)).toBe(post)
    })
  })

  row('a later change of the query is not one of its pages, and pages go on in the scope that asks for them', async (store) => {
    const { db, User } = store
    await people(store)
    const query = User.filter({ location: 'Moon' }).orderBy('points')
    const page = await query.paginateByCursor({ first: 3 })
    query.filter({ points: 3 })
    await db.run(async () => {
      const next = await page.next()
      expect(next?.items.map(({ location }) => location)).toEqual(['Moon', 'Moon', 'Moon'])
      expect(await User.get(next?.items[0]?.id)).toBe(next?.items[0])
    })
  })
}

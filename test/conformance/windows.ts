import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn, type Store } from './store.ts'

/** What `limit` and `offset` mean to every verb: the rows that `all()` would give. */
export function windowRows(database: TestDatabase): void {
  const row = rowIn(database)
  const five = ({ User }: Store): Promise<unknown> =>
    User.createMany(Array.from({ length: 5 }, (_, index) => ({ name: `n${index}`, points: index, location: index < 3 ? 'Moon' : 'Mars' })))
  const names = (users: readonly { readonly name: string }[]): string[] => users.map(({ name }) => name)

  row('every verb means the rows that all() would give', async (store) => {
    const { User } = store
    await five(store)
    for (const [offset, limit, expected] of [
      [1, 2, ['n1', 'n2']],
      [3, 9, ['n3', 'n4']],
      [0, 0, []],
      [2, 0, []],
      [9, 2, []],
      [1, undefined, ['n1', 'n2', 'n3', 'n4']],
      [undefined, 1, ['n0']],
    ] as const) {
      const query = () =>
        User.query()
          .orderBy('points')
          .offset(offset as number)
          .limit(limit as number)
      const looped: string[] = []
      for await (const { name } of query()) looped.push(name)
      const page = await query().paginate({ page: 1, perPage: 2 })
      const last = await query().paginate({ page: 'last', perPage: 2 })
      const facts = {
        all: names(await query().all()),
        looped,
        first: (await query().first())?.name,
        firstOrError: (await query().firstOrError(() => undefined))?.name,
        count: await query().count(),
        exists: await query().exists(),
        page: [names(page.items), page.total],
        last: names(last.items),
        uncounted: names((await query().paginate({ page: 2, perPage: 1, count: false })).items),
      }
      expect([offset, limit, facts]).toEqual([
        offset,
        limit,
        {
          all: expected,
          looped: expected,
          first: expected[0],
          firstOrError: expected[0],
          count: expected.length,
          exists: expected.length > 0,
          page: [expected.slice(0, 2), expected.length],
          last: expected.slice(Math.max(0, Math.ceil(expected.length / 2) - 1) * 2),
          uncounted: expected.slice(1, 2),
        },
      ])
    }
  })

  row('so it is with chosen columns, which a loop and a scalar read as well', async (store) => {
    const { User, db } = store
    await five(store)
    const query = () => User.query('points').orderBy('points').offset(1).limit(2)
    const looped: number[] = []
    for await (const { points } of query()) looped.push(points)
    expect(looped).toEqual([1, 2])
    expect([await query().scalar(), await query().count(), await query().exists(), (await query().first())?.points]).toEqual([
      1,
      2,
      true,
      1,
    ])
    expect((await query().paginate({ page: 2, perPage: 1 })).items).toEqual([{ points: 2 }])
    expect(await User.query('location').distinct().orderBy('location').offset(1).all()).toEqual([{ location: 'Moon' }])
    expect([await User.query('location').distinct().offset(1).count(), await User.query('points').offset(5).exists()]).toEqual([1, false])
    expect(await User.filter({ name: 'nobody' }).count()).toBe(0)
    // An aggregate of no rows is a row.
    const none = User.query({ n: db.func.count() }).filter({ name: 'nobody' })
    expect([await none.all(), await none.count(), await none.exists()]).toEqual([[{ n: 0 }], 1, true])
  })

  row('first asks for one row, and one for two', async (store) => {
    const { User, sent } = store
    await five(store)
    for (const first of [() => User.first(), () => User.query().orderBy('points').first(), () => User.query('name').first()]) {
      const [statement] = await sent(first)
      expect(statement).toMatch(/ LIMIT (\?|\$\d+)$/)
    }
    expect((await sent(() => User.filter({ name: 'n1' }).one()))[0]).toMatch(/ LIMIT (\?|\$\d+)$/)
  })

  row('a window takes whole numbers, also their digits; anything else is refused with 400', async (store) => {
    const { User } = store
    await five(store)
    expect(
      await User.query()
        .orderBy('points')
        .limit('2' as never)
        .all(),
    ).toHaveLength(2)
    for (const size of [-1, 1.5, Number.NaN, '1; drop table user', '-1', '', [], {}, null, true, 1e300]) {
      for (const call of [() => User.query().limit(size as never), () => User.query().offset(size as never)]) {
        expect(call).toThrow(expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as Error)
      }
    }
  })

  row('a page may be asked for by offset and limit, and gives the one after it and before it', async (store) => {
    const { User, sent } = store
    await five(store)
    const query = () => User.query().orderBy('points')
    const page = await query().paginate({ offset: 1, limit: 2 })
    expect([names(page.items), page.total, page.offset, page.firstIndex, page.lastIndex, page.hasPrev, page.hasNext]).toEqual([
      ['n1', 'n2'],
      5,
      1,
      2,
      3,
      true,
      true,
    ])
    const next = await page.next()
    expect([names(next?.items ?? []), next?.hasNext, await next?.next()]).toEqual([['n3', 'n4'], false, null])
    const prev = await page.prev()
    expect([names(prev?.items ?? []), prev?.hasPrev, await prev?.prev()]).toEqual([['n0', 'n1'], false, null])
    const seen: string[] = []
    for (let each: typeof page | null = await query().paginate({ perPage: 2, count: false }); each; each = await each.next()) {
      seen.push(...names(each.items))
      expect(each.total).toBe(null)
    }
    expect(seen).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'])
    const last = await query().paginate({ page: 'last', perPage: 2 })
    expect(names((await last.prev())?.items ?? [])).toEqual(['n2', 'n3'])
    const changing = query()
    const first = await changing.paginate({ perPage: 2 })
    changing.filter({ location: 'nowhere' })
    expect(await sent(async () => expect(names((await first.next())?.items ?? [])).toEqual(['n2', 'n3']))).toHaveLength(2)
    await expect(User.paginate({ offset: 1, page: 2 } as never)).rejects.toMatchObject({ code: 'INVALID_PAGE', status: 400 })
  })

  row('pages never overlap: not without an order, nor by one that many rows share', async (store) => {
    const { User, sent } = store
    await User.createMany(Array.from({ length: 30 }, (_, points) => ({ name: 'same', points })))
    // What was written last stands last in the table of some databases.
    for (const points of [3, 17, 5, 28]) await User.filter({ points }).updateAll({ location: 'moved' })
    for (const query of [() => User.query(), () => User.query().orderBy('name'), () => User.query('points').orderBy('name')]) {
      const seen: number[] = []
      for (let page = 1; page <= 3; page++) {
        const statements = await sent(async () =>
          seen.push(...(await query().paginate({ page, perPage: 10 })).items.map(({ points }) => points)),
        )
        expect(statements.at(-1)).toMatch(/ORDER BY.*\bid\b.* LIMIT/)
      }
      expect(seen).toEqual(Array.from({ length: 30 }, (_, points) => points))
    }
    // The key is sorted by once.
    const [page = ''] = (await sent(() => User.query().orderBy('id', 'DESC').paginate({ perPage: 2 }))).slice(-1)
    expect(page.match(/ORDER BY (.*) LIMIT/)?.[1]).toMatch(/^\W*user\W+id\W+DESC$/)
    const descending = await User.query().orderBy('id', 'DESC').paginate({ perPage: 2 })
    expect(descending.items.map(({ points }) => points)).toEqual([29, 28])
  })

  row('what is no page is refused with 400, or clamped: never answered 500', async (store) => {
    const { User } = store
    await five(store)
    const asked: readonly object[] = [
      { perPage: 0 },
      { perPage: -1 },
      { perPage: 1.5 },
      { perPage: Number.NaN },
      { maxPerPage: 'x' },
      { maxPerPage: 0 },
      { count: 'no' },
      { padding: 1 },
      { pag: 2 },
    ]
    for (const options of asked) {
      const error: unknown = await User.paginate(options as never).then(
        () => 'a page',
        (each: unknown) => each,
      )
      expect([options, error]).toEqual([options, expect.objectContaining({ code: 'INVALID_PAGE', status: 400, expose: true })])
    }
    for (const perPage of ['0', 'x', '', [], {}, null, true]) expect((await User.paginate({ perPage })).perPage).toBe(10)
  })

  row('an order says where rows without a value stand, on every database', async (store) => {
    const { User } = store
    await five(store)
    await User.filter({ points: 2 }).updateAll({ email: 'b@example.org' })
    await User.filter({ points: 4 }).updateAll({ email: 'a@example.org' })
    const sorted = async (direction: 'asc' | 'desc', nulls: 'nullsFirst' | 'nullsLast'): Promise<number[]> => {
      const users = await User.query()
        .orderBy((user) => user.email[direction]()[nulls]())
        .orderBy('points')
        .all()
      return users.map(({ points }) => points)
    }
    expect(await sorted('asc', 'nullsLast')).toEqual([4, 2, 0, 1, 3])
    expect(await sorted('asc', 'nullsFirst')).toEqual([0, 1, 3, 4, 2])
    expect(await sorted('desc', 'nullsLast')).toEqual([2, 4, 0, 1, 3])
    expect(await sorted('desc', 'nullsFirst')).toEqual([0, 1, 3, 2, 4])
    for (const order of [{ order: 'ASC', nulls: 'x' }, { order: 'sideways' }, { order: { a: 1 } }, null, 5]) {
      expect(() => User.query().orderBy({ id: order } as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_FILTER', status: 400 }) as Error,
      )
    }
  })
}

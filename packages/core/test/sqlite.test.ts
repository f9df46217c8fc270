import { describe, expect, it, onTestFinished } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { type Preparing, Statements } from '../src/drivers/sqlite/statements.js'

async function counters() {
  const db = new ActiveAlchemy('sqlite://')
  onTestFinished(() => db.close())
  class Counter extends db.Model('Counter', { n: db.Column(db.BigInteger), small: db.Column(db.Integer, { default: 1 }) }) {}
  await db.createAll()
  return { db, Counter }
}

const largest = 2n ** 63n - 1n
const smallest = -(2n ** 63n)

describe('BigInteger on SQLite', () => {
  it('is ordered and compared as a number', async () => {
    const { db, Counter } = await counters()
    for (const n of [10n, 9n, 100n]) await Counter.create({ n })
    const found = await Counter.query().orderBy('n', 'ASC').all()
    expect(found.map(({ n }) => n)).toEqual([9n, 10n, 100n])
    expect(await Counter.query({ most: db.func.max('n') }).first()).toEqual({ most: 100n })
  })

  it.each([0n, -1n, 2n ** 53n - 1n, 2n ** 53n + 1n, largest, smallest])('keeps every digit of %d', async (n) => {
    const { db, Counter } = await counters()
    const { id } = await Counter.create({ n })
    expect(await Counter.get(id)).toMatchObject({ id: 1, n, small: 1 })
    expect(await Counter.first({ n })).toMatchObject({ id: 1 })
    expect(await Counter.query({ most: db.func.max('n') }).first()).toEqual({ most: n })
    expect(await Counter.query('n', 'small').all()).toEqual([{ n, small: 1 }])
  })

  it('is added to as a number', async () => {
    const { Counter } = await counters()
    const counter = await Counter.create({ n: 2n ** 53n })
    await counter.increment('n', 1)
    expect(counter.n).toBe(2n ** 53n + 1n)
    expect((await counter.reload()).n).toBe(2n ** 53n + 1n)
  })

  it('shows in raw SQL as a number, where a double holds it', async () => {
    const { db, Counter } = await counters()
    await Counter.createMany([{ n: 7n }, { n: largest }])
    expect(await db.sql`select n, count(*) over () as total from ${Counter} order by n`).toEqual([
      { n: 7, total: 2 },
      { n: largest, total: 2 },
    ])
  })

  it('may be the key of a model', async () => {
    const { db } = await counters()
    class Event extends db.BaseModel('Event', { id: db.Column(db.BigInteger, { primary: true }) }) {}
    await db.createAll()
    await Event.createMany([{ id: largest }, { id: 5n }])
    expect(await Event.get(`${largest}`)).toMatchObject({ id: largest })
    expect(await Event.get(5)).toMatchObject({ id: 5n })
    const seen = new Set<bigint>()
    for await (const event of Event.query()) seen.add(event.id)
    expect(seen).toEqual(new Set([5n, largest]))
    await (await Event.getOrError(largest)).delete()
    expect(await Event.count()).toBe(1)
  })
})

describe('a number beyond 2^53', () => {
  it('in a column that is no BigInteger is a number, also beside a BigInteger', async () => {
    const { db, Counter } = await counters()
    class Page extends db.BaseModel('Page', {
      id: db.Column(db.Integer, { primary: true }),
      body: db.Column(db.JSONType, { nullable: true }),
      small: db.Column(db.Integer, { nullable: true }),
      views: db.Column(db.BigInteger, { default: 0n }),
    }) {}
    // As older tables are declared: the column keeps a JSON number as an integer.
    await db.dataSource.query('create table page (id integer primary key, body json, small integer, views bigint not null)')
    await db.dataSource.query('insert into page values (1, 9007199254740992, 9007199254740994, 9007199254740993)')
    expect(await Page.query().all()).toMatchObject([{ body: 9007199254740992, small: 9007199254740994, views: 9007199254740993n }])
    expect(await Page.get(1)).toMatchObject({ body: 9007199254740992 })
    expect((await Page.paginate({ page: 1 })).items).toHaveLength(1)
    for await (const page of Page.query()) expect(page.small).toBe(9007199254740994)
    const counter = await Counter.create({ n: 0n })
    await db.dataSource.query('update counter set small = 9007199254740992')
    expect((await counter.reload()).small).toBe(9007199254740992)
    expect(await Counter.query().all()).toMatchObject([{ n: 0n, small: 9007199254740992 }])
  })
})

describe('prepared statements', () => {
  /** Statements of a connection, and the texts that were prepared on it. */
  async function statements() {
    const { db } = await counters()
    const native = (await db.dataSource.createQueryRunner().connect()) as Preparing
    const prepared: string[] = []
    const kept = new Statements({
      prepare(sql) {
        prepared.push(sql)
        return native.prepare(sql)
      },
    })
    return { kept, prepared }
  }

  it('are bounded, and those in use stay', async () => {
    const { kept, prepared } = await statements()
    for (let index = 0; index < 2_000; index++) {
      kept.of(`select ${index}`)
      kept.of('select in_use from (select 1 as in_use)')
    }
    expect(kept.size).toBeLessThan(500)
    expect(prepared.filter((sql) => sql.includes('in_use'))).toHaveLength(1)
    kept.of('select 1999')
    kept.of('select 0')
    expect(prepared.filter((sql) => sql === 'select 1999')).toHaveLength(1)
    expect(prepared.filter((sql) => sql === 'select 0')).toHaveLength(2)
  })

  it('are bounded by their length, and what a client made long is not kept', async () => {
    const { kept, prepared } = await statements()
    const list = (length: number): string => `select 1 where 1 in (${Array.from({ length }, () => '?').join(', ')})`
    for (let length = 3_000; length < 3_300; length++) kept.of(list(length))
    expect(kept.size).toBeLessThan(50)
    const { size } = kept
    kept.of(list(30_000))
    expect(kept.size).toBe(size)
    expect(prepared).toHaveLength(301)
  })
})

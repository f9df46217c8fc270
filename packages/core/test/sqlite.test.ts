import { describe, expect, it, onTestFinished } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'

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

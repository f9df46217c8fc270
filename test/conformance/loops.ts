import type { DateTime } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** `for await` over a query: each record once, whatever its key is. */
export function loopRows(database: TestDatabase): void {
  const row = rowIn(database)

  row('a loop gives each record once, whatever type its key has', async ({ db }) => {
    class Moment extends db.BaseModel('Moment', { at: db.Column(db.DateTime, { primary: true }) }) {}
    class Side extends db.BaseModel('Side', { isLeft: db.Column(db.Boolean, { primary: true }) }) {}
    class Day extends db.BaseModel('Day', { day: db.Column(db.Date, { primary: true }) }) {}
    class Hour extends db.BaseModel('Hour', { hour: db.Column(db.Time, { primary: true }) }) {}
    class Long extends db.BaseModel('Long', { big: db.Column(db.BigInteger, { primary: true }) }) {}
    class Price extends db.BaseModel('Price', { price: db.Column(db.Numeric(10, 2), { primary: true }) }) {}
    class Token extends db.BaseModel('Token', { token: db.Column(db.UUID, { primary: true }) }) {}
    class Pair extends db.BaseModel('Pair', {
      a: db.Column(db.String(10), { primary: true }),
      b: db.Column(db.String(10), { primary: true }),
    }) {}
    class Mixed extends db.BaseModel('Mixed', {
      at: db.Column(db.DateTime, { primary: true }),
      n: db.Column(db.Integer, { primary: true }),
    }) {}
    await db.createAll()
    const at = (millisecond: number): DateTime => db.utcnow().set({ millisecond })
    await Moment.createMany([{ at: at(1) }, { at: at(2) }])
    await Side.createMany([{ isLeft: true }, { isLeft: false }])
    await Day.createMany([{ day: '2026-01-01' }, { day: '2026-01-02' }])
    await Hour.createMany([{ hour: '10:00:00' }, { hour: '11:00:00' }])
    await Long.createMany([{ big: 9_007_199_254_740_993n }, { big: 9_007_199_254_740_995n }])
    await Price.createMany([{ price: '1.00' }, { price: '1.50' }])
    await Token.createMany([{ token: '00000000-0000-4000-8000-000000000001' }, { token: '00000000-0000-4000-8000-000000000002' }])
    await Pair.createMany([
      { a: 'x,y', b: 'z' },
      { a: 'x', b: 'y,z' },
    ])
    const moment = at(5)
    await Mixed.createMany([
      { at: moment, n: 1 },
      { at: moment, n: 2 },
    ])
    for (const model of [Moment, Side, Day, Hour, Long, Price, Token, Pair, Mixed]) {
      const query = () => db.query<object>(model)
      const looped: string[] = []
      for await (const record of query()) looped.push(JSON.stringify(record))
      expect([model.name, looped.sort()]).toEqual([model.name, (await query().all()).map((record) => JSON.stringify(record)).sort()])
      expect(new Set(looped).size).toBe(2)
    }
  })

  row('a loop keeps its order, and lets go of the records that it has passed', async ({ db, User }) => {
    await User.createMany(Array.from({ length: 1_100 }, (_, points) => ({ name: `n${points}`, points })))
    await db.run(async () => {
      const seen: number[] = []
      let first: object | undefined
      let last: object | undefined
      for await (const user of User.query().orderBy('points', 'DESC')) {
        seen.push(user.points)
        first ??= user
        last = user
        if (user.points === 900) user.location = 'unsaved'
      }
      expect(seen).toEqual(Array.from({ length: 1_100 }, (_, index) => 1_099 - index))
      // What was changed and not saved stays with the session, and so does the last batch.
      expect(await User.first({ points: 1_099 })).not.toBe(first)
      expect(await User.first({ points: 0 })).toBe(last)
      expect(await User.first({ points: 900 })).toMatchObject({ location: 'unsaved' })
    })
  })

  row('a loop may write what it reads', async ({ db, User }) => {
    await User.createMany(Array.from({ length: 600 }, (_, points) => ({ name: 'a', points })))
    let seen = 0
    await db.run(async () => {
      for await (const user of User.filter({ name: 'a' }).orderBy('points')) {
        seen += 1
        await user.update({ name: 'b', points: 10_000 - user.points })
      }
    })
    expect([seen, await User.count({ name: 'b' })]).toEqual([600, 600])
  })
}

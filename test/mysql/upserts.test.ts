import { expect, it } from 'vitest'
import { inStore } from '../conformance/store.ts'
import { mariadb } from '../databases/mysql.ts'

// MariaDB can say what it inserted, MySQL cannot.
it('rows are found or made, and found or changed, also where an INSERT gives nothing back', () =>
  inStore(mariadb, async ({ db, sent }) => {
    class Item extends db.Model('Item', {
      code: db.Column(db.String(9), { unique: true }),
      name: db.Column(db.String(9), { default: '-' }),
    }) {}
    class Seat extends db.BaseModel('Seat', {
      number: db.Column(db.Integer, { primary: true }),
      guest: db.Column(db.String(9), { unique: true }),
      meal: db.Column(db.String(9), { nullable: true }),
    }) {}
    await db.createAll()
    Object.assign(db.dataSource.driver.capabilities, { insertReturning: false })

    expect(await Item.firstOrCreate({ code: 'a' })).toMatchObject({ id: 1, wasCreated: true })
    const items = await Promise.all(Array.from({ length: 32 }, () => db.run(() => Item.updateOrCreate({ code: 'b' }, { name: 'B' }))))
    expect(items.filter(({ wasCreated }) => wasCreated)).toHaveLength(1)

    const statements = await sent(async () => {
      const found = await Item.upsertMany(
        ['c', 'b', 'a'].map((code) => ({ code, name: 'new' })),
        { on: ['code'] },
      )
      expect(found.map(({ code, name }) => code + name)).toEqual(['cnew', 'bnew', 'anew'])
    })
    expect(statements).toHaveLength(2)
    await Item.first({ code: 'b' }).delete()
    await expect(Item.upsertMany([{ code: 'd' }, { code: 'b' }], { on: ['code'] })).rejects.toMatchObject({
      code: 'UNIQUE',
      columns: ['code'],
    })
    await expect(Item.firstOrCreate({ code: 'b' })).rejects.toMatchObject({ code: 'UNIQUE' })
    expect(await Item.count()).toBe(2)

    await Seat.createMany([
      { number: 1, guest: 'Ada' },
      { number: 2, guest: 'Bob' },
    ])
    // The server finds the first of them by its number, and the second by its guest.
    expect(await Seat.upsertMany([{ number: 1, guest: 'Bob', meal: 'x' }], { on: ['guest'] })).toMatchObject([{ number: 2, meal: 'x' }])
    await expect(Seat.upsertMany([{ number: 3, guest: 'Ada' }], { on: ['number'] })).rejects.toMatchObject({
      code: 'UNIQUE',
      columns: ['guest'],
    })
    expect(await Seat.query('number', 'guest').orderBy('number').all()).toEqual([
      { number: 1, guest: 'Ada' },
      { number: 2, guest: 'Bob' },
    ])
  }))

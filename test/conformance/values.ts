import type { ActiveAlchemy } from '@active-alchemy/core'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

/** Values: what a type accepts, every database keeps and gives back the same; the rest is refused, with a status of the client. */
export function valueRows(database: TestDatabase): void {
  const row = rowIn(database)

  /** A model with one column of each type. */
  async function things(db: ActiveAlchemy) {
    class Thing extends db.Model('Thing', {
      at: db.Column(db.DateTime, { nullable: true }),
      day: db.Column(db.Date, { nullable: true }),
      time: db.Column(db.Time, { nullable: true }),
      text: db.Column(db.Text, { nullable: true }),
      name: db.Column(db.String(40), { nullable: true }),
      email: db.Column(db.EmailType(), { nullable: true }),
      price: db.Column(db.Numeric(10, 2), { nullable: true }),
      wide: db.Column(db.Numeric(30, 4), { nullable: true }),
      meta: db.Column(db.JSONType, { nullable: true }),
      uid: db.Column(db.UUID, { nullable: true }),
      big: db.Column(db.BigInteger, { nullable: true }),
    }) {}
    await db.createAll()
    return Thing
  }

  row('a moment, a day and a time of day come back as they were given, and are found', async ({ db }) => {
    const Thing = await things(db)
    const kept: readonly (readonly ['at' | 'day' | 'time', string, string])[] = [
      ['at', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
      ['at', '0050-06-01T12:30:00.5Z', '0050-06-01T12:30:00.500Z'],
      ['at', '0099-12-31T23:59:59.999Z', '0099-12-31T23:59:59.999Z'],
      ['at', '1582-10-10T00:00:00Z', '1582-10-10T00:00:00.000Z'],
      ['at', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
      ['at', '0000-12-31T23:00:00-02:00', '0001-01-01T01:00:00.000Z'],
      ['day', '0001-01-01', '0001-01-01'],
      ['day', '0099-02-28', '0099-02-28'],
      ['day', '9999-12-31', '9999-12-31'],
      ['time', '13:45', '13:45:00'],
      ['time', '13:45:00.123456', '13:45:00.123456'],
      ['time', '23:59:59.999999', '23:59:59.999999'],
      ['time', '00:00:00.500', '00:00:00.5'],
      ['time', '10:20:30', '10:20:30'],
    ]
    for (const [column, given, read] of kept) {
      const saved = await Thing.create({ [column]: given })
      expect([given, saved.toJSON()[column]]).toEqual([given, read])
      expect([given, (await Thing.get(saved.id))?.toJSON()[column]]).toEqual([given, read])
      expect([given, await Thing.count({ [column]: given } as never)]).toEqual([given, 1])
      expect((await saved.reload()).isDirty).toBe(false)
    }
    const times = await Thing.query('time').orderBy('time').all()
    expect(times.map(({ time }) => time).filter(Boolean)).toEqual([
      '00:00:00.5',
      '10:20:30',
      '13:45:00',
      '13:45:00.123456',
      '23:59:59.999999',
    ])
  })

  const strangers: readonly (readonly [column: string, value: unknown])[] = [
    ['at', '0000-01-01T00:00:00Z'],
    ['at', '9999-12-31T23:59:59-14:00'],
    ['at', '0000-01-01T00:00:00+14:00'],
    ['at', new Date(Number.NaN)],
    ['at', new Date(8.64e15)],
    ['at', { isLuxonDateTime: true }],
    ['day', '0000-01-01'],
    ['day', '2026-02-30'],
    ['time', '24:00'],
    ['text', 'a\0b'],
    ['text', 'a\uD83D'],
    ['name', '\uDE00b'],
    ['email', 'not-an-email'],
    ['price', '0.001'],
    ['price', 1e-7],
    ['wide', '1'.repeat(27)],
    ['uid', 'abc'],
    ['big', 2 ** 63],
  ]
  row('what not every database can keep is refused by all: 422 as a value, 400 in a filter', async ({ db }) => {
    const Thing = await things(db)
    for (const [column, value] of strangers) {
      const created: unknown = await Thing.create({ [column]: value }).then(undefined, (error: unknown) => error)
      expect([column, value, created]).toEqual([column, value, refused('INVALID_VALUE', 422)])
      const found: unknown = await (async () => Thing.count({ [column]: value } as never))().then(undefined, (error: unknown) => error)
      expect([column, value, found]).toEqual([column, value, refused('INVALID_FILTER', 400)])
    }
    expect(await Thing.count()).toBe(0)
  })

  const json = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth - 1) + '[]' + '}'.repeat(depth - 1))
  row('JSON comes back as it was given, numbers and texts of digits too; what is too deep is refused', async ({ db }) => {
    const Thing = await things(db)
    const values = [5, '5', 0, '', '05', false, 1.5, -0.25, 9_007_199_254_740_992, 1e300, '1e5', 'null', [], {}, { a: ['1', 1] }, json(31)]
    for (const value of values) {
      const { id } = await Thing.create({ meta: value as never, big: 1n })
      expect([value, (await Thing.get(id))?.meta]).toEqual([value, value])
    }
    expect((await Thing.query().orderBy('id').all()).map(({ meta }) => meta)).toEqual(values)
    for (const value of [json(32), json(500), 'a\0', { 'a\0': 1 }, ['\uD800']]) {
      await expect(Thing.create({ meta: value as never }).then(() => value)).rejects.toEqual(refused('INVALID_VALUE', 422))
    }
  })

  row('a decimal number keeps all its digits, and is found by them', async ({ db }) => {
    const Thing = await things(db)
    const all = ['0.0001', '-0.0001', '123456789012345678.2500', '-123456789012345678.2500', '99999999999999999999999999.9999', '7.0000']
    for (const wide of all) {
      const { id } = await Thing.create({ wide })
      expect((await Thing.get(id))?.wide).toBe(wide)
      expect([wide, await Thing.count({ wide })]).toEqual([wide, 1])
      expect((await Thing.getOrError(id)).isDirty).toBe(false)
    }
  })

  row('a decimal number adds up without drifting, at any size', async ({ db }) => {
    const Thing = await things(db)
    const thing = await Thing.create({ price: '0.10', wide: '123456789012345678.2500' })
    for (let times = 0; times < 10; times++) await thing.increment('price', 0.1).increment('wide', 0.1)
    expect([thing.price, thing.wide]).toEqual(['1.10', '123456789012345679.2500'])
    expect(await Thing.get(thing.id)).toMatchObject({ price: '1.10', wide: '123456789012345679.2500' })
    expect(await Thing.count({ price: '1.10', wide: '123456789012345679.25' })).toBe(1)
    await thing.decrement('price', 1.1)
    expect(await Thing.count({ price: '0', wide: '123456789012345679.25' })).toBe(1)
    await thing.update({ wide: '-99999999999999999999999999.9999' })
    await expect(thing.decrement('wide', 0.0001)).rejects.toEqual(refused('CONFLICT', 409))
    expect(await thing.increment('wide', 0.0002, { max: 0 })).toMatchObject({ wide: '-99999999999999999999999999.9997' })
    await thing.update({ wide: '-0.5000' })
    await expect(thing.increment('wide', 1, { max: 0.25 })).rejects.toEqual(refused('CONFLICT', 409))
    expect(await thing.increment('wide', 1, { max: 0.5 })).toMatchObject({ wide: '0.5000' })
  })

  row('increment and decrement stay within what the column holds, and take finite numbers only', async ({ db, raw }) => {
    class Tally extends db.Model(
      'Tally',
      {
        n: db.Column(db.Integer, { default: 0, nullable: true }),
        big: db.Column(db.BigInteger, { default: 0n }),
        cents: db.Column(db.Numeric(4, 2), { default: '0' }),
        ratio: db.Column(db.Float, { default: 0 }),
        credits: db.Column(db.Integer, { default: 0 }),
      },
      { guarded: ['credits'] },
    ) {}
    await db.createAll()
    const tally = await Tally.create({ n: 2_147_483_646, big: 9_223_372_036_854_775_806n, cents: '99.98', ratio: 1.7e308 })
    expect(await tally.increment('n').increment('big').increment('cents', 0.01)).toMatchObject({
      n: 2_147_483_647,
      big: 9_223_372_036_854_775_807n,
      cents: '99.99',
    })
    for (const [column, by] of [
      ['n', 1],
      ['n', 2 ** 40],
      ['n', 2 ** 53 - 1],
      ['big', 1],
      ['cents', 0.01],
      ['cents', 1e15],
      ['ratio', 1e308],
    ] as const) {
      expect([column, by, await reason(() => tally.increment(column, by))]).toEqual([column, by, refused('CONFLICT', 409)])
    }
    await tally.update({ n: -2_147_483_648, cents: '-99.99' })
    expect(await reason(() => tally.decrement('n'))).toEqual(refused('CONFLICT', 409))
    expect(await reason(() => tally.decrement('cents', 0.01))).toEqual(refused('CONFLICT', 409))

    await tally.update({ n: 5 })
    for (const by of ['5', ['5'], true, null, undefined, '', Number.NaN, Number.POSITIVE_INFINITY, 1.5, {}]) {
      for (const verb of ['increment', 'decrement'] as const) {
        const error = await reason(() => tally[verb]('n', by as never))
        expect([by, verb, error]).toEqual([by, verb, refused('INVALID_OPTION', 400)])
      }
    }
    expect(await reason(() => tally.decrement('n', -100, { min: 0 }))).toEqual(refused('INVALID_OPTION', 400))
    expect(await reason(() => tally.increment('cents', 0.001))).toEqual(refused('INVALID_OPTION', 400))
    for (const limit of ['0', Number.NaN, null]) {
      expect(await reason(() => tally.increment('n', 1, { min: limit as never }))).toMatchObject({ code: 'INVALID_OPTION' })
    }
    for (const column of ['nope', '__proto__', 'isNew']) {
      expect([column, await reason(() => tally.increment(column as never))]).toEqual([column, refused('UNKNOWN_COLUMN', 422)])
    }
    for (const column of ['id', 'createdAt', 'isDeleted']) {
      expect([column, await reason(() => tally.increment(column as never))]).toEqual([column, refused('INVALID_OPTION', 400)])
    }
    expect(await reason(() => tally.increment('credits', 5))).toEqual(refused('PROTECTED_COLUMN', 422))
    expect(await tally.increment('credits', 5, { unguarded: true })).toMatchObject({ credits: 5, n: 5 })

    const empty = await Tally.create({ n: null })
    expect((await empty.increment('n')).n).toBeNull()
    expect(await reason(() => empty.decrement('n', 1, { min: 0 }))).toEqual(refused('CONFLICT', 409))
    expect(await raw('select n, credits from tally order by id')).toEqual([
      { n: 5, credits: 5 },
      { n: null, credits: 0 },
    ])
  })

  row('a UUID is taken without hyphens and in capitals, and found by either form', async ({ db }) => {
    const Thing = await things(db)
    const uid = '6f9619ff-8b86-d011-b42d-00cf4fc964ff'
    expect((await Thing.create({ uid: uid.replaceAll('-', '').toUpperCase() })).uid).toBe(uid)
    for (const form of [uid, uid.toUpperCase(), uid.replaceAll('-', '')]) expect((await Thing.first({ uid: form }))?.uid).toBe(uid)
  })

  row('UUIDs that SQLAlchemy-Utils stored as bytes or as 32 characters are read, found and written so', async ({ db, raw }) => {
    if (db.dataSource.options.type === 'postgres') return
    class Device extends db.BaseModel('Device', {
      id: db.Column(db.UUIDType({ storage: 'binary' }), { primary: true }),
      token: db.Column(db.UUIDType({ storage: 'char32' }), { nullable: true }),
      made: db.Column(db.UUIDType({ storage: 'binary' }), { nullable: true }),
    }) {}
    await raw('create table device (id binary(16) primary key, token char(32), made binary(16))')
    await raw("insert into device values (X'6f9619ff8b86d011b42d00cf4fc964ff', '00112233445566778899aabbccddeeff', null)")
    const [id, token] = ['6f9619ff-8b86-d011-b42d-00cf4fc964ff', '00112233-4455-6677-8899-aabbccddeeff']
    expect(await Device.get(id)).toMatchObject({ id, token, made: null })
    expect(await Device.first({ token: token.toUpperCase() })).toMatchObject({ id })
    const device = await Device.getOrError(id)
    await device.update({ made: token, token: id })
    await Device.create({ id: token })
    const hex = (column: string): string => `lower(hex(${column}))`
    expect(await raw(`select ${hex('id')} as i, token as t, ${hex('made')} as m from device order by token desc`)).toEqual(
      [
        { i: id.replaceAll('-', ''), t: id.replaceAll('-', ''), m: token.replaceAll('-', '') },
        { i: token.replaceAll('-', ''), t: null, m: '' },
      ].map((each) => ({ ...each, m: each.m === '' ? expect.toSatisfy((m: unknown) => m === '' || m === null) : each.m })),
    )
  })
}

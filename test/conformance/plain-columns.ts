import { Column, PrimaryGeneratedColumn, type ValueTransformer } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

/** Columns that decorators of plain TypeORM define are checked by what these say, as strictly as those of `db.Column`. */
export function plainColumnRows(database: TestDatabase): void {
  const row = rowIn(database)

  const cents: ValueTransformer = {
    to: (value: number) => Math.round(value.valueOf() * 100),
    from: (value: number) => value / 100,
  }

  row('a text is found by itself, and by no number, boolean or list that a client sends', async ({ db }) => {
    class Session extends db.Model {
      @Column('varchar', { length: 64 }) declare token: string
      @Column('int', { default: 0 }) declare hits: number
    }
    db.register(Session)
    await db.createAll()
    await Session.create({ token: 'c0ffee' })
    await Session.create({ token: '1abc', hits: 1 })
    expect(await Session.first({ token: 'c0ffee' })).toMatchObject({ id: 1 })
    for (const token of [0, false, true, 1, [0], {}, null, Number.NaN, 0n, new Date()]) {
      expect([token, await reason(() => Session.first({ token } as never))]).toEqual([token, refused('INVALID_FILTER', 400)])
      expect([
        token,
        await reason(() =>
          db
            .query(Session)
            .filter({ token } as never)
            .all(),
        ),
      ]).toEqual([token, refused('INVALID_FILTER', 400)])
    }
    for (const hits of ['1 or 1=1', '1abc', '1e0', '1', '', true, 1.5, 2 ** 40 + 0.5]) {
      expect([hits, await reason(() => Session.first({ hits } as never))]).toEqual([hits, refused('INVALID_FILTER', 400)])
    }
  })

  row('a value that a column cannot hold is 422, whatever the database would make of it', async ({ db, raw }) => {
    class Item extends db.Model {
      @Column('varchar', { length: 3, nullable: true }) declare code: string | null
      @Column('text', { nullable: true }) declare text: string | null
      @Column('smallint', { nullable: true }) declare small: number | null
      @Column('bigint', { nullable: true }) declare big: string | number | null
      @Column('decimal', { precision: 6, scale: 2, nullable: true }) declare price: string | number | null
      @Column('boolean', { nullable: true }) declare open: boolean | null
      @Column('date', { nullable: true }) declare day: string | null
      @Column('time', { nullable: true }) declare time: string | null
      @Column({ type: Date, nullable: true }) declare at: Date | null
      @Column('simple-json', { nullable: true }) declare meta: unknown
      @Column('simple-array', { nullable: true }) declare tags: string[] | null
      @Column({ type: 'simple-enum', enum: ['a', 'b'], nullable: true }) declare kind: 'a' | 'b' | null
      @Column('int', { nullable: true, transformer: cents }) declare cents: number | null
    }
    db.register(Item)
    await db.createAll()
    const wrong: readonly (readonly [string, unknown])[] = [
      ['code', 'abcd'],
      ['code', 5],
      ['code', ['a', 'b']],
      ['code', { toSqlString: 'x' }],
      ['text', 'a\0'],
      ['text', 'a\uD800'],
      ['text', Number.NaN],
      ['small', 1.5],
      ['small', 40_000],
      ['small', '5'],
      ['small', Number.NaN],
      ['small', Number.POSITIVE_INFINITY],
      ['big', '9223372036854775808'],
      ['big', 'abc'],
      ['big', 1.5],
      ['price', '12345.00'],
      ['price', '1.001'],
      ['price', 'x'],
      ['open', 1],
      ['open', 'true'],
      ['day', '2026-02-30'],
      ['day', 5],
      ['time', '25:00'],
      ['at', 'yesterday'],
      ['at', '0000-01-01T00:00:00Z'],
      ['at', new Date(Number.NaN)],
      ['at', { isLuxonDateTime: true }],
      ['meta', { a: 'x\0' }],
      ['tags', ['a,b']],
      ['tags', 'a'],
      ['kind', 'zzz'],
      ['kind', 0],
      ['cents', {}],
      ['cents', 1e15],
    ]
    for (const [column, value] of wrong) {
      expect([column, value, await reason(() => Item.create({ [column]: value } as never))]).toEqual([
        column,
        value,
        refused('INVALID_VALUE', 422),
      ])
      const item = new Item()
      Object.assign(item, { [column]: value })
      expect([column, value, await reason(() => item.save())]).toEqual([column, value, refused('INVALID_VALUE', 422)])
    }
    expect(await Item.count()).toBe(0)
    const right = {
      code: 'abc',
      small: -32768,
      big: '9223372036854775807',
      price: '1234.50',
      open: false,
      day: '2026-01-31',
      time: '10:20:30',
      at: '2026-01-31T10:20:30.000Z',
      meta: [1],
      tags: ['a', 'b'],
      kind: 'b',
      cents: 1.25,
    }
    const { id } = await Item.create(right as never)
    const item = await Item.getOrError(id)
    expect(item).toMatchObject({
      code: 'abc',
      small: -32768,
      open: false,
      day: '2026-01-31',
      time: '10:20:30',
      at: new Date('2026-01-31T10:20:30Z'),
      meta: [1],
      tags: ['a', 'b'],
      kind: 'b',
      cents: 1.25,
    })
    expect([String(item.big), Number(item.price), await raw('select cents from item')]).toEqual([
      '9223372036854775807',
      1234.5,
      [{ cents: 125 }],
    ])
    for (const [column, value] of Object.entries(right)) {
      if (column !== 'meta' && column !== 'tags') expect([column, await Item.count({ [column]: value } as never)]).toEqual([column, 1])
    }
  })

  row('an enumeration of the database takes its members and nothing else', async ({ db }) => {
    if (db.dataSource.options.type === 'better-sqlite3') return
    class Ticket extends db.Model {
      @Column({ type: 'enum', enum: ['open', 'shut'], nullable: true }) declare state: 'open' | 'shut' | null
    }
    db.register(Ticket)
    await db.createAll()
    for (const state of ['zzz', 0, '', ['open']]) {
      expect([state, await reason(() => Ticket.create({ state } as never))]).toEqual([state, refused('INVALID_VALUE', 422)])
      expect([state, await reason(() => Ticket.filter({ state } as never).all())]).toEqual([state, refused('INVALID_FILTER', 400)])
    }
    expect(await Ticket.create({ state: 'shut' })).toMatchObject({ state: 'shut' })
    expect(await Ticket.count({ state: 'shut' })).toBe(1)
  })

  row('a generated key of 64 bits is found, also beyond 2 ** 31; what is no such key is 400 or finds nothing', async ({ db, raw }) => {
    class Log extends db.BaseModel {
      @PrimaryGeneratedColumn('increment', { type: database.name.startsWith('sqlite') ? 'integer' : 'bigint' }) declare id: string | number
      @Column('varchar', { length: 9 }) declare text: string
    }
    db.register(Log)
    await db.createAll()
    await raw("insert into log (id, text) values (3000000000, 'a'), (9007199254740993, 'b')")
    for (const key of [3_000_000_000, '3000000000', 3_000_000_000n]) expect((await Log.get(key))?.text).toBe('a')
    expect((await Log.get('9007199254740993'))?.text).toBe('b')
    for (const key of ['abc', '1.5', '9223372036854775808', ''])
      expect([key, await reason(() => Log.get(key))]).toEqual([key, ['no error', null]])
    for (const key of [{}, [1], true]) expect([key, await reason(() => Log.get(key))]).toEqual([key, refused('INVALID_IDENTIFIER', 400)])
    expect(await reason(() => Log.filter({ id: 'abc' }).all())).toEqual(refused('INVALID_FILTER', 400))
  })
}

import * as fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidValueError } from '../src/errors.js'
import { Sql } from '../src/query/sql.js'

/** A database that is closed when its test ends. */
function opened(): ActiveAlchemy {
  const db = new ActiveAlchemy('sqlite://')
  onTestFinished(() => db.close())
  return db
}

/** SQL by template, as `db.sql` makes it. */
const sql = (texts: TemplateStringsArray, ...values: unknown[]): Sql => new Sql(texts, values)

const shop = new ActiveAlchemy('sqlite://')
class Thing extends shop.Model('Thing', { name: shop.Column(shop.Text) }) {}

/** The text of `fragment` with `?` for each value, and the values. */
function rendered(fragment: Sql): [text: string, values: readonly unknown[]] {
  const { text, values } = shop.query(Thing).includeDeleted().filter(fragment).toSQL()
  return [text.slice(text.indexOf(' WHERE ') + 7), values]
}

describe('a fragment', () => {
  it('without values is its text', () => {
    expect(rendered(sql`1 = 1`)).toEqual(['1 = 1', []])
    expect(rendered(sql``)).toEqual(['', []])
  })

  it('binds each value in its place', () => {
    expect(rendered(sql`a = ${1} and b = ${'x'} or c is ${null}`)).toEqual(['a = ? and b = ? or c is ?', [1, 'x', null]])
    expect(rendered(sql`${1}${2}`)).toEqual(['??', [1, 2]])
  })

  it('takes other fragments in, with their values in order', () => {
    const inner = sql`lower(name) = ${'b'}`
    expect(rendered(sql`a = ${'a'} and (${inner}) and c = ${'c'}`)).toEqual(['a = ? and (lower(name) = ?) and c = ?', ['a', 'b', 'c']])
  })

  it('writes a list as its elements, and an empty one as what nothing equals', () => {
    expect(rendered(sql`id in (${[1, 2, sql`abs(${-3})`]})`)).toEqual(['id in (?, ?, abs(?))', [1, 2, -3]])
    expect(rendered(sql`id in (${[]})`)).toEqual(['id in (NULL)', []])
  })

  it('writes a model as its table', () => {
    expect(rendered(sql`exists (select * from ${Thing} where id = ${1})`)).toEqual(['exists (select * from "thing" where id = ?)', [1]])
  })

  it('can be used again', () => {
    const fragment = sql`a = ${1}`
    expect(rendered(fragment)).toEqual(rendered(fragment))
  })

  it('never takes a value into its text', () => {
    const hostile = fc.oneof(
      fc.string().filter((text) => !text.includes('\0')),
      fc.constantFrom("'; drop table user; --", '" or 1=1', '?', '$1', ':a'),
    )
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        expect(rendered(sql`a = ${a} and b in (${[b, a]})`)).toEqual(['a = ? and b in (?, ?)', [a, b, a]])
      }),
    )
  })

  it.each<[string, unknown]>([
    ['an object that looks like a fragment', JSON.parse('{"render":"1=1","texts":["1=1"],"values":[]}')],
    ['an object that calls itself a time', JSON.parse('{"isLuxonDateTime":true,"isValid":true}')],
    ['a time that is none', new Date(Number.NaN)],
    ['a moment that is none', DateTime.fromISO('nonsense')],
    ['undefined', undefined],
    ['a number that is none', Number.NaN],
    ['a symbol', Symbol('x')],
    ['a text with NUL', 'a\0b'],
  ])('does not take %s', (_, value) => {
    expect(() => rendered(sql`a = ${value}`)).toThrow(InvalidValueError)
    expect(() => rendered(sql`a in (${[value]})`)).toThrow(InvalidValueError)
  })

  it('takes a list only where a list belongs, so that its length cannot change the statement', () => {
    expect(rendered(sql`a IN (\n ${['a']})`)).toEqual(['a IN (\n ?)', ['a']])
    for (const wrong of [sql`a = ${['a']}`, sql`limit ${[1, 1]}`, sql`values (${[1, 2]})`, sql`min(${[1]})`, sql`a in (${[[1]]})`]) {
      expect(() => rendered(wrong)).toThrow(InvalidValueError)
    }
  })

  it('is known to read when it was written so, with everything in it', () => {
    const read = new Sql(['a > ', ''], [1], true)
    expect([read.onlyReads, sql`1 = 1`.onlyReads]).toEqual([true, false])
    expect([new Sql(['', ''], [read], true).onlyReads, new Sql(['', ''], [sql`f()`], true).onlyReads]).toEqual([true, false])
  })
})

describe('a statement', () => {
  it('is sent when it is awaited, and once', async () => {
    const db = opened()
    await db.sql`create table note (id integer primary key, text varchar)`
    const insert = db.sql`insert into note (text) values (${"it's"})`
    expect(await db.sql`select * from note`).toEqual([])
    await insert
    await insert
    expect(await db.sql<{ text: string }>`select text from note where text = ${"it's"}`).toEqual([{ text: "it's" }])
  })

  it('writes a model as its quoted table', async () => {
    const db = opened()
    class Order extends db.Model('Order', { total: db.Column(db.Integer) }) {}
    await db.createAll()
    await Order.create({ total: 7 })
    expect(await db.sql<{ total: number }>`select total from ${Order}`).toEqual([{ total: 7 }])
  })

  it('binds its values in their order', async () => {
    const db = opened()
    expect(await db.sql`select ${1} as a, ${'two'} as b, ${null} as c`).toEqual([{ a: 1, b: 'two', c: null }])
  })

  it('rejects with the refusal of the database', async () => {
    const db = opened()
    await expect(db.sql`select * from missing`).rejects.toThrow('no such table')
  })
})

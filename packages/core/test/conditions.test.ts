import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { Column, Entity, PrimaryColumn } from 'typeorm'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidFilterError } from '../src/errors.js'
import { conditionOf } from '../src/query/conditions.js'
import { Sql } from '../src/query/sql.js'

/** An entity of plain TypeORM. */
class Plain {
  declare id: number
  declare name: string
}
Entity()(Plain)
PrimaryColumn('integer')(Plain.prototype, 'id')
Column('varchar')(Plain.prototype, 'name')

/** A database that is never connected: conditions need only the metadata. */
const db = new ActiveAlchemy('sqlite://', { models: [Plain] })

class Country extends db.BaseModel('Country', { code: db.Column(db.String(2), { primary: true }) }) {}

class User extends db.Model('User', {
  name: db.Column(db.String(25)),
  age: db.Column(db.Integer, { nullable: true }),
  email: db.Column(db.EmailType(), { nullable: true }),
  tags: db.Column(db.JSONType, { nullable: true }),
  seenAt: db.Column(db.DateTime, { nullable: true }),
}) {
  static relations = this.relate({ country: db.ManyToOne(() => Country) })
  declare country: Country | null
}

/** The condition, with `?` for each value, and the values. */
function condition(filter: unknown, model: abstract new (...values: never[]) => object = User): [text: string, values: unknown[]] {
  const { dataSource } = db
  const values: unknown[] = []
  const metadata = dataSource.getMetadata(model)
  const text = conditionOf(filter, metadata, {
    dataSource,
    alias: 'user',
    bind: (value) => (values.push(value), '?'),
    table: () => '"user"',
  })
  return [text, values]
}

function refusal(filter: unknown, model?: abstract new (...values: never[]) => object): string {
  const refused = attempt(filter, model)
  expect(refused).toBeInstanceOf(InvalidFilterError)
  expect(refused).toMatchObject({ status: 400 })
  return (refused as Error).message
}

/** The text of the condition, or what was thrown. */
function attempt(filter: unknown, model?: abstract new (...values: never[]) => object): unknown {
  try {
    return condition(filter, model)[0]
  } catch (error) {
    return error
  }
}

const sql = (texts: TemplateStringsArray, ...values: unknown[]): Sql => new Sql(texts, values)

describe('an object', () => {
  it('must match in all its keys', () => {
    expect(condition({ name: 'Mardix', age: 30 })).toEqual(['user.name = ? AND user.age = ?', ['Mardix', 30]])
  })

  it('without keys matches everything', () => {
    expect(condition({})).toEqual(['1 = 1', []])
    expect(condition(Object.create(null))).toEqual(['1 = 1', []])
  })

  it('finds null', () => {
    expect(condition({ age: null })).toEqual(['user.age IS NULL', []])
  })

  it('finds one of a list, and nothing by an empty list', () => {
    expect(condition({ age: [1, 2] })).toEqual(['user.age IN (?, ?)', [1, 2]])
    expect(condition({ age: [] })).toEqual(['1 = 0', []])
  })

  it('compares with SQL where the application says so', () => {
    expect(condition({ age: sql`length(${'abc'})` })).toEqual(['user.age = length(?)', ['abc']])
  })

  it('takes values as their column keeps them', () => {
    expect(condition({ email: 'FOO@Bar.com' })[1]).toEqual(['foo@bar.com'])
    const moment = DateTime.fromISO('2026-01-31T10:00:00+02:00', { setZone: true })
    expect(condition({ seenAt: moment })[0]).toBe('user.seenAt = ?')
  })

  it('finds by a record that it belongs to', () => {
    const country = new Country({ code: 'IS' })
    expect(condition({ country })).toEqual(['user.country = ?', ['IS']])
    expect(condition({ country: null })).toEqual(['user.country IS NULL', []])
  })
})

describe('a list of objects', () => {
  it('must match in one of them', () => {
    expect(condition([{ name: 'a' }, { age: 1 }])).toEqual(['(user.name = ?) OR (user.age = ?)', ['a', 1]])
    expect(condition([[{ name: 'a' }], sql`1 = ${1}`])).toEqual(['((user.name = ?)) OR (1 = ?)', ['a', 1]])
  })

  it('that is empty is refused: it could only be a mistake', () => {
    expect(refusal([])).toContain('nothing can match it')
  })
})

describe('SQL', () => {
  it('of the application is a condition, with its values bound', () => {
    expect(condition(sql`lower(name) = ${'x'}`)).toEqual(['lower(name) = ?', ['x']])
  })
})

describe('what a client may send', () => {
  it.each(['name = 1', 'nope', '__proto__x', 'constructor', 'toString', 'user.name', 'name"', 'countryCode'])(
    'as the key %s is no column',
    (key) => {
      expect(refusal({ [key]: 'x' })).toContain(`User cannot be filtered by ${key}: it is no column`)
    },
  )

  it.each<[string, unknown]>([
    ['an operator of another library', { $gt: '' }],
    ['an operator of TypeORM', { type: 'moreThan', value: 0, '@instanceof': 'FindOperator' }],
    ['a number for a text', 1],
    ['a list within a list', [['a']]],
    ['true', true],
    ['undefined', undefined],
    ['a list with null', [null]],
  ])('as a value is not %s', (_, value) => {
    expect(refusal({ name: value })).toContain('User cannot be filtered by name: takes a string')
  })

  it('as a value of a JSON column cannot be compared', () => {
    expect(refusal({ tags: { a: 1 } })).toContain('use db.sql')
  })

  it.each<[string, unknown]>([
    ['a key', 'IS'],
    ['the values of a record', { code: 'IS' }],
    ['a record of another model', new User()],
  ])('for a relation is not %s', (_, value) => {
    expect(refusal({ country: value })).toContain('it takes a record of Country')
  })

  it.each([null, undefined, 'name', 42, true, () => true, new Date(0), new Map(), DateTime.utc()])(
    'as a whole filter is not %o',
    (filter) => {
      expect(refusal(filter)).toContain('a filter is an object, a list of objects, or db.sql')
    },
  )

  it('is at most as many values as a statement can bind', () => {
    const { maxParameters } = db.dataSource.alchemy.capabilities
    expect(refusal({ age: Array.from({ length: maxParameters }, () => 1) })).toContain('are too many')
  })

  it('never becomes SQL', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string({ maxLength: 25 }).filter((text) => !text.includes('\0')),
        (json, name) => {
          expect(condition({ name })).toEqual(['user.name = ?', [name]])
          const text = attempt(json)
          const isPlain =
            typeof text === 'string' && /^(\(?(1 = [01]|user\.\w+ (= \?|IS NULL|IN \(\?(, \?)*\)))\)?( OR | AND )?)+$/.test(text)
          expect(isPlain || text instanceof InvalidFilterError).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is not shown in the refusal', () => {
    expect(refusal({ age: 'hunter2' })).not.toContain('hunter2')
  })

  it('is no key for a relation, neither by the path of its column', async () => {
    const shop = new ActiveAlchemy('sqlite://')
    class Country extends shop.BaseModel('Country', { code: shop.Column(shop.String(2), { primary: true }) }) {}
    class City extends shop.Model('City', { name: shop.Column(shop.String(25)) }) {
      static relations = this.relate({ country: shop.ManyToOne(() => Country) })
      declare country: Country
    }
    expect(() => City.filter({ 'country.code': 'IS' } as never).getSql()).toThrow(InvalidFilterError)
    await expect(City.query().updateAll({ 'country.code': 'IS' } as never)).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN', status: 422 })
  })
})

describe('a column of plain TypeORM', () => {
  it.each([['a text'], [42], [true], [10n], [new Date(0)], [Buffer.from('a')], [DateTime.utc()]])('takes the single value %o', (name) => {
    expect(condition({ name }, Plain)[0]).toBe('user.name = ?')
  })

  it.each([{}, { $gt: '' }, Number.NaN, Symbol('x'), () => 1, undefined])('refuses %o', (name) => {
    expect(refusal({ name }, Plain)).toContain('takes a single value')
  })
})

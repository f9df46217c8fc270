import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import {
  And,
  Between,
  Column,
  Entity,
  Equal,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  Like,
  MoreThan,
  MoreThanOrEqual,
  Not,
  Or,
  PrimaryColumn,
  Raw,
} from 'typeorm'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { InvalidFilterError } from '../src/errors.js'
import { and, between, gt, gte, isNull, lt, lte, not, oneOf, or, startsWith } from '../src/query/operators.js'
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
function condition(filter: unknown, model: abstract new (...values: never[]) => object = User): [text: string, values: readonly unknown[]] {
  const { text, values } = db
    .query(model)
    .includeDeleted()
    .filter(filter as never)
    .toSQL()
  const [, where = ''] = text.split(' WHERE ')
  return [where.replaceAll(/"(\w+)"\."(\w+)"/g, '$1.$2'), values]
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
    expect(condition({ name: 'Mardix', age: 30 })).toEqual(['(user.name = ? AND user.age = ?)', ['Mardix', 30]])
  })

  it('without keys is no condition', () => {
    expect(condition({})).toEqual(['', []])
    expect(condition(Object.create(null))).toEqual(['', []])
  })

  it.each([
    [{ age: isNull() }, 'user.age IS NULL', []],
    [{ age: not(isNull()) }, 'NOT (user.age IS NULL)', []],
    [{ age: not(5) }, 'NOT (user.age = ?)', [5]],
    [{ age: oneOf([1, 2]) }, 'user.age IN (?, ?)', [1, 2]],
    [{ age: oneOf([]) }, '1 = 0', []],
    [{ age: gt(1) }, 'user.age > ?', [1]],
    [{ age: gte(1) }, 'user.age >= ?', [1]],
    [{ age: lt(1) }, 'user.age < ?', [1]],
    [{ age: lte(1) }, 'user.age <= ?', [1]],
    [{ age: between(1, 9) }, 'user.age BETWEEN ? AND ?', [1, 9]],
    [{ age: or(gt(40), lt(10), 20) }, '(user.age > ? OR user.age < ? OR user.age = ?)', [40, 10, 20]],
    [{ age: and(gt(1), not(5)) }, '(user.age > ? AND NOT (user.age = ?))', [1, 5]],
    [{ email: oneOf(['FOO@Bar.com']) }, 'user.email IN (?)', ['foo@bar.com']],
  ])('compares by operators: %o', (filter, text, values) => {
    expect(condition(filter)).toEqual([text, values])
  })

  it.each([
    [Equal(1), 'user.age = ?', [1]],
    [In([1, 2]), 'user.age IN (?, ?)', [1, 2]],
    [IsNull(), 'user.age IS NULL', []],
    [Not(IsNull()), 'NOT (user.age IS NULL)', []],
    [Not(In([1, 2])), 'NOT (user.age IN (?, ?))', [1, 2]],
    [Not(5), 'NOT (user.age = ?)', [5]],
    [MoreThan(1), 'user.age > ?', [1]],
    [MoreThanOrEqual(1), 'user.age >= ?', [1]],
    [LessThan(1), 'user.age < ?', [1]],
    [LessThanOrEqual(1), 'user.age <= ?', [1]],
    [Between(1, 9), 'user.age BETWEEN ? AND ?', [1, 9]],
    [Or(Equal(1), MoreThan(5)), '(user.age = ? OR user.age > ?)', [1, 5]],
    [And(MoreThan(1), LessThan(5)), '(user.age > ? AND user.age < ?)', [1, 5]],
  ])("takes TypeORM's operators, with their values checked", (age, text, values) => {
    expect(condition({ age })).toEqual([text, values])
  })

  it("takes TypeORM's patterns, and refuses its SQL", () => {
    expect(condition({ name: Like('a%') })[1]).toEqual(['a*'])
    expect(refusal({ name: Raw('1 = 1') })).toContain('it is no operator of a filter')
  })

  it('compares with SQL where the application says so', () => {
    expect(condition({ age: sql`length(${'abc'})` })).toEqual(['user.age = length(?)', ['abc']])
  })

  it('takes values as their column keeps them', () => {
    expect(condition({ email: 'FOO@Bar.com' })[1]).toEqual(['foo@bar.com'])
    const moment = DateTime.fromISO('2026-01-31T10:00:00+02:00', { setZone: true })
    expect(condition({ seenAt: moment })[0]).toBe('user.seen_at = ?')
  })

  it('finds by a record that it belongs to', () => {
    const country = new Country({ code: 'IS' })
    expect(condition({ country })).toEqual(['user.country_code = ?', ['IS']])
    expect(condition({ country: isNull() })).toEqual(['user.country_code IS NULL', []])
    expect(condition({ country: not(oneOf([country])) })).toEqual(['NOT (user.country_code IN (?))', ['IS']])
    expect(condition({ country: 'IS' })).toEqual(['user.country_code = ?', ['IS']])
  })
})

describe('alternatives', () => {
  it('must match in one of them', () => {
    expect(condition(or({ name: 'a' }, { age: 1 }))).toEqual(['(user.name = ? OR user.age = ?)', ['a', 1]])
    expect(condition(or(and({ name: 'a' }, { age: 2 }), sql`1 = ${1}`))).toEqual([
      '((user.name = ? AND user.age = ?) OR 1 = ?)',
      ['a', 2, 1],
    ])
    expect(condition(not({ name: 'a' }))).toEqual(['NOT (user.name = ?)', ['a']])
  })

  it('of which there are none, or one that matches everything, are refused: it could only be a mistake', () => {
    expect(() => or()).toThrow('or(): it has no parts')
    expect(() => and()).toThrow('and(): it has no parts')
    expect(refusal(or({ name: 'a' }, {}))).toContain('it would match every row')
    expect(refusal(gt(5))).toContain('this operator compares a column')
  })

  it('are bounded in number and depth', () => {
    expect(condition(or(...Array.from({ length: 500 }, (_, age) => ({ age }))))[1]).toHaveLength(500)
    expect(refusal(or(...Array.from({ length: 501 }, (_, age) => ({ age }))))).toContain('more than 500 conditions')
    let deep: unknown = { age: 1 }
    for (let level = 0; level < 50; level++) deep = not(deep as never)
    expect(condition(deep)[1]).toEqual([1])
    expect(refusal(not(deep as never))).toContain('more than 50 levels deep')
  })
})

describe('SQL', () => {
  it('of the application is a condition, with its values bound', () => {
    expect(condition(sql`lower(name) = ${'x'}`)).toEqual(['lower(name) = ?', ['x']])
  })
})

describe('what a client may send', () => {
  it.each(['name = 1', 'nope', '__proto__x', 'constructor', 'toString', 'user.name', 'name"', 'countryName'])(
    'as the key %s is no column',
    (key) => {
      expect(refusal({ [key]: 'x' })).toContain(`User cannot be filtered by ${key}: it is no column. It has `)
      expect(refusal({ [key]: 'x' })).toMatch(/It has .*\bname, age, email, tags, seenAt\b/)
    },
  )

  it.each<[string, unknown, string]>([
    ['an operator of another library', { $gt: '' }, 'Write an operator: gt(3)'],
    ['an operator of TypeORM', { type: 'moreThan', value: 0, '@instanceof': 'FindOperator' }, 'Write an operator: gt(3)'],
    ['an operator of ours', JSON.parse(JSON.stringify(oneOf(['a']))), 'Write an operator: gt(3)'],
    ['null', null, 'Write isNull()'],
    ['a list', ['a'], 'Write oneOf([…])'],
    ['undefined', undefined, 'or leave the key out'],
    ['a number for a text', 1, 'it takes a string, and received the number 1'],
    ['true', true, 'it takes a string, and received a boolean'],
    ['a list within a list', oneOf([['a']]), 'it takes a string, and received an array of 1'],
    ['a list with null', oneOf([null]), 'null is no value'],
  ])('as a value is not %s, and is told how to be written', (_, value, message) => {
    expect(refusal({ name: value })).toContain(message)
  })

  it('as a value of a JSON column cannot be compared', () => {
    expect(refusal({ tags: 'a' })).toContain('JSON is compared by its parts')
  })

  it.each<[string, unknown]>([
    ['an object of its key', { code: 'IS' }],
    ['a record of another model', new User()],
  ])('for a relation is not %s', (_, value) => {
    expect(refusal({ country: value })).toMatch(/takes a record of Country|an object is no value/)
  })

  it.each([null, undefined, 'name', 42, [[]], [[{ name: 'a' }]], true, new Date(0), new Map(), DateTime.utc()])(
    'as a whole filter is not %o',
    (filter) => {
      expect(refusal(filter)).toContain('it is no filter')
    },
  )

  it('is at most as many values as a statement can bind', () => {
    const { maxParameters } = db.dataSource.driver.capabilities
    const many = oneOf(Array.from({ length: maxParameters / 2 + 1 }, () => 1))
    expect(() => User.filter({ age: many }).filter({ age: many }).toSQL()).toThrow(InvalidFilterError)
  })

  it('never becomes SQL', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string({ maxLength: 25 }).filter((text) => !text.includes('\0')),
        (json, name) => {
          expect(condition({ name })).toEqual(['user.name = ?', [name]])
          const text = attempt(json)
          const isPlain = typeof text === 'string' && /^\(?(user\.\w+ = \?( AND )?)*\)?$/.test(text)
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
    expect(() => City.filter({ 'country.code': 'IS' } as never)).toThrow(InvalidFilterError)
    await expect(City.query().updateAll({ 'country.code': 'IS' } as never)).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN', status: 422 })
  })
})

describe('a column of plain TypeORM', () => {
  it('takes a value of its kind', () => {
    expect(condition({ name: 'a text' }, Plain)).toEqual(['plain.name = ?', ['a text']])
  })

  it.each([42, true, 10n, new Date(0), Buffer.from('a'), {}, { $gt: '' }, Number.NaN, undefined])('refuses %o', (name) => {
    expect(refusal({ name }, Plain)).toMatch(/takes a string|is no value/)
  })
})

it('takes the operators of db.op as those that are imported', () => {
  const { op } = new ActiveAlchemy('sqlite:///:memory:')
  expect(op).toMatchObject({ and, between, gt, gte, isNull, lt, lte, not, oneOf, or })
  expect(condition({ name: op.startsWith('a_') }, Plain)).toEqual(condition({ name: startsWith('a_') }, Plain))
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ActiveAlchemy } from '../src/active-alchemy.js'
import { AnsweredError, InvalidFilterError } from '../src/errors.js'

const db = new ActiveAlchemy('sqlite://')

class Thing extends db.Model('Thing', {
  name: db.Column(db.String(5)),
  email: db.Column(db.EmailType(), { nullable: true }),
  price: db.Column(db.Numeric(5, 2), { nullable: true }),
  day: db.Column(db.Date, { nullable: true }),
  at: db.Column(db.DateTime, { nullable: true }),
  open: db.Column(db.Boolean, { nullable: true }),
  bytes: db.Column(db.LargeBinary, { nullable: true }),
  json: db.Column(db.JSONType, { nullable: true }),
  uuid: db.Column(db.UUID, { nullable: true }),
  long: db.Column(db.BigInteger, { nullable: true }),
}) {}

class Pair extends db.BaseModel('Pair', {
  a: db.Column(db.Integer, { primary: true }),
  b: db.Column(db.String(5), { primary: true }),
}) {}

const columns = ['id', 'name', 'email', 'price', 'day', 'at', 'open', 'bytes', 'json', 'uuid', 'long', 'isDeleted', 'createdAt']

describe('what a client sends', () => {
  it('is answered, or refused with an error of the client: as a key, a filter, an order, a value', async () => {
    await db.createAll()
    const answered = async (call: () => PromiseLike<unknown>): Promise<void> => {
      try {
        await call()
      } catch (error) {
        if (!(error instanceof AnsweredError) || error.status >= 500) throw error
      }
    }
    const property = fc.asyncProperty(fc.jsonValue(), fc.constantFrom(...columns), async (value: unknown, column) => {
      await answered(() => Thing.get(value))
      await answered(() => Pair.getOrError(value as never))
      await answered(() => Pair.getOrError({ a: 1, b: value } as never))
      await answered(async () => Thing.filter(value as never).all())
      await answered(async () => Thing.filter({ [column]: value } as never).all())
      await answered(async () =>
        Thing.query()
          .orderBy(value as never, value as never)
          .all(),
      )
      await answered(async () =>
        Thing.query()
          .addOrderBy('name', value as never)
          .all(),
      )
      await answered(() => Thing.create(value as never))
      await answered(() => Thing.create({ name: 'x', [column]: value } as never))
      await answered(async () => new Thing({ name: 'x' }).set({ [column]: value } as never))
    })
    await fc.assert(property, {
      numRuns: 300,
      examples: [
        [null, 'name'],
        [{ name: null }, 'id'],
        [5, 'at'],
        [[], 'long'],
      ],
    })
  })
})

describe('an order', () => {
  it('by an object keeps the place of nulls', () => {
    const query = Thing.query().orderBy({ name: 'DESC', at: { order: 'ASC', nulls: 'NULLS LAST' } })
    expect(query.getSql()).toMatch(/ORDER BY .*name. DESC, .*at. ASC NULLS LAST/)
  })

  it.each([5, null, true, ['name'], { name: 5 }, { name: null, nope: 1 }])('is not %j', (sort) => {
    expect(() => Thing.query().orderBy(sort as never)).toThrow(InvalidFilterError)
  })
})

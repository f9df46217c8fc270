import * as fc from 'fast-check'
import { Entity, PrimaryColumn, PrimaryGeneratedColumn, Raw } from 'typeorm'
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

/** Entities of plain TypeORM. */
class Whole {
  declare id: number
}
Entity()(Whole)
PrimaryGeneratedColumn()(Whole.prototype, 'id')

class Word {
  declare id: string
}
Entity()(Word)
PrimaryColumn('varchar')(Word.prototype, 'id')

class Unique {
  declare id: string
}
Entity()(Unique)
PrimaryGeneratedColumn('uuid')(Unique.prototype, 'id')

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
          .orderBy('name', value as never)
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
  it('keeps the place of nulls', () => {
    const query = Thing.query()
      .orderBy({ name: 'DESC' })
      .orderBy((thing) => thing.at.asc().nullsLast())
    expect(query.toSQL().text).toMatch(/ORDER BY "thing"."name" DESC, "thing"."at" ASC NULLS LAST$/)
  })

  it.each([5, null, true, ['name'], { name: 5 }, { name: null, nope: 1 }])('is not %j', (sort) => {
    expect(() => Thing.query().orderBy(sort as never)).toThrow(InvalidFilterError)
  })
})

describe('a key', () => {
  class Visitor extends db.BaseModel('Visitor', { email: db.Column(db.EmailType(), { primary: true }) }) {}
  class Day extends db.BaseModel('Day', { day: db.Column(db.Date, { primary: true }) }) {}
  class Mark extends db.BaseModel('Mark', { mark: db.Column(db.Float, { primary: true }) }) {}

  it('is read as its column keeps it', async () => {
    await db.createAll()
    await Visitor.create({ email: 'Ada@Example.org' })
    await Mark.create({ mark: 1.5 })
    expect(await Visitor.get('ADA@example.org')).toMatchObject({ email: 'ada@example.org' })
    expect(await Mark.get('1.5')).toMatchObject({ mark: 1.5 })
  })

  it.each(['abc', '2026-02-30', '1; drop table day', 5])('that no row can have is sent nowhere: %j', async (key) => {
    await db.createAll()
    const day = new Day({ day: '2026-01-31' })
    await day.save()
    expect(await Day.get(key)).toBeNull()
    await day.delete()
  })
})

describe("TypeORM's own methods", () => {
  const shop = new ActiveAlchemy('sqlite://')
  class Product extends shop.Model('Product', { name: shop.Column(shop.Text), stock: shop.Column(shop.Integer) }) {}
  const filled = async (): Promise<void> => {
    await shop.dropAll()
    await shop.createAll()
    await Product.createMany([
      { name: 'lamp', stock: 1 },
      { name: 'desk', stock: 2 },
      { name: 'desk', stock: 3 },
    ])
  }

  it('are reached by the builder of a query, which has its conditions', async () => {
    await filled()
    expect(await Product.filter({ name: 'desk' }).builder().andWhere('product.stock > :least', { least: 2 }).getCount()).toBe(1)
    expect(
      await Product.filter((product) => product.stock.gt(1))
        .builder('p')
        .select('max(p.stock)', 'most')
        .getRawOne(),
    ).toEqual({ most: 3 })
  })

  it('of plain repositories see raw conditions as what may write', async () => {
    await filled()
    await shop.run(async () => {
      const products = shop.session.manager.getRepository(Product)
      expect(await products.countBy({ stock: Raw((name) => `${name} > 1`) })).toBe(2)
      expect(await products.find({ where: [{ name: 'lamp' }, { name: 'desk', stock: 3 }] })).toHaveLength(2)
    })
  })

  it('an order and a value may be SQL that names a table and binds values', async () => {
    await filled()
    const ordered = await Product.query().orderBy(shop.sql`${Product}.stock * ${-1}`).all()
    expect(ordered.map(({ stock }) => stock)).toEqual([3, 2, 1])
    expect(await Product.filter({ name: 'lamp' }).updateAll({ stock: shop.sql`stock + ${9}` })).toBe(1)
    expect(await Product.query().orderBy('stock', 'DESC').first()).toMatchObject({ name: 'lamp', stock: 10 })
  })
})

describe('the key of a plain TypeORM entity', () => {
  const plain = new ActiveAlchemy('sqlite://', { models: [Whole, Word, Unique] })

  it('is read by what TypeORM knows of it', async () => {
    await plain.createAll()
    const whole = await plain.dataSource.getRepository(Whole).save(new Whole())
    const unique = await plain.dataSource.getRepository(Unique).save(new Unique())
    await plain.dataSource.getRepository(Word).insert({ id: 'IS' })
    expect(await plain.query(Whole).getOrError(`${whole.id}`)).toMatchObject({ id: whole.id })
    expect(await plain.query(Word).getOrError('IS')).toMatchObject({ id: 'IS' })
    expect(await plain.query(Unique).getOrError(unique.id.toUpperCase())).toMatchObject({ id: unique.id })
    await expect(plain.query(Whole).getOrError('1 OR 1=1')).rejects.toThrow('Whole 1 OR 1=1 was not found')
    await expect(plain.query(Word).getOrError(5)).rejects.toThrow('Word 5 was not found')
  })
})

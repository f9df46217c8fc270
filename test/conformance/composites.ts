import { inspect } from 'node:util'
import { type ActiveAlchemy, DateTime, type Filter, isNull, ne, not, oneOf, Range } from '@active-alchemy/core'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { rowIn } from './store.ts'

/** Composite values: an object of a few columns, kept as PostgreSQL's own or as JSON, with the same answers. */
export function compositeRows(database: TestDatabase): void {
  const row = rowIn(database)
  const refusal = (code: string, status: number, message: RegExp): object =>
    expect.objectContaining({ code, status, message: expect.stringMatching(message) as string }) as object

  async function products(db: ActiveAlchemy) {
    class Product extends db.Model('Product', {
      price: db.Column(db.CompositeType('money', { currency: db.CurrencyType(), amount: db.Numeric(12, 2) })),
      label: db.Column(db.CompositeType('label', { text: db.String(200), note: db.Text }, { nullable: ['note'] }), { nullable: true }),
    }) {}
    await db.createAll()
    return Product
  }

  row('an object is written, in each form that its columns take, read and found', async ({ db }) => {
    const Product = await products(db)
    const made = await Product.create({ price: { currency: 'eur', amount: 9.5 }, label: { text: 'A' } })
    const value = { currency: 'EUR', amount: '9.50' }
    expect([made.price, made.label]).toEqual([value, { text: 'A', note: null }])
    const other = await Product.create({ price: { amount: '10.00', currency: 'EUR' } })
    for (const found of [await Product.getOrError(made.id), await db.of(Product).getOrError(made.id)]) {
      expect(found.toDict()).toMatchObject({ price: value, label: { text: 'A', note: null } })
      expect(JSON.parse(JSON.stringify(found))).toMatchObject({ price: value, label: { text: 'A', note: null } })
      expect(inspect(found)).toContain("amount: '9.50'")
    }
    const ids = async (filter: Filter<InstanceType<typeof Product>>): Promise<number[]> =>
      (await Product.filter(filter).orderBy('id').all()).map(({ id }) => id)
    expect(await ids({ price: { amount: '9.5', currency: 'eur' } })).toEqual([made.id])
    expect(await ids({ price: ne(value) })).toEqual([other.id])
    expect(await ids({ price: oneOf([value, { currency: 'EUR', amount: '10' }]) })).toEqual([made.id, other.id])
    expect(await ids((each) => each.price.eq(value))).toEqual([made.id])
    expect(await ids({ label: isNull() })).toEqual([other.id])
    expect(await ids({ label: not(isNull()) })).toEqual([made.id])
    expect(await ids({ label: { text: 'a', note: null } })).toEqual([])
  })

  row('a change in place is seen, and records are written one by one and many at once', async ({ db, sent }) => {
    const Product = await products(db)
    const price = { currency: 'EUR', amount: '1.00' }
    await Product.createMany([{ price, label: { text: 'a' } }, { price }, { price }])
    await db.run(async () => {
      const all = await Product.query().orderBy('id').all()
      expect(await sent(() => db.flush())).toEqual([])
      for (const [index, product] of all.entries()) product.price.amount = `${index + 2}.00`
      const [first] = all
      if (first?.label) first.label.note = 'new'
      expect([first?.isDirty, first?.changes]).toEqual([
        true,
        { price: { currency: 'EUR', amount: '2.00' }, label: { text: 'a', note: 'new' } },
      ])
      for (const product of all) db.add(product)
    })
    const amounts = async (): Promise<string[]> => (await Product.query().orderBy('id').all()).map((each) => each.price.amount)
    expect(await amounts()).toEqual(['2.00', '3.00', '4.00'])
    const product = await Product.firstOrError({ price: { currency: 'EUR', amount: '2' } })
    expect([product.isDirty, await sent(() => product.save())]).toEqual([false, []])
    await product.update({ price: { currency: 'USD', amount: 5 }, label: null })
    expect(await Product.filter({ label: isNull() }).updateAll({ price: { currency: 'CHF', amount: '7' } })).toBe(3)
    expect(await amounts()).toEqual(['7.00', '7.00', '7.00'])
    expect((await product.reload()).price).toEqual({ currency: 'CHF', amount: '7.00' })
    const repository = db.dataSource.getRepository(Product)
    const plain = await repository.findOneByOrFail({ id: product.id })
    plain.price.amount = '9.00'
    await repository.save(plain)
    expect((await product.reload()).price.amount).toBe('9.00')
    product.price.amount = 'much'
    await expect(product.save()).rejects.toEqual(
      refusal('INVALID_VALUE', 422, /^Product\.price takes an object whose amount takes a decimal/),
    )
  })

  row('a unique one is a key to upsert by, groups and distinct rows know equal ones', async ({ db }) => {
    const isbn = db.CompositeType('isbn', { group: db.String(5), number: db.Integer })
    class Book extends db.Model('Book', { isbn: db.Column(isbn, { unique: true }), shelf: db.Column(isbn), title: db.Column(db.Text) }) {}
    await db.createAll()
    const [one, two] = [1, 2].map((number) => ({ group: 'a', number })) as [
      { group: string; number: number },
      { group: string; number: number },
    ]
    const first = await Book.create({ isbn: one, shelf: one, title: 'old' })
    const books = await Book.upsertMany(
      [
        { isbn: one, shelf: one, title: 'new' },
        { isbn: two, shelf: one, title: 'two' },
      ],
      { on: ['isbn'] },
    )
    expect(books.map(({ id, title }) => [id === first.id, title])).toEqual([
      [true, 'new'],
      [false, 'two'],
    ])
    await expect(Book.create({ isbn: two, shelf: one, title: 'again' })).rejects.toMatchObject({ code: 'UNIQUE', status: 409 })
    const groups = await Book.query((book) => ({ shelf: book.shelf, books: db.func.count() }))
      .groupBy('shelf')
      .all()
    expect(groups.map(({ shelf, books: count }) => [shelf, count])).toEqual([[one, 2]])
    expect(await Book.query('shelf').distinct().all()).toHaveLength(1)
  })

  row('hostile texts come back as they were written, and are found', async ({ db }) => {
    const Product = await products(db)
    const price = { currency: 'EUR', amount: '1.00' }
    const hostile = [
      '',
      ' ',
      '"',
      '""',
      '\\',
      '\\"',
      '(',
      ')',
      ',',
      '(,)',
      '("a","b")',
      'NULL',
      "'",
      "';--",
      '{"a":1}',
      '\n',
      '\t\r',
      '😀',
      'é',
      '$1',
    ]
    const unit = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'grapheme', maxLength: 3 }))
    const written = fc.array(unit, { maxLength: 8 }).map((parts) => parts.join('').replaceAll('\0', ''))
    const label = fc.record({ text: written, note: fc.option(written) })
    const seed = Date.now()
    const chosen = hostile.flatMap((text) => [
      { text, note: text },
      { text, note: null },
    ])
    const labels = [...chosen, ...fc.sample(label, { numRuns: 60, seed })]
    const made = await Product.createMany(labels.map((each) => ({ price, label: each })))
    for (const [index, { id }] of made.entries()) {
      const found = await Product.getOrError(id)
      expect([seed, found.label]).toEqual([seed, labels[index]])
      const same = labels.filter((each) => each.text === labels[index]?.text && each.note === labels[index].note).length
      expect([seed, labels[index], await Product.count({ label: labels[index] as { text: string; note: string } })]).toEqual([
        seed,
        labels[index],
        same,
      ])
    }
  })

  row('columns of every kind, and another composite among them', async ({ db }) => {
    const point = db.CompositeType('spot', { x: db.Float, tag: db.Text }, { nullable: ['tag'] })
    const type = db.CompositeType('whole', {
      whole: db.Integer,
      large: db.BigInteger,
      isOn: db.Boolean,
      real: db.Float,
      day: db.Date,
      time: db.Time,
      moment: db.DateTime,
      key: db.UUID,
      bytes: db.LargeBinary,
      bits: db.BitType(4),
      days: db.WeekDaysType(),
      tags: db.ScalarListType(),
      state: db.ChoiceType(['open', "it's"]),
      locale: db.LocaleType(),
      ages: db.IntRangeType,
      times: db.DateTimeRangeType,
      spot: point,
    })
    class Thing extends db.Model('Thing', { value: db.Column(type), other: db.Column(type, { nullable: true }) }) {}
    await db.createAll()
    const given = {
      whole: -5,
      large: 9_007_199_254_740_993n,
      isOn: true,
      real: 1e300,
      day: '2026-01-31',
      time: '13:45:00.25',
      moment: DateTime.fromISO('2026-01-31T12:00:00.5Z'),
      key: '6f9619ff-8b86-d011-b42d-00cf4fc964ff',
      bytes: Buffer.from([0, 92, 34, 255]),
      bits: '0101',
      days: [7, 1] as (1 | 7)[],
      tags: ['a"b', '', '\\'],
      state: "it's" as const,
      locale: 'de-DE',
      ages: [1, 5] as const,
      times: [DateTime.fromISO('2026-01-31T12:00:00.5Z'), null] as const,
      spot: { x: 0.1, tag: '("\\",' },
    }
    const { id } = await Thing.create({ value: given })
    const kept = { ...type.accept(given), bytes: Buffer.from(given.bytes) }
    const found = await Thing.getOrError(id)
    expect(found.isDirty).toBe(false)
    expect(found.value.moment.toISO()).toBe('2026-01-31T12:00:00.500Z')
    expect(found.value.ages).toBeInstanceOf(Range)
    expect({ ...found.value, bytes: Buffer.from(found.value.bytes), moment: 0, times: String(found.value.times) }).toEqual({
      ...kept,
      moment: 0,
      times: String(kept.times),
    })
    expect(JSON.parse(JSON.stringify(found))).toMatchObject({
      value: { large: '9007199254740993', bytes: 'AFwi/w==', moment: '2026-01-31T12:00:00.500Z', spot: { x: 0.1, tag: '("\\",' } },
    })
    expect(await Thing.count({ value: found.value })).toBe(1)
    expect(await Thing.count({ value: { ...found.value, spot: { x: 0.1, tag: null } } })).toBe(0)
    found.value.spot.tag = null
    found.value.isOn = false
    await found.save()
    expect((await Thing.getOrError(id)).value).toMatchObject({ isOn: false, spot: { x: 0.1, tag: null } })
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('what is refused names the column and the field; there is no order', async ({ db }) => {
    const Product = await products(db)
    const price = { currency: 'EUR', amount: '1.00' }
    const cases: readonly (readonly [object, RegExp])[] = [
      [{ price: { currency: 'EUR' } }, /^Product\.price takes an object with amount, and received none/],
      [{ price: { currency: null, amount: 1 } }, /^Product\.price takes an object with currency, and received null there/],
      [{ price: { ...price, currency: 'XYZ' } }, /^Product\.price takes an object whose currency takes /],
      [{ price: { ...price, rate: 1 } }, /^Product\.price takes an object of currency, amount, and received one with "rate"/],
      [{ price: JSON.parse('{"currency":"EUR","amount":1,"__proto__":1}') as object }, /"__proto__"/],
      [{ price: 'EUR 1' }, /^Product\.price takes an object, and received/],
      [{ price: new Map([['currency', 'EUR']]) }, /^Product\.price takes an object, and received/],
      [{ price, label: { text: 'a\0' } }, /^Product\.label takes an object whose text takes/],
      [{ price, label: { text: 'a', note: '"'.repeat(400) } }, /^Product\.label takes an object whose JSON has at most 768 characters/],
    ]
    for (const [values, message] of cases) {
      await expect((async () => Product.create(values as never))()).rejects.toEqual(refusal('INVALID_VALUE', 422, message))
    }
    await expect((async () => Product.count({ price: { currency: 'EUR' } } as never))()).rejects.toEqual(
      refusal('INVALID_FILTER', 400, /amount/),
    )
    for (const ask of [
      () => Product.query().orderBy('price').all(),
      () => Product.filter((each) => each.price.gt(price)).all(),
      () => Product.filter((each) => each.price.between(price, price)).all(),
      () => Product.query((each) => ({ most: each.price.max() })).all(),
      () => Product.query().orderBy('price').paginateByCursor({ first: 1 }),
    ]) {
      await expect((async () => ask())()).rejects.toEqual(refusal('INVALID_FILTER', 400, /has no order/))
    }
    for (const [name, columns, options] of [
      ['Money', { a: db.Text }],
      ['pg_money', { a: db.Text }],
      ["mo'ney", { a: db.Text }],
      ['ok', {}],
      ['ok', { a: db.JSONType }],
      ['ok', { a: db.PasswordType() }],
      ['ok', { a: 'text' }],
      ['ok', { 'a"': db.Text }],
      ['ok', { a: db.Text }, { nullable: ['a'] }],
      ['ok', { a: db.Text, b: db.Text }, { nullable: ['c'] }],
    ] as const) {
      expect(() => db.CompositeType(name, columns as never, options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  row('the type of the database is made once, with its columns, and dropped after the tables', async ({ another }) => {
    const db = another()
    const raw = (sql: string): Promise<unknown[]> => db.dataSource.query(sql)
    const money = db.CompositeType('money', { currency: db.CurrencyType(), state: db.ChoiceType(['a', 'b']) })
    const pair = db.CompositeType('pair', { first: money, second: money })
    class Bill extends db.BaseModel('Bill', {
      id: db.Column(db.Integer, { primary: true }),
      price: db.Column(money),
      pair: db.Column(pair),
    }) {}
    class Cheque extends db.BaseModel('Cheque', { id: db.Column(db.Integer, { primary: true }), price: db.Column(money) }) {}
    await db.createAll()
    await db.createAll()
    const price = { currency: 'EUR', state: 'a' } as const
    await Bill.create({ id: 1, price, pair: { first: price, second: { ...price, state: 'b' } } })
    expect(await Cheque.count({ price })).toBe(0)
    expect(await Bill.count({ pair: { first: price, second: { currency: 'EUR', state: 'b' } } })).toBe(1)
    if (db.dataSource.driver.kind === 'postgres') {
      expect(await raw('select (price).currency, ((pair).second).state from bill')).toEqual([{ currency: 'EUR', state: 'b' }])
      await expect(raw("update bill set price = '(EUR,c)'")).rejects.toMatchObject({ code: 'CHECK' })
    } else {
      expect(await raw('select price from bill')).toEqual([{ price: '{"currency":"EUR","state":"a"}' }])
    }
    await db.dropAll()
    if (db.dataSource.driver.kind !== 'postgres') return
    expect(await raw("select typname from pg_type where typname in ('money_composite', 'pair')")).toEqual([])
    await raw('create table spot (x integer)')
    const other = another()
    class Place extends other.Model('Place', { at: other.Column(other.CompositeType('spot', { x: other.Integer })) }) {}
    await expect(other.createAll()).rejects.toThrow('spot')
    expect(Place.name).toBe('Place')
  })
}

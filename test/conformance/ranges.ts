import { inspect } from 'node:util'
import {
  type ActiveAlchemy,
  containsValue,
  DateTime,
  type Expression,
  type Filter,
  gt,
  not,
  oneOf,
  overlaps,
  Range,
  within,
} from '@active-alchemy/core'
import { array, assert, asyncProperty, bigInt, constantFrom, date, integer, option, tuple } from 'fast-check'
import { Entity, PrimaryGeneratedColumn } from 'typeorm'
import { expect } from 'vitest'
import type { TestDatabase } from '../databases/database.ts'
import { reason, refused } from './reason.ts'
import { rowIn } from './store.ts'

const bounds = ['[)', '[]', '(]', '()'] as const

/** Ranges: as PostgreSQL has them, on every database. */
export function rangeRows(database: TestDatabase): void {
  const row = rowIn(database)

  async function things(db: ActiveAlchemy) {
    class Span extends db.Model('Span', {
      whole: db.Column(db.IntRangeType, { nullable: true }),
      big: db.Column(db.Int8RangeType, { nullable: true }),
      exact: db.Column(db.NumericRangeType, { nullable: true }),
      days: db.Column(db.DateRangeType, { nullable: true }),
      times: db.Column(db.DateTimeRangeType, { nullable: true }),
    }) {}
    await db.createAll()
    return Span
  }
  type Column = 'whole' | 'big' | 'exact' | 'days' | 'times'

  row('each form of a range is taken, and read as the one that PostgreSQL gives', async ({ db }) => {
    const Span = await things(db)
    const kept: readonly (readonly [Column, unknown, string])[] = [
      ['whole', [1, 5], '[1,5)'],
      ['whole', '[1,5)', '[1,5)'],
      ['whole', '(1,5]', '[2,6)'],
      ['whole', '[ -3 , -1 ]', '[-3,0)'],
      ['whole', [null, 5], '(,5)'],
      ['whole', '[1,)', '[1,)'],
      ['whole', '(,)', '(,)'],
      ['whole', [4, 4], 'empty'],
      ['whole', '(4,5)', 'empty'],
      ['whole', 'empty', 'empty'],
      ['whole', new Range(1, 2, '[]'), '[1,3)'],
      ['whole', '[-2147483648,2147483646]', '[-2147483648,2147483647)'],
      ['big', [1, 5n], '[1,5)'],
      ['big', '[-9223372036854775808,9223372036854775806]', '[-9223372036854775808,9223372036854775807)'],
      ['exact', ['1.50', 2], '[1.5,2)'],
      ['exact', '[1.5,1.5]', '[1.5,1.5]'],
      ['exact', '(-0.05,10)', '(-0.05,10)'],
      ['exact', '[-0,007.10)', '[0,7.1)'],
      ['exact', [0.1, 1e20], '[0.1,100000000000000000000)'],
      ['days', ['2026-01-01', '2026-02-01'], '[2026-01-01,2026-02-01)'],
      ['days', '[2024-02-28,2024-02-28]', '[2024-02-28,2024-02-29)'],
      ['days', '(0001-01-01,)', '[0001-01-02,)'],
      ['times', ['2026-01-01T10:00:00Z', new Date('2026-01-01T12:00:00.5Z')], '[2026-01-01T10:00:00.000Z,2026-01-01T12:00:00.500Z)'],
      ['times', '["2026-01-01 10:00:00","2026-01-01 12:00:00.5"]', '[2026-01-01T10:00:00.000Z,2026-01-01T12:00:00.500Z]'],
      ['times', [DateTime.utc(2026, 1, 1), null], '[2026-01-01T00:00:00.000Z,)'],
    ]
    for (const [column, given, text] of kept) {
      const span = await Span.create({ [column]: given } as never)
      expect([given, String(span[column])]).toEqual([given, text])
      const read = await Span.getOrError(span.id)
      expect([given, String(read[column]), read.isDirty]).toEqual([given, text, false])
      expect([given, await Span.count({ [column]: given, id: span.id } as never)]).toEqual([given, 1])
      expect(read.toJSON()[column]).toBe(text)
      expect(inspect(read[column])).toBe(`Range ${text}`)
      expect((await read.reload()).isDirty).toBe(false)
    }
    const span = await Span.create({ whole: [1, 5], big: [1, 5] })
    expect([span.whole?.lower, span.whole?.upper, span.whole?.bounds, span.whole?.isEmpty]).toEqual([1, 5, '[)', false])
    expect([span.big?.lower, span.big?.upper]).toEqual([1n, 5n])
    await span.update({ whole: '[7,8]' })
    expect(String((await Span.getOrError(span.id)).whole)).toBe('[7,9)')
  })

  row('what is no range is 422, and 400 in a filter', async ({ db }) => {
    const Span = await things(db)
    const wrong: readonly (readonly [Column, unknown])[] = [
      ['whole', [5, 1]],
      ['whole', [1]],
      ['whole', [1, 2, 3]],
      ['whole', 5],
      ['whole', 'x'],
      ['whole', '[1,5'],
      ['whole', '[a,b)'],
      ['whole', [1.5, 2]],
      ['whole', '[1,2147483647]'],
      ['whole', [1, 2 ** 40]],
      ['whole', true],
      ['big', '[1,9223372036854775807]'],
      ['exact', ['x', null]],
      ['exact', ['1'.repeat(31), null]],
      ['days', ['2026-02-30', null]],
      ['days', '[2026-01-01,9999-12-31]'],
      ['times', ['2026-01-01', null]],
      ['times', ['10000-01-01T00:00:00Z', null]],
    ]
    for (const [column, value] of wrong) {
      const created = await reason(() => Span.create({ [column]: value } as never))
      expect([column, value, created]).toEqual([column, value, refused('INVALID_VALUE', 422)])
      for (const operator of [overlaps, within]) {
        const found = await reason(() => Span.count({ [column]: operator(value as never) } as never))
        expect([column, value, found]).toEqual([column, value, refused('INVALID_FILTER', 400)])
      }
    }
    for (const value of [null, undefined, [1], 'x', 1.5, {}, 2 ** 40]) {
      expect([value, await reason(() => Span.count({ whole: containsValue(value as never) }))]).toEqual([
        value,
        refused('INVALID_FILTER', 400),
      ])
    }
    expect(await reason(() => Span.count({ id: overlaps([1, 2]) as never }))).toEqual(refused('INVALID_FILTER', 400))
    expect(await reason(() => Span.query((span) => ({ least: span.whole.min() })).first())).toEqual(refused('INVALID_FILTER', 400))
    expect(await reason(() => Span.count((span) => (span.whole as never as Expression<string>).lower().eq('x')))).toEqual(
      refused('INVALID_FILTER', 400),
    )
  })

  row('operators find what overlaps, contains and is within; NULL is none of them, nor its opposite', async ({ db }) => {
    const Span = await things(db)
    const all = ['[1,5)', '[5,9)', '(,3)', '[8,)', '(,)', 'empty', null]
    for (const whole of all) await Span.create({ whole })
    const found = async (filter: Filter<InstanceType<typeof Span>>): Promise<string[]> =>
      (await Span.filter(filter).orderBy('id').all()).map(({ whole }) => String(whole))
    expect(await found({ whole: overlaps([4, 6]) })).toEqual(['[1,5)', '[5,9)', '(,)'])
    expect(await found({ whole: overlaps('[5,5]') })).toEqual(['[5,9)', '(,)'])
    expect(await found({ whole: overlaps('empty') })).toEqual([])
    expect(await found({ whole: overlaps('(,)') })).toEqual(['[1,5)', '[5,9)', '(,3)', '[8,)', '(,)'])
    expect(await found({ whole: not(overlaps([4, 6])) })).toEqual(['(,3)', '[8,)', 'empty'])
    expect(await found({ whole: containsValue(5) })).toEqual(['[5,9)', '(,)'])
    expect(await found({ whole: containsValue(-2_147_483_648) })).toEqual(['(,3)', '(,)'])
    expect(await found({ whole: within([1, 9]) })).toEqual(['[1,5)', '[5,9)', 'empty'])
    expect(await found({ whole: within(new Range<number>(null, null)) })).toEqual(['[1,5)', '[5,9)', '(,3)', '[8,)', '(,)', 'empty'])
    expect(await found({ whole: within('empty') })).toEqual(['empty'])
    expect(await found((span) => span.whole.matches(overlaps([1, 2])).and(span.whole.isNull().not()))).toEqual(['[1,5)', '(,3)', '(,)'])
    expect(await found({ whole: oneOf(['[1,5)', '(4,8]']) as never })).toEqual(['[1,5)', '[5,9)'])
    expect(await found({ whole: gt(new Range(1, 5)) })).toEqual(['[5,9)', '[8,)'])
    expect(await found({ id: gt(0), whole: [1, 5] as never })).toEqual(['[1,5)'])
  })

  /** How PostgreSQL sorts ranges. */
  function inOrder(one: Range<number>, other: Range<number>): number {
    if (one.isEmpty || other.isEmpty) return Number(other.isEmpty) - Number(one.isEmpty)
    const lower = (range: Range<number>): number =>
      range.lower === null ? -Infinity : range.lower * 4 + (range.bounds.startsWith('[') ? 0 : 1)
    const upper = (range: Range<number>): number =>
      range.upper === null ? Infinity : range.upper * 4 - (range.bounds.endsWith(']') ? 0 : 1)
    return lower(one) - lower(other) || upper(one) - upper(other) || 0
  }

  row('ranges of every kind come back, sort as they do in PostgreSQL, and are found by the same operators', async ({ db }) => {
    const Span = await things(db)
    const ends = <T>(of: Parameters<typeof option<T>>[0]) => tuple(option(of), option(of), constantFrom(...bounds))
    const hundredth = integer({ min: -500, max: 500 })
    await assert(
      asyncProperty(
        array(ends(hundredth), { minLength: 2, maxLength: 12 }),
        hundredth,
        ends(bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 2n })),
        ends(date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })),
        async (given, value, [low, high, kind], [from, to]) => {
          await Span.query().deleteAll({ allRows: true, hardDelete: true })
          // As numbers of two digits after the point: all ends of one size are met, and those of another.
          const text = (end: number | null): string | null => (end === null ? null : String(end / 100))
          const ranges = given
            .map(([one, other, how]) => new Range(...sorted(one, other), how))
            .map((range) => ({
              range,
              exact: range.isEmpty ? new Range<string>(null, null, 'empty') : new Range(text(range.lower), text(range.upper), range.bounds),
            }))
          await Span.createMany(ranges.map(({ exact }) => ({ exact })))
          const rows = await Span.query().orderBy('exact').orderBy('id').all()
          const expected = ranges.toSorted((one, other) => inOrder(one.range, other.range)).map(({ exact }) => String(exact))
          expect(rows.map(({ exact }) => String(exact))).toEqual(expected)
          const count = async (filter: object): Promise<number> => Span.count(filter as never)
          expect(await count({ exact: containsValue(String(value / 100)) })).toBe(
            ranges.filter(({ range }) => range.contains(value)).length,
          )
          const [{ range: first, exact } = { range: new Range(0, 1), exact: new Range('0', '1') }] = ranges
          expect(await count({ exact: overlaps(exact) })).toBe(ranges.filter(({ range }) => range.overlaps(first)).length)
          expect(await count({ exact: within(exact) })).toBe(ranges.filter(({ range }) => isWithin(range, first)).length)
          const big = new Range(...sorted(low, high), kind)
          const span = await Span.create({ big, times: sorted(from, to) as never })
          const read = await Span.getOrError(span.id)
          expect([String(read.big), String(read.times)]).toEqual([String(span.big), String(span.times)])
        },
      ),
      { numRuns: 12 },
    )
  })

  row('what the Python original wrote as text is read, and written anew as it is saved', async ({ db, raw }) => {
    if (db.dataSource.options.type === 'postgres') return
    const Span = await things(db)
    const { id } = await Span.create({})
    await raw(
      `update span set whole = '[1, 5]', exact = '(1.5, 2]', days = '[2026-01-01, 2026-01-31]', times = '[2026-01-01 10:00:00,)' where id = ${id}`,
    )
    const span = await Span.getOrError(id)
    expect([span.whole, span.exact, span.days, span.times].map(String)).toEqual([
      '[1,6)',
      '(1.5,2]',
      '[2026-01-01,2026-02-01)',
      '[2026-01-01T10:00:00.000Z,)',
    ])
    await span.update({ whole: span.whole })
    expect(await Span.count({ whole: containsValue(5) })).toBe(1)
  })

  row('unique, groups, distinct, a page by cursor: equal ranges are one', async ({ db }) => {
    class Slot extends db.Model('Slot', { days: db.Column(db.DateRangeType, { unique: true }), kind: db.Column(db.IntRangeType) }) {}
    await db.createAll()
    await Slot.create({ days: ['2026-01-01', '2026-01-08'], kind: [1, 2] })
    expect(await reason(() => Slot.create({ days: '[2026-01-01,2026-01-07]', kind: [1, 2] }))).toEqual(refused('UNIQUE', 409))
    await Slot.create({ days: ['2026-01-08', null], kind: '[1,1]' })
    await Slot.create({ days: [null, '2026-01-08'], kind: [2, 3] })
    const groups = await Slot.query((slot) => ({ kind: slot.kind, n: slot.id.count() }))
      .groupBy('kind')
      .orderBy('kind')
      .all()
    expect(groups.map(({ kind, n }) => [String(kind), n])).toEqual([
      ['[1,2)', 2],
      ['[2,3)', 1],
    ])
    expect((await Slot.query('kind').distinct().orderBy('kind').all()).map(({ kind }) => String(kind))).toEqual(['[1,2)', '[2,3)'])
    const page = await Slot.query().orderBy('days').paginateByCursor({ first: 2 })
    const next = await Slot.query().orderBy('days').paginateByCursor({ first: 2, after: page.endCursor })
    expect([...page, ...next].map(({ days }) => String(days))).toEqual(['(,2026-01-08)', '[2026-01-01,2026-01-08)', '[2026-01-08,)'])
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log()
    expect(upQueries.map(({ query }) => query)).toEqual([])
  })

  row('an entity of plain TypeORM has ranges by the decorator', async ({ another }) => {
    const { IntRangeType, Column: column } = another()
    @Entity()
    class Course {
      @PrimaryGeneratedColumn() id!: number
      @column(IntRangeType) ages!: Range<number>
    }
    const db = another({ models: [Course] })
    await db.createAll()
    const repository = db.dataSource.getRepository(Course)
    const { id } = await repository.save({ ages: new Range(6, 10) })
    expect(String((await repository.findOneByOrFail({ id })).ages)).toBe('[6,10)')
    expect(await db.of(Course).count({ ages: containsValue(7) })).toBe(1)
    expect(String((await db.of(Course).create({ ages: [1, 2] })).ages)).toBe('[1,2)')
  })
}

function sorted<T extends number | bigint | Date>(one: T | null, other: T | null): [T | null, T | null] {
  return one === null || other === null || one <= other ? [one, other] : [other, one]
}

function isWithin(one: Range<number>, other: Range<number>): boolean {
  if (one.isEmpty) return true
  if (other.isEmpty) return false
  const first = (range: Range<number>): number =>
    range.lower === null ? -Infinity : range.lower * 4 + (range.bounds.startsWith('[') ? 0 : 1)
  const last = (range: Range<number>): number => (range.upper === null ? Infinity : range.upper * 4 - (range.bounds.endsWith(']') ? 0 : 1))
  return first(one) >= first(other) && last(one) <= last(other)
}

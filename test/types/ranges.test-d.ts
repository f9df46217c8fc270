import { ActiveAlchemy, containsValue, type DateTime, overlaps, Range, within } from '@active-alchemy/core'
import { expectTypeOf } from 'vitest'

const db = new ActiveAlchemy('sqlite://')

class Span extends db.Model('Span', {
  whole: db.Column(db.IntRangeType),
  big: db.Column(db.Int8RangeType, { nullable: true }),
  exact: db.Column(db.NumericRangeType, { nullable: true }),
  times: db.Column(db.DateTimeRangeType, { nullable: true }),
}) {}

const span = await Span.create({ whole: [1, 5], big: [1, 2n], exact: ['1.5', 2], times: [new Date(), null] })
expectTypeOf(span.whole).toEqualTypeOf<Range<number>>()
expectTypeOf(span.big).toEqualTypeOf<Range<bigint> | null>()
expectTypeOf(span.times).toEqualTypeOf<Range<DateTime> | null>()
expectTypeOf(span.whole.lower).toEqualTypeOf<number | null>()
void span.update({ whole: '[1,5)' })
void span.update({ whole: new Range(1, 5) })
Span.filter({ whole: overlaps([1, 5]) })
Span.filter({ whole: containsValue(5), exact: within(['1', null]) })
Span.filter((each) => each.whole.matches(overlaps(new Range(1, 2))))
// @ts-expect-error ends of another kind
void Span.create({ whole: ['1', '5'] })
// @ts-expect-error neither a range nor one of its forms
void span.update({ whole: 5 })
// @ts-expect-error the value of another kind of range
Span.filter({ whole: containsValue('5') })

class Decorated extends db.Model {
  @db.Column(db.IntRangeType) declare ages: Range<number>
  // @ts-expect-error a range of another kind
  @db.Column(db.IntRangeType) declare wrong: Range<string>
}
void (await Decorated.create({ ages: [1, 5] })).update({ ages: '[1,5)' })

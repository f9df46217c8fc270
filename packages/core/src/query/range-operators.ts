import { InvalidFilterError } from '../errors.js'
import { Parameter, type Pieces, pieces } from '../drivers/dialect.js'
import { Range, type RangeInput } from '../types/range.js'
import { emptyKey, rangeKeys } from '../types/range-type.js'
import type { From } from './compile.js'
import { condition, type Expression, type Term } from './expression.js'
import { Operator } from './operators.js'

/** How ranges of a column and another one are held against each other. */
interface Comparison {
  /** By an operator of a database that has ranges. */
  readonly native: '&&' | '@>' | '<@'
  /** By the ends, where it has none. */
  readonly keyed: (lower: Pieces, upper: Pieces, least: Parameter, most: Parameter, whole: Pieces) => Pieces
}

const overlapping: Comparison = {
  native: '&&',
  keyed: (lower, upper, least, most) => pieces`(${lower} <= ${most} AND ${upper} >= ${least})`,
}

const inside: Comparison = {
  native: '<@',
  // An empty range is in every other one.
  keyed: (lower, upper, least, most, whole) =>
    pieces`(${whole} = ${new Parameter(emptyKey)} OR (${lower} >= ${least} AND ${upper} <= ${most}))`,
}

function comparing(range: unknown, { native, keyed }: Comparison): Operator<never> {
  return new Operator((column, from) =>
    condition((inner) => {
      const term = rangeTerm(column, inner)
      const stored = encoded(range, term, from)
      const { dialect } = from.driver
      if (dialect.rangePart === undefined) return [...term.pieces, ` ${native} CAST(`, new Parameter(stored), ` AS ${term.type.storedAs})`]
      const { lower, upper } = rangeKeys(stored)
      const [first, last] = [dialect.rangePart(term.pieces, 'lower'), dialect.rangePart(term.pieces, 'upper')]
      return keyed(first, last, new Parameter(lower), new Parameter(upper), term.pieces)
    }),
  )
}

function rangeTerm(column: Expression, from: From): Term {
  const term = column.term(from)
  if (term.type.kind !== 'range')
    throw new InvalidFilterError(from.name, term.type.name ?? 'an expression', 'it is no range', 'Ask a column of ranges.')
  return term
}

/** @throws {InvalidFilterError} It is no range of the column. Status 400. */
function encoded(range: unknown, { type }: Term, from: From): unknown {
  try {
    return type.encode(type.accept(range))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw InvalidFilterError.ofValue(from.name, type.name ?? 'a range', error.message)
  }
}

/**
 * Has a value in common with another range.
 *
 * @param range A range, its text, or `[lower, upper]`.
 * @throws {InvalidFilterError} The column has no ranges, or none of that kind. Status 400.
 * @since 0.2
 * @example
 * Booking.filter({ days: overlaps(['2026-07-01', '2026-07-15']) })
 */
export function overlaps<T>(range: Range<T> | RangeInput<T>): Operator<Range<T>>
export function overlaps(range: unknown): Operator<never> {
  return comparing(range, overlapping)
}

/**
 * Has a value in it.
 *
 * @throws {InvalidFilterError} The column has no ranges, or the value is none of its. Status 400.
 * @since 0.2
 * @example
 * Course.filter({ ages: containsValue(7) })
 */
export function containsValue<T>(value: T): Operator<Range<T>>
export function containsValue(value: unknown): Operator<never> {
  return new Operator((column, from) => {
    if (value === null || value === undefined || Array.isArray(value)) {
      throw new InvalidFilterError(from.name, 'containsValue()', 'it takes one value')
    }
    return comparing(new Range(value, value, '[]'), overlapping).on(column, from)
  })
}

/**
 * Is within another range: all its values are.
 *
 * @param range A range, its text, or `[lower, upper]`.
 * @throws {InvalidFilterError} The column has no ranges, or none of that kind. Status 400.
 * @since 0.2
 * @example
 * Booking.filter({ days: within(['2026-01-01', '2027-01-01']) })
 */
export function within<T>(range: Range<T> | RangeInput<T>): Operator<Range<T>>
export function within(range: unknown): Operator<never> {
  return comparing(range, inside)
}

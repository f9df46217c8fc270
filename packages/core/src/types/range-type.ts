import { DateTime as Luxon } from 'luxon'
import { BigInteger } from './big-integer.js'
import { type ColumnType, type DatabaseKind, refuse } from './column-type.js'
import { Date as DateType } from './date.js'
import { DateTime } from './date-time.js'
import { plainDigits } from './decimal.js'
import { Integer } from './integer.js'
import { compareEnds, Range, type RangeInput, type RangeParts, rangeParts } from './range.js'

/** What ranges of one kind of values are made of. */
interface Ends<T> {
  readonly typeName: string
  /** Its type on PostgreSQL. */
  readonly native: string
  /** For a message. */
  readonly example: string
  /** An end, of the application's or of a text. @throws {TypeError} It is none. */
  accept(value: unknown): T
  /** The value after an end, where values can be counted. @throws {TypeError} There is none. */
  next?(value: T): T
  /** A text that sorts as the value does; none of them is the beginning of another one. */
  readonly key: (value: T) => string
  /** An end as PostgreSQL shows it, so that a default is the one that its table has. @default its text */
  readonly shown?: (value: T) => string
}

/** What sorts before all ends, and after them. */
const [least, most] = ['#', '~']

/** What is stored of an empty range: it is before all others, and ends before it begins. */
export const emptyKey = '"|!|empty'

/**
 * Where databases have no ranges, one is a text that sorts as PostgreSQL sorts ranges: its lower end, its upper end, each with whether it
 * is just before the value (0), the value itself (1) or just after it (2); then the range as it is read.
 */
function keyed<T>(range: Range<T>, { key }: Ends<T>): string {
  if (range.isEmpty) return emptyKey
  const lower = range.lower === null ? least : `${key(range.lower)}${range.bounds.startsWith('[') ? 1 : 2}`
  const upper = range.upper === null ? most : `${key(range.upper)}${range.bounds.endsWith(']') ? 1 : 0}`
  return [lower, upper, range].join('|')
}

/** A range as PostgreSQL shows it. */
function native<T>(range: Range<T>, { shown = String }: Ends<T>): string {
  if (range.isEmpty) return 'empty'
  const end = (value: T | null): string => (value === null ? '' : shown(value))
  return `${range.bounds.slice(0, 1)}${end(range.lower)},${end(range.upper)}${range.bounds.slice(1)}`
}

/** A range as its database keeps it, with its ends as they sort there. */
export interface KeyedRange {
  readonly lower: string
  readonly upper: string
}

/** The parts of what is stored where there are no ranges. */
export function rangeKeys(stored: unknown): KeyedRange {
  const [lower = '', upper = ''] = typeof stored === 'string' ? stored.split('|') : []
  return { lower, upper }
}

function rangeType<T, Also = never>(ends: Ends<T>): ColumnType<Range<T>, RangeInput<T | Also>> {
  const end = (value: unknown): T | null => (value === null || value === undefined ? null : ends.accept(value))
  const made = ({ lower, upper, bounds }: RangeParts): Range<T> => {
    const [first, last] = [end(lower), end(upper)]
    if (first !== null && last !== null && compareEnds(first, last) > 0) {
      throw new TypeError('takes a range whose lower end is not beyond the upper one')
    }
    const range = new Range(first, last, bounds)
    if (!ends.next || range.isEmpty) return range
    // Of values that can be counted every range has one form.
    const from = range.lower !== null && range.bounds.startsWith('(') ? ends.next(range.lower) : range.lower
    const to = range.upper !== null && range.bounds.endsWith(']') ? ends.next(range.upper) : range.upper
    return new Range(from, to)
  }
  const parsed = (text: string): Range<T> | undefined => {
    if (text === 'empty') return new Range<T>(null, null, 'empty')
    const parts = rangeParts(text)
    return parts && made(parts)
  }
  const read = (text: string): Range<T> | string => {
    try {
      return parsed(text) ?? text
    } catch (error) {
      // What is beyond all that is taken here; the application may still see it.
      if (error instanceof TypeError) return text
      throw error
    }
  }
  const accepted = (value: unknown): Range<T> | undefined => {
    if (typeof value === 'string') return parsed(value)
    if (value instanceof Range) return value.isEmpty ? parsed('empty') : made(value)
    return Array.isArray(value) && value.length === 2 ? made({ lower: value[0], upper: value[1], bounds: '[)' }) : undefined
  }
  return {
    kind: 'range',
    typeName: ends.typeName,
    shape: 'list',
    storage: (database: DatabaseKind) => ({
      ...(database === 'postgres' ? { type: ends.native } : { type: 'varchar', length: 255 }),
      transformer: {
        to: (value: unknown) => (!(value instanceof Range) ? value : database === 'postgres' ? native(value, ends) : keyed(value, ends)),
        // What the Python original wrote is the range alone.
        from: (value: unknown) => (typeof value === 'string' ? read(value.slice(value.lastIndexOf('|') + 1)) : value),
      },
    }),
    accept: (value) => accepted(value) ?? refuse(`a range like ${ends.example}`, value),
    toJSON: (value) => value.toJSON(),
  }
}

/** A number as a text of so many digits, which sorts as it does. */
function offset(value: bigint, bits: number): string {
  return `${value + 2n ** BigInt(bits - 1)}`.padStart(bits === 32 ? 10 : 20, '0')
}

/**
 * A range of whole numbers of 32 bits; every one is read as `[1,5)`.
 *
 * @example
 * class Course extends db.Model('Course', { ages: db.Column(db.IntRangeType) }) {}
 * await Course.create({ ages: [6, 10] })
 * await Course.filter({ ages: containsValue(7) }).all()
 */
export const IntRangeType: ColumnType<Range<number>, RangeInput<number>> = rangeType<number>({
  typeName: 'IntRangeType',
  native: 'int4range',
  example: '[1,5)',
  accept: (value) => Integer.accept(typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value),
  next: (value) => Integer.accept(value + 1),
  key: (value) => offset(BigInt(value), 32),
})

/** A range of whole numbers of 64 bits; its ends are `bigint`s. See `IntRangeType`. */
export const Int8RangeType: ColumnType<Range<bigint>, RangeInput<bigint | number>> = rangeType<bigint, number>({
  typeName: 'Int8RangeType',
  native: 'int8range',
  example: '[1,5)',
  accept: (value) => BigInteger.accept(typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? BigInt(value) : value),
  next: (value) => BigInteger.accept(value + 1n),
  key: (value) => offset(value, 64),
})

/** A range of decimal numbers, of up to 30 digits before the point and 15 after it; its ends are texts. See `IntRangeType`. */
export const NumericRangeType: ColumnType<Range<string>, RangeInput<string | number>> = rangeType<string, number>({
  typeName: 'NumericRangeType',
  native: 'numrange',
  example: '[1.5,2.25]',
  accept(value) {
    const text = typeof value === 'number' && Number.isFinite(value) ? plainDigits(value) : value
    const [, sign = '', whole, fraction = ''] = /^(-?)0*(\d{1,30})(?:\.(\d{1,15}?)0*)?$/.exec(String(text)) ?? []
    if (typeof text !== 'string' || whole === undefined) refuse('a decimal number of 30 digits before the point and 15 after it', value)
    const digits = fraction === '' || fraction === '0' ? whole : `${whole}.${fraction}`
    return /[1-9]/.test(digits) ? sign + digits : '0'
  },
  key: decimalKey,
})

/** A sign, how large it is, its digits: those of negative numbers turned round. */
function decimalKey(value: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*)\.?(\d*)$/.exec(value) ?? []
  const leading = whole === '' ? /^0*/.exec(fraction)?.[0].length : undefined
  const size = String(50 + (leading === undefined ? whole.length : -leading)).padStart(2, '0')
  const digits = size + (whole + fraction).replace(/^0+/, '').replace(/0+$/, '')
  if (digits.length === 2) return '1!'
  return sign === '' ? `2${digits}!` : `0${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}~`
}

/** A range of days, ISO texts as of `db.Date`; every one is read as `[2026-01-01,2026-02-01)`. See `IntRangeType`. */
export const DateRangeType: ColumnType<Range<string>, RangeInput<string>> = rangeType<string>({
  typeName: 'DateRangeType',
  native: 'daterange',
  example: '[2026-01-01,2026-02-01)',
  accept: (value) => DateType.accept(value),
  next: (value) => DateType.accept(Luxon.fromISO(value, { zone: 'utc' }).plus({ days: 1 }).toISODate()),
  key: (value) => value,
})

/** A range of moments, Luxon `DateTime`s in UTC as of `db.DateTime`. See `IntRangeType`. */
export const DateTimeRangeType: ColumnType<Range<Luxon>, RangeInput<Luxon | globalThis.Date | string>> = rangeType<
  Luxon,
  globalThis.Date | string
>({
  typeName: 'DateTimeRangeType',
  native: 'tsrange',
  example: '[2026-01-01T10:00:00Z,2026-01-01T12:00:00Z)',
  accept: (value) => DateTime.accept(typeof value === 'string' ? value.replace(' ', 'T') : value),
  key: (value) => new globalThis.Date(value.toMillis()).toISOString(),
  shown: (value) =>
    `"${value
      .toUTC()
      .toFormat('yyyy-MM-dd HH:mm:ss.SSS')
      .replace(/\.?0+$/, '')}"`,
})

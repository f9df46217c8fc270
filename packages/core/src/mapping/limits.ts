import { InvalidOptionError, type ValueFault } from '../errors.js'
import type { Option } from '../options.js'
import type { ColumnKind, ColumnType } from '../types/column-type.js'
import { plainDigits, scaled } from '../types/decimal.js'

/** How long a value may be: so many, or from so many to so many. @since 0.2 */
export type LengthLimit = number | { readonly min?: number; readonly max?: number }

/** Limits of a column's values, in its options. */
export interface Limits {
  readonly min?: unknown
  readonly max?: unknown
  readonly length?: LengthLimit
  readonly pattern?: RegExp
}

/** What is wrong with a value, whichever column has it. */
export type Fault = Omit<ValueFault, 'column'>

/** Kinds whose values have an order that everybody agrees on; that of texts is a matter of languages. */
const ordered: ReadonlySet<ColumnKind> = new Set(['integer', 'bigint', 'number', 'decimal', 'date', 'time', 'datetime'])
const counted: ReadonlySet<ColumnKind> = new Set(['string', 'json', 'bytes'])

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** How the options are read. */
export const limitOptions = {
  length: {
    takes: 'a whole number from 0, or an object of min and max, of which none is larger than the other',
    accepts: (value): value is LengthLimit => {
      if (isCount(value)) return true
      if (typeof value !== 'object' || value === null || Object.keys(value).some((key) => key !== 'min' && key !== 'max')) return false
      const { min, max }: { readonly min?: unknown; readonly max?: unknown } = value
      if ((min !== undefined && !isCount(min)) || (max !== undefined && !isCount(max))) return false
      return (min !== undefined || max !== undefined) && (min ?? 0) <= (max ?? Number.POSITIVE_INFINITY)
    },
  },
  pattern: {
    takes: 'a regular expression without the flags g and y, which make it remember where it was',
    accepts: (value): value is RegExp => value instanceof RegExp && !value.global && !value.sticky,
  },
} satisfies Record<string, Option<unknown>>

/**
 * The limits of a column, its bounds as its type keeps them.
 *
 * @throws {InvalidOptionError} The column holds values that have no such limit, or does not take it.
 */
export function readLimits(type: ColumnType<unknown>, { min, max, length, pattern }: Limits): Limits {
  const { kind, typeName } = type
  const refuse = (option: string, takes: string, given: unknown): never => {
    throw new InvalidOptionError(`${option} of db.Column(${typeName})`, takes, given)
  }
  for (const [option, bound] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (bound !== undefined && !ordered.has(kind)) refuse(option, 'no value: it is of numbers, days, times and moments', bound)
  }
  if (length !== undefined && !counted.has(kind)) refuse('length', 'no value: it is of texts, lists and bytes', length)
  if (pattern !== undefined && kind !== 'string') refuse('pattern', 'no value: it is of texts', pattern)
  const kept = (option: string, bound: unknown): unknown => {
    if (bound === undefined) return undefined
    try {
      return type.accept(bound)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return refuse(option, error.message.replace(/^takes |, and received .*$/g, ''), bound)
    }
  }
  const [from, to] = [kept('min', min), kept('max', max)]
  if (from !== undefined && to !== undefined && compare(type, from, to) > 0) refuse('min', 'no more than max', min)
  return {
    ...(from === undefined ? {} : { min: from }),
    ...(to === undefined ? {} : { max: to }),
    ...(length === undefined ? {} : { length }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

/** Whether there are any. */
export function hasLimits({ min, max, length, pattern }: Limits): boolean {
  return min !== undefined || max !== undefined || length !== undefined || pattern !== undefined
}

/** All limits that a value of the column's type is beyond. */
export function beyond(type: ColumnType<unknown>, { min, max, length, pattern }: Limits, value: unknown): Fault[] {
  const faults: Fault[] = []
  if (min !== undefined && compare(type, value, min) < 0) faults.push({ message: `must be at least ${shownBound(type, min)}`, code: 'min' })
  if (max !== undefined && compare(type, value, max) > 0) faults.push({ message: `must be at most ${shownBound(type, max)}`, code: 'max' })
  const long = length === undefined ? undefined : longness(length, sizeOf(value), typeof value === 'string' ? 'character' : 'item')
  if (long !== undefined) faults.push({ message: long, code: 'length' })
  if (pattern && !(typeof value === 'string' && pattern.test(value))) faults.push({ message: `must match ${pattern}`, code: 'pattern' })
  return faults
}

/** The order of two values of an ordered type. */
function compare({ kind, range }: ColumnType<unknown>, one: unknown, other: unknown): number {
  const [a, b] = kind === 'decimal' ? [digits(one, range?.scale), digits(other, range?.scale)] : [plain(one), plain(other)]
  return a < b ? -1 : a > b ? 1 : 0
}

function digits(value: unknown, scale = 1_000): bigint {
  return scaled(typeof value === 'number' ? plainDigits(value) : String(value), scale)
}

/** What compares as a value does: of a moment, its milliseconds. */
function plain(value: unknown): string | number | bigint {
  return typeof value === 'string' || typeof value === 'bigint' ? value : Number(value)
}

function shownBound(type: ColumnType<unknown>, bound: unknown): string {
  return String(type.toJSON ? type.toJSON(bound) : bound)
}

/** How many there are: characters by code points, as databases count them; `undefined` of what cannot be counted. */
function sizeOf(value: unknown): number | undefined {
  if (typeof value === 'string') return Array.from(value).length
  return Array.isArray(value) || value instanceof Uint8Array ? value.length : undefined
}

function longness(limit: LengthLimit, size: number | undefined, unit: string): string | undefined {
  const many = (count: number): string => `${count} ${unit}${count === 1 ? '' : 's'}`
  const { min = 0, max = Number.POSITIVE_INFINITY } = typeof limit === 'number' ? { min: limit, max: limit } : limit
  if (size !== undefined && size >= min && size <= max) return undefined
  if (min === max) return `must have ${many(min)}`
  return size !== undefined && size > max ? `must have at most ${many(max)}` : `must have at least ${many(min)}`
}

import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidOptionError } from '../errors.js'
import type { Limits } from '../mapping/limits.js'
import { columnType, rulesOf } from '../mapping/mapped-column.js'
import { finiteNumber, flag, type Option } from '../options.js'
import { type AssignOptions, refuseChange } from '../plan/assignment.js'
import type { Increment, IncrementBound } from '../plan/statements.js'
import type { ColumnKind, NumberRange } from '../types/column-type.js'
import { plainDigits, scaled, unscaled } from '../types/decimal.js'

/** Bounds of `increment` and `decrement`, and whether a guarded column may change. @since 0.1 */
export interface IncrementOptions {
  /** The smallest value that may result. @default the smallest that the column can hold */
  readonly min?: number
  /** The largest value that may result. @default the largest that the column can hold */
  readonly max?: number
  /** Takes a guarded column too: for names that no client chose. @default false */
  readonly unguarded?: boolean
}

/** By how much, and within which bounds. Nothing at all means one; `undefined` is refused, since what a client left out is no one. @since 0.2 */
export type IncrementArguments = [] | [by: number, options?: IncrementOptions | undefined]

const bound: Option<number> = { ...finiteNumber, isOfClient: true }

/** @internal How `IncrementOptions` are read. */
export const incrementOptions = { min: bound, max: bound, unguarded: flag }

const numbers: readonly ColumnKind[] = ['integer', 'bigint', 'number', 'decimal']

/**
 * The column of numbers that is to change.
 *
 * @throws {InvalidOptionError} It holds no numbers, or is the key. Status 400.
 * @throws {UnknownColumnError} There is no such column. @throws {ProtectedColumnError} It is guarded.
 */
export function numericColumn(metadata: EntityMetadata, name: string, options: AssignOptions): ColumnMetadata {
  if (typeof name !== 'string') throw InvalidOptionError.ofClient('column', 'the name of a column', name)
  const column = metadata.columns.find(({ propertyName, isVirtual }) => propertyName === name && !isVirtual)
  if (column && (column.isPrimary || column.isVersion || !numbers.includes(columnType(column).kind))) {
    throw InvalidOptionError.ofClient('column', 'a column of numbers that is no key', name)
  }
  refuseChange(metadata, name, options)
  if (!column) throw InvalidOptionError.ofClient('column', 'a column of numbers', name)
  return column
}

/**
 * What adding `by` to a column takes: the amount as it is bound, and between which values the column must be before, so that the sum
 * passes no bound. They are reckoned with here, to the last digit, since in the database the sum itself might not fit.
 *
 * @returns `undefined` when the column can hold no number that may change so.
 * @throws {InvalidOptionError} It is no finite number, or has more digits after the point than the column. Status 400.
 */
export function incrementOf(column: ColumnMetadata, by: unknown, { min, max }: IncrementOptions): Increment | undefined {
  if (typeof by !== 'number' || !Number.isFinite(by)) throw InvalidOptionError.ofClient('by', 'a finite number', by)
  const { kind, range } = columnType(column)
  const limits = rulesOf(column) ?? {}
  if (!range) return floating(by, { min, max }, limits)
  const { scale, smallest, largest } = range
  const amount = exact(by, scale)
  const least = limits.min === undefined ? smallest : greater(smallest, digitsOf(limits.min, scale))
  const most = limits.max === undefined ? largest : lesser(largest, digitsOf(limits.max, scale))
  const from = (min === undefined ? least : greater(least, rounded(min, scale, 'up'))) - amount
  const to = (max === undefined ? most : lesser(most, rounded(max, scale, 'down'))) - amount
  if (from > to || from > largest || to < smallest || amount > largest || amount < -largest) return undefined
  const value = (digits: bigint): unknown => {
    if (kind === 'decimal') return unscaled(digits, scale)
    return kind === 'bigint' ? digits : Number(digits)
  }
  const bounds: IncrementBound[] = []
  if (min !== undefined || from > smallest)
    bounds.push({ operator: '>=', value: value(greater(from, smallest)), isAsked: min !== undefined })
  if (max !== undefined || to < largest) bounds.push({ operator: '<=', value: value(lesser(to, largest)), isAsked: max !== undefined })
  const fits = (current: unknown): boolean => {
    if (current === null || current === undefined) return min === undefined && max === undefined
    const digits = digitsOf(current, scale)
    return digits >= from && digits <= to
  }
  return { amount: value(amount), bounds, scale: kind === 'decimal' ? scale : undefined, fits }
}

function digitsOf(value: unknown, scale: number): bigint {
  return scaled(typeof value === 'number' ? plainDigits(value) : String(value), scale)
}

function floating(by: number, asked: { readonly min: number | undefined; readonly max: number | undefined }, limits: Limits): Increment {
  const min = Math.max(asked.min ?? -Number.MAX_VALUE, Number(limits.min ?? -Number.MAX_VALUE))
  const max = Math.min(asked.max ?? Number.MAX_VALUE, Number(limits.max ?? Number.MAX_VALUE))
  const bounds: (IncrementBound & { readonly value: number })[] = []
  if (min - by > -Number.MAX_VALUE) bounds.push({ operator: '>=', value: min - by, isAsked: asked.min !== undefined })
  if (max - by < Number.MAX_VALUE) bounds.push({ operator: '<=', value: max - by, isAsked: asked.max !== undefined })
  const fits = (current: unknown): boolean =>
    bounds.every(({ operator, value, isAsked }) => {
      if (current === null || current === undefined) return !isAsked
      return operator === '>=' ? Number(current) >= value : Number(current) <= value
    })
  return { amount: by, bounds, scale: undefined, fits }
}

/** @throws {InvalidOptionError} The column would round it. */
function exact(by: number, scale: NumberRange['scale']): bigint {
  const digits = plainDigits(by)
  if ((digits.split('.')[1]?.length ?? 0) > scale) {
    throw InvalidOptionError.ofClient('by', scale === 0 ? 'a whole number' : `a number with at most ${scale} digits after the point`, by)
  }
  return scaled(digits, scale)
}

/** A bound as the nearest number within it that the column can hold. */
function rounded(bound: number, scale: number, direction: 'up' | 'down'): bigint {
  const digits = plainDigits(bound)
  const cut = scaled(digits, scale)
  const isCut = /[1-9]/.test((digits.split('.')[1] ?? '').slice(scale))
  // What was cut off is taken towards zero.
  if (!isCut) return cut
  if (direction === 'up') return bound > 0 ? cut + 1n : cut
  return bound < 0 ? cut - 1n : cut
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

import { inspect } from 'node:util'
import type { takes } from './column-type.js'
import { scaled } from './decimal.js'

/** Whether the ends of a range belong to it: `[` and `]` do, `(` and `)` do not. @since 0.2 */
export type RangeBounds = '[)' | '[]' | '(]' | '()'

/** What may be written in place of a range: its text, `'[1,5)'`, or its ends, of which the first belongs to it; `null` is no end. @since 0.2 */
export type RangeInput<T> = string | readonly [lower: T | null, upper: T | null]

/**
 * The values between two ends. It never changes.
 *
 * @typeParam T Of its ends.
 * @since 0.2
 * @example
 * const office = new Range(9, 17)
 * office.contains(17)                  // false
 * office.overlaps(new Range(16, 20))   // true
 * String(office)                       // [9,17)
 */
export class Range<T> {
  /** Only for the type: what else may be written in its place. */
  declare readonly [takes]: RangeInput<T>
  /** The first value; `null` where there is none, or nothing in it. */
  readonly lower: T | null
  /** The last value, or the one after it; `null` where there is none, or nothing in it. */
  readonly upper: T | null
  /** Which of its ends belong to it. */
  readonly bounds: RangeBounds
  /** Whether there is no value in it. */
  readonly isEmpty: boolean

  /**
   * @param lower `null` for no end.
   * @param upper `null` for no end.
   * @param bounds Which of them belong to it; `'empty'` for a range without any value. @default '[)'
   */
  constructor(lower: T | null, upper: T | null, bounds: RangeBounds | 'empty' = '[)') {
    const order = lower === null || upper === null ? -1 : compareEnds(lower, upper)
    this.isEmpty = bounds === 'empty' || order > 0 || (order === 0 && bounds !== '[]')
    this.lower = this.isEmpty ? null : lower
    this.upper = this.isEmpty ? null : upper
    // What is not there does not belong to it.
    const [first, last] = this.isEmpty ? '()' : bounds
    this.bounds = `${this.lower === null || first === '(' ? '(' : '['}${this.upper === null || last === ')' ? ')' : ']'}`
  }

  /** Whether a value is in it. */
  contains(value: T): boolean {
    return this.overlaps(new Range(value, value, '[]'))
  }

  /** Whether a value is in both. */
  overlaps(other: Range<T>): boolean {
    return !this.isEmpty && !other.isEmpty && reaches(this, other) && reaches(other, this)
  }

  /** Its text, as PostgreSQL writes it. */
  toJSON(): string {
    return this.toString()
  }

  /** The same: `[1,5)`, `(,5]`, `empty`. */
  toString(): string {
    if (this.isEmpty) return 'empty'
    const [first, last] = this.bounds
    return `${first}${endText(this.lower)},${endText(this.upper)}${last}`
  }

  /** @internal */
  [inspect.custom](): string {
    return `Range ${this.toString()}`
  }
}

/** Whether one begins before the other has ended. */
function reaches<T>(one: Range<T>, other: Range<T>): boolean {
  if (one.lower === null || other.upper === null) return true
  const order = compareEnds(one.lower, other.upper)
  return order < 0 || (order === 0 && one.bounds.startsWith('[') && other.bounds.endsWith(']'))
}

const decimal = /^-?\d+(?:\.\d+)?$/

/** Which of two ends comes first: texts of digits are numbers. */
export function compareEnds(one: unknown, other: unknown): number {
  if (typeof one === 'string' && typeof other === 'string' && decimal.test(one) && decimal.test(other)) {
    const scale = Math.max(one.length, other.length)
    return compareEnds(scaled(one, scale), scaled(other, scale))
  }
  const [first, second] = [one, other].map((each) => (typeof each === 'object' && each !== null ? Number(each) : each))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- numbers, bigints or texts, both of one kind
  return (first as number) < (second as number) ? -1 : (first as number) > (second as number) ? 1 : 0
}

function endText(end: unknown): string {
  if (end === null) return ''
  return typeof end === 'object' && 'toJSON' in end && typeof end.toJSON === 'function' ? String(end.toJSON()) : String(end)
}

/** The parts of a range before its ends are looked at. */
export interface RangeParts {
  readonly lower: unknown
  readonly upper: unknown
  readonly bounds: RangeBounds
}

/** A text that a range is written as, in its parts; `undefined` where it is none. */
export function rangeParts(text: string): RangeParts | undefined {
  const [, first, lower = '', upper = '', last] = /^([[(])\s*"?([^",]*?)"?\s*,\s*"?([^",]*?)"?\s*([\])])$/.exec(text) ?? []
  if (first === undefined || last === undefined) return undefined
  const bounds = first === '[' ? (last === ')' ? '[)' : '[]') : last === ')' ? '()' : '(]'
  return { lower: lower || null, upper: upper || null, bounds }
}

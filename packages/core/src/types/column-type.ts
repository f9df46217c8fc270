import type { ColumnOptions } from 'typeorm'
import { kindOf } from '../wording.js'
import type { DatabaseKind } from '../uri.js'

export type { DatabaseKind }

/** What kind of value a column holds; keys from a URL are read by it. */
export type ColumnKind =
  | 'string'
  | 'integer'
  | 'bigint'
  | 'number'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'time'
  | 'datetime'
  | 'json'
  | 'uuid'
  | 'bytes'
  /** What only its database knows. */
  | 'other'

/** Bounds of exact numbers, as whole ones: the digits after the point, `scale` of them, are part of the number. */
export interface NumberRange {
  readonly scale: number
  readonly smallest: bigint
  readonly largest: bigint
}

declare const alsoAccepted: unique symbol

/** How a column is stored: the part of TypeORM's column options that belongs to its type. */
export type ColumnStorage = Pick<ColumnOptions, 'type' | 'length' | 'precision' | 'scale' | 'transformer'>

/**
 * A data type of a column: what the application sees, and how each database keeps it.
 *
 * @typeParam T Value that the application reads and writes.
 * @typeParam Also What it may write as well; `accept` makes a `T` of it.
 * @since 0.1
 */
export interface ColumnType<T, Also = never> {
  /** Only for the type. */
  [alsoAccepted]?(value: Also): void
  readonly kind: ColumnKind
  /** Its name for messages: `String(25)`. */
  readonly typeName: string
  /** Whether a value may be changed in place, so that a change shows only by its content. */
  readonly mutable?: boolean
  /** What exact numbers there are: `increment` does not pass them. */
  readonly range?: NumberRange
  /** How `database` keeps it. @param isGenerated Whether the database makes the values. */
  storage(database: DatabaseKind, isGenerated?: boolean): ColumnStorage
  /**
   * Checks a value from the application or its clients, and gives the one to keep.
   *
   * @throws {TypeError} The value is of another kind; the message says which, never its content.
   */
  accept(value: unknown): T
  /** The value in JSON. @default the value itself */
  toJSON?(value: T): unknown
}

/** The sentence of a refused value: `takes a string, and received a number`. */
export function refuse(expected: string, received: unknown): never {
  throw new TypeError(`takes ${expected}, and received ${kindOf(received)}`)
}

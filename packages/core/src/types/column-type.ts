import type { ColumnOptions } from 'typeorm'

/** A family of databases. */
export type DatabaseKind = 'sqlite' | 'postgres' | 'mysql'

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

/** How a column is stored: the part of TypeORM's column options that belongs to its type. */
export type ColumnStorage = Pick<ColumnOptions, 'type' | 'length' | 'precision' | 'scale' | 'transformer'>

/**
 * A data type of a column: what the application sees, and how each database keeps it.
 *
 * @typeParam T Value that the application reads and writes.
 */
export interface ColumnType<T> {
  readonly kind: ColumnKind
  /** Its name for messages: `String(25)`. */
  readonly typeName: string
  /** Whether a value may be changed in place, so that a change shows only by its content. */
  readonly mutable?: boolean
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
  throw new TypeError(`takes ${expected}, and received ${described(received)}`)
}

function described(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number that is not finite'
  return `a ${typeof value}`
}

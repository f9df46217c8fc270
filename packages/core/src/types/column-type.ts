import type { ColumnOptions } from 'typeorm'
import { kindOf } from '../wording.js'
import type { DatabaseKind } from '../uri.js'

export type { DatabaseKind }

/** What kind of value a column holds; keys from a URL are read by it. @since 0.2 */
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
  /** Of which the largest is no question to every database. */
  | 'bits'
  /** Two ends, and what is between them. */
  | 'range'
  /** Labels on the way to a place in a tree. */
  | 'path'
  /** What is searched of other columns, and never read. */
  | 'search'
  /** An object of several columns; equal ones are found, and they have no order. */
  | 'composite'
  /** A password, or an encrypted value: it is shown nowhere, and neither compared nor sorted by. */
  | 'secret'
  /** What only its database knows. */
  | 'other'

/** Bounds of exact numbers, as whole ones: the digits after the point, `scale` of them, are part of the number. @since 0.2 */
export interface NumberRange {
  readonly scale: number
  readonly smallest: bigint
  readonly largest: bigint
}

declare const alsoAccepted: unique symbol

/** Where a class of values carries what else may be written in their place; only for the type. */
export declare const takes: unique symbol

/** What else may be written in place of a value, where its class says so. */
export type WrittenFor<Value> = Value extends { readonly [takes]: infer Also } ? Also : never

/** Where a type of values carries what else may ask it than operators of its own values; only for the type. */
export declare const asks: unique symbol

/** What operators of a column are of: its values, and what else its type says. */
export type Asked<Value> = typeof asks extends keyof Value ? Value | NonNullable<Value[typeof asks]> : Value

/** A column by which equal values of another one are found, although that is encrypted. */
export interface BlindIndex {
  /** Its property. */
  readonly column: string
  /** What a row may hold there that has a value: by the key of today first. */
  of(value: unknown): readonly string[]
}

/** How a column is stored: the part of TypeORM's column options that belongs to its type. @since 0.2 */
export interface ColumnStorage extends Pick<ColumnOptions, 'length' | 'precision' | 'scale' | 'collation' | 'transformer'> {
  /** The database's own name of the type. */
  readonly type: Exclude<ColumnOptions['type'], string | undefined> | string
}

/** Where a column stands, for the SQL that belongs to its type. @since 0.2 */
export interface ColumnPlace {
  readonly database: DatabaseKind
  /** Name of the column, quoted. */
  readonly column: string
  /**
   * Name of the column of another property of the same model, quoted.
   *
   * @throws {ModelDefinitionError} There is none.
   */
  readonly columnOf: (property: string) => string
  /** A name, quoted. */
  readonly quoted: (name: string) => string
  /** A text as SQL writes it: `'O''Brien'`. */
  readonly literal: (text: string) => string
}

/** What a database must have before a table with a column of a type is made. @since 0.2 */
export interface TypeDefinition {
  /** Makes it where it is missing; it is sent before each table that has such a column. */
  readonly create: string
  /** Drops it if it is there; it is sent after the table. Without it, it stays: an extension of the server. */
  readonly drop?: string
  /** What it is made of, where it is a composite type: a generated migration changes one that is there to it. @default not compared */
  readonly composite?: { readonly name: string; readonly columns: string }
}

/**
 * A data type of a column: what the application sees, and how each database keeps it. A type of one's own is such an object;
 * `checkColumnType` of `@active-alchemy/core/testing` tries it on a database.
 *
 * Operators do not belong to it: `operator` makes those of one's own, for filters and for `column.matches(…)`.
 *
 * @typeParam T Value that the application reads and writes.
 * @typeParam Also What it may write as well; `accept` makes a `T` of it.
 * @since 0.1
 * @example
 * const Celsius: ColumnType<number> = {
 *   kind: 'number',
 *   typeName: 'Celsius',
 *   storage: () => ({ type: 'double precision' }),
 *   accept(value) {
 *     if (typeof value !== 'number' || value < -273.15) throw new TypeError('takes degrees from -273.15')
 *     return value
 *   },
 *   check: ({ column }) => `${column} >= -273.15`,
 * }
 */
export interface ColumnType<T, Also = never> {
  /** Only for the type. */
  [alsoAccepted]?(value: Also): void
  readonly kind: ColumnKind
  /** Its name for messages: `String(25)`. */
  readonly typeName: string
  /** Whether a value may be changed in place, so that a change shows only by its content. */
  readonly mutable?: boolean
  /** Whether a value, or a form that it is accepted in, is a list or a plain object: a filter takes such for a value then, not for a mistake. */
  readonly shape?: 'list' | 'object'
  /** Whether values are neither compared nor sorted by: a filter or an order that does is refused (400). @default of JSON alone */
  readonly opaque?: boolean
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
  /** What has to be done with a value before a statement can bind it, without keeping the process; `undefined` where that is done. */
  prepare?(value: T): Promise<void> | undefined
  /** Whether a value is written otherwise each time, so that only what is read of it can be compared. */
  readonly isSealed?: boolean
  /** A column by which equal values are found. */
  readonly blindIndex?: BlindIndex
  /** The value in JSON. @default the value itself */
  toJSON?(value: T): unknown
  /** What its JSON is, in words of JSON Schema, for `Model.jsonSchema()`. @default by the kind */
  readonly jsonSchema?: Readonly<Record<string, unknown>>
  /** A value for a new record that has none, where the column has no default. */
  generate?(): T
  /** SQL of a CHECK constraint that every row must pass. It is named by its text, so that another text is another constraint. */
  check?(place: ColumnPlace): string | undefined
  /** SQL by which the database computes the value from other columns, as it stores the row: nobody sets it then. */
  computed?(place: ColumnPlace): string
  /** The configuration of text search, of a column that is searched. */
  readonly searchConfig?: string
  /** The kind of index that the column always has; only PostgreSQL has kinds, and `gin` is nowhere else. @default none */
  readonly index?: 'btree' | 'gin' | 'gist'
  /** What its table needs before it is made, and no more after it: a `TYPE`, an extension. */
  definitions?(place: ColumnPlace): readonly TypeDefinition[]
}

/** A type that makes a value for a new record that has none: `create` may leave the column out. @since 0.2 */
export type GeneratingType<T, Also = never> = ColumnType<T, Also> & { generate(): T }

/** A type whose values the database computes: `create` and `update` do not take the column. @since 0.2 */
export type ComputedType<T> = ColumnType<T> & { computed(place: ColumnPlace): string }

/** The sentence of a refused value: `takes a string, and received a number`. */
export function refuse(expected: string, received: unknown): never {
  throw new TypeError(`takes ${expected}, and received ${kindOf(received)}`)
}

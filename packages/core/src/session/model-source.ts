import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import type { ColumnType } from '../types/column-type.js'

/** A class whose records are rows; the registry and TypeORM's metadata are keyed by it. */
export type ModelClass = abstract new (...values: never[]) => object

/**
 * What a session asks of the models of its database.
 *
 * The registry of the models implements it, so that the session need not know what a model is.
 */
export interface ModelSource {
  /** Notes that `target` is the real class of a model that was defined by name. */
  meet(target: unknown): void
  /** The data type of a column: that which was given to `db.Column`, or what plain TypeORM decorators come to. */
  columnType(column: ColumnMetadata): ColumnType<unknown>
  /** Whether the column was defined by `db.Column`. */
  isDefined(column: ColumnMetadata): boolean
  /** Whether the column is left out of what clients see. */
  isHidden(column: ColumnMetadata): boolean
  /** The application's own default of a column, made anew where it is a function; `undefined` without one. */
  defaultValue(column: ColumnMetadata): unknown
  /** Notes that the tables of all models known by now were made. */
  noteTables(): void
}

/** What a session asks of the values of records: whether they fit, and what a new row needs. */
export interface ValueSource {
  /**
   * Puts values on a record: those of mapped columns, each checked against its column; all of them or none.
   *
   * @throws {UnknownColumnError} A key is no column.
   * @throws {ProtectedColumnError} A column may not be set.
   * @throws {InvalidValueError} A value does not fit its column.
   * @throws {InvalidOptionError} An option is unknown.
   */
  assign(
    record: ObjectLiteral,
    values: object,
    metadata: EntityMetadata,
    assignment: 'create' | 'update',
    options?: { readonly unguarded?: boolean },
  ): void
  /**
   * Checks a value against its column. @returns The value to keep.
   *
   * @throws {InvalidValueError} It does not fit.
   */
  accept(column: ColumnMetadata, value: unknown): unknown
  /**
   * Checks that values may set a column of rows that exist.
   *
   * @throws {UnknownColumnError} It is no column.
   * @throws {ProtectedColumnError} It may not be set.
   */
  refuseChange(metadata: EntityMetadata, key: string, options: { readonly unguarded?: boolean }): void
  /** The same, and checks the value. @returns The value to keep. @throws {InvalidValueError} It does not fit. */
  acceptChange(metadata: EntityMetadata, key: string, value: unknown, options: { readonly unguarded?: boolean }): unknown
  /**
   * Makes a new record ready for its INSERT: defaults are applied, values checked.
   *
   * @throws {InvalidValueError} A required column has no value, or a value does not fit its column.
   */
  prepareInsert(record: object, metadata: EntityMetadata): void
  /**
   * Checks the values that an UPDATE is about to write.
   *
   * @throws {InvalidValueError} A value does not fit its column.
   */
  prepareUpdate(record: object, metadata: EntityMetadata, columns: readonly ColumnMetadata[]): void
}

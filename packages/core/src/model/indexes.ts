import type { EntityMetadata } from 'typeorm'
import { unshadowed } from '../drivers/shadow-column.js'
import { InvalidOptionError } from '../errors.js'
import { columnCalled } from '../mapping/foreign-key.js'
import type { ModelClass } from '../mapping/model-class.js'
import type { ColumnKey } from '../query/columns.js'
import { type BaseModel, database } from './base-model.js'

/**
 * Whether an index of a model finds rows by these columns: it begins with them. Keys and unique constraints have indexes.
 *
 * @param columns Their names, in the order of the index.
 * @throws {InvalidOptionError} A name is no column.
 * @since 0.2
 * @example
 * db.utils.hasIndex(User, 'email') // true
 */
export function hasIndex<T extends BaseModel>(model: ModelClass<T>, ...columns: readonly [ColumnKey<T>, ...ColumnKey<T>[]]): boolean {
  const names = databaseNames(model, columns)
  return indexesOf(metadataOf(model)).some(({ begins }) => names.every((name, index) => begins[index] === name))
}

/**
 * Whether no two rows of a model can have the same values in these columns: a key, a unique constraint or a unique index is of them, in
 * whatever order. One that is unique among live rows alone (`unique: 'live'`) counts.
 *
 * @throws {InvalidOptionError} A name is no column.
 * @since 0.2
 * @example
 * db.utils.hasUniqueIndex(User, 'email') // true
 */
export function hasUniqueIndex<T extends BaseModel>(model: ModelClass<T>, ...columns: readonly [ColumnKey<T>, ...ColumnKey<T>[]]): boolean {
  const names = new Set(databaseNames(model, columns))
  return indexesOf(metadataOf(model)).some(
    ({ begins, isUnique }) => isUnique && begins.length === names.size && begins.every((name) => names.has(name)),
  )
}

function metadataOf(model: ModelClass): EntityMetadata {
  return database(model).dataSource.getMetadata(model)
}

function databaseNames(model: ModelClass, columns: readonly string[]): string[] {
  const metadata = metadataOf(model)
  return columns.map((name) => {
    const column = columnCalled(metadata, name)
    if (!column) throw new InvalidOptionError('column', `the name of a column of ${metadata.name}`, name)
    return column.databaseName
  })
}

interface KnownIndex {
  /** Names of its columns in the database, in its order. */
  readonly begins: readonly string[]
  readonly isUnique: boolean
}

function indexesOf({ primaryColumns, uniques, indices }: EntityMetadata): KnownIndex[] {
  return [
    { begins: primaryColumns.map(({ databaseName }) => databaseName), isUnique: true },
    ...uniques.map(({ columns }) => ({ begins: columns.map(({ databaseName }) => databaseName), isUnique: true })),
    ...indices.map(({ columns, isUnique }) => ({ begins: columns.map((column) => unshadowed(column).databaseName), isUnique })),
  ]
}

import type { EntityMetadata } from 'typeorm'
import { InvalidIdentifierError } from '../errors.js'
import { columnType } from '../mapping/mapped-column.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import type { ColumnType } from '../types/column-type.js'
import { readKey } from '../types/identifier.js'
import { columnValueType } from './value-type.js'

/**
 * The values of a key as they are bound; `undefined` when no row can have it.
 *
 * @param id A scalar, also its digits as they come from a URL; of several columns, an object of them.
 * @throws {InvalidIdentifierError} It is no key at all: a client sent something else. Status 400.
 */
export function boundKey(metadata: EntityMetadata, dataSource: AlchemyDataSource, id: unknown): readonly unknown[] | undefined {
  if (id === null || id === undefined) return undefined
  const { primaryColumns } = metadata
  const key: unknown[] = []
  for (const column of primaryColumns) {
    const given: unknown = primaryColumns.length === 1 ? id : typeof id === 'object' ? Reflect.get(id, column.propertyName) : undefined
    const value = keyOf(metadata, columnType(column), given, id)
    if (value === undefined) return undefined
    key.push(columnValueType(dataSource, column).encode(value))
  }
  return key
}

/** A key as its column keeps it, `undefined` when it could not. */
function keyOf({ name }: EntityMetadata, type: ColumnType<unknown>, given: unknown, id: unknown): unknown {
  try {
    return readKey(type, given)
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidIdentifierError(name, id)
    throw error
  }
}

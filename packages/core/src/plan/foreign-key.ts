import type { ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { hiddenField } from './hidden-field.js'

/**
 * Keys that were set on records where the relation is not loaded.
 *
 * What a foreign key is follows from the related record, if there is one on the object; else from the key that was set, if one
 * was; else from the row.
 */
const keysSet = hiddenField<Map<ColumnMetadata, unknown>>()

/** The value of a column on an object; `undefined` where it has none. */
export function valueOf(column: ColumnMetadata, record: ObjectLiteral): unknown {
  const value: unknown = column.getEntityValue(record)
  return value === undefined && column.isVirtual ? keySet(column, record) : value
}

/** The key that was set where its relation is not loaded. */
export function keySet(column: ColumnMetadata, record: ObjectLiteral): unknown {
  return keysSet.get(record)?.get(column)
}

/** Sets a foreign key; a related record that is another one is taken off. */
export function setKey(column: ColumnMetadata, record: ObjectLiteral, key: unknown): void {
  Reflect.deleteProperty(record, column.propertyName)
  holdKey(column, record, key)
}

/** Notes a foreign key where its relation is not loaded. @param key `undefined` forgets it. */
export function holdKey(column: ColumnMetadata, record: ObjectLiteral, key: unknown): void {
  const keys = keysSet.get(record)
  if (keys) keys.set(column, key)
  else if (key !== undefined) keysSet.set(record, new Map([[column, key]]))
}

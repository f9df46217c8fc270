import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { columnType, isHidden } from '../mapping/mapped-column.js'
import { foreignKeyOf } from '../plan/record-state.js'
import type { ColumnType } from '../types/column-type.js'

/** The values of a record by property, without hidden columns and relations. */
export function toDict(record: ObjectLiteral, metadata: EntityMetadata): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    values[column.propertyName] = column.getEntityValue(record)
  }
  for (const [name, key] of keysOf(record, metadata)) values[name] = key.value
  return values
}

/** The foreign keys beside the relations of a record, as far as they are known. */
function* keysOf(
  record: ObjectLiteral,
  metadata: EntityMetadata,
): Generator<readonly [name: string, key: { readonly column: ColumnMetadata; readonly value: unknown }], void, undefined> {
  for (const [name, column] of foreignKeys(metadata)) {
    const value = isHidden(column) ? undefined : foreignKeyOf(column, record)
    if (value !== undefined) yield [name, { column, value }]
  }
}

/** Records whose JSON is being made, outermost first: one that leads back to itself is left out there. */
const path: object[] = []

/** The same as JSON can say it, with the relations that are loaded. */
export function toJson(record: ObjectLiteral, metadata: EntityMetadata): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    const value: unknown = column.getEntityValue(record)
    if (value !== undefined) values[column.propertyName] = asColumnJson(value, columnType(column))
  }
  for (const [name, { column, value }] of keysOf(record, metadata)) values[name] = asColumnJson(value, columnType(column))
  for (const { propertyName, isLazy } of metadata.relations) {
    if (isLazy || !Object.hasOwn(record, propertyName)) continue
    const value: unknown = record[propertyName]
    path.push(record)
    try {
      if (Array.isArray(value)) values[propertyName] = value.filter((each) => !path.includes(each)).map(asJson)
      else if (!path.some((each) => each === value)) values[propertyName] = asJson(value)
    } finally {
      path.pop()
    }
  }
  return values
}

function asColumnJson(value: unknown, type: ColumnType<unknown>): unknown {
  return value === null || !type.toJSON ? value : type.toJSON(value)
}

/** Made at once, while the path is known. */
function asJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value
}

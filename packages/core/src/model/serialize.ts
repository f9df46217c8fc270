import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { isHidden, columnType } from '../mapping/mapped-column.js'

/** The values of a record by property, without hidden columns and relations. */
export function toDict(record: ObjectLiteral, metadata: EntityMetadata): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    values[column.propertyName] = column.getEntityValue(record)
  }
  return values
}

/** Records whose JSON is being made, outermost first: one that leads back to itself is left out there. */
const path: object[] = []

/** The same as JSON can say it, with the relations that are loaded. */
export function toJson(record: ObjectLiteral, metadata: EntityMetadata): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    const value: unknown = column.getEntityValue(record)
    const type = columnType(column)
    if (value !== undefined) values[column.propertyName] = value === null || !type.toJSON ? value : type.toJSON(value)
  }
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

/** Made at once, while the path is known. */
function asJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value
}

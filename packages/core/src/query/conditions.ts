import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { Sql, type SqlContext } from './sql.js'

/** Makes conditions of a query from values of the application and its clients. */
export interface ConditionContext extends SqlContext {
  readonly dataSource: AlchemyDataSource
  /** Name of the table in the query. */
  readonly alias: string
}

/**
 * The condition that a filter stands for: an object's keys must all match, one object of an array must.
 *
 * Text of the caller never becomes SQL: keys are mapped names, values are checked against their column and bound.
 *
 * @throws {InvalidFilterError} A key is no column, or a value is not of its column's kind.
 */
export function conditionOf(filter: unknown, metadata: EntityMetadata, context: ConditionContext): string {
  if (filter instanceof Sql) return filter.render(context)
  if (Array.isArray(filter)) {
    if (filter.length === 0) throw new InvalidFilterError(metadata.name, 'an empty list', 'nothing can match it')
    return filter.map((each) => `(${conditionOf(each, metadata, context)})`).join(' OR ')
  }
  if (typeof filter !== 'object' || filter === null || isForeign(filter)) {
    throw new InvalidFilterError(metadata.name, 'that', 'a filter is an object, a list of objects, or db.sql')
  }
  const conditions = Object.entries(filter).map(([key, value]) => conditionOn(key, value, metadata, context))
  return conditions.length === 0 ? '1 = 1' : conditions.join(' AND ')
}

function isForeign(filter: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(filter)
  return prototype !== Object.prototype && prototype !== null
}

function conditionOn(key: string, value: unknown, metadata: EntityMetadata, context: ConditionContext): string {
  const relation = metadata.relations.find(({ propertyName, isOwning }) => propertyName === key && isOwning)
  if (relation && relation.joinColumns.length > 0) {
    return relation.joinColumns.map((column) => relatedTo(column, key, value, metadata, context)).join(' AND ')
  }
  const column = metadata.columns.find(({ propertyPath, isVirtual }) => propertyPath === key && !isVirtual)
  if (!column) throw new InvalidFilterError(metadata.name, key, 'it is no column')
  const name = `${context.alias}.${column.propertyPath}`
  if (value instanceof Sql) return `${name} = ${value.render(context)}`
  if (value === null) return `${name} IS NULL`
  if (Array.isArray(value)) {
    if (value.length === 0) return '1 = 0'
    const { maxParameters } = context.dataSource.alchemy.capabilities
    if (value.length > maxParameters - 100) throw new InvalidFilterError(metadata.name, key, `${value.length} values are too many`)
    return `${name} IN (${value.map((each) => bound(column, each, metadata, context)).join(', ')})`
  }
  return `${name} = ${bound(column, value, metadata, context)}`
}

function relatedTo(column: ColumnMetadata, key: string, value: unknown, metadata: EntityMetadata, context: ConditionContext): string {
  const { referencedColumn, relationMetadata } = column
  const name = `${context.alias}.${relationMetadata?.propertyPath ?? ''}${(relationMetadata?.joinColumns.length ?? 0) > 1 ? `.${referencedColumn?.propertyPath ?? ''}` : ''}`
  if (value === null) return `${name} IS NULL`
  const target: unknown = relationMetadata?.inverseEntityMetadata.target
  // An instance, never a plain object or a key: JSON can be neither.
  if (typeof target !== 'function' || !(value instanceof target) || !referencedColumn) {
    throw new InvalidFilterError(
      metadata.name,
      key,
      `it takes a record of ${relationMetadata?.inverseEntityMetadata.name ?? 'the related model'}`,
    )
  }
  return `${name} = ${context.bind(referencedColumn.getEntityValue(value))}`
}

function bound(column: ColumnMetadata, value: unknown, metadata: EntityMetadata, context: ConditionContext): string {
  const type = context.dataSource.columnType(column)
  try {
    if (type?.kind === 'json') throw new TypeError('cannot be compared; use db.sql')
    const accepted = type ? type.accept(value) : scalar(value)
    return context.bind(context.dataSource.driver.preparePersistentValue(accepted, column))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new InvalidFilterError(metadata.name, column.propertyPath, error.message)
  }
}

/** A column of plain TypeORM decorators says little of its kind; an operator can at least not come in. */
function scalar(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value)) return value
  if (value instanceof Date || value instanceof Uint8Array || (typeof value === 'object' && value && 'isLuxonDateTime' in value))
    return value
  throw new TypeError('takes a single value')
}

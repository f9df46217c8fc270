import type { DateTime } from 'luxon'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isShadow } from '../drivers/shadow-column.js'
import type { ColumnType } from '../types/column-type.js'
import { columnTypeOf } from '../types/typeorm-column.js'
import { type Aggregate, aggregateOf as aggregateOfDefinition } from './aggregate.js'
import { hasRules, type Rules } from './check.js'
import { type ColumnDefinition, ownColumns } from './column.js'
import { foreignKeyName, isForeignKey } from './foreign-key.js'
import { lineage, namesIn } from './model-class.js'

const definitions = new WeakMap<ColumnMetadata, ColumnDefinition | undefined>()
const plainTypes = new WeakMap<ColumnMetadata, ColumnType<unknown>>()

/** The definition of a column, if it was made by `db.Column`. */
function definitionOf(column: ColumnMetadata): ColumnDefinition | undefined {
  const known = definitions.get(column)
  if (known) return known
  if (!definitions.has(column)) {
    const { target } = column.entityMetadata
    const isOwn = typeof target === 'function' && column.propertyPath === column.propertyName
    const owner = isOwn ? lineage(target).findLast((each) => ownColumns(each).has(column.propertyName)) : undefined
    definitions.set(column, owner && ownColumns(owner).get(column.propertyName))
  }
  return definitions.get(column)
}

/** Whether the column was defined by `db.Column`. */
export function isDefined(column: ColumnMetadata): boolean {
  return definitionOf(column) !== undefined
}

/** The data type of a column: that which was given to `db.Column`, or what plain TypeORM decorators come to. */
export function columnType(column: ColumnMetadata): ColumnType<unknown> {
  let type = definitionOf(column)?.type ?? plainTypes.get(column)
  if (!type) {
    const { isVirtual, referencedColumn } = column
    type = isVirtual && referencedColumn ? columnType(referencedColumn) : columnTypeOf(column)
    plainTypes.set(column, type)
  }
  return type
}

/** What the column is kept as, if it is an aggregate of related records. */
export function aggregateOf(column: ColumnMetadata): Aggregate | undefined {
  const definition = definitionOf(column)
  return definition && aggregateOfDefinition(definition)
}

/** The rules of a column beside its type, if it has any. */
export function rulesOf(column: ColumnMetadata): Rules | undefined {
  const definition = definitionOf(column)
  return definition && hasRules(definition.options) ? definition.options : undefined
}

/** Whether the database gives new rows numbers in this column, one after the other. */
export function isNumbered({ isGenerated, generationStrategy }: ColumnMetadata): boolean {
  return isGenerated && generationStrategy === 'increment'
}

/** A moment as the property of a column holds it: an entity of plain TypeORM has a `Date` there. */
export function momentOf(column: ColumnMetadata, moment: DateTime): DateTime | Date {
  return isDefined(column) ? moment : moment.toJSDate()
}

/** Whether records have nothing of the column: it is there for an index, or for searches. */
export function isUnread(column: ColumnMetadata): boolean {
  return isShadow(column) || columnType(column).kind === 'search'
}

/** Whether the column is left out of what clients see. */
export function isHidden(column: ColumnMetadata): boolean {
  const definition = definitionOf(column)
  if ((definition?.options.hidden ?? definition?.type.kind === 'secret') || !column.isSelect) return true
  const { target } = column.entityMetadata
  if (typeof target !== 'function') return false
  const hidden = namesIn(target, 'hidden')
  return hidden.includes(column.propertyName) || (isForeignKey(column) && hidden.includes(foreignKeyName(column)))
}

/** Whether clients never hear of the column; of a secret one they hear that it is there, since they set it. */
export function isUnheardOf(column: ColumnMetadata): boolean {
  return isHidden(column) && (definitionOf(column)?.options.hidden !== undefined || columnType(column).kind !== 'secret')
}

/** Whether the application itself has a value for a new record that has none. */
export function hasDefault(column: ColumnMetadata): boolean {
  const { options, type } = definitionOf(column) ?? {}
  return options?.default !== undefined || type?.generate !== undefined
}

/** The application's own default of a column, made anew where it is a function, or what its type makes; `undefined` without either. */
export function defaultOf(column: ColumnMetadata): unknown {
  const definition = definitionOf(column)
  const { default: value } = definition?.options ?? {}
  if (value === undefined) return definition?.type.generate?.()
  if (typeof value === 'function') {
    const made: unknown = Reflect.apply(value, undefined, [])
    return made
  }
  // Each record changes its own.
  return definition?.type.mutable ? structuredClone(value) : value
}

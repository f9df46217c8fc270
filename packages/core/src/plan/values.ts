import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidValueError } from '../errors.js'
import { foreignKeyName } from '../mapping/foreign-key.js'
import { defaultOf, isDefined, isHidden, columnType } from '../mapping/mapped-column.js'
import { completeDeletion } from './deletion.js'
import { holdKey, keySet, valueOf } from './foreign-key.js'
import { persistentValue } from './record-state.js'

/**
 * Checks a value against its column. @param name Of the column, for a message. @returns The value to keep.
 *
 * @throws {InvalidValueError} It does not fit.
 */
export function accept(column: ColumnMetadata, value: unknown, name = column.propertyPath): unknown {
  const model = column.entityMetadata.name
  if (value === null) {
    if (!column.isNullable) throw new InvalidValueError(model, name, 'must not be null')
    return null
  }
  const type = columnType(column)
  try {
    if (typeof value === 'function') throw new TypeError('takes no function')
    return type.accept(value)
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidValueError(model, name, error.message)
    throw error
  }
}

/**
 * Makes a new record ready for its INSERT: defaults are applied, values checked.
 *
 * @throws {InvalidValueError} A required column has no value, or a value does not fit its column.
 */
export function completeValues(record: object, metadata: EntityMetadata): void {
  completeDeletion(record, metadata)
  for (const column of metadata.columns) {
    if (valueOf(column, record) === undefined) {
      const value = defaultOf(column)
      if (value !== undefined) column.setEntityValue(record, value)
      else if (isMissing(record, column)) {
        // A client is told of no column that it never sees.
        const name = isHidden(column) ? '*' : column.propertyPath
        throw new InvalidValueError(metadata.name, name, 'has no value and no default')
      }
    }
    checkValue(record, column)
  }
}

/**
 * Checks the values that an UPDATE is about to write.
 *
 * @throws {InvalidValueError} A value does not fit its column.
 */
export function checkValues(record: object, columns: readonly ColumnMetadata[]): void {
  for (const column of columns) checkValue(record, column)
}

function checkValue(record: object, column: ColumnMetadata): void {
  if (column.isVirtual) {
    const key = keySet(column, record)
    if (key !== undefined) holdKey(column, record, accept(column, key, foreignKeyName(column)))
    return
  }
  const value: unknown = column.getEntityValue(record)
  if (value === undefined) return
  const accepted = accept(column, value)
  if (accepted !== value) column.setEntityValue(record, accepted)
}

/** A column that the database would refuse as null, where nothing else will fill it. */
function isMissing(record: object, column: ColumnMetadata): boolean {
  if (!column.isInsert || column.isNullable || column.isGenerated || column.default !== undefined) return false
  if (column.isCreateDate || column.isUpdateDate || column.isDeleteDate || column.isVersion || column.isDiscriminator) return false
  if (column.relationMetadata) {
    const related: unknown = column.relationMetadata.getEntityValue(record)
    return related === undefined || related === null ? persistentValue(column, record) === undefined : false
  }
  return isDefined(column)
}

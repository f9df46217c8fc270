import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidValueError, type ValueFault } from '../errors.js'
import type { Eventual } from '../eventual.js'
import { foreignKeyName } from '../mapping/foreign-key.js'
import { columnType, defaultOf, isDefined, isUnheardOf } from '../mapping/mapped-column.js'
import { completeDeletion } from './deletion.js'
import { holdKey, keySet } from './foreign-key.js'
import { type PlannedColumn, plannedColumn, plannedColumns } from './planned-column.js'
import { persistentValue } from './record-state.js'
import { holdToRules } from './rules.js'

/**
 * Checks a value against its column. @param name Of the column, for a message. @returns The value to keep.
 *
 * @throws {InvalidValueError} It does not fit.
 */
export function accept(column: ColumnMetadata, value: unknown, name = column.propertyPath): unknown {
  const model = column.entityMetadata.name
  if (value === null) {
    if (!column.isNullable) throw new InvalidValueError(model, name, 'must not be null', 'null')
    return null
  }
  const type = columnType(column)
  try {
    if (typeof value === 'function') throw new TypeError('takes no function')
    return type.accept(value)
  } catch (error) {
    if (error instanceof TypeError) throw new InvalidValueError(model, name, error.message, 'type')
    throw error
  }
}

/**
 * Makes a new record ready for its INSERT: defaults are applied, values checked.
 *
 * @param found What is wrong with it already: all is told at once.
 * @throws {InvalidValueError} A required column has no value, a value does not fit its column, or a check refuses it.
 */
export function completeValues(record: ObjectLiteral, metadata: EntityMetadata, found?: ValueFault[]): Eventual<void> {
  completeDeletion(record, metadata)
  let faults = found
  for (const planned of plannedColumns(metadata)) {
    const { metadata: column } = planned
    if (planned.get(record) === undefined) {
      const value = defaultOf(column)
      if (value !== undefined) column.setEntityValue(record, value)
      else if (isMissing(record, column) && !isFound(column, found)) {
        // A client is told of no column that it never sees.
        const name = isUnheardOf(column) ? '*' : column.propertyPath
        ;(faults ??= []).push({ column: name, message: 'has no value and no default', code: 'required' })
        continue
      }
    }
    faults = checkValue(record, planned, faults)
  }
  return holdToRules(metadata, record, metadata.columns, faults)
}

/**
 * Checks the values that an UPDATE is about to write.
 *
 * @throws {InvalidValueError} A value does not fit its column, or a check refuses it.
 */
export function checkValues(record: ObjectLiteral, metadata: EntityMetadata, columns: readonly ColumnMetadata[]): Eventual<void> {
  let faults: ValueFault[] | undefined
  for (const column of columns) faults = checkValue(record, plannedColumn(column), faults)
  return holdToRules(metadata, record, columns, faults)
}

function isFound({ propertyPath }: ColumnMetadata, found: readonly ValueFault[] | undefined): boolean {
  return found?.some(({ column }) => column === propertyPath) ?? false
}

function checkValue(record: ObjectLiteral, planned: PlannedColumn, faults: ValueFault[] | undefined): ValueFault[] | undefined {
  const { metadata: column } = planned
  try {
    if (column.isVirtual) {
      const key = keySet(column, record)
      if (key !== undefined) holdKey(column, record, accept(column, key, foreignKeyName(column)))
      return faults
    }
    const value: unknown = planned.isPlain ? record[planned.property] : column.getEntityValue(record)
    if (value === undefined) return faults
    const accepted = accept(column, value)
    if (accepted !== value) planned.set(record, accepted)
    return faults
  } catch (error) {
    if (error instanceof InvalidValueError) return [...(faults ?? []), ...error.errors]
    throw error
  }
}

/** A column that the database would refuse as null, where nothing else will fill it. */
function isMissing(record: object, column: ColumnMetadata): boolean {
  if (!isRequired(column)) return false
  const { relationMetadata } = column
  if (!relationMetadata) return true
  const related: unknown = relationMetadata.getEntityValue(record)
  return related === undefined || related === null ? persistentValue(column, record) === undefined : false
}

/** Whether neither the database nor the library fills a column that may not be null; the application may have a default. */
export function isRequired(column: ColumnMetadata): boolean {
  if (!column.isInsert || column.isNullable || column.isGenerated || column.default !== undefined) return false
  if (column.isCreateDate || column.isUpdateDate || column.isDeleteDate || column.isVersion || column.isDiscriminator) return false
  return column.relationMetadata !== undefined || isDefined(column)
}

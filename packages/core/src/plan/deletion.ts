import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { clock } from '../clock.js'
import type { ColumnMetadata } from '../drivers/internals.js'

/**
 * How a row says that it is deleted: `deletedAt` holds when, and is the truth; `isDeleted` follows, for those who read the table
 * by other means. One statement writes both.
 */

/** Property of the time of deletion, `null` while the row is live. */
export const timeProperty = 'deletedAt'
/** Property of the flag. */
export const flagProperty = 'isDeleted'

/** Properties that only `delete` and `restore` write. */
export type DeletionProperty = typeof timeProperty | typeof flagProperty

/** The columns that tell of a deletion; entities of plain TypeORM may have a time without a flag. */
export interface DeletionColumns {
  readonly time: ColumnMetadata
  readonly flag: ColumnMetadata | undefined
}

/** The columns that tell of a deletion; `undefined` of an entity whose rows are deleted for good. */
export function deletionColumns(metadata: EntityMetadata | undefined): DeletionColumns | undefined {
  const time = metadata?.deleteDateColumn
  return time && { time, flag: metadata?.columns.find(({ propertyName }) => propertyName === flagProperty) }
}

/** Whether a column tells of a deletion, so that only `delete` and `restore` write it. */
export function tellsDeletion(column: ColumnMetadata): boolean {
  const columns = deletionColumns(column.entityMetadata)
  return column === columns?.time || column === columns?.flag
}

/** What deletes a row, or restores it: values by column. @param at The time; `null` restores. */
export function deletionValues<Time>({ time, flag }: DeletionColumns, at: Time | null): Map<ColumnMetadata, Time | boolean | null> {
  const values = new Map<ColumnMetadata, Time | boolean | null>()
  if (flag) values.set(flag, at !== null)
  return values.set(time, at)
}

/** The condition that holds for rows which are not yet as wanted: live ones to be deleted, deleted ones to be restored. */
export function unmarked({ time }: DeletionColumns, isDeleting: boolean): string {
  return `${time.entityMetadata.dataSource.driver.escape(time.databaseName)} IS ${isDeleting ? 'NULL' : 'NOT NULL'}`
}

/** Brings time and flag into step in values that are about to be written. */
export function mirrorDeletion(values: ObjectLiteral, columns: DeletionColumns | undefined): void {
  if (!columns?.flag) return
  const { time, flag } = columns
  const deletedAt: unknown = values[time.propertyName]
  const isDeleted: unknown = values[flag.propertyName]
  if (typeof deletedAt === 'function') values[flag.propertyName] = () => `(${String(deletedAt())}) IS NOT NULL`
  else if (deletedAt !== undefined) values[flag.propertyName] = deletedAt !== null
  else if (isDeleted === true) values[time.propertyName] = clock.now()
  else if (isDeleted === false) values[time.propertyName] = null
}

/** Gives a new record the time that belongs to a flag that was set by hand. */
export function completeDeletion(record: ObjectLiteral, metadata: EntityMetadata): void {
  const columns = deletionColumns(metadata)
  if (columns?.flag?.getEntityValue(record) === true)
    columns.time.setEntityValue(record, columns.time.getEntityValue(record) ?? clock.now())
}

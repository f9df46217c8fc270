import { InvalidOptionError } from '../errors.js'
import { columnCalled } from '../mapping/foreign-key.js'
import { changedColumns } from '../plan/record-state.js'
import type { ColumnKey } from '../query/columns.js'
import { type BaseModel, database, modelOf } from './base-model.js'

/**
 * Whether a record differs from its row: in one of these columns, or in any where none is named. Of a new record every column that has a
 * value differs.
 *
 * @throws {InvalidOptionError} A name is no column.
 * @since 0.2
 * @example
 * if (db.utils.hasChanges(user, 'email')) await sendConfirmation(user)
 */
export function hasChanges<T extends BaseModel>(record: T, ...columns: readonly ColumnKey<T>[]): boolean {
  const model = modelOf(record)
  const metadata = database(model).dataSource.getMetadata(model)
  const changed = changedColumns(metadata, record)
  if (columns.length === 0) return changed.length > 0
  return columns.some((name) => {
    const column = columnCalled(metadata, name)
    if (!column) throw new InvalidOptionError('column', `the name of a column of ${metadata.name}`, name)
    return changed.includes(column)
  })
}

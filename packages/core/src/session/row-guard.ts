import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { Dialect } from '../drivers/dialect.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { PreconditionFailedError, StaleRecordError } from '../errors.js'
import { etagOf, matches, stateColumn } from '../plan/etag.js'
import { lockOf } from '../plan/optimistic-lock.js'
import { boundValue, isStill, persistentValue, recordState, restoreValues, rowValue, setRecordState } from '../plan/record-state.js'
import { selectText } from '../plan/statements.js'
import { keyOf } from './identity-map.js'
import type { Transaction } from './transaction.js'

/** Tells whether rows are still what was read of them: for models with an `optimisticLock`, and for clients who sent `If-Match`. */
export class RowGuard {
  readonly #dialect: Dialect
  readonly #transaction: Transaction

  constructor(dialect: Dialect, transaction: Transaction) {
    this.#dialect = dialect
    this.#transaction = transaction
  }

  /**
   * Looks, before a write, whether the row is still what the record was read from, and locks it, since in the database and in
   * JavaScript not every two values are equal at the same time.
   *
   * @param written The columns that are written. @param guard What the statement itself looks at.
   * @returns `undefined` where nobody has asked for that.
   * @throws {StaleRecordError} Another has changed it, and the model has an `optimisticLock`.
   * @throws {PreconditionFailedError} The client's `If-Match` names another state of it.
   */
  hold(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    written: readonly ColumnMetadata[],
    guard: readonly ColumnMetadata[] = none,
  ): Promise<unknown> | undefined {
    const { snapshot: row, ifMatch, isExpired } = recordState(record)
    const lock = lockOf(metadata)
    if (!row || isExpired || (ifMatch === undefined && (lock === 'off' || guard.length > 0))) return undefined
    const columns = new Set<ColumnMetadata>()
    if (ifMatch !== undefined) {
      // Who read it again has seen what the client has not.
      if (!matches(ifMatch, etagOf(metadata, row))) this.#refuse(metadata, record)
      const state = stateColumn(metadata)
      if (state && ifMatch.trim() !== '*') columns.add(state)
    }
    if (lock === 'version' && metadata.versionColumn) columns.add(metadata.versionColumn)
    if (lock === 'changed') for (const column of written) columns.add(column)
    for (const column of guard) columns.delete(column)
    // What was not read may have been anything.
    const known = [...columns].filter((column) => rowValue(row, column) !== undefined)
    return known.length === 0 ? undefined : this.isUntouched(metadata, record, known)
  }

  /** Whether there is a row, which is locked then. @throws {StaleRecordError} @throws {PreconditionFailedError} `columns` of it are other ones. */
  async isUntouched(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): Promise<boolean> {
    const isHeld = columns.length > 0
    const lock = isHeld ? this.#dialect.lock({ skipLocked: false, noWait: false, of: undefined }).join('') : ''
    const sql = selectText(metadata, [...metadata.primaryColumns, ...columns], lock)
    const { records } = await this.#transaction.query(isHeld ? 'write' : 'read', sql, boundKey(metadata, record))
    const [found] = records
    const { snapshot: row } = recordState(record)
    if (found && row && columns.some((column) => !isStill(row, column, found[column.databaseName]))) this.#refuse(metadata, record)
    return found !== undefined
  }

  /** Takes back what `update` had set, so that whoever reads the record again and tries again does not build upon it. */
  #refuse(metadata: EntityMetadata, record: ObjectLiteral): never {
    const { named, ...state } = recordState(record)
    if (state.snapshot) restoreValues(record, state.snapshot, (column) => named?.has(column) || column === metadata.updateDateColumn)
    setRecordState(record, state)
    const key = keyOf(metadata, record)
    throw state.ifMatch === undefined ? new StaleRecordError(metadata.name, key) : new PreconditionFailedError(metadata.name, key)
  }
}

/** The key as the row has it, since a changed key must find the row under its old one; then what else the row must have. */
export function boundKey(metadata: EntityMetadata, record: ObjectLiteral, guard: readonly ColumnMetadata[] = none): unknown[] {
  const { snapshot: row } = recordState(record)
  const bound = (column: ColumnMetadata): unknown => (row && boundValue(row, column)) ?? persistentValue(column, record)
  return guard.length === 0 ? metadata.primaryColumns.map(bound) : [...metadata.primaryColumns, ...guard].map(bound)
}

const none: readonly ColumnMetadata[] = []

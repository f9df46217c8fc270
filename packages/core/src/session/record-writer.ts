import { randomUUID } from 'node:crypto'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { clock } from '../clock.js'
import type { StatementResult } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isShadow } from '../drivers/shadow-column.js'
import { ConflictError, ModelDefinitionError, RecordNotFoundError, WriteIgnoredError } from '../errors.js'
import { momentOf } from '../mapping/mapped-column.js'
import { isObject } from '../options.js'
import { foreignKeys, isForeignKey, keyColumn } from '../mapping/foreign-key.js'
import { holdKey, valueOf } from '../plan/foreign-key.js'
import { persistentValue, putValue, recordState, refreshed, setRecordState, snapshot } from '../plan/record-state.js'
import { deletionColumns, deletionValues } from '../plan/deletion.js'
import { guardOf } from '../plan/optimistic-lock.js'
import {
  batchSize,
  deleteText,
  deletionText,
  type Increment,
  incrementText,
  insertText,
  selectText,
  updateText,
} from '../plan/statements.js'
import { completeValues } from '../plan/values.js'
import type { Scope } from '../scope/scope.js'
import { type IdentityMap, keyOf } from './identity-map.js'
import { boundKey, RowGuard } from './row-guard.js'
import type { Engine } from './engine.js'
import type { Transaction } from './transaction.js'
import { UndoLog } from './undo-log.js'

/** A row with the same unique values is there, and the INSERT was to store nothing then: whoever asked for that catches it. */
export class TakenError extends Error {}

/**
 * The statements that write or read the row of one record, and what they change on its object.
 *
 * It writes what it is told; what is to be written, and in which order, is the unit of work's to know.
 */
export class RecordWriter {
  readonly #engine: Engine
  readonly #transaction: Transaction
  readonly #identities: IdentityMap
  readonly #scope: Scope
  readonly #pending: Set<ObjectLiteral>
  /** Holds rows against what was read of them. */
  readonly rows: RowGuard

  /** @param pending Records that were added and not yet written. */
  constructor(engine: Engine, transaction: Transaction, identities: IdentityMap, scope: Scope, pending: Set<ObjectLiteral>) {
    this.#engine = engine
    this.#transaction = transaction
    this.#identities = identities
    this.#scope = scope
    this.#pending = pending
    this.rows = new RowGuard(engine.driver.dialect, transaction)
  }

  /** What to put back when the calling frame is rolled back. */
  get undo(): UndoLog {
    const { frame } = this.#transaction
    return (frame.undo ??= new UndoLog(this.#identities, this.#pending))
  }

  // ------------------------------------------------------------------------------------------------ insert

  /** Fills in what the application need not give: its defaults, stamps, generated keys; and checks the values. */
  prepareInsert(metadata: EntityMetadata, record: ObjectLiteral): void {
    completeValues(record, metadata)
    const now = clock.now()
    for (const column of metadata.columns) {
      if (column.getEntityValue(record) !== undefined) continue
      if (column.isCreateDate || column.isUpdateDate) column.setEntityValue(record, momentOf(column, now))
      else if (column.isDeleteDate) column.setEntityValue(record, null)
      else if (column.isVersion) column.setEntityValue(record, 1)
      else if (column.isGenerated && column.generationStrategy === 'uuid') column.setEntityValue(record, randomUUID())
      // What is not given is null in the row, so it is on the object.
      else if (column.isNullable && column.default === undefined && !column.isVirtual) column.setEntityValue(record, null)
    }
  }

  /**
   * INSERTs records that are prepared.
   *
   * @param unlessTaken Whether it stores nothing where a unique value is taken; of one record.
   * @throws {WriteIgnoredError} The database took the statement and stored less.
   * @throws {TakenError} A unique value is taken, and it was to say so.
   */
  async insert(metadata: EntityMetadata, records: readonly ObjectLiteral[], unlessTaken = false): Promise<void> {
    const { capabilities, dialect } = this.#engine.driver
    const columns = metadata.columns.filter((column) => column.isInsert && records.some((record) => valueOf(column, record) !== undefined))
    const given = new Set(columns)
    const filled = metadata.columns.filter(
      (column) => !given.has(column) && (column.isGenerated || column.default !== undefined || isComputed(column)),
    )
    // What may give back a row that was there tells less than what gives nothing back.
    const givesBack = capabilities.insertReturning && (capabilities.namesConflict || !unlessTaken)
    const returning = givesBack ? filled : []
    this.undo.noteInserted(metadata, records, filled)
    for (let start = 0; start < records.length; ) {
      const size = batchSize(records.length - start, capabilities.maxParameters, columns.length)
      const batch = size === records.length ? records : records.slice(start, start + size)
      start += size
      const values: unknown[] = []
      for (const record of batch) for (const column of columns) values.push(persistentValue(column, record) ?? null)
      const result = await this.#transaction.query('write', insertText(metadata, columns, size, returning, unlessTaken), values)
      if (unlessTaken && dialect.wasTaken(result)) throw new TakenError()
      const stored = returning.length > 0 ? result.records.length : (result.affected ?? size)
      if (stored < size) throw new WriteIgnoredError(metadata.name, 'INSERT')
      this.count(size)
      for (const [index, record] of batch.entries()) {
        if (givesBack) this.#hydrate(filled, record, result.records[index] ?? {})
        else await this.#readFilled(metadata, record, filled, result)
        this.written(metadata, record)
      }
    }
  }

  /** Where INSERT gives nothing back: the key from the driver's answer, other defaults by a SELECT. */
  async #readFilled(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    filled: readonly ColumnMetadata[],
    result: StatementResult,
  ): Promise<void> {
    const key = filled.find((column) => column.isGenerated && column.generationStrategy === 'increment')
    const insertId: unknown = isObject(result.raw) ? Reflect.get(result.raw, 'insertId') : result.raw
    if (key) this.#hydrate([key], record, { [key.databaseName]: insertId })
    const rest = filled.filter((column) => column !== key)
    if (rest.length > 0) await this.read(metadata, record, rest)
  }

  // ------------------------------------------------------------------------------------------------ update

  /**
   * UPDATEs `columns` of the record's row.
   *
   * @throws {RecordNotFoundError} The row is gone. @throws {WriteIgnoredError} It was not changed.
   * @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  async update(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): Promise<void> {
    const { updateDateColumn, versionColumn } = metadata
    const guard = guardOf(metadata, recordState(record))
    const held = this.rows.hold(metadata, record, columns, guard)
    if (held) await held
    const set = columns.filter((column) => column !== versionColumn)
    if (updateDateColumn && !set.includes(updateDateColumn)) {
      updateDateColumn.setEntityValue(record, momentOf(updateDateColumn, clock.now()))
      set.push(updateDateColumn)
    }
    const values = set.map((column) => persistentValue(column, record) ?? null)
    const result = await this.#change(
      metadata,
      record,
      (returning) => updateText(metadata, set, returning, guard),
      values,
      versionOf(metadata),
      guard,
    )
    if (affectedRows(result) === 0) await this.#explainNothing(metadata, record, guard, 'UPDATE')
    this.count(1)
    this.written(metadata, record)
  }

  /**
   * Adds to a column in the database, whatever its value there is by now; the object follows.
   *
   * @param increment `undefined` when no value of the column may change so.
   * @throws {ConflictError} The result would pass a bound.
   */
  async increment(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    column: ColumnMetadata,
    increment: Increment | undefined,
  ): Promise<void> {
    const conflict = `${metadata.name}.${column.propertyName} cannot change so: it would pass its limit.`
    if (!increment) throw new ConflictError(conflict)
    const { updateDateColumn } = metadata
    const stamps = updateDateColumn && updateDateColumn !== column ? [updateDateColumn] : []
    const now = clock.now()
    const { dialect } = this.#engine.driver
    const bounds = increment.bounds.map(({ value }) => value)
    const read = [column, ...versionOf(metadata)]
    const guard = guardOf(metadata, recordState(record))
    const held = this.rows.hold(metadata, record, none, guard)
    if (held) await held
    const values = [increment.amount, ...stamps.map((stamp) => boundAs(stamp, now))]
    const result = await this.#change(
      metadata,
      record,
      (returning) => incrementText(metadata, column, stamps, increment, dialect, returning, guard),
      values,
      read,
      guard,
      bounds,
    )
    if (affectedRows(result) === 0) {
      if (guard.length > 0) await this.rows.isUntouched(metadata, record, guard)
      await this.read(metadata, record, [column])
      if (increment.fits(column.getEntityValue(record))) throw new WriteIgnoredError(metadata.name, 'UPDATE')
      throw new ConflictError(conflict)
    }
    this.count(1)
    for (const stamp of stamps) stamp.setEntityValue(record, momentOf(stamp, now))
    this.#remember(metadata, record, [...read, ...stamps])
  }

  /** An UPDATE whose `read` columns are read back: by the statement itself, where the database can. */
  async #change(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    text: (returning: readonly ColumnMetadata[]) => string,
    values: readonly unknown[],
    read: readonly ColumnMetadata[],
    guard: readonly ColumnMetadata[],
    bounds: readonly unknown[] = [],
  ): Promise<StatementResult> {
    const returning = this.#engine.driver.capabilities.updateReturning ? read : []
    const bound = [...values, ...boundKey(metadata, record, guard), ...bounds]
    const result = await this.#transaction.query('write', text(returning), bound)
    if (affectedRows(result) === 0 || read.length === 0) return result
    if (returning.length > 0) this.#hydrate(read, record, result.records[0] ?? {})
    else await this.read(metadata, record, read)
    return result
  }

  // ------------------------------------------------------------------------------------------------ delete

  /**
   * DELETEs the record's row; one that is gone already is none the worse.
   *
   * @throws {WriteIgnoredError} It is still there. @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  async delete(metadata: EntityMetadata, record: ObjectLiteral): Promise<void> {
    const guard = guardOf(metadata, recordState(record))
    const held = this.rows.hold(metadata, record, metadata.columns, guard)
    if (held) await held
    const { affected } = await this.#transaction.query('write', deleteText(metadata, guard), boundKey(metadata, record, guard))
    if (affected === 0 && (await this.rows.isUntouched(metadata, record, guard))) throw new WriteIgnoredError(metadata.name, 'DELETE')
    this.count(1)
  }

  /**
   * Marks the row as deleted, or takes the mark off; one that is as wanted keeps its time.
   *
   * @throws {WriteIgnoredError} It stayed as it was. @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  async mark(metadata: EntityMetadata, record: ObjectLiteral, isDeleting: boolean): Promise<void> {
    const deletion = deletionColumns(metadata)
    if (!deletion) throw new ModelDefinitionError(metadata.name, 'it has no deletion column', 'Use db.Model.')
    const { updateDateColumn } = metadata
    const now = clock.now()
    const marks = new Map<ColumnMetadata, unknown>(deletionValues(deletion, isDeleting ? now : null))
    if (updateDateColumn) marks.set(updateDateColumn, now)
    const columns = [...marks.keys()]
    const guard = guardOf(metadata, recordState(record))
    const held = this.rows.hold(metadata, record, metadata.columns, guard)
    if (held) await held
    const values = [...marks].map(([column, value]) => boundAs(column, value))
    const sql = deletionText(metadata, columns, isDeleting, guard)
    const { affected } = await this.#transaction.query('write', sql, [...values, ...boundKey(metadata, record, guard)])
    if (affected) {
      this.count(1)
      deletion.time.setEntityValue(record, isDeleting ? momentOf(deletion.time, now) : null)
      updateDateColumn?.setEntityValue(record, momentOf(updateDateColumn, now))
      this.#remember(metadata, record, columns)
      const version = versionOf(metadata)
      if (version.length > 0) await this.read(metadata, record, version)
      return
    }
    if (guard.length > 0) await this.rows.isUntouched(metadata, record, guard)
    await this.read(metadata, record, columns)
    if ((deletion.time.getEntityValue(record) !== null) !== isDeleting) throw new WriteIgnoredError(metadata.name, 'UPDATE')
  }

  // ------------------------------------------------------------------------------------------------ read

  /** Reads columns of the record's row into the object. @throws {RecordNotFoundError} The row is gone. */
  async read(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): Promise<void> {
    const { records } = await this.#transaction.query('read', selectText(metadata, columns), boundKey(metadata, record))
    const [row] = records
    if (!row) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    this.#hydrate(columns, record, row)
    this.#remember(metadata, record, columns)
  }

  async #explainNothing(metadata: EntityMetadata, record: ObjectLiteral, guard: readonly ColumnMetadata[], verb: string): Promise<never> {
    if (await this.rows.isUntouched(metadata, record, guard)) throw new WriteIgnoredError(metadata.name, verb)
    throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
  }

  // ------------------------------------------------------------------------------------------------ shared

  /** Notes that rows were written, for the report of a veto. */
  count(rows: number): void {
    this.#transaction.frame.written += rows
  }

  /** Takes the record as it is for its row: it was just written. */
  written(metadata: EntityMetadata, record: ObjectLiteral): void {
    const isNew = recordState(record).snapshot === undefined
    for (const column of isNew ? foreignKeys(metadata).values() : []) {
      if (valueOf(column, record) === undefined) holdKey(column, record, null)
    }
    snapshot(metadata, record, this.#scope)
    this.#identities.remember(metadata, record)
  }

  #hydrate(columns: readonly ColumnMetadata[], record: ObjectLiteral, row: ObjectLiteral): void {
    const { driver } = this.#engine
    for (const column of columns) {
      const value: unknown = row[column.databaseName]
      if (value === undefined) continue
      const hydrated: unknown = driver.prepareHydratedValue(value, keyColumn(column))
      putValue(record, column, hydrated)
      if (isForeignKey(column) && record[column.propertyName] === undefined) holdKey(column, record, hydrated)
    }
  }

  /** Takes the values of `columns` for those of the row, and leaves the object's other changes unsaved. */
  #remember(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    const row = refreshed(metadata, record, columns, recordState(record).snapshot)
    const { siblings } = recordState(record)
    setRecordState(record, { snapshot: row, owner: this.#scope, removed: false, siblings })
    this.#identities.remember(metadata, record)
  }
}

const none: readonly ColumnMetadata[] = []

/** The version, if a model has one: the database counts it, so that it is read back. */
function versionOf({ versionColumn }: EntityMetadata): ColumnMetadata[] {
  return versionColumn ? [versionColumn] : []
}

/** A column that the database computes and a record has. */
function isComputed(column: ColumnMetadata): boolean {
  return column.asExpression !== undefined && !isShadow(column)
}

function boundAs(column: ColumnMetadata, value: unknown): unknown {
  return column.entityMetadata.dataSource.driver.preparePersistentValue(value, column)
}

function affectedRows(result: StatementResult): number {
  return result.affected ?? result.records.length
}

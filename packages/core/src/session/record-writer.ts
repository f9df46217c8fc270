import type { DateTime as Luxon } from 'luxon'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { clock } from '../clock.js'
import type { Pieces } from '../drivers/dialect.js'
import type { StatementResult } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { ConflictError, ModelDefinitionError, RecordNotFoundError, WriteIgnoredError } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import { isObject } from '../options.js'
import { foreignKeys, isForeignKey } from '../mapping/foreign-key.js'
import { isNumbered, momentOf } from '../mapping/mapped-column.js'
import { holdKey, valueOf } from '../plan/foreign-key.js'
import { guardOf } from '../plan/optimistic-lock.js'
import { type BoundKey, type Kept, ownerKey, rowsWith } from '../plan/kept.js'
import { type InsertPlan, planOf } from '../plan/plan.js'
import { bindRow, type PlannedColumn, plannedColumn } from '../plan/planned-column.js'
import { changedColumns, putValue, recordState, refreshed, setRecordState, snapshot, snapshotOf, takeValues } from '../plan/record-state.js'
import { mirrorBlindIndexes } from '../plan/secrets.js'
import { deleteText, type Increment, incrementText, selectText } from '../plan/statements.js'
import { completeValues } from '../plan/values.js'
import type { Scope } from '../scope/scope.js'
import { type IdentityMap, keyOf } from './identity-map.js'
import type { Engine } from './engine.js'
import { KeptColumns } from './kept-columns.js'
import { boundKey, RowGuard } from './row-guard.js'
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
  /** Keeps in step what is kept of the rows that are written. */
  readonly kept: KeptColumns

  /** @param pending Records that were added and not yet written. */
  constructor(engine: Engine, transaction: Transaction, identities: IdentityMap, scope: Scope, pending: Set<ObjectLiteral>) {
    this.#engine = engine
    this.#transaction = transaction
    this.#identities = identities
    this.#scope = scope
    this.#pending = pending
    this.rows = new RowGuard(engine.driver.dialect, transaction)
    this.kept = new KeptColumns(engine.driver, {
      send: (purpose, sql, values) => transaction.query(purpose, sql, values),
      hasRecords: (owner) => identities.hasAny(owner),
      tell: (owner, columns, rows) => (rows ? this.#follow(owner, columns, rows) : identities.expire(owner)),
    })
  }

  /** What to put back when the calling frame is rolled back. */
  get undo(): UndoLog {
    const { frame } = this.#transaction
    return (frame.undo ??= new UndoLog(this.#identities, this.#pending))
  }

  // ------------------------------------------------------------------------------------------------ insert

  /**
   * Fills in what the application need not give: its defaults, stamps, generated keys; and checks the values.
   *
   * @param now The moment of the stamps; of many records that are written together, one.
   * @throws {InvalidValueError} Something is wrong with them.
   */
  prepareInsert(metadata: EntityMetadata, record: ObjectLiteral, now = clock.now()): Eventual<void> {
    return after(completeValues(record, metadata), () => {
      planOf(metadata).fillBlanks(record, now)
      mirrorBlindIndexes(record, metadata)
    })
  }

  /**
   * INSERTs records that are prepared.
   *
   * @param unlessTaken Whether it stores nothing where a unique value is taken; of one record.
   * @param isAll See `#write`.
   * @throws {WriteIgnoredError} The database took the statement and stored less.
   * @throws {TakenError} A unique value is taken, and it was to say so.
   */
  insert(metadata: EntityMetadata, records: readonly ObjectLiteral[], unlessTaken = false, isAll = false): Eventual<void> {
    const { insertReturning, namesConflict } = this.#engine.driver.capabilities
    const rows = records.map((record) => takeValues(metadata, record))
    // What may give back a row that was there tells less than what gives nothing back.
    const plan = planOf(metadata).insert(rows, insertReturning && (namesConflict || !unlessTaken), unlessTaken)
    this.undo.noteInserted(metadata, records, plan.filled)
    const sizeFrom = (start: number): number => plan.batch(records.length - start)
    const insertAll = async (): Promise<void> => {
      for (let start = 0; start < records.length; ) {
        const end = start + sizeFrom(start)
        await this.#insertBatch(metadata, plan, records.slice(start, end), rows.slice(start, end), false)
        start = end
      }
    }
    return this.kept.around(metadata, { to: (kept) => records.map((record) => ownerKey(kept, record)) }, () =>
      sizeFrom(0) >= records.length ? this.#insertBatch(metadata, plan, records, rows, isAll) : insertAll(),
    )
  }

  #insertBatch(
    metadata: EntityMetadata,
    plan: InsertPlan,
    records: readonly ObjectLiteral[],
    rows: readonly unknown[][],
    isAll: boolean,
  ): Eventual<void> {
    const size = rows.length
    const values: unknown[] = []
    const forms = rows.map((row) => bindRow(plan.given, row, values))
    const { text, values: sent, returning } = plan.statement(size, values)
    return after(this.#write(text, sent, isAll && plan.givesKeysAlone), (result) => {
      if (plan.unlessTaken && this.#engine.driver.dialect.wasTaken(result)) throw new TakenError()
      const stored = returning.length > 0 ? result.records.length : (result.affected ?? size)
      if (stored < size) throw new WriteIgnoredError(metadata.name, 'INSERT')
      this.count(size)
      const keep = (): void => {
        for (const [index, record] of records.entries()) this.#inserted(metadata, plan, record, rows[index] ?? [], forms[index])
      }
      if (returning.length < plan.filled.length) return after(this.#readFilled(metadata, records, plan.filled, result), keep)
      for (const [index, record] of records.entries()) hydrate(returning, record, result.records[index])
      keep()
    })
  }

  /** Takes what was sent for the row, with what the database has filled in. */
  #inserted(metadata: EntityMetadata, { filled }: InsertPlan, record: ObjectLiteral, row: unknown[], forms?: readonly unknown[]): void {
    for (const column of filled) row[column.index] = column.get(record)
    for (const column of foreignKeys(metadata).values()) {
      const key = plannedColumn(column)
      if (key.get(record) === undefined) holdKey(column, record, null)
      row[key.index] ??= key.get(record)
    }
    snapshot(metadata, record, this.#scope.ownership, snapshotOf(metadata, row, forms))
    this.#identities.remember(metadata, record)
  }

  /** Where INSERT gives nothing back: the key from the driver's answer, other defaults by a SELECT. */
  #readFilled(
    metadata: EntityMetadata,
    records: readonly ObjectLiteral[],
    filled: readonly PlannedColumn[],
    result: StatementResult,
  ): Eventual<void> {
    const key = filled.find(({ metadata: column }) => isNumbered(column))
    const insertId: unknown = isObject(result.raw) ? Reflect.get(result.raw, 'insertId') : result.raw
    const rest = filled.filter((column) => column !== key).map((column) => column.metadata)
    if (key) for (const record of records) key.set(record, key.decode(insertId))
    if (rest.length > 0) return this.#readAll(metadata, records, rest)
  }

  async #readAll(metadata: EntityMetadata, records: readonly ObjectLiteral[], columns: readonly ColumnMetadata[]): Promise<void> {
    for (const record of records) await this.read(metadata, record, columns)
  }

  // ------------------------------------------------------------------------------------------------ update

  /**
   * UPDATEs `columns` of the record's row.
   *
   * @param isAll See `#write`.
   * @throws {RecordNotFoundError} The row is gone. @throws {WriteIgnoredError} It was not changed.
   * @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  update(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[], isAll = false): Eventual<void> {
    const guard = guardOf(metadata, recordState(record))
    const to = ({ foreignKey }: Kept, key: BoundKey): readonly BoundKey[] =>
      columns.some(({ databaseName }) => foreignKey.some((column) => column.databaseName === databaseName)) ? [key] : []
    return this.kept.around(metadata, { columns, rows: this.#row(metadata, record), to: (kept) => to(kept, ownerKey(kept, record)) }, () =>
      after(this.rows.hold(metadata, record, columns, guard), () => this.#updateHeld(metadata, record, columns, guard, isAll)),
    )
  }

  #updateHeld(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    columns: readonly ColumnMetadata[],
    guard: readonly ColumnMetadata[],
    isAll: boolean,
  ): Eventual<void> {
    const plan = planOf(metadata)
    const set = columns.filter((column) => column !== metadata.versionColumn).map(plannedColumn)
    if (plan.updateDate && !set.includes(plan.updateDate)) {
      plan.updateDate.set(record, momentOf(plan.updateDate.metadata, clock.now()))
      set.push(plan.updateDate)
    }
    const row = takeValues(metadata, record)
    const read = versionOf(metadata)
    const returning = this.#engine.driver.capabilities.updateReturning ? read : []
    const update = plan.update(set, returning, guard)
    const values: unknown[] = []
    const forms = bindRow(update.columns, row, values)
    values.push(...boundKey(metadata, record, guard))
    return after(this.#change(metadata, record, update.text, values, read, isAll), (result) => {
      if (affectedRows(result) === 0) return this.#explainNothing(metadata, record, guard, 'UPDATE')
      this.count(1)
      for (const column of read.map(plannedColumn)) row[column.index] = column.get(record)
      snapshot(metadata, record, this.#scope.ownership, snapshotOf(metadata, row, forms))
      this.#identities.remember(metadata, record)
    })
  }

  /**
   * Adds to a column in the database, whatever its value there is by now; the object follows.
   *
   * @param increment `undefined` when no value of the column may change so.
   * @param isAll See `#write`.
   * @throws {ConflictError} The result would pass a bound.
   */
  increment(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    column: ColumnMetadata,
    increment: Increment | undefined,
    isAll: boolean,
  ): Eventual<void> {
    const conflict = `${metadata.name}.${column.propertyName} cannot change so: it would pass its limit.`
    if (!increment) throw new ConflictError(conflict)
    const { updateDateColumn } = metadata
    const stamps = updateDateColumn && updateDateColumn !== column ? [updateDateColumn] : []
    const now = clock.now()
    const { dialect, capabilities } = this.#engine.driver
    const read = [column, ...versionOf(metadata)]
    const guard = guardOf(metadata, recordState(record))
    const text = incrementText(metadata, column, stamps, increment, dialect, capabilities.updateReturning ? read : [], guard)
    const change = (): Eventual<StatementResult> => {
      const values = [increment.amount, ...stamps.map((stamp) => plannedColumn(stamp).encode(now))]
      values.push(...boundKey(metadata, record, guard), ...increment.bounds.map(({ value }) => value))
      return this.#change(metadata, record, text, values, read, isAll)
    }
    const held = (): Eventual<StatementResult> => after(this.rows.hold(metadata, record, none, guard), change)
    return after(this.kept.around(metadata, { columns: [column], rows: this.#row(metadata, record) }, held), (result) => {
      if (affectedRows(result) === 0) return this.#explainConflict(metadata, record, column, guard, increment, conflict)
      this.count(1)
      for (const stamp of stamps) stamp.setEntityValue(record, momentOf(stamp, now))
      this.#remember(metadata, record, [...read, ...stamps])
    })
  }

  async #explainConflict(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    column: ColumnMetadata,
    guard: readonly ColumnMetadata[],
    increment: Increment,
    conflict: string,
  ): Promise<never> {
    if (guard.length > 0) await this.rows.isUntouched(metadata, record, guard)
    await this.read(metadata, record, [column])
    if (increment.fits(column.getEntityValue(record))) throw new WriteIgnoredError(metadata.name, 'UPDATE')
    throw new ConflictError(conflict)
  }

  /** An UPDATE whose `read` columns are read back: by the statement itself, where the database can. */
  #change(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    text: string,
    values: readonly unknown[],
    read: readonly ColumnMetadata[],
    isAll: boolean,
  ): Eventual<StatementResult> {
    // What is read in a statement of its own must still be what this one wrote.
    const isWhole = isAll && (read.length === 0 || this.#engine.driver.capabilities.updateReturning)
    return after(this.#write(text, values, isWhole), (result) => {
      if (read.length === 0 || affectedRows(result) === 0) return result
      if (!this.#engine.driver.capabilities.updateReturning) return after(this.read(metadata, record, read), () => result)
      hydrate(read.map(plannedColumn), record, result.records[0])
      return result
    })
  }

  // ------------------------------------------------------------------------------------------------ delete

  /**
   * DELETEs the record's row; one that is gone already is none the worse.
   *
   * @param isAll See `#write`.
   * @throws {WriteIgnoredError} It is still there. @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  delete(metadata: EntityMetadata, record: ObjectLiteral, isAll: boolean): Eventual<void> {
    const guard = guardOf(metadata, recordState(record))
    const deleted = this.kept.around(metadata, { rows: this.#row(metadata, record), deletes: true }, () =>
      after(this.rows.hold(metadata, record, metadata.columns, guard), () =>
        this.#write(deleteText(metadata, guard), boundKey(metadata, record, guard), isAll),
      ),
    )
    return after(deleted, ({ affected }) => {
      const isThere = affected === 0 ? this.rows.isUntouched(metadata, record, guard) : false
      return after(isThere, (there) => {
        if (there) throw new WriteIgnoredError(metadata.name, 'DELETE')
        this.count(1)
      })
    })
  }

  /**
   * Marks the row as deleted, or takes the mark off; one that is as wanted keeps its time.
   *
   * @param isAll See `#write`.
   * @param at When it is deleted. @default now
   * @throws {WriteIgnoredError} It stayed as it was. @throws {StaleRecordError} @throws {PreconditionFailedError} See `RowGuard.hold`.
   */
  mark(metadata: EntityMetadata, record: ObjectLiteral, isDeleting: boolean, isAll = false, at?: Luxon): Eventual<void> {
    const guard = guardOf(metadata, recordState(record))
    const plan = planOf(metadata).deletion(isDeleting, guard)
    if (!plan) throw new ModelDefinitionError(metadata.name, 'it has no deletion column', 'Use db.Model.')
    const { updateDateColumn } = metadata
    const now = at ?? clock.now()
    const { time } = plan.deletion
    const columns = plan.columns.map((column) => column.metadata)
    const change = (): Eventual<StatementResult> => {
      const values = plan.values(now).map((value, index) => plan.columns[index]?.encode(value))
      return this.#write(plan.text, [...values, ...boundKey(metadata, record, guard)], isAll && !metadata.versionColumn)
    }
    const held = (): Eventual<StatementResult> => after(this.rows.hold(metadata, record, metadata.columns, guard), change)
    return after(this.kept.around(metadata, { rows: this.#row(metadata, record) }, held), ({ affected }) => {
      if (!affected) {
        const looked = guard.length > 0 ? this.rows.isUntouched(metadata, record, guard) : undefined
        const read = after<unknown, void>(looked, () => this.read(metadata, record, columns))
        return after(read, () => {
          if ((time.getEntityValue(record) !== null) !== isDeleting) throw new WriteIgnoredError(metadata.name, 'UPDATE')
        })
      }
      this.count(1)
      time.setEntityValue(record, isDeleting ? momentOf(time, now) : null)
      updateDateColumn?.setEntityValue(record, momentOf(updateDateColumn, now))
      this.#remember(metadata, record, columns)
      const version = versionOf(metadata)
      return version.length > 0 ? this.read(metadata, record, version) : undefined
    })
  }

  // ------------------------------------------------------------------------------------------------ read

  /** Reads columns of the record's row into the object. @throws {RecordNotFoundError} The row is gone. */
  read(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): Eventual<void> {
    const sent = this.#transaction.query('read', selectText(metadata, columns), boundKey(metadata, record))
    return after(sent, ({ records: [row] }) => {
      if (!row) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
      hydrate(columns.map(plannedColumn), record, row)
      this.#remember(metadata, record, columns)
    })
  }

  async #explainNothing(metadata: EntityMetadata, record: ObjectLiteral, guard: readonly ColumnMetadata[], verb: string): Promise<never> {
    if (await this.rows.isUntouched(metadata, record, guard)) throw new WriteIgnoredError(metadata.name, verb)
    throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
  }

  // ------------------------------------------------------------------------------------------------ shared

  /** The condition of a record's row; `undefined` where nothing is kept of it. */
  #row(metadata: EntityMetadata, record: ObjectLiteral): Pieces | undefined {
    return this.kept.isOf(metadata) ? rowsWith(metadata, [boundKey(metadata, record)]) : undefined
  }

  /** Lets records follow what was kept in their rows. */
  #follow(metadata: EntityMetadata, columns: readonly ColumnMetadata[], rows: readonly ObjectLiteral[]): void {
    for (const row of rows) {
      const key: ObjectLiteral = {}
      for (const column of metadata.primaryColumns) column.setEntityValue(key, plannedColumn(column).decode(row[column.databaseName]))
      const record = this.#identities.find(metadata, key)
      if (!record) continue
      this.undo.noteChanged(metadata, record, changedColumns(metadata, record))
      hydrate(columns.map(plannedColumn), record, row)
      this.#remember(metadata, record, columns)
    }
  }

  /** Sends what writes. @param isAll Whether it is all that its scope writes, and whatever comes after it cannot fail. */
  #write(sql: string, values: readonly unknown[], isAll: boolean): Eventual<StatementResult> {
    return isAll ? this.#transaction.autocommit(sql, values) : this.#transaction.query('write', sql, values)
  }

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
    snapshot(metadata, record, this.#scope.ownership)
    this.#identities.remember(metadata, record)
  }

  /** Takes the values of `columns` for those of the row, and leaves the object's other changes unsaved. */
  #remember(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    const row = refreshed(metadata, record, columns, recordState(record).snapshot)
    const { siblings } = recordState(record)
    setRecordState(record, { snapshot: row, owner: this.#scope.ownership, removed: false, siblings })
    this.#identities.remember(metadata, record)
  }
}

/** The version, if a model has one: the database counts it, so that it is read back. */
function versionOf({ versionColumn }: EntityMetadata): readonly ColumnMetadata[] {
  return versionColumn ? [versionColumn] : none
}

const none: readonly ColumnMetadata[] = []

/** Puts values of a row that was given back on its record. */
function hydrate(columns: readonly PlannedColumn[], record: ObjectLiteral, row: unknown): void {
  for (const column of columns) {
    const value: unknown = isObject(row) ? Reflect.get(row, column.metadata.databaseName) : undefined
    if (value === undefined) continue
    const hydrated = column.decode(value)
    putValue(record, column.metadata, hydrated)
    if (isForeignKey(column.metadata) && record[column.property] === undefined) holdKey(column.metadata, record, hydrated)
  }
}

function affectedRows(result: StatementResult): number {
  return result.affected ?? result.records.length
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { EntityManager, EntityMetadata, ObjectLiteral, QueryResult, QueryRunner } from 'typeorm'
import type { DriverRunner, LeasePurpose } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { clock } from '../clock.js'
import type { Scope } from '../scope/scope.js'
import { ConflictError, ForeignRecordError, ModelDefinitionError, RecordNotFoundError } from '../errors.js'
import { deleteText, deletionText, incrementText, insertText, selectText, updateText } from '../plan/statements.js'
import { changedColumns, persistentValue, type RecordOwner, recordState, setRecordState, snapshot } from '../plan/record-state.js'
import type { SessionSource } from './session-source.js'

/** Bounds that an increment must not pass. */
export interface IncrementLimits {
  /** The smallest value that may result. */
  readonly min?: number
  /** The largest value that may result. */
  readonly max?: number
}

/** Code that runs inside a flush must not wait for that flush. */
const flushing = new AsyncLocalStorage<UnitOfWork>()

/** The session as its records see it. */
export interface RecordSession extends RecordOwner {
  readonly name: string
  readonly scope: Scope
  readonly dataSource: SessionSource
  readonly manager: EntityManager
  readonly runner: QueryRunner
  verb<T>(work: () => Promise<T>): Promise<T>
  execute<T>(purpose: LeasePurpose, run: (runner: DriverRunner) => Promise<T>): Promise<T>
  onUndo(undo: () => void): void
  countWritten(rows: number): void
}

/**
 * The records of one session: one row, one object; what was added and not yet written; and the writes themselves.
 *
 * It holds what came through the models' verbs and queries. Objects of plain TypeORM repositories stay outside: TypeORM
 * compares with what it loads, and would be handed the very object that it wants to compare.
 */
export class UnitOfWork {
  readonly #session: RecordSession
  readonly #identities = new Map<EntityMetadata['target'], Map<string, ObjectLiteral>>()
  #pending = new Set<ObjectLiteral>()
  #flushing: Promise<void> | undefined

  constructor(session: RecordSession) {
    this.#session = session
  }

  /** Whether anything was added and not yet written. */
  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  // ------------------------------------------------------------------------------------------------ identity

  /**
   * Gives the session's one object for the row that was just read into `loaded`.
   *
   * What the object has not changed takes the row's value; what it has changed stays.
   */
  adopt<T extends ObjectLiteral>(metadata: EntityMetadata, loaded: T): T {
    const known = this.#known(metadata, loaded)
    if (!known || known === loaded) {
      snapshot(metadata, loaded, this.#session)
      this.#remember(metadata, loaded)
      return loaded
    }
    const changed = new Set(changedColumns(metadata, known))
    const before = recordState(known).snapshot
    const now = new Map(before)
    for (const column of metadata.columns) {
      const value = persistentValue(column, loaded)
      if (value === undefined) continue
      now.set(column.propertyPath, value)
      if (!changed.has(column)) column.setEntityValue(known, column.getEntityValue(loaded))
    }
    for (const { propertyName } of metadata.relations) {
      if (Object.hasOwn(loaded, propertyName)) Reflect.set(known, propertyName, Reflect.get(loaded, propertyName))
    }
    setRecordState(known, { snapshot: now, owner: this.#session, removed: false })
    return known as T
  }

  #known(metadata: EntityMetadata, record: ObjectLiteral): ObjectLiteral | undefined {
    const key = keyOf(metadata, record)
    return key === undefined ? undefined : this.#identities.get(metadata.target)?.get(key)
  }

  #remember(metadata: EntityMetadata, record: ObjectLiteral): void {
    const key = keyOf(metadata, record)
    if (key === undefined) return
    let records = this.#identities.get(metadata.target)
    if (!records) this.#identities.set(metadata.target, (records = new Map()))
    records.set(key, record)
  }

  #forget(metadata: EntityMetadata, record: ObjectLiteral): void {
    const key = keyOf(metadata, record)
    if (key !== undefined) this.#identities.get(metadata.target)?.delete(key)
  }

  /** Forgets the records of `metadata` that have no unsaved change: batches of a long loop need not stay in memory. */
  evictClean(metadata: EntityMetadata): void {
    const records = this.#identities.get(metadata.target)
    for (const [key, record] of records ?? []) {
      if (!this.#pending.has(record) && changedColumns(metadata, record).length === 0) records?.delete(key)
    }
  }

  /** Forgets all records. */
  clear(): void {
    this.#identities.clear()
    this.#pending.clear()
  }

  // ------------------------------------------------------------------------------------------------ what is to be written

  /** Takes `record` in, to be written with the next flush. @throws {ForeignRecordError} */
  add(record: ObjectLiteral): void {
    this.#own(record)
    if (this.#pending.has(record)) return
    this.#pending.add(record)
    this.#session.onUndo(() => this.#pending.delete(record))
  }

  /** Drops what was added and not yet written. */
  discardPending(): void {
    this.#pending.clear()
  }

  /** Writes what was added; callers at the same time share one flush. */
  async autoflush(): Promise<void> {
    if (this.#flushing) return this.#isFlushing() ? undefined : this.#flushing
    if (this.#pending.size === 0) return
    await this.#flush([])
  }

  /** Writes what was added, and every changed record of the session. */
  async flush(): Promise<void> {
    if (this.#flushing && !this.#isFlushing()) await this.#flushing
    await this.#flush(this.#changed())
  }

  async #flush(also: readonly ObjectLiteral[]): Promise<void> {
    const records = [...new Set([...this.#pending, ...also])]
    const work = flushing.run(this, async () => {
      for (const record of records) {
        this.#pending.delete(record)
        await this.#write(record)
      }
    })
    this.#flushing = work
    try {
      await work
    } finally {
      this.#flushing = undefined
    }
  }

  #isFlushing(): boolean {
    return flushing.getStore() === this
  }

  #changed(): ObjectLiteral[] {
    const changed: ObjectLiteral[] = []
    for (const records of this.#identities.values()) {
      for (const record of records.values()) {
        if (changedColumns(this.#metadataOf(record), record).length > 0) changed.push(record)
      }
    }
    return changed
  }

  /** Tells, once for each place in development, of changes that the commit of an answer does not write. */
  reportUnsaved(): void {
    if (process.env['NODE_ENV'] === 'production') return
    const names = new Set(
      this.#changed()
        .filter((record) => !this.#pending.has(record))
        .map((record) => this.#metadataOf(record).name),
    )
    if (names.size === 0) return
    const { scope } = this.#session
    scope.report({
      kind: 'unsaved-changes',
      label: scope.label,
      database: this.#session.name,
      message: `${scope.label} changed records of ${[...names].join(', ')} and did not save them. Call save(), update() or db.add().`,
    })
  }

  // ------------------------------------------------------------------------------------------------ verbs

  /** INSERTs a new record, or UPDATEs the columns that changed; a record without a change sends nothing. */
  save(record: ObjectLiteral): Promise<void> {
    return this.#session.verb(async () => {
      this.#own(record)
      await this.autoflush()
      await this.#write(record)
    })
  }

  /** INSERTs many new records of one model with as few statements as the database allows. */
  insertMany(records: readonly ObjectLiteral[]): Promise<void> {
    return this.#session.verb(async () => {
      for (const record of records) this.#own(record)
      await this.autoflush()
      const [first] = records
      if (!first) return
      const metadata = this.#metadataOf(first)
      if (
        !this.#session.dataSource.alchemy.capabilities.insertReturning ||
        records.some((record) => this.#isForTypeorm(metadata, record))
      ) {
        for (const record of records) await this.#write(record)
        return
      }
      for (const record of records) {
        this.#prepareInsert(metadata, record)
        await this.#writeParents(metadata, record)
      }
      await this.#insert(metadata, records)
    })
  }

  /** Deletes the row for good. */
  remove(record: ObjectLiteral): Promise<void> {
    return this.#session.verb(async () => {
      const metadata = this.#metadataOf(record)
      this.#requireRow(metadata, record)
      await this.autoflush()
      this.#undoable(metadata, record)
      if (hasCascade(metadata, 'remove') || this.#isListenedTo(metadata)) {
        const key = keyValues(metadata, record)
        await this.#session.manager.remove(record)
        // TypeORM takes the key off the object; a record keeps telling which row it was.
        metadata.primaryColumns.forEach((column, index) => column.setEntityValue(record, key[index]))
      } else await this.#send(deleteText(metadata), this.#boundKey(metadata, record))
      this.#session.countWritten(1)
      this.#forget(metadata, record)
      setRecordState(record, { snapshot: undefined, owner: this.#session, removed: true })
    })
  }

  /** Marks the row as deleted; one that is already keeps its time. */
  softDelete(record: ObjectLiteral): Promise<void> {
    return this.#mark(record, true)
  }

  /** Takes the mark off again. */
  restore(record: ObjectLiteral): Promise<void> {
    return this.#mark(record, false)
  }

  #mark(record: ObjectLiteral, deleting: boolean): Promise<void> {
    return this.#session.verb(async () => {
      const metadata = this.#metadataOf(record)
      const { deleteDateColumn, updateDateColumn } = metadata
      if (!deleteDateColumn) throw new ModelDefinitionError(metadata.name, 'it has no deletion column', 'Use db.Model.')
      this.#requireRow(metadata, record)
      await this.autoflush()
      this.#undoable(metadata, record)
      const cascade = deleting ? 'soft-remove' : 'recover'
      if (hasCascade(metadata, cascade)) {
        await (deleting ? this.#session.manager.softRemove(record) : this.#session.manager.recover(record))
        snapshot(metadata, record, this.#session)
        this.#session.countWritten(1)
        return
      }
      const now = clock.now()
      const columns = [flagColumn(metadata), deleteDateColumn, updateDateColumn].filter((column) => column !== undefined)
      const row = Object.create(record) as ObjectLiteral
      deleteDateColumn.setEntityValue(row, deleting ? now : null)
      updateDateColumn?.setEntityValue(row, now)
      const values = columns.map((column) => (column === flagColumn(metadata) ? deleting : persistentValue(column, row)))
      const { runner } = this.#session
      await runner.broadcaster.broadcast(deleting ? 'BeforeSoftRemove' : 'BeforeRecover', metadata, record)
      const { affected } = await this.#send(deletionText(metadata, columns, deleting), [...values, ...this.#boundKey(metadata, record)])
      if (affected) {
        this.#session.countWritten(1)
        deleteDateColumn.setEntityValue(record, deleting ? now : null)
        updateDateColumn?.setEntityValue(record, now)
        this.#refreshSnapshot(metadata, record, columns)
      } else await this.#read(metadata, record, columns)
      await runner.broadcaster.broadcast(deleting ? 'AfterSoftRemove' : 'AfterRecover', metadata, record)
    })
  }

  /** Reads the row again, and drops what was changed on the object. @throws {RecordNotFoundError} The row is gone. */
  async reload(record: ObjectLiteral): Promise<void> {
    const metadata = this.#metadataOf(record)
    this.#requireRow(metadata, record)
    this.#own(record)
    await this.autoflush()
    await this.#read(metadata, record, metadata.columns)
  }

  /**
   * Adds `by` to a column in the database, whatever its value there is by now; the object follows.
   *
   * @throws {ConflictError} The result would pass a limit.
   */
  increment(record: ObjectLiteral, column: ColumnMetadata, by: number, limits: IncrementLimits): Promise<void> {
    return this.#session.verb(async () => {
      const metadata = this.#metadataOf(record)
      this.#requireRow(metadata, record)
      await this.autoflush()
      this.#undoable(metadata, record)
      const { updateDateColumn } = metadata
      const others = updateDateColumn && updateDateColumn !== column ? [updateDateColumn] : []
      const now = clock.now()
      const row = Object.create(record) as ObjectLiteral
      for (const other of others) other.setEntityValue(row, now)
      const { updateReturning } = this.#session.dataSource.alchemy.capabilities
      const sql = incrementText(
        metadata,
        column,
        others,
        { min: limits.min !== undefined, max: limits.max !== undefined },
        updateReturning ? [column] : [],
      )
      // A driver that binds numbers as doubles would make the sum a double, which ends at 2^53.
      const amount = column.type === 'bigint' && Number.isInteger(by) ? BigInt(by) : by
      const bounds = [limits.min, limits.max].flatMap((limit) => (limit === undefined ? [] : [amount, limit]))
      const result = await this.#send(sql, [
        amount,
        ...others.map((other) => persistentValue(other, row)),
        ...this.#boundKey(metadata, record),
        ...bounds,
      ])
      if (affectedRows(result) === 0) {
        await this.#read(metadata, record, [column])
        throw new ConflictError(`${metadata.name}.${column.propertyName} cannot change by ${by}: it would pass its limit.`)
      }
      this.#session.countWritten(1)
      for (const other of others) other.setEntityValue(record, now)
      if (updateReturning) this.#hydrate([column], record, result.records[0] ?? {})
      else await this.#read(metadata, record, [column])
      this.#refreshSnapshot(metadata, record, [column, ...others])
    })
  }

  // ------------------------------------------------------------------------------------------------ writing one record

  async #write(record: ObjectLiteral): Promise<void> {
    const metadata = this.#metadataOf(record)
    const { snapshot: row, removed } = recordState(record)
    if (removed) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    if (!row) this.#prepareInsert(metadata, record)
    const changed = row ? this.#changedForUpdate(metadata, record) : []
    if (row && changed.length > 0) this.#session.dataSource.values.prepareUpdate(record, metadata, changed)
    if (this.#isForTypeorm(metadata, record)) return this.#writeByTypeorm(metadata, record)
    await this.#writeParents(metadata, record)
    if (!row) return this.#insert(metadata, [record])
    if (changed.length > 0) await this.#update(metadata, record, changed)
  }

  #prepareInsert(metadata: EntityMetadata, record: ObjectLiteral): void {
    this.#session.dataSource.values.prepareInsert(record, metadata)
    const now = clock.now()
    for (const column of metadata.columns) {
      if (column.getEntityValue(record) !== undefined) continue
      if (column.isCreateDate || column.isUpdateDate) column.setEntityValue(record, now)
      else if (column.isDeleteDate) column.setEntityValue(record, null)
      else if (column.isVersion) column.setEntityValue(record, 1)
      else if (column.isGenerated && column.generationStrategy === 'uuid') column.setEntityValue(record, randomUUID())
      // What is not given is null in the row, so it is on the object.
      else if (column.isNullable && column.default === undefined && !column.isVirtual) column.setEntityValue(record, null)
    }
  }

  /** A row that this one refers to must exist first. */
  async #writeParents(metadata: EntityMetadata, record: ObjectLiteral, path: readonly ObjectLiteral[] = []): Promise<void> {
    if (path.includes(record)) {
      const cycle = [...path, record].map((each) => this.#metadataOf(each).name).join(' → ')
      throw new ModelDefinitionError(
        metadata.name,
        `new records refer to each other (${cycle})`,
        'Save one of them first, without the reference.',
      )
    }
    for (const relation of [...metadata.manyToOneRelations, ...metadata.oneToOneRelations]) {
      const parent: unknown = relation.isOwning ? Reflect.get(record, relation.propertyName) : undefined
      if (!isObject(parent) || !this.#session.dataSource.hasMetadata(parent.constructor)) continue
      const { snapshot: row, removed } = recordState(parent)
      if (row || removed) continue
      const parentMetadata = this.#metadataOf(parent)
      if (keyOf(parentMetadata, parent) !== undefined && !parentMetadata.hasUUIDGeneratedColumns) continue
      await this.#writeParents(parentMetadata, parent, [...path, record])
      this.#pending.delete(parent)
      this.#own(parent)
      await this.#write(parent)
    }
  }

  async #insert(metadata: EntityMetadata, records: readonly ObjectLiteral[]): Promise<void> {
    const { capabilities } = this.#session.dataSource.alchemy
    const columns = metadata.columns.filter(
      (column) => column.isInsert && records.some((record) => column.getEntityValue(record) !== undefined),
    )
    const given = new Set(columns)
    const readBack = metadata.columns.filter(
      (column) => !given.has(column) && (column.isGenerated || column.default !== undefined || column.asExpression !== undefined),
    )
    // An INSERT without columns makes one row.
    const rowsAtOnce = columns.length === 0 ? 1 : Math.max(1, Math.floor(capabilities.maxParameters / columns.length))
    for (let start = 0; start < records.length; start += rowsAtOnce) {
      const batch = records.slice(start, start + rowsAtOnce)
      const values = batch.flatMap((record) => columns.map((column) => persistentValue(column, record) ?? null))
      const sql = insertText(metadata, columns, batch.length, capabilities.insertReturning ? readBack : [])
      for (const record of batch) this.#undoable(metadata, record)
      const result = await this.#send(sql, values)
      this.#session.countWritten(batch.length)
      for (const [index, record] of batch.entries()) {
        if (capabilities.insertReturning) this.#hydrate(readBack, record, result.records[index] ?? {})
        else await this.#readGenerated(metadata, record, readBack, result)
        snapshot(metadata, record, this.#session)
        this.#remember(metadata, record)
      }
    }
  }

  /** Where INSERT gives nothing back: the key from the driver's answer, other defaults by a SELECT. */
  async #readGenerated(
    metadata: EntityMetadata,
    record: ObjectLiteral,
    columns: readonly ColumnMetadata[],
    result: QueryResult,
  ): Promise<void> {
    const key = columns.find((column) => column.isGenerated && column.generationStrategy === 'increment')
    const insertId: unknown = isObject(result.raw) ? Reflect.get(result.raw, 'insertId') : result.raw
    if (key) this.#hydrate([key], record, { [key.databaseName]: insertId })
    const rest = columns.filter((column) => column !== key)
    if (rest.length > 0) await this.#read(metadata, record, rest)
  }

  #changedForUpdate(metadata: EntityMetadata, record: ObjectLiteral): ColumnMetadata[] {
    return changedColumns(metadata, record).filter((column) => column.isUpdate)
  }

  async #update(metadata: EntityMetadata, record: ObjectLiteral, changed: readonly ColumnMetadata[]): Promise<void> {
    this.#undoable(metadata, record)
    const { updateDateColumn, versionColumn } = metadata
    const columns = [...changed]
    if (updateDateColumn && !columns.includes(updateDateColumn)) {
      updateDateColumn.setEntityValue(record, clock.now())
      columns.push(updateDateColumn)
    }
    if (versionColumn && !columns.includes(versionColumn)) {
      versionColumn.setEntityValue(record, Number(versionColumn.getEntityValue(record)) + 1)
      columns.push(versionColumn)
    }
    const values = columns.map((column) => persistentValue(column, record) ?? null)
    const { affected } = await this.#send(updateText(metadata, columns, []), [...values, ...this.#boundKey(metadata, record)])
    if (affected === 0) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    this.#session.countWritten(1)
    snapshot(metadata, record, this.#session)
    this.#remember(metadata, record)
  }

  // ------------------------------------------------------------------------------------------------ TypeORM's part

  /** Listeners, subscribers, inheritance tables, to-many arrays and cascades are TypeORM's work, in this session. */
  #isForTypeorm(metadata: EntityMetadata, record: ObjectLiteral): boolean {
    if (this.#isListenedTo(metadata)) return true
    if (metadata.tableType !== 'regular' || metadata.inheritancePattern || metadata.parentEntityMetadata) return true
    if (metadata.treeType || metadata.columns.some(({ type }) => this.#session.dataSource.driver.spatialTypes.includes(type))) return true
    return metadata.relations.some(
      ({ isOneToMany, isManyToMany, isOneToOneNotOwner, propertyName }) =>
        (isOneToMany || isManyToMany || isOneToOneNotOwner) && Object.hasOwn(record, propertyName) && record[propertyName] !== undefined,
    )
  }

  #isListenedTo(metadata: EntityMetadata): boolean {
    if (metadata.listeners.length > 0) return true
    return this.#session.dataSource.subscribers.some((subscriber) => {
      const target = subscriber.listenTo?.()
      return target === undefined || target === metadata.target
    })
  }

  async #writeByTypeorm(metadata: EntityMetadata, record: ObjectLiteral): Promise<void> {
    this.#undoable(metadata, record)
    await this.#writeParents(metadata, record)
    await flushing.run(this, () => this.#session.manager.save(record))
    this.#session.countWritten(1)
    snapshot(metadata, record, this.#session)
    this.#remember(metadata, record)
  }

  // ------------------------------------------------------------------------------------------------ shared

  async #send(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.#session.execute('write', (runner) => runner.query(sql, [...values], true))
  }

  /** Reads columns of the record's row into the object. */
  async #read(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): Promise<void> {
    const sql = selectText(metadata, columns)
    const { records } = await this.#session.execute('read', (runner) => runner.query(sql, this.#boundKey(metadata, record), true))
    const [row] = records as ObjectLiteral[]
    if (!row) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    this.#hydrate(columns, record, row)
    this.#refreshSnapshot(metadata, record, columns)
  }

  #hydrate(columns: readonly ColumnMetadata[], record: ObjectLiteral, row: ObjectLiteral): void {
    const { driver } = this.#session.dataSource
    for (const column of columns) {
      const value: unknown = row[column.databaseName]
      if (value !== undefined) column.setEntityValue(record, driver.prepareHydratedValue(value, column))
    }
  }

  /** Takes the values of `columns` into the snapshot, and leaves the object's other changes unsaved. */
  #refreshSnapshot(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    const values = new Map(recordState(record).snapshot)
    for (const column of columns) values.set(column.propertyPath, persistentValue(column, record))
    setRecordState(record, { snapshot: values, owner: this.#session, removed: false })
    this.#remember(metadata, record)
  }

  #boundKey(metadata: EntityMetadata, record: ObjectLiteral): unknown[] {
    const { snapshot: row } = recordState(record)
    // The key as the row has it: a changed key must find the row under its old one.
    return metadata.primaryColumns.map((column) => row?.get(column.propertyPath) ?? persistentValue(column, record))
  }

  /** Takes the record over from a session that is over. @throws {ForeignRecordError} Its session is still open. */
  #own(record: ObjectLiteral): void {
    const state = recordState(record)
    if (state.owner === this.#session) return
    if (state.owner?.isOpen) throw new ForeignRecordError(this.#metadataOf(record).name, this.#session.scope.label)
    setRecordState(record, { ...state, owner: this.#session })
    if (state.snapshot) this.#remember(this.#metadataOf(record), record)
  }

  #requireRow(metadata: EntityMetadata, record: ObjectLiteral): void {
    this.#own(record)
    const { snapshot: row, removed } = recordState(record)
    if (!row || removed) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
  }

  /** Notes how the object is now, to put it back when the write that follows is rolled back. */
  #undoable(metadata: EntityMetadata, record: ObjectLiteral): void {
    const state = recordState(record)
    const values = metadata.columns.map((column) => [column, column.getEntityValue(record) as unknown] as const)
    const { driver } = this.#session.dataSource
    this.#session.onUndo(() => {
      this.#forget(metadata, record)
      for (const [column, value] of values) {
        if (state.snapshot?.has(column.propertyPath)) {
          column.setEntityValue(record, hydrated(column, state.snapshot.get(column.propertyPath), driver))
        } else if (!column.isVirtual) column.setEntityValue(record, value)
      }
      setRecordState(record, state)
      if (state.snapshot) this.#remember(metadata, record)
    })
  }

  #metadataOf(record: ObjectLiteral): EntityMetadata {
    return this.#session.dataSource.getMetadata(record.constructor)
  }
}

/** A key as text, `undefined` while a part of it is missing. */
function keyOf(metadata: EntityMetadata, record: ObjectLiteral): string | undefined {
  const values = keyValues(metadata, record)
  if (values.some((value) => value === undefined || value === null)) return undefined
  return values.length === 1 ? String(values[0]) : JSON.stringify(values.map(String))
}

function keyValues(metadata: EntityMetadata, record: ObjectLiteral): unknown[] {
  return metadata.primaryColumns.map((column) => column.getEntityValue(record) as unknown)
}

function flagColumn(metadata: EntityMetadata): ColumnMetadata | undefined {
  return metadata.columns.find((column) => column.propertyName === 'isDeleted')
}

function hasCascade(metadata: EntityMetadata, kind: 'remove' | 'soft-remove' | 'recover'): boolean {
  const flag = { remove: 'isCascadeRemove', 'soft-remove': 'isCascadeSoftRemove', recover: 'isCascadeRecover' } as const
  return metadata.relations.some((relation) => relation[flag[kind]])
}

/** The value that an object holds for a bound one. JSON is bound as text, which not every driver reads back as a value. */
function hydrated(
  column: ColumnMetadata,
  value: unknown,
  driver: { prepareHydratedValue: (value: unknown, column: ColumnMetadata) => unknown },
): unknown {
  const isJson = column.type === 'json' || column.type === 'jsonb'
  if (isJson && typeof value === 'string') return JSON.parse(value)
  return driver.prepareHydratedValue(value, column)
}

function affectedRows(result: QueryResult): number {
  return result.affected ?? result.records.length
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

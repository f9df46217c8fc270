import type { DateTime as Luxon } from 'luxon'
import type { Increment } from '../plan/statements.js'
import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { ForeignRecordError, ModelDefinitionError, RecordNotFoundError } from '../errors.js'
import { clock } from '../clock.js'
import { after, type Eventual } from '../eventual.js'
import { isObject } from '../options.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { isUnread } from '../mapping/mapped-column.js'
import { keySet, valueOf } from '../plan/foreign-key.js'
import { requireMatch } from '../plan/etag.js'
import { isAsLoaded } from '../plan/loaded-lists.js'
import { changedColumns, nameColumns, recordState, setRecordState, type Snapshot, snapshot } from '../plan/record-state.js'
import { plannedColumns } from '../plan/planned-column.js'
import { refuseView } from '../plan/read-only.js'
import { mirrorBlindIndexes, prepareValues } from '../plan/secrets.js'
import { checkValues } from '../plan/values.js'
import { innermost, type Scope } from '../scope/scope.js'
import type { Engine } from './engine.js'
import { type IdentityMap, keyOf, keyValues } from './identity-map.js'
import type { KeptColumns } from './kept-columns.js'
import { hooksOf, type RecordEvent, type RecordHooks } from './record-hooks.js'
import { RecordWriter } from './record-writer.js'
import type { Transaction } from './transaction.js'

/**
 * What of a session's records is to be written, and in which order: what was added, parents first; and each verb of a record.
 *
 * Listeners, subscribers, inheritance tables, to-many arrays and cascades are TypeORM's work, in the same session.
 */
export class UnitOfWork {
  readonly #engine: Engine
  readonly #scope: Scope
  readonly #transaction: Transaction
  readonly #identities: IdentityMap
  readonly #pending = new Set<ObjectLiteral>()
  readonly #writer: RecordWriter
  /** New records that are to be inserted unless a unique value of theirs is taken. */
  readonly #tentative = new Set<ObjectLiteral>()
  #flushing: Promise<void> | undefined
  /** Works that are under way as a whole: what a verb writes in one of them is not all of it. */
  #wholes = 0

  constructor(engine: Engine, scope: Scope, transaction: Transaction, identities: IdentityMap) {
    this.#engine = engine
    this.#scope = scope
    this.#transaction = transaction
    this.#identities = identities
    this.#writer = new RecordWriter(engine, transaction, identities, scope, this.#pending)
  }

  /** Keeps in step what is kept of the rows that are written past records. */
  get kept(): KeptColumns {
    return this.#writer.kept
  }

  /** Whether anything was added and not yet written. */
  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  /** Whether `record` was added and not yet written. */
  isPending(record: ObjectLiteral): boolean {
    return this.#pending.has(record)
  }

  // ------------------------------------------------------------------------------------------------ what is to be written

  /** Takes `record` in, to be written with the next flush. @throws {ForeignRecordError} */
  add(record: ObjectLiteral): void {
    this.#own(record)
    if (this.#pending.has(record)) return
    this.#pending.add(record)
    this.#writer.undo.noteAdded(record)
  }

  /** Drops what was added and not yet written. */
  discardPending(): void {
    this.#pending.clear()
  }

  /** Writes what was added; callers at the same time share one flush. @returns `undefined` where there is nothing to write. */
  autoflush(): Promise<void> | undefined {
    // Code that runs inside a flush must not wait for that flush.
    if (this.#flushing) return this.#isFlushing() ? undefined : this.#flushing
    return this.#pending.size === 0 ? undefined : this.#flush([])
  }

  /** Writes what was added, and every changed record of the session. */
  async flush(): Promise<void> {
    if (this.#flushing && !this.#isFlushing()) await this.#flushing
    await this.#flush(this.#identities.changed())
  }

  async #flush(also: Iterable<ObjectLiteral>): Promise<void> {
    const records = new Set(this.#pending)
    for (const record of also) records.add(record)
    if (records.size === 0) return
    const work = this.#scope.within(this, async () =>
      this.#transaction.working(async () => {
        for (const record of records) await this.#flushOne(record)
        // What hooks have added meanwhile is of the same flush.
        for (const record of this.#pending) await this.#flushOne(record)
      }),
    )
    this.#flushing = work
    try {
      await work
    } finally {
      this.#flushing = undefined
    }
  }

  async #flushOne(record: ObjectLiteral): Promise<void> {
    this.#pending.delete(record)
    this.#note(record)
    await this.#write(record)
  }

  #isFlushing(): boolean {
    return innermost((inner): inner is this => inner === this) !== undefined
  }

  // ------------------------------------------------------------------------------------------------ verbs

  /**
   * Lets `assign` set values of `record` that the next save writes, changed or not; when what the calling frame did is rolled
   * back, the record has its earlier values again.
   *
   * @param assign Sets values, and gives the names of their properties.
   */
  change(record: ObjectLiteral, assign: () => Iterable<string>): void {
    const metadata = this.#metadataOf(record)
    this.#own(record)
    this.#note(record, changedColumns(metadata, record))
    nameColumns(metadata, record, assign())
  }

  /** INSERTs a new record, or UPDATEs the columns that changed or were named; a record without either sends nothing. */
  save(record: ObjectLiteral): Eventual<void> {
    this.#own(record)
    this.#note(record)
    const isAll = this.#isAlone(record)
    return this.#verb(() => this.#write(record, isAll))
  }

  /** Whether a verb of `record` is all that happens in its scope: it is alone there, and calls no code of the application. */
  #isAlone(record: ObjectLiteral): boolean {
    if (!this.#scope.isVerb || this.#wholes > 0 || this.#scope.isOperating || hooksOf(record)) return false
    return !this.kept.isOf(this.#metadataOf(record))
  }

  /**
   * INSERTs many new records of one model with few statements: all of them or none, and the session goes on.
   *
   * @param make Makes the records.
   */
  async insertMany<T extends ObjectLiteral>(make: () => T[]): Promise<T[]> {
    return this.whole(() => {
      const records = make()
      return after(this.#insertAll(records), () => records)
    })
  }

  /** Does `work` as a whole: when it fails nothing of it is kept, and the session goes on. */
  async whole<T>(work: () => Eventual<T>): Promise<T> {
    this.#wholes += 1
    try {
      // Outside any scope the transaction is the verb's own, and needs no savepoint.
      if (this.#transaction.commitsVerbs || this.#scope.isVerb) return await this.#verb(work)
      await this.autoflush()
      return await this.#transaction.nested(() => this.#transaction.working(work))
    } finally {
      this.#wholes -= 1
    }
  }

  /**
   * Inserts a new record by a `save` of the application's or of ours, unless a unique value of it is taken: then nothing is kept
   * of what was written with it, and the session goes on.
   *
   * @throws {TakenError} It is taken. @throws {UniqueError} The same, where TypeORM writes the record.
   */
  async insertUnlessTaken(record: ObjectLiteral, save: () => PromiseLike<unknown>): Promise<void> {
    this.#tentative.add(record)
    try {
      await this.whole(async () => void (await save()))
    } finally {
      this.#tentative.delete(record)
    }
  }

  /** Makes a new record ready for an INSERT that another writes: its defaults and stamps are there, and the rows that it refers to. */
  async prepareInsert(record: ObjectLiteral): Promise<void> {
    const metadata = this.#metadataOf(record)
    refuseView(metadata)
    this.#own(record)
    await this.#writer.prepareInsert(metadata, record)
    await prepareValues(metadata, [record])
    await this.#writeParents(metadata, record)
  }

  /** The session's object for a row that a statement past its records has just written. A rollback gives it its earlier values. */
  adoptWritten<T extends ObjectLiteral>(metadata: EntityMetadata, written: T, row: Snapshot): T {
    const known = this.#identities.find(metadata, written)
    if (known) this.#note(known, changedColumns(metadata, known))
    this.#writer.count(1)
    return this.#identities.adopt(metadata, written, row)
  }

  async #insertAll(records: readonly ObjectLiteral[]): Promise<void> {
    const [first] = records
    if (!first) return
    const metadata = this.#metadataOf(first)
    refuseView(metadata)
    for (const record of records) this.#own(record)
    if (!this.#engine.driver.capabilities.insertReturning || records.some((record) => this.#isForTypeorm(metadata, record))) {
      for (const record of records) await this.#write(record)
      return
    }
    const hooks = hooksOf(first)
    const now = clock.now()
    for (const record of records) {
      if (hooks) for (const event of ['save', 'create'] as const) await hooks.run('before', event, record)
      // Most have nothing to wait for, and there may be thousands of them.
      const prepared = after(this.#writer.prepareInsert(metadata, record, now), () => this.#writeParents(metadata, record))
      if (prepared) await prepared
    }
    await prepareValues(metadata, records)
    for (const alike of withSameDefaults(metadata, records)) await this.#writer.insert(metadata, alike)
    if (!hooks) return
    for (const record of records) {
      for (const event of ['create', 'save'] as const) await hooks.run('after', event, record)
      this.#tell(record, hooks)
    }
  }

  /** Deletes the row for good. */
  remove(record: ObjectLiteral): Eventual<void> {
    return this.#change(record, 'delete', (metadata) => {
      const isForTypeorm = metadata.relations.some(({ isCascadeRemove }) => isCascadeRemove) || this.#isListenedTo(metadata)
      const removed = isForTypeorm ? this.#removeByTypeorm(metadata, record) : this.#writer.delete(metadata, record, this.#isAlone(record))
      return after(removed, () => {
        this.#identities.forget(metadata, record)
        setRecordState(record, { snapshot: undefined, owner: this.#scope.ownership, removed: true })
      })
    })
  }

  async #removeByTypeorm(metadata: EntityMetadata, record: ObjectLiteral): Promise<void> {
    await this.#writer.rows.hold(metadata, record, metadata.columns)
    const key = keyValues(metadata, record)
    await this.#manager.remove(record)
    // TypeORM takes the key off the object; a record keeps telling which row it was.
    metadata.primaryColumns.forEach((column, index) => column.setEntityValue(record, key[index]))
    this.#writer.count(1)
  }

  /** Marks the row as deleted; one that is already keeps its time. @param at When. @default now */
  softDelete(record: ObjectLiteral, at?: Luxon): Eventual<void> {
    return this.#mark(record, true, at)
  }

  /** Takes the mark off again. */
  restore(record: ObjectLiteral): Eventual<void> {
    return this.#mark(record, false)
  }

  #mark(record: ObjectLiteral, isDeleting: boolean, at?: Luxon): Eventual<void> {
    return this.#change(record, isDeleting ? 'delete' : 'restore', (metadata) =>
      this.#isListened(metadata)
        ? this.#markAloud(metadata, record, isDeleting, at)
        : this.#writer.mark(metadata, record, isDeleting, this.#isAlone(record), at),
    )
  }

  #isListened({ listeners }: EntityMetadata): boolean {
    return this.#engine.dataSource.subscribers.length > 0 || listeners.length > 0
  }

  /** Whether anyone waits to hear that the record is deleted or restored: hooks, listeners, subscribers. */
  isHeard(record: ObjectLiteral): boolean {
    return hooksOf(record) !== undefined || this.#isListened(this.#metadataOf(record))
  }

  /** With the events that listeners and subscribers of TypeORM wait for. */
  async #markAloud(metadata: EntityMetadata, record: ObjectLiteral, isDeleting: boolean, at?: Luxon): Promise<void> {
    const broadcaster = this.#manager.queryRunner?.broadcaster
    await broadcaster?.broadcast(isDeleting ? 'BeforeSoftRemove' : 'BeforeRecover', metadata, record)
    await this.#writer.mark(metadata, record, isDeleting, false, at)
    await broadcaster?.broadcast(isDeleting ? 'AfterSoftRemove' : 'AfterRecover', metadata, record)
  }

  /** Adds to a column in the database. See `RecordWriter.increment`. */
  increment(record: ObjectLiteral, column: ColumnMetadata, increment: Increment | undefined): Eventual<void> {
    return this.#change(record, undefined, (metadata) => this.#writer.increment(metadata, record, column, increment, this.#isAlone(record)))
  }

  /** Reads the row again, and drops what was changed on the object. @throws {RecordNotFoundError} The row is gone. */
  reload(record: ObjectLiteral): Eventual<void> {
    const metadata = this.#requireRow(record)
    return after(this.autoflush(), () => {
      const { ifMatch } = recordState(record)
      const columns = metadata.columns.filter((column) => !isUnread(column))
      return after(this.#writer.read(metadata, record, columns), () => {
        if (ifMatch !== undefined) requireMatch(metadata, record, ifMatch)
      })
    })
  }

  /** Takes a record that has a row into the session. @throws {RecordNotFoundError} It has none. @throws {ForeignRecordError} */
  own(record: ObjectLiteral): void {
    this.#requireRow(record)
  }

  /** Reads columns of a record that are not known of its row. */
  read(record: ObjectLiteral, columns: readonly ColumnMetadata[]): Eventual<void> {
    return this.#writer.read(this.#metadataOf(record), record, columns)
  }

  /** A verb that changes the row of a record, and of the object only what it says. @param event For its hooks, if it has any. */
  #change(record: ObjectLiteral, event: RecordEvent | undefined, work: (metadata: EntityMetadata) => Eventual<void>): Eventual<void> {
    const metadata = this.#requireRow(record)
    refuseView(metadata)
    const unsaved = changedColumns(metadata, record)
    this.#note(record, unsaved)
    return this.#verb(() => {
      const hooks = event && hooksOf(record)
      if (!hooks) {
        this.#note(record, unsaved)
        return work(metadata)
      }
      const between = async (): Promise<void> => {
        await hooks.around(event, record, async () => work(metadata))
        this.#tell(record, hooks)
      }
      return this.#whole(record, hooks, between, unsaved)
    })
  }

  /** Runs a verb after what was added: one that waits for it is not to be lost with the verb. */
  #verb<T>(work: () => Eventual<T>): Eventual<T> {
    return after(this.autoflush(), () => (this.#transaction.commitsVerbs ? this.#transaction.verb(work) : this.#transaction.working(work)))
  }

  // ------------------------------------------------------------------------------------------------ writing one record

  #write(record: ObjectLiteral, isAll = false): Eventual<void> {
    const hooks = hooksOf(record)
    return hooks && !recordState(record).removed ? this.#writeWith(hooks, record) : this.#writeRow(record, isAll)
  }

  #writeWith(hooks: RecordHooks, record: ObjectLiteral): Promise<void> {
    const event = recordState(record).snapshot ? 'update' : 'create'
    const write = async (): Promise<void> => {
      // Of a row that stays as it is nothing is updated.
      if (event === 'update' && !this.#hasChanges(record)) return
      await hooks.around(event, record, async () => this.#writeRow(record))
      this.#tell(record, hooks)
    }
    return this.#whole(record, hooks, () => hooks.around('save', record, write))
  }

  #hasChanges(record: ObjectLiteral): boolean {
    const metadata = this.#metadataOf(record)
    const isNamed = (recordState(record).named?.size ?? 0) > 0
    return isNamed || hasToMany(metadata, record) || changedColumns(metadata, record).length > 0
  }

  /** Runs a verb with its hooks as one: what any of them throws undoes it, and nothing else. */
  #whole(record: ObjectLiteral, hooks: RecordHooks, work: () => Promise<void>, unsaved: readonly ColumnMetadata[] = []): Promise<void> {
    const whole = (): Promise<void> => {
      this.#note(record, unsaved)
      return work()
    }
    // Outside any scope the transaction is the verb's own.
    if (this.#scope.isVerb || !hooks.runWithVerbs) return whole()
    return this.#transaction.nested(() => this.#transaction.working(whole))
  }

  /** Lets the hooks of the commit be called, once what the calling frame did is kept. */
  #tell(record: ObjectLiteral, hooks: RecordHooks): void {
    const { frame, timeoutMs } = this.#transaction
    frame.tell(record, hooks.atCommit(record, timeoutMs))
  }

  #writeRow(record: ObjectLiteral, isAll = false): Eventual<void> {
    const metadata = this.#metadataOf(record)
    refuseView(metadata)
    const { snapshot: row, removed, named } = recordState(record)
    if (removed) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    if (row) mirrorBlindIndexes(record, metadata)
    const columns = row ? changedColumns(metadata, record) : []
    for (const column of row && named ? named : []) if (!columns.includes(column)) columns.push(column)
    const changed = columns.filter((column) => column.isUpdate && valueOf(column, record) !== undefined)
    const checked = after(this.#checked(metadata, record, changed), () => prepareValues(metadata, [record]))
    return after<unknown, void>(checked, () => {
      if (this.#isForTypeorm(metadata, record)) return this.#writeByTypeorm(metadata, record, changed)
      return after(this.#writeParents(metadata, record), () => {
        if (!row) return this.#writer.insert(metadata, [record], this.#tentative.has(record), isAll)
        if (changed.length === 0) return
        this.#note(record)
        return this.#writer.update(metadata, record, changed, isAll)
      })
    })
  }

  /** Checks what is about to be written, of a new record all that it has. @throws {InvalidValueError} Something is wrong with it. */
  #checked(metadata: EntityMetadata, record: ObjectLiteral, changed: readonly ColumnMetadata[]): Eventual<void> {
    if (!recordState(record).snapshot) return this.#writer.prepareInsert(metadata, record)
    return changed.length > 0 ? checkValues(record, metadata, changed) : undefined
  }

  /** Writes the new records that this one refers to: their rows must exist first. @returns `undefined` where there are none. */
  #writeParents(metadata: EntityMetadata, record: ObjectLiteral, path: readonly ObjectLiteral[] = []): Promise<void> | undefined {
    if (path.includes(record)) {
      const cycle = [...path, record].map((each) => this.#metadataOf(each).name).join(' → ')
      throw new ModelDefinitionError(
        metadata.name,
        `new records refer to each other (${cycle})`,
        'Save one of them first, without the reference.',
      )
    }
    const parents = metadata.relations.flatMap(({ isOwning, isManyToMany, propertyName }) => {
      const parent: unknown = isOwning && !isManyToMany ? record[propertyName] : undefined
      return isObject(parent) && this.#isNewParent(parent) ? parent : []
    })
    return parents.length === 0 ? undefined : this.#writeEach(parents, [...path, record])
  }

  #isNewParent(parent: object): boolean {
    const { snapshot: row, removed } = recordState(parent)
    if (row || removed || !this.#engine.dataSource.hasMetadata(parent.constructor)) return false
    const metadata = this.#metadataOf(parent)
    return keyOf(metadata, parent) === undefined || metadata.hasUUIDGeneratedColumns
  }

  async #writeEach(parents: readonly ObjectLiteral[], path: readonly ObjectLiteral[]): Promise<void> {
    for (const parent of parents) {
      await this.#writeParents(this.#metadataOf(parent), parent, path)
      this.#pending.delete(parent)
      this.#own(parent)
      await this.#write(parent)
    }
  }

  // ------------------------------------------------------------------------------------------------ TypeORM's part

  get #manager(): EntityManager {
    return this.#transaction.manager
  }

  #isForTypeorm(metadata: EntityMetadata, record: ObjectLiteral): boolean {
    if (this.#isListenedTo(metadata)) return true
    if (metadata.tableType !== 'regular' || metadata.inheritancePattern || metadata.parentEntityMetadata || metadata.treeType) return true
    if (metadata.columns.some(({ type }) => this.#engine.driver.spatialTypes.includes(type))) return true
    return hasToMany(metadata, record)
  }

  #isListenedTo(metadata: EntityMetadata): boolean {
    if (metadata.listeners.length > 0) return true
    return this.#engine.dataSource.subscribers.some((subscriber) => {
      const target = subscriber.listenTo?.()
      return target === undefined || target === metadata.target
    })
  }

  async #writeByTypeorm(metadata: EntityMetadata, record: ObjectLiteral, changed: readonly ColumnMetadata[]): Promise<void> {
    this.#note(record, recordState(record).snapshot ? [] : metadata.columns)
    await this.#writer.rows.hold(metadata, record, changed)
    await this.#writeParents(metadata, record)
    const version = recordState(record).snapshot && metadata.versionColumn
    const remembered: unknown = version?.getEntityValue(record)
    const takeBack = lendKeys(metadata, record)
    const showLists = hideLists(metadata, record)
    try {
      // TypeORM would write the version that an old object remembers; without one it counts.
      version?.setEntityValue(record, undefined)
      await this.#manager.save(record)
    } catch (error) {
      version?.setEntityValue(record, remembered)
      throw error
    } finally {
      takeBack()
      showLists()
    }
    if (version) await this.#writer.read(metadata, record, [version])
    this.#writer.count(1)
    this.#writer.written(metadata, record)
  }

  /** Notes that TypeORM has written `record` by itself: what was read of it is what it is now. */
  noteSaved(metadata: EntityMetadata, record: ObjectLiteral): void {
    if (!this.#identities.has(metadata, record)) return
    this.#note(record)
    snapshot(metadata, record, this.#scope.ownership)
  }

  // ------------------------------------------------------------------------------------------------ whose records they are

  /** Takes the record over from a scope that is over. @throws {ForeignRecordError} Its scope is still open. */
  #own(record: ObjectLiteral): void {
    const state = recordState(record)
    if (state.owner === this.#scope.ownership) return
    if (state.owner?.isExclusive) throw new ForeignRecordError(this.#metadataOf(record).name, this.#scope.label)
    setRecordState(record, { ...state, owner: this.#scope.ownership })
    if (state.snapshot) this.#identities.remember(this.#metadataOf(record), record)
  }

  #requireRow(record: ObjectLiteral): EntityMetadata {
    const metadata = this.#metadataOf(record)
    this.#own(record)
    const { snapshot: row, removed } = recordState(record)
    if (!row || removed) throw new RecordNotFoundError(metadata.name, keyOf(metadata, record))
    return metadata
  }

  /** Notes how a record with a row is, to put it back when the calling frame is rolled back. @param unsaved Columns that keep their values. */
  #note(record: ObjectLiteral, unsaved: readonly ColumnMetadata[] = []): void {
    if (recordState(record).snapshot || unsaved.length > 0) this.#writer.undo.noteChanged(this.#metadataOf(record), record, unsaved)
  }

  #metadataOf(record: ObjectLiteral): EntityMetadata {
    return this.#engine.dataSource.getMetadata(record.constructor)
  }
}

/** Whether records of the other side are set that hold the key, or none does, and are not as they were loaded. */
function hasToMany({ relations }: EntityMetadata, record: ObjectLiteral): boolean {
  return relations.some((relation) => {
    const { isOneToMany, isManyToMany, isOneToOneNotOwner, propertyName } = relation
    const isOther = isOneToMany || isManyToMany || isOneToOneNotOwner
    return isOther && Object.hasOwn(record, propertyName) && record[propertyName] !== undefined && !isUntouched(relation, record)
  })
}

/** Splits records, in their order, so that a column which the database fills is given by all of a part or by none of it. */
function withSameDefaults(metadata: EntityMetadata, records: readonly ObjectLiteral[]): ObjectLiteral[][] {
  const filled = plannedColumns(metadata).filter(({ metadata: column }) => column.default !== undefined || column.isGenerated)
  const parts: ObjectLiteral[][] = []
  let last: string | undefined
  for (const record of records) {
    const given = filled.map((column) => (column.get(record) === undefined ? '0' : '1')).join('')
    if (given !== last) parts.push([])
    last = given
    parts.at(-1)?.push(record)
  }
  return parts
}

/** Puts foreign keys that were set where TypeORM looks for them: in place of the related record. @returns Takes them off again. */
function lendKeys(metadata: EntityMetadata, record: ObjectLiteral): () => void {
  const lent: string[] = []
  for (const column of foreignKeys(metadata).values()) {
    const key = keySet(column, record)
    const { propertyName, referencedColumn, relationMetadata } = column
    if (key === undefined || !referencedColumn || (record[propertyName] !== undefined && !lent.includes(propertyName))) continue
    lent.push(propertyName)
    if (relationMetadata?.joinColumns.length === 1 || key === null) record[propertyName] = key
    else record[propertyName] = { ...record[propertyName], [referencedColumn.propertyName]: key }
  }
  return () => {
    for (const property of lent) Reflect.deleteProperty(record, property)
  }
}

/** Whether there is nothing to save of a list: it is as it was loaded, and no cascade writes its records. */
function isUntouched({ propertyName, isCascadeUpdate, inverseEntityMetadata }: RelationMetadata, record: ObjectLiteral): boolean {
  if (!isAsLoaded(record, propertyName)) return false
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is a list of records, as it was loaded
  const list = record[propertyName] as readonly ObjectLiteral[]
  return !isCascadeUpdate || list.every((each) => changedColumns(inverseEntityMetadata, each).length === 0)
}

/** Keeps lists without a change from TypeORM, which would cut off what is not in them. @returns Puts them back. */
function hideLists({ relations }: EntityMetadata, record: ObjectLiteral): () => void {
  const hidden = relations
    .filter((relation) => isUntouched(relation, record))
    .map(({ propertyName }) => [propertyName, record[propertyName] as unknown] as const)
  for (const [property] of hidden) Reflect.deleteProperty(record, property)
  return () => {
    for (const [property, list] of hidden) record[property] = list
  }
}

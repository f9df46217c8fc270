import type { DateTime } from 'luxon'
import type { Readable } from 'node:stream'
import type { ObjectLiteral } from 'typeorm'
import { InvalidOptionError } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import type { ModelClass } from '../mapping/model-class.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import type { CursorOptions, PageOptions } from '../pagination/page-request.js'
import type { Paginator } from '../pagination/paginator.js'
import type { AssignOptions, TrustOptions } from '../plan/assignment.js'
import type { BatchOptions } from '../query/batches.js'
import type { ColumnKey, Columns, Linked } from '../query/columns.js'
import type { Expression } from '../query/expression.js'
import type { NotFound } from '../query/not-found.js'
import type { Filter } from '../query/operators.js'
import type { BulkOptions, DeletedOptions, Query, Row, Selection, WithRelations } from '../query/query.js'
import type { StreamOptions } from '../query/stream.js'
import type { HookOptions } from '../scope/hooks.js'
import { beginOperation } from '../scope/operation.js'
import type { RecordEvent, RecordHook } from '../session/record-hooks.js'
import type { CreateValues, Taken, UpsertOptions } from './definition.js'
import { wasCreated } from './find-or-create.js'
import { addHook } from './hooks.js'
import type { IncrementArguments } from './increment.js'
import * as verbs from './verbs.js'
import type { DeleteOptions, GetManyOptions, GetOptions, WithOptions } from './verbs.js'

/** What is an object, and no record of another entity. */
type Value = Date | DateTime | Uint8Array | ((...parameters: never[]) => unknown)

/** What a property may lead to: the type of an entity does not tell a related one from JSON. */
type Other<V> = NonNullable<Awaited<V>> extends infer Found ? (Found extends readonly (infer E)[] ? OneOther<E> : OneOther<Found>) : never
type OneOther<E> = E extends Value ? never : E extends object ? E : never

/** A path of relations of an entity, three levels deep at most. */
export type EntityPath<T, Depth extends 0 | 1 | 2 = 2> = {
  [K in keyof T & string]-?: [Other<T[K]>] extends [never]
    ? never
    : K | (Depth extends 0 ? never : `${K}.${EntityPath<Other<T[K]>, Depth extends 2 ? 1 : 0>}`)
}[keyof T & string]

/** Names of the relations of an entity that lead to many. */
type EntityLists<T> = {
  [K in keyof T & string]-?: NonNullable<Awaited<T[K]>> extends readonly unknown[] ? ([Other<T[K]>] extends [never] ? never : K) : never
}[keyof T & string]

/**
 * The verbs of a model for an entity of plain TypeORM, as `db.of` gives them: those of the class, and those of its records, which
 * take the record first.
 *
 * What each does, and throws, is told at `BaseModel`. A record is soft-deleted where the entity has a `@DeleteDateColumn`.
 *
 * @typeParam T Entity.
 * @since 0.2
 * @example
 * const users = db.of(User)
 * const user = await users.create({ name: 'Ada' })
 * await users.update(user, { name: 'Ada Lovelace' })
 */
export class EntityVerbs<T extends ObjectLiteral> {
  readonly #subject: verbs.Subject<T>

  /** @internal Made by `db.of`. */
  constructor(db: verbs.Subject<T>['db'], entity: ModelClass<T>) {
    this.#subject = { db, model: entity, name: `db.of(${entity.name})` }
  }

  // ------------------------------------------------------------------------------------------------ hooks

  /** Calls `hook` before each verb of a record: those of `db.of`, and no repository's. See `BaseModel.before`. */
  before(event: RecordEvent, hook: RecordHook<T>): void {
    addHook(this.#subject.model, 'before', event, hook)
  }

  /** Calls `hook` after each verb of a record, or after the commit. See `before`, and `BaseModel.after`. */
  after(event: RecordEvent | 'commit', hook: RecordHook<T>, options?: HookOptions): void {
    addHook(this.#subject.model, 'after', event, hook, options)
  }

  // ------------------------------------------------------------------------------------------------ reading

  /** A query of its records, or of chosen columns and aggregates. Deleted rows are left out, unless asked for. */
  query(options?: DeletedOptions): Query<T>
  query<const K extends ColumnKey<T>>(...columns: [K, ...K[]]): Query<T, Pick<T, K>>
  query<const K extends ColumnKey<T>>(...columnsAndOptions: [K, ...K[], DeletedOptions]): Query<T, Pick<T, K>>
  query<const S extends Selection<T>>(selection: S | ((columns: Columns<T>) => S), options?: DeletedOptions): Query<T, Row<T, S>>
  query(...parameters: unknown[]): unknown {
    return verbs.query(this.#subject, parameters)
  }

  /** The same as `query().filter(filter)`. */
  filter(filter: Filter<T>, options?: DeletedOptions): Query<T> {
    return verbs.rows(this.#subject, options).filter(filter)
  }

  /** A column, for SQL of the application and for expressions. */
  column<const K extends ColumnKey<T>>(name: K): Expression<Exclude<T[K], undefined>> {
    return verbs.column(this.#subject, name)
  }

  /** The record with this key, `null` if there is none or it is deleted. */
  get<const P extends EntityPath<T> = never>(id: unknown, options?: GetOptions<P>): Promise<WithRelations<T, P> | null>
  get(id: unknown, options?: GetOptions): Promise<T | null> {
    return beginOperation(() => verbs.get(this.#subject, id, options))
  }

  /** The record with this key. @param error What to throw if there is none. @default RecordNotFoundError */
  getOrError<const P extends EntityPath<T> = never>(id: unknown, options?: GetOptions<P>): Promise<WithRelations<T, P>>
  getOrError<Result = never, const P extends EntityPath<T> = never>(
    id: unknown,
    error: NotFound<Result> | undefined,
    options?: GetOptions<P>,
  ): Promise<WithRelations<T, P> | Result>
  getOrError<Result = never>(id: unknown, errorOrOptions?: NotFound<Result> | GetOptions, options?: GetOptions): Promise<T | Result> {
    return beginOperation(() => verbs.getOrError(this.#subject, id, errorOrOptions, options))
  }

  /** The records with these keys, in their order; `null` where there is none, or it is deleted. */
  getMany<const P extends EntityPath<T> = never>(
    ids: readonly unknown[],
    options?: GetManyOptions<P>,
  ): Promise<(WithRelations<T, P> | null)[]>
  getMany(ids: readonly unknown[], options?: GetManyOptions): Promise<(T | null)[]> {
    return beginOperation(() => verbs.getMany(this.#subject, ids, options))
  }

  /** The first record that matches, `null` if none does. @param filter Left out, every record matches; `undefined` and `{}` are refused. */
  first<const P extends EntityPath<T> = never>(filter?: Filter<T>, options?: WithOptions<P>): Promise<WithRelations<T, P> | null>
  first(filter?: Filter<T>, options?: WithOptions): Promise<T | null> {
    const isLeftOut = arguments.length === 0
    return beginOperation(() => verbs.first(this.#subject, { filter, isLeftOut }, options))
  }

  /** The first record that matches. See `first`. @param error What to throw if none does. @default RecordNotFoundError */
  firstOrError<const P extends EntityPath<T> = never>(filter?: Filter<T>, options?: WithOptions<P>): Promise<WithRelations<T, P>>
  firstOrError<Result = never, const P extends EntityPath<T> = never>(
    filter: Filter<T> | undefined,
    error: NotFound<Result> | undefined,
    options?: WithOptions<P>,
  ): Promise<WithRelations<T, P> | Result>
  firstOrError<Result = never>(
    filter?: Filter<T>,
    errorOrOptions?: NotFound<Result> | WithOptions,
    options?: WithOptions,
  ): Promise<T | Result> {
    const given = { filter, isLeftOut: arguments.length === 0 }
    return beginOperation(() => verbs.firstOrError(this.#subject, given, errorOrOptions, options))
  }

  /** How many records match. */
  count(where?: Filter<T>): Promise<number>
  /** How many related records a record has; deleted ones are none. */
  count(record: T, relation: EntityLists<T>): Promise<number>
  count(whereOrRecord?: Filter<T> | T, relation?: string): Promise<number> {
    return beginOperation(() => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a relation it is a filter
      if (relation === undefined) return verbs.count(this.#subject, whereOrRecord as Filter<T> | undefined)
      return verbs.related(this.#subject, this.#own(whereOrRecord), relation)
    })
  }

  /** Whether any record matches. @param where As of `first`. */
  exists(where?: Filter<T>): Promise<boolean> {
    const given = { filter: where, isLeftOut: arguments.length === 0 }
    return beginOperation(() => verbs.exists(this.#subject, given))
  }

  /** One page of the records. See `Query.paginate`. */
  paginate<const P extends EntityPath<T> = never>(options?: PageOptions & WithOptions<P>): Promise<Paginator<WithRelations<T, P>>>
  paginate(options?: PageOptions & WithOptions): Promise<Paginator<T>> {
    return beginOperation(() => verbs.paginate(this.#subject, options))
  }

  /** A page of the records in the order of their keys, after or before a cursor. See `Query.paginateByCursor`. */
  paginateByCursor<const P extends EntityPath<T> = never>(
    options?: CursorOptions & WithOptions<P>,
  ): Promise<CursorPage<WithRelations<T, P>>>
  paginateByCursor(options?: CursorOptions & WithOptions): Promise<CursorPage<T>> {
    return beginOperation(() => verbs.paginateByCursor(this.#subject, options))
  }

  /** A stream of the records, for exports of any size. See `Query.stream`. */
  stream(options?: StreamOptions): AsyncIterable<T> & Readable {
    return verbs.rows(this.#subject).stream(options)
  }

  /** Works through the records, each batch in a transaction of its own. See `Query.inBatches`. */
  inBatches(work: (batch: CursorPage<T>) => Promise<unknown>, options?: BatchOptions): Promise<number> {
    return verbs.rows(this.#subject).inBatches(work, options)
  }

  // ------------------------------------------------------------------------------------------------ new records

  /** Inserts a new record: never an update, whatever the values are. */
  create(values: CreateValues<ModelClass<T>>, options?: AssignOptions): Promise<T>
  create(values: CreateValues<ModelClass<T>, 'trusted'>, options: TrustOptions): Promise<T>
  create(values: object, options?: AssignOptions): Promise<T> {
    return beginOperation(() => verbs.create(this.#subject, values, options))
  }

  /** Inserts many records with as few statements as the database allows; all of them or none. */
  createMany(rows: readonly CreateValues<ModelClass<T>>[], options?: AssignOptions): Promise<T[]>
  createMany(rows: readonly CreateValues<ModelClass<T>, 'trusted'>[], options: TrustOptions): Promise<T[]>
  createMany(rows: readonly object[], options?: AssignOptions): Promise<T[]> {
    return beginOperation(() => verbs.createMany(this.#subject, rows, options))
  }

  /** The first record that has these values, or a new one with them. See `BaseModel.firstOrCreate`, and `wasCreated`. */
  firstOrCreate(where: CreateValues<ModelClass<T>>, values?: CreateValues<ModelClass<T>>, options?: AssignOptions): Promise<T>
  firstOrCreate(
    where: CreateValues<ModelClass<T>, 'trusted'>,
    values: CreateValues<ModelClass<T>, 'trusted'> | undefined,
    options: TrustOptions,
  ): Promise<T>
  firstOrCreate(where: object, values?: object, options?: AssignOptions): Promise<T> {
    return beginOperation(() => verbs.firstOrCreate(this.#subject, where, values, options))
  }

  /** The first record that has these values, locked and with `values` set; or a new one with all of them. See `firstOrCreate`. */
  updateOrCreate(where: CreateValues<ModelClass<T>>, values: CreateValues<ModelClass<T>>, options?: AssignOptions): Promise<T>
  updateOrCreate(
    where: CreateValues<ModelClass<T>, 'trusted'>,
    values: CreateValues<ModelClass<T>, 'trusted'>,
    options: TrustOptions,
  ): Promise<T>
  updateOrCreate(where: object, values: object, options?: AssignOptions): Promise<T> {
    return beginOperation(() => verbs.updateOrCreate(this.#subject, where, values, options))
  }

  /** Whether `firstOrCreate` or `updateOrCreate`, the last of them that gave this record, has inserted its row. */
  wasCreated(record: T): boolean {
    return wasCreated(record)
  }

  /** Inserts records, and changes those that are there already. See `BaseModel.upsertMany`. */
  upsertMany(rows: readonly CreateValues<ModelClass<T>>[], options: UpsertOptions<keyof CreateValues<ModelClass<T>> & string>): Promise<T[]>
  upsertMany(
    rows: readonly CreateValues<ModelClass<T>, 'trusted'>[],
    options: UpsertOptions<keyof CreateValues<ModelClass<T>, 'trusted'> & string> & TrustOptions,
  ): Promise<T[]>
  upsertMany(rows: readonly object[], options: UpsertOptions): Promise<T[]> {
    return beginOperation(() => verbs.upsertMany(this.#subject, rows, options))
  }

  /** Restores all deleted records, in one statement; those of a filter by `filter(…).restoreAll()`. @returns Number of rows. */
  restoreAll(options?: BulkOptions): Promise<number> {
    return verbs.rows(this.#subject).restoreAll(options)
  }

  // ------------------------------------------------------------------------------------------------ one record

  /** Inserts a new record; of an existing one, updates the columns that changed, if any did. */
  save(record: T): Promise<T> {
    return this.#verb(record, (own) => verbs.save(this.#subject, own))
  }

  /** Sets values of a record, and saves it. */
  update(record: T, values: Taken<T>['values'], options?: AssignOptions): Promise<T>
  update(record: T, values: Taken<T>['trusted'], options: TrustOptions): Promise<T>
  update(record: T, values: object, options?: AssignOptions): Promise<T> {
    return this.#verb(record, (own) => verbs.update(this.#subject, own, values, options))
  }

  /**
   * Deletes a record: softly, where the entity has a `@DeleteDateColumn`.
   *
   * @param how `false` restores it; `{ hardDelete: true }` deletes the row for good.
   */
  delete(record: T, how: boolean | DeleteOptions = true): Promise<T> {
    return how === false ? this.restore(record) : this.#verb(record, (own) => verbs.destroy(this.#subject, own, how))
  }

  /** Restores a deleted record. @throws {UnsupportedError} The entity has no `@DeleteDateColumn`. */
  restore(record: T): Promise<T> {
    return this.#verb(record, (own) => verbs.restore(this.#subject, own))
  }

  /** Reads the row of a record again; what was changed on the object and not saved is lost. */
  reload(record: T): Promise<T> {
    return this.#verb(record, (own) => verbs.reload(this.#subject, own))
  }

  /** Loads relations that are not there yet, for this record and for all that came with it. See `BaseModel.load`. */
  load<const P extends EntityPath<T>>(record: T, ...paths: readonly P[]): Promise<WithRelations<T, P>>
  load(record: T, ...paths: readonly string[]): Promise<T> {
    return this.#verb(record, (own) => verbs.loadRelations(this.#subject, own, paths))
  }

  /** Adds to a number in the database, whatever it is there by now; the object follows. See `BaseModel.increment`. */
  increment(record: T, column: keyof Taken<T>['numbers'] & string, ...given: IncrementArguments): Promise<T> {
    return this.#verb(record, (own) => verbs.increment(this.#subject, own, column, given))
  }

  /** Takes from a number in the database. See `BaseModel.decrement`. */
  decrement(record: T, column: keyof Taken<T>['numbers'] & string, ...given: IncrementArguments): Promise<T> {
    return this.#verb(record, (own) => verbs.decrement(this.#subject, own, column, given))
  }

  /** Ties records of a to-many relation to a record. See `BaseModel.attach`. */
  attach<K extends EntityLists<T>>(record: T, relation: K, ...others: readonly Linked<Other<T[K]>>[]): Promise<T> {
    return this.#verb(record, (own) => verbs.link('attach', this.#subject, own, relation, others))
  }

  /** Cuts records of a to-many relation off a record. See `BaseModel.detach`. */
  detach<K extends EntityLists<T>>(record: T, relation: K, ...others: readonly Linked<Other<T[K]>>[]): Promise<T> {
    return this.#verb(record, (own) => verbs.link('detach', this.#subject, own, relation, others))
  }

  /** Lets these be the records of a to-many relation. See `BaseModel.sync`. */
  sync<K extends EntityLists<T>>(record: T, relation: K, ...others: readonly Linked<Other<T[K]>>[]): Promise<T> {
    return this.#verb(record, (own) => verbs.link('sync', this.#subject, own, relation, others))
  }

  /** The entity tag of a record's row: by its `@VersionColumn`, or by its `@UpdateDateColumn`. See `BaseModel.etag`. */
  etag(record: T): string {
    return verbs.etag(this.#subject, this.#own(record))
  }

  #verb(record: T, work: (record: T) => Eventual<void>): Promise<T> {
    return beginOperation(() => after(work(this.#own(record)), () => record))
  }

  /** What a client sent is no record, whatever its type says. */
  #own(record: unknown): T {
    if (record instanceof this.#subject.model) return record
    throw InvalidOptionError.ofClient('record', `a record of ${verbs.metadataOf(this.#subject).name}`, record)
  }
}

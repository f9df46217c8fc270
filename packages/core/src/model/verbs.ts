import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidFilterError, InvalidOptionError, InvalidValueError, RecordNotFoundError, UnsupportedError } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import type { ModelClass } from '../mapping/model-class.js'
import { flag, isObject, type Option, readOptions } from '../options.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import type { CursorOptions, PageOptions } from '../pagination/page-request.js'
import type { Paginator } from '../pagination/paginator.js'
import { assign, type AssignOptions, fill } from '../plan/assignment.js'
import { deletionColumns } from '../plan/deletion.js'
import { orAsBefore } from '../plan/earlier-values.js'
import { etagOf, requireMatch } from '../plan/etag.js'
import type { BoundKey, Kept } from '../plan/kept.js'
import { persistentValue, recordState } from '../plan/record-state.js'
import { quotedTable } from '../plan/statements.js'
import type { BatchOptions } from '../query/batches.js'
import * as cascade from '../query/cascade.js'
import { columnNamed, Source } from '../query/columns.js'
import type { Expression } from '../query/expression.js'
import { Links } from '../query/links.js'
import { paths } from '../query/loading.js'
import { type NotFound, orElse } from '../query/not-found.js'
import type { Filter } from '../query/operators.js'
import { type DeletedOptions, deletedOptions, type Query } from '../query/query.js'
import { load } from '../query/relations.js'
import type { Scope } from '../scope/scope.js'
import type { Session } from '../session/session.js'
import type { Database } from './database.js'
import type { UpsertOptions } from './definition.js'
import * as finding from './find-or-create.js'
import { incrementOf, type IncrementArguments, incrementOptions, numericColumn } from './increment.js'
import { queryClassOf } from './query-class.js'

/** The application's own verbs of a record, where its class has some: they are called in place of ours. */
interface OwnVerbs<T> {
  save(record: T): PromiseLike<unknown> | undefined
  update(record: T, values: object, options?: AssignOptions): PromiseLike<unknown> | undefined
}

/** Whose verbs are called: a model, or an entity of plain TypeORM. */
export interface Subject<T extends ObjectLiteral> {
  readonly db: Pick<Database, 'dataSource' | 'queryClass'>
  readonly model: ModelClass<T>
  /** What it is called in reports and messages: `User`, `db.of(User)`. */
  readonly name: string
  readonly own?: OwnVerbs<T>
}

/** Which relations to load with records. @typeParam P Their paths. @since 0.2 */
export interface WithOptions<P extends string = string> {
  /** Names of relations, and of theirs: `['posts', 'posts.comments']`. @default none */
  readonly with?: readonly P[]
}

/** How records are looked up by their keys. @typeParam P Paths of relations. @since 0.2 */
export interface GetManyOptions<P extends string = string> extends DeletedOptions, WithOptions<P> {
  /** Locks the rows until the transaction ends. @default false */
  readonly forUpdate?: boolean
}

/** How a record is looked up by its key. @typeParam P Paths of relations. @since 0.1 */
export interface GetOptions<P extends string = string> extends GetManyOptions<P> {
  /**
   * The header `If-Match` of the client, against whose tags the row's `etag` is held: now, and again when the record is written, so that
   * it is true at the commit. `undefined` asks nothing.
   */
  readonly ifMatch?: string | undefined
}

/** How `delete` deletes. @since 0.1 */
export interface DeleteOptions {
  /** Deletes the row for good. @default false */
  readonly hardDelete?: boolean
}

const ifMatch: Option<string> = { takes: 'a text', accepts: (value) => typeof value === 'string', isOfClient: true }
const withOptions = { with: paths }
const getManyOptions = { ...deletedOptions, ...withOptions, forUpdate: flag }
const getOptions = { ...getManyOptions, ifMatch }
const deleteOptions = { hardDelete: flag }

/** What is known of the columns and the relations. */
export function metadataOf({ db, model }: Subject<ObjectLiteral>): EntityMetadata {
  return db.dataSource.getMetadata(model)
}

function inSession<Result>(
  { db, name }: Subject<ObjectLiteral>,
  verb: string,
  work: (session: Session) => Eventual<Result>,
): Eventual<Result> {
  return db.dataSource.withSession(`${name}.${verb}()`, work)
}

// ---------------------------------------------------------------------------------------------------- reading

/** A query of the records. */
export function rows<T extends ObjectLiteral>({ db, model }: Subject<T>, options?: DeletedOptions): Query<T> {
  return queryClassOf(model, db.queryClass).of<T>(db.dataSource, model).deleted(options)
}

/** A query as its parameters say: of records, or of chosen columns. */
export function query(subject: Subject<ObjectLiteral>, parameters: readonly unknown[]): unknown {
  const last = parameters.at(-1)
  const options = isDeletedOptions(last) ? last : undefined
  const [first, ...rest] = options ? parameters.slice(0, -1) : parameters
  const all = rows(subject, options)
  if (first === undefined) return all
  const names = [first, ...rest]
  if (names.every((name) => typeof name === 'string')) return all.choose(Object.fromEntries(names.map((name) => [name, name])))
  if (rest.length === 0) return all.choose(first)
  throw new InvalidFilterError(subject.model.name, 'that selection', 'it takes names of columns, or one object or function')
}

/** An object of options has no other keys; a selection has no booleans. */
function isDeletedOptions(value: unknown): value is DeletedOptions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([key, each]) => (key === 'includeDeleted' || key === 'onlyDeleted') && (typeof each === 'boolean' || each === undefined),
  )
}

/** A column as an expression. */
export function column<V>(subject: Subject<ObjectLiteral>, name: string): Expression<V> {
  return columnNamed(new Source(metadataOf(subject)), subject.db.dataSource, name)
}

/** The record with a key. @param scope In which it is looked for. @default the current one */
export function get<T extends ObjectLiteral>(
  subject: Subject<T>,
  id: unknown,
  options?: GetOptions | null,
  scope?: Scope,
): Eventual<T | null> {
  const { forUpdate = false, ifMatch: tags, with: relations, ...visible } = readOptions(getOptions, options ?? undefined, 'get()')
  const found = keyed(subject, visible, relations, forUpdate, scope).withKey(id)
  if (tags === undefined) return found
  return after(found, (record) => {
    if (record) requireMatch(metadataOf(subject), record, tags)
    return record
  })
}

function keyed<T extends ObjectLiteral>(
  subject: Subject<T>,
  visible: DeletedOptions,
  relations: readonly string[] | undefined,
  forUpdate: boolean,
  scope?: Scope,
): Query<T> {
  const found = rows(subject, visible).including(relations)
  if (forUpdate) found.forUpdate()
  return scope ? found.in(scope) : found
}

/** The record with a key. @param errorOrOptions What to throw if there is none, or how it is looked up. */
export async function getOrError<T extends ObjectLiteral, Result>(
  subject: Subject<T>,
  id: unknown,
  errorOrOptions?: NotFound<Result> | GetOptions,
  options?: GetOptions,
): Promise<T | Result> {
  const [error, how] = isNotFound(errorOrOptions) ? [errorOrOptions, options] : [undefined, errorOrOptions ?? options]
  return (await get(subject, id, how)) ?? orElse(error, missing(subject, id))
}

/** The records with some keys, in their order; `null` where there is none. */
export function getMany<T extends ObjectLiteral>(
  subject: Subject<T>,
  ids: readonly unknown[],
  options?: GetManyOptions,
): Promise<(T | null)[]> {
  const { forUpdate = false, with: relations, ...visible } = readOptions(getManyOptions, options, 'getMany()')
  return keyed(subject, visible, relations, forUpdate).withKeys(ids)
}

/** A filter that was given, or was left out: what a client did not send is not everything. */
export interface Given<T> {
  readonly filter: Filter<T> | undefined
  readonly isLeftOut: boolean
}

function matching<T extends ObjectLiteral>(subject: Subject<T>, verb: string, { filter, isLeftOut }: Given<T>): Query<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was given, or all are meant
  return isLeftOut ? rows(subject) : rows(subject).narrow(filter as Filter<T>, verb)
}

/** The first record that matches. */
export async function first<T extends ObjectLiteral>(
  subject: Subject<T>,
  given: Given<T>,
  options?: WithOptions,
  verb = 'first',
): Promise<T | null> {
  const { with: relations } = readOptions(withOptions, options, `${verb}()`)
  return matching(subject, verb, given).including(relations).first()
}

/** The first record that matches. @param errorOrOptions What to throw if none does, or what to load with it. */
export async function firstOrError<T extends ObjectLiteral, Result>(
  subject: Subject<T>,
  given: Given<T>,
  errorOrOptions?: NotFound<Result> | WithOptions,
  options?: WithOptions,
): Promise<T | Result> {
  const [error, how] = isNotFound(errorOrOptions) ? [errorOrOptions, options] : [undefined, errorOrOptions ?? options]
  return (await first(subject, given, how, 'firstOrError')) ?? orElse(error, missing(subject))
}

/** How many records match. */
export function count<T extends ObjectLiteral>(subject: Subject<T>, where: Filter<T> | undefined): Promise<number> {
  return (where === undefined ? rows(subject) : rows(subject).filter(where)).count()
}

/** Whether any record matches. */
export function exists<T extends ObjectLiteral>(subject: Subject<T>, given: Given<T>): Promise<boolean> {
  return matching(subject, 'exists', given).exists()
}

/** One page of the records. */
export function paginate<T extends ObjectLiteral>(subject: Subject<T>, options?: PageOptions & WithOptions): Promise<Paginator<T>> {
  const [page, loaded] = split(subject, options, 'paginate()')
  return loaded.paginate(page)
}

/** A page of the records in the order of their keys. */
export function paginateByCursor<T extends ObjectLiteral>(
  subject: Subject<T>,
  options?: CursorOptions & WithOptions,
): Promise<CursorPage<T>> {
  const [page, loaded] = split(subject, options, 'paginateByCursor()')
  return loaded.paginateByCursor(page)
}

/** What to load apart from what a page is asked by, which says itself what is wrong with it. */
function split<T extends ObjectLiteral, Page extends object>(
  subject: Subject<T>,
  options: (Page & WithOptions) | undefined,
  verb: string,
): [page: Page | undefined, loaded: Query<T>] {
  if (!isObject(options) || !Object.hasOwn(options, 'with')) return [options, rows(subject)]
  const { with: relations, ...page }: Page & WithOptions = options
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all the rest of it
  return [page as Page, rows(subject).including(readOptions(withOptions, { with: relations }, verb).with)]
}

function isNotFound<Result>(value: NotFound<Result> | WithOptions | undefined): value is NotFound<Result> {
  return typeof value === 'function' || value instanceof Error
}

/** What a verb throws when there is no such record. */
export function missing(subject: Subject<ObjectLiteral>, id?: unknown): () => Error {
  return () => new RecordNotFoundError(metadataOf(subject).name, id ?? undefined)
}

// ---------------------------------------------------------------------------------------------------- new records

/** A record without values. */
export function empty<T extends ObjectLiteral>({ model }: Subject<T>): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a model is made without values as well
  const Class = model as unknown as new () => T
  return new Class()
}

function made<T extends ObjectLiteral>(subject: Subject<T>, values: object, options?: AssignOptions): T {
  const record = empty(subject)
  fill(record, values, metadataOf(subject), options)
  return record
}

/** Inserts a new record. */
export function create<T extends ObjectLiteral>(subject: Subject<T>, values: object, options?: AssignOptions): Eventual<T> {
  const record = made(subject, values, options)
  const own = subject.own?.save(record)
  const saved = own ? Promise.resolve(own) : inSession<unknown>(subject, 'create', ({ records }) => records.save(record))
  return after(saved, () => record)
}

/** Inserts many records, all of them or none. */
export function createMany<T extends ObjectLiteral>(
  subject: Subject<T>,
  values: readonly object[],
  options?: AssignOptions,
): Eventual<T[]> {
  const make = (): T[] => {
    if (!Array.isArray(values)) throw new InvalidValueError(metadataOf(subject).name, '*', 'takes a list of objects of values by column')
    return values.map((each: object) => made(subject, each, options))
  }
  return inSession(subject, 'createMany', ({ records }) => records.insertMany(make))
}

/** The first record that has these values, or a new one with them. */
export async function firstOrCreate<T extends ObjectLiteral>(
  subject: Subject<T>,
  where: object,
  values?: object,
  options?: AssignOptions,
): Promise<T> {
  return finding.firstOrCreate(finder(subject, 'firstOrCreate'), where, values, options)
}

/** The first record that has these values, with others set; or a new one with all of them. */
export async function updateOrCreate<T extends ObjectLiteral>(
  subject: Subject<T>,
  where: object,
  values: object,
  options?: AssignOptions,
): Promise<T> {
  return finding.updateOrCreate(finder(subject, 'updateOrCreate'), where, values, options)
}

/** Inserts records, and changes those that are there. */
export function upsertMany<T extends ObjectLiteral>(subject: Subject<T>, values: readonly object[], options: UpsertOptions): Promise<T[]> {
  return finding.upsertMany(finder(subject, 'upsertMany'), values, options)
}

/** Makes anew what is kept in the rows of a model, in batches, each a transaction of its own. @returns Number of rows. */
export function recount<T extends ObjectLiteral>(subject: Subject<T>, options?: BatchOptions): Promise<number> {
  const metadata = metadataOf(subject)
  return rows(subject, { includeDeleted: true }).inBatches(async ({ items }) => {
    const keys = (kept: Kept): BoundKey[] => items.map((record) => kept.key.map((column) => persistentValue(column, record) ?? null))
    await inSession(subject, 'recount', ({ records }) => records.kept.keep(metadata, keys))
  }, options)
}

/** Lets a view be read anew, where the database keeps its rows. */
export function refresh<T extends ObjectLiteral>(subject: Subject<T>): Eventual<void> {
  const metadata = metadataOf(subject)
  const { driver } = subject.db.dataSource
  if (metadata.tableType !== 'view' || !metadata.tableMetadataArgs.materialized || !driver.materializedViews) return
  // Without a unique index there is no telling old rows from new ones: readers wait then.
  const isTold = metadata.indices.some(({ isUnique, where }) => isUnique && where === undefined)
  const text = driver.materializedViews.refreshText(quotedTable(metadata), isTold)
  return inSession(subject, 'refresh', (session) => after(session.execute(text), () => session.identities.expire(metadata)))
}

/** What finding or making records needs of a model. */
function finder<T extends ObjectLiteral>(subject: Subject<T>, verb: string): finding.Finder<T> {
  const { dataSource } = subject.db
  return {
    dataSource,
    metadata: metadataOf(subject),
    make: (values, options) => made(subject, values, options),
    async first(where, isLocked) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- values by column are a filter
      const found = rows(subject).narrow(where as Filter<T>, verb)
      return (isLocked ? found.forUpdate() : found).first()
    },
    save: async (record) => void (await (subject.own?.save(record) ?? save(subject, record))),
    update: async (record, values, options) =>
      void (await (subject.own?.update(record, values, options) ?? update(subject, record, values, options))),
    inSession: async (work) => inSession(subject, verb, work),
  }
}

// ---------------------------------------------------------------------------------------------------- one record

/** Inserts a new record; of an existing one, updates what changed. */
export function save<T extends ObjectLiteral>(subject: Subject<T>, record: T): Eventual<void> {
  return inSession(subject, 'save', ({ records }) => records.save(record))
}

/** Sets values and saves. */
export function update<T extends ObjectLiteral>(subject: Subject<T>, record: T, values: object, options?: AssignOptions): Eventual<void> {
  const write = ({ records }: Session): Eventual<void> => {
    records.change(record, () => {
      set(subject, record, values, options)
      return Object.keys(values)
    })
    const own = subject.own?.save(record)
    return own ? after<unknown, void>(Promise.resolve(own), () => undefined) : records.save(record)
  }
  return inSession(subject, 'update', (session) => orAsBefore(record, metadataOf(subject), values, () => write(session)))
}

/** Sets values. */
export function set<T extends ObjectLiteral>(subject: Subject<T>, record: T, values: object, options?: AssignOptions): void {
  const { snapshot, removed } = recordState(record)
  assign(record, values, metadataOf(subject), snapshot === undefined && !removed ? 'create' : 'update', options)
}

/** Deletes the row for good. */
export function remove<T extends ObjectLiteral>(subject: Subject<T>, record: T): Eventual<void> {
  return inSession(subject, 'delete', ({ records }) => records.remove(record))
}

/** Deletes softly, where the model does so, or for good. @param how As `Model.delete` takes it, but for `false`. */
export function destroy<T extends ObjectLiteral>(subject: Subject<T>, record: T, how: true | DeleteOptions): Eventual<void> {
  // Nothing is deleted by a misspelt option, and nothing softly that was meant for good.
  const { hardDelete = false } = readOptions(deleteOptions, how === true ? undefined : how, 'delete()')
  if (hardDelete || !deletionColumns(metadataOf(subject))) return remove(subject, record)
  return inSession(subject, 'delete', (session) => cascade.softDelete(record, session, subject.db.dataSource))
}

/** Restores a deleted record. @throws {UnsupportedError} The model deletes for good. */
export function restore<T extends ObjectLiteral>(subject: Subject<T>, record: T): Eventual<void> {
  if (!deletionColumns(metadataOf(subject))) {
    throw new UnsupportedError(`${subject.name}.restore()`, 'Its rows are deleted for good: use db.Model, or a @DeleteDateColumn.')
  }
  return inSession(subject, 'restore', (session) => cascade.restore(record, session, subject.db.dataSource))
}

/** Reads the row again. */
export function reload<T extends ObjectLiteral>(subject: Subject<T>, record: T): Eventual<void> {
  return inSession(subject, 'reload', ({ records }) => records.reload(record))
}

/** Loads relations that are not there. */
export function loadRelations<T extends ObjectLiteral>(subject: Subject<T>, record: T, names: readonly string[]): Eventual<void> {
  return inSession(subject, 'load', (session) => load(record, names, session, subject.db.dataSource))
}

/** What an increment adds where nothing is said. */
const one = [1] as const

/** Adds to a number in the database. */
export function increment<T extends ObjectLiteral>(
  subject: Subject<T>,
  record: T,
  name: string,
  given: IncrementArguments,
): Eventual<void> {
  const [by, options] = given.length === 0 ? one : given
  return inSession(subject, 'increment', ({ records }) => {
    const how = readOptions(incrementOptions, options, 'increment()')
    const target = numericColumn(metadataOf(subject), name, how)
    return records.increment(record, target, incrementOf(target, by, how))
  })
}

/** Takes from a number in the database. */
export function decrement<T extends ObjectLiteral>(
  subject: Subject<T>,
  record: T,
  name: string,
  given: IncrementArguments,
): Eventual<void> {
  const [by, options] = given.length === 0 ? one : given
  if (typeof by === 'number' && by >= 0) return increment(subject, record, name, [-by, options])
  throw InvalidOptionError.ofClient('by', 'a finite number from 0', by)
}

/** Ties related records to a record, or cuts them off. @param given Records, their keys, or lists of them. */
export function link<T extends ObjectLiteral>(
  how: 'attach' | 'detach' | 'sync',
  subject: Subject<T>,
  record: T,
  relation: string,
  given: readonly unknown[],
): Eventual<void> {
  return inSession(subject, how, (session) => new Links(record, relation, session, subject.db.dataSource)[how](given))
}

/** How many related records there are. */
export function related<T extends ObjectLiteral>(subject: Subject<T>, record: T, relation: string): Eventual<number> {
  return inSession(subject, 'count', (session) => new Links(record, relation, session, subject.db.dataSource).count())
}

/** The entity tag of a record's row. @throws {RecordNotFoundError} It has none. @throws {UnsupportedError} Nothing of it is known. */
export function etag<T extends ObjectLiteral>(subject: Subject<T>, record: T): string {
  const metadata = metadataOf(subject)
  const { snapshot: row } = recordState(record)
  if (!row) throw missing(subject)()
  const tag = etagOf(metadata, row)
  if (tag === undefined) throw new UnsupportedError(`The etag of ${metadata.name}`, 'Give the model a column version: db.Version().')
  return tag
}

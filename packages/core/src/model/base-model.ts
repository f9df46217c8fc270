import { inspect, type InspectOptions } from 'node:util'
import type { EntityMetadata } from 'typeorm'
import { ActiveAlchemyError, ModelDefinitionError, UnsupportedError } from '../errors.js'
import type { ModelCheck } from '../mapping/check.js'
import { ownColumns, refuseReserved } from '../mapping/column.js'
import { isHidden } from '../mapping/mapped-column.js'
import type { ModelClass } from '../mapping/model-class.js'
import { ownRelations, type RelationDefinition } from '../mapping/relation.js'
import type { SchemaProperties } from '../mapping/standard-schema.js'
import { after, type Eventual } from '../eventual.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import type { CursorOptions, PageOptions } from '../pagination/page-request.js'
import { beginOperation } from '../scope/operation.js'
import type { Paginator } from '../pagination/paginator.js'
import type { BatchOptions } from '../query/batches.js'
import type { ColumnKey, Columns } from '../query/columns.js'
import type { Expression } from '../query/expression.js'
import type { Filter } from '../query/operators.js'
import type { NotFound } from '../query/not-found.js'
import type { DeletedOptions, Path, Query, Row, Selection, WithRelations } from '../query/query.js'
import { assign, type AssignOptions, type TrustOptions } from '../plan/assignment.js'
import type { OptimisticLock } from '../plan/optimistic-lock.js'
import { changedColumns, recordState } from '../plan/record-state.js'
import type { HookOptions } from '../scope/hooks.js'
import type { RecordEvent, RecordHook } from '../session/record-hooks.js'
import type { Database } from './database.js'
import type { CreateValues, OtherCreateValues, Taken, taken, UpsertOptions, WhereValues } from './definition.js'
import { wasCreated } from './find-or-create.js'
import { addHook } from './hooks.js'
import type { IncrementArguments } from './increment.js'
import { jsonSchema, type JsonSchema, type JsonSchemaOptions } from './json-schema.js'
import { RecordPromise } from './record-promise.js'
import { type Dict, type DictKey, type DictOptions, toDict, toJson } from './serialize.js'
import { schemaOf } from './standard-schema.js'
import * as verbs from './verbs.js'
import type { GetManyOptions, GetOptions, WithOptions } from './verbs.js'

/** @internal Where a model carries the class of its database's queries; only for the type. */
export declare const queries: unique symbol

/** A class of models whose queries have the words of `queryClass`. @since 0.2 */
export interface WithQueries<Queries> {
  readonly [queries]?: Queries
}

/** The class of a model's queries: its own, before that of its database. */
type QueriesOf<M> = M extends { readonly queryClass: abstract new (...parameters: never[]) => infer Own }
  ? Own
  : M extends WithQueries<infer Queries>
    ? Queries
    : object

/** A query of a model, with the words of `queryClass`: those that give the query back go on with it. @since 0.2 */
export type OwnQuery<T extends object, Queries> = Query<T> & {
  readonly [K in Exclude<keyof Queries, keyof Query<object>>]: Queries[K] extends (...parameters: infer Parameters) => { toSQL(): unknown }
    ? (...parameters: Parameters) => OwnQuery<T, Queries>
    : Queries[K]
}

/** Fields that an empty record of a class has, and that hold nothing. */
const emptyFields = new WeakMap<object, readonly string[]>()

/**
 * The base of all models: verbs over rows of a table, and nothing else. Its `delete()` deletes the row.
 *
 * @since 0.1
 * @example
 * class Country extends db.BaseModel('Country', {
 *   code: db.Column(db.String(2), { primary: true }),
 *   name: db.Column(db.String(80)),
 * }) {}
 * await Country.create({ code: 'IS', name: 'Iceland' })
 */
export class BaseModel {
  /** The database of the model. */
  declare static readonly db: Database
  /** Whether the class is only there to be extended, and has no table; those that extend it have theirs. @default false */
  declare static readonly abstract?: boolean
  /** Table in the database. @default made from the name: `TodoList` → `todo_list` */
  declare static readonly tableName?: string
  /** The database among the `binds` of `db` that has its table. @default `db` itself @since 0.2 */
  declare static readonly bindKey?: string
  /** Names of the key's columns. @default those that are defined with `primary` */
  declare static readonly primaryKey?: string | readonly string[]
  /** The only columns that values may set. @default every column that may be set at all */
  declare static readonly fillable?: readonly string[]
  /** Columns that values may not set. @default none */
  declare static readonly guarded?: readonly string[]
  /** Columns that `toDict()` and `toJSON()` leave out. @default none */
  declare static readonly hidden?: readonly string[]
  /**
   * How a write notices that another has changed the row since the record was read, and throws `StaleRecordError`: `'version'`, by a
   * `db.Version()`; `'changed'`, by the old values of what it changes. @default 'off': the last one wins
   */
  declare static readonly optimisticLock?: OptimisticLock
  /**
   * Looks at a whole record before it is written, for what no column says alone; of the classes that a class extends each has its
   * own. It may be async, and query. @default none
   *
   * @since 0.2
   * @example
   * class Stay extends db.Model('Stay', { startsOn: db.Column(db.Date), endsOn: db.Column(db.Date) }) {
   *   static override check = (stay: Stay) => stay.startsOn <= stay.endsOn || 'must end after it begins'
   * }
   */
  declare static readonly check?: ModelCheck<never>
  /**
   * Class of its queries, which extends that of the database: its methods are words that chain. @default that of the database
   *
   * @since 0.2
   * @example
   * class PostQuery extends Query<Post> {
   *   published() {
   *     return this.filter({ isPublished: true })
   *   }
   * }
   * class Post extends db.Model('Post', { isPublished: db.Column(db.Boolean) }) {
   *   static override readonly queryClass = PostQuery
   * }
   * const posts = await Post.query().published().orderBy('id', 'DESC').all()
   */
  declare static readonly queryClass?: abstract new (
    ...parameters: never[]
  ) => object

  /** @internal Only for the type: what its verbs take. As a property, it is known in the methods of a model as well. */
  declare readonly [taken]: Taken<this>

  /** @param values Values of columns; `create` is the door that also types relations. */
  constructor(values?: object) {
    const model = new.target
    const fields = emptyFieldsOf(model)
    refuseFields(model, fields, (key) => isDefined(model, key))
    if (values === undefined) return
    assign(this, values, metadataOf(model), 'create')
    refuseFields(model, fields, (key) => Object.hasOwn(values, key))
  }

  // ------------------------------------------------------------------------------------------------ definition

  /** @internal Makes the class known to its database; decorators call it. */
  static register(): void {
    database(this).registry.meet(this)
  }

  /**
   * Defines relations in the body of the class, which makes it known to its database at once.
   *
   * @example
   * class User extends db.Model('User', { name: db.Column(db.String(25)) }) {
   *   static relations = this.relate({ posts: db.OneToMany(() => Post, 'author') })
   *   declare posts: Post[]
   * }
   */
  static relate<const Relations extends Readonly<Record<string, RelationDefinition>>>(relations: Relations): Relations {
    for (const [property, relation] of Object.entries(relations)) {
      refuseReserved(this.name, property, 'relation')
      ownRelations(this).set(property, relation)
    }
    this.register()
    return relations
  }

  // ------------------------------------------------------------------------------------------------ as a schema

  /**
   * The model as a schema that speaks Standard Schema v1: it says of values whether `create` takes them, with all that is wrong at
   * once, and gives them as they would be kept. Forms, routers and pipes take the class itself as a schema.
   *
   * @since 0.2
   * @example
   * const result = await User['~standard'].validate({ location: 'Moon' })
   * if (result.issues) console.log(result.issues) // [ { message: 'has no value and no default', path: [ 'name' ] } ]
   */
  static get '~standard'(): SchemaProperties<object, object> {
    return schemaOf(
      () => metadataOf(this),
      () => verbs.empty(subjectOf(this)),
    )
  }

  /**
   * What the JSON of the model is, as JSON Schema (draft 2020-12): for the validation and serialization of a router, for OpenAPI.
   * Hidden columns are in what may be set, and in no row; guarded and generated ones are in rows alone.
   *
   * @param options `{ for: 'create' }`, `{ for: 'update' }` or `{ for: 'row' }`, which `toJSON()` gives; `with` names relations that a
   *   row may have with it.
   * @throws {InvalidOptionError} There is no such option.
   * @throws {InvalidFilterError} A name is no relation.
   * @since 0.2
   * @example
   * import fastify from 'fastify'
   *
   * const app = fastify()
   * app.post('/users', { schema: { body: User.jsonSchema({ for: 'create' }), response: { 200: User.jsonSchema() } } }, handler)
   */
  static jsonSchema<T extends BaseModel, const P extends Path<T> = never>(this: ModelClass<T>, options?: JsonSchemaOptions<P>): JsonSchema {
    return jsonSchema(metadataOf(this), options)
  }

  // ------------------------------------------------------------------------------------------------ hooks

  /**
   * Calls `hook` before each verb of a record: `'save'`, then `'create'` or `'update'`; `'delete'`, softly or for good; `'restore'`. It
   * runs in the session, may be async, and changes what is written by changing the record; what it throws undoes the verb.
   *
   * Subclasses have it too. Increments and bulk writes call none.
   *
   * @throws {InvalidOptionError} There is no such event, or `hook` is no function.
   * @since 0.2
   * @example
   * Post.before('save', (post) => {
   *   post.slug = post.title.toLowerCase().replaceAll(' ', '-')
   * })
   */
  static before<M extends ModelClass<BaseModel>>(this: M, event: RecordEvent, hook: RecordHook<InstanceType<M>>): void {
    addHook(this, 'before', event, hook)
  }

  /**
   * Calls `hook` after each verb of a record: `'create'` or `'update'`, then `'save'`; `'delete'`; `'restore'`. See `before`.
   *
   * With `'commit'` it is called once all that is committed, outside the session, once for each record; not when it is undone.
   *
   * @param options With `'commit'`: whether the answer waits for it, no longer than `transactionTimeoutMs`.
   * @throws {InvalidOptionError} There is no such event, `hook` is no function, or there is no such option.
   * @since 0.2
   * @example
   * Order.after('create', (order) => AuditEntry.create({ text: `order ${order.id}` }))
   * Order.after('commit', (order) => mails.send(order.email))
   */
  static after<M extends ModelClass<BaseModel>>(this: M, event: RecordEvent, hook: RecordHook<InstanceType<M>>): void
  static after<M extends ModelClass<BaseModel>>(this: M, event: 'commit', hook: RecordHook<InstanceType<M>>, options?: HookOptions): void
  static after<M extends ModelClass<BaseModel>>(
    this: M,
    event: RecordEvent | 'commit',
    hook: RecordHook<InstanceType<M>>,
    options?: HookOptions,
  ): void {
    addHook(this, 'after', event, hook, options)
  }

  // ------------------------------------------------------------------------------------------------ reading

  /**
   * A query of the model: of its records, or of chosen columns and aggregates. Deleted rows are left out, unless asked for.
   *
   * @example
   * const rows = await User.query('name', 'location').distinct().all()
   * const total = await Product.query({ total: db.func.sum('price') }).first()
   * const everyone = await User.query({ includeDeleted: true }).all()
   */
  static query<M extends ModelClass<BaseModel>>(this: M, options?: DeletedOptions): OwnQuery<InstanceType<M>, QueriesOf<M>>
  static query<T extends BaseModel, const K extends ColumnKey<T>>(this: ModelClass<T>, ...columns: [K, ...K[]]): Query<T, Pick<T, K>>
  static query<T extends BaseModel, const K extends ColumnKey<T>>(
    this: ModelClass<T>,
    ...columnsAndOptions: [K, ...K[], DeletedOptions]
  ): Query<T, Pick<T, K>>
  static query<T extends BaseModel, const S extends Selection<T>>(
    this: ModelClass<T>,
    selection: S | ((columns: Columns<T>) => S),
    options?: DeletedOptions,
  ): Query<T, Row<T, S>>
  static query(this: ModelClass<BaseModel>, ...parameters: unknown[]): unknown {
    return verbs.query(subjectOf(this), parameters)
  }

  /**
   * A column, for SQL of the application and for expressions.
   *
   * @param name Mapped name; a hidden column too, since the application names it.
   * @throws {InvalidFilterError} It is no column. Status 400.
   * @since 0.2
   * @example
   * await db.sql`select max(${User.column('age')}) as oldest from ${User}`
   */
  static column<T extends BaseModel, const K extends ColumnKey<T>>(this: ModelClass<T>, name: K): Expression<Exclude<T[K], undefined>> {
    return verbs.column(subjectOf(this), name)
  }

  /** The same as `query().filter(filter)`. */
  static filter<T extends BaseModel>(this: ModelClass<T>, filter: Filter<T>, options?: DeletedOptions): Query<T> {
    return verbs.rows(subjectOf(this), options).filter(filter)
  }

  /**
   * The record with this key, `null` if there is none or it is deleted.
   *
   * @param id The key; a whole number also as its digits, as it comes from a URL. Of several columns, an object of them.
   * @param options `with` loads relations, `forUpdate` locks the row.
   * @throws {InvalidIdentifierError} It is no scalar: a client sent something else than a key. Status 400.
   * @throws {PreconditionFailedError} The row is in another state than `ifMatch` names. Status 412.
   * @example
   * const user = await User.get(1, { with: ['posts', 'posts.comments'] })
   */
  static get<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    id: unknown,
    options?: GetOptions<P>,
  ): RecordPromise<WithRelations<T, P>, WithRelations<T, P> | null>
  static get<T extends BaseModel>(this: ModelClass<T>, id: unknown, options?: GetOptions): RecordPromise<T, T | null> {
    return RecordPromise.begin<T, T | null>(() => verbs.get(subjectOf(this), id, options), notFound(this, id))
  }

  /**
   * The record with this key.
   *
   * @param error What to throw if there is none: an error, its class or a function. @default RecordNotFoundError
   * @param options As of `get`.
   * @throws {InvalidIdentifierError} It is no scalar: a client sent something else than a key. Status 400.
   * @throws {PreconditionFailedError} The row is in another state than `ifMatch` names. Status 412.
   * @example
   * const user = await User.getOrError(req.params.id, { forUpdate: true })
   * const note = await Note.getOrError(req.params.id, { ifMatch: req.headers['if-match'] })
   */
  static getOrError<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    id: unknown,
    options?: GetOptions<P>,
  ): RecordPromise<WithRelations<T, P>>
  static getOrError<T extends BaseModel, Result = never, const P extends Path<T> = never>(
    this: ModelClass<T>,
    id: unknown,
    error: NotFound<Result> | undefined,
    options?: GetOptions<P>,
  ): RecordPromise<WithRelations<T, P>, WithRelations<T, P> | Result>
  static getOrError<T extends BaseModel, Result = never>(
    this: ModelClass<T>,
    id: unknown,
    errorOrOptions?: NotFound<Result> | GetOptions,
    options?: GetOptions,
  ): RecordPromise<T, T | Result> {
    const work = (): Promise<T | Result> => verbs.getOrError(subjectOf(this), id, errorOrOptions, options)
    return RecordPromise.begin<T, T | Result>(work, notFound(this, id))
  }

  /**
   * The records with these keys, in their order; `null` where there is none, or it is deleted.
   *
   * @param ids Keys as `get` takes them, however many: they are read in batches.
   * @param options As of `get`, but for `ifMatch`.
   * @throws {InvalidIdentifierError} It is no list of keys: a client sent something else. Status 400.
   * @since 0.2
   * @example
   * const [first, second] = await User.getMany([7, 3])
   */
  static getMany<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    ids: readonly unknown[],
    options?: GetManyOptions<P>,
  ): Promise<(WithRelations<T, P> | null)[]>
  static getMany<T extends BaseModel>(this: ModelClass<T>, ids: readonly unknown[], options?: GetManyOptions): Promise<(T | null)[]> {
    return beginOperation(() => verbs.getMany(subjectOf(this), ids, options))
  }

  /**
   * The first record that matches, `null` if none does.
   *
   * @param filter Left out, every record matches; `undefined` and `{}`, which a request without a body gives, are refused.
   * @param options `with` loads relations.
   * @throws {InvalidFilterError} The filter cannot be applied, or is empty. Status 400.
   * @example
   * const user = await User.first({ name: 'Mardix' }, { with: ['posts'] })
   */
  static first<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    filter?: Filter<T>,
    options?: WithOptions<P>,
  ): RecordPromise<WithRelations<T, P>, WithRelations<T, P> | null>
  static first<T extends BaseModel>(this: ModelClass<T>, filter?: Filter<T>, options?: WithOptions): RecordPromise<T, T | null> {
    const isLeftOut = arguments.length === 0
    return RecordPromise.begin<T, T | null>(() => verbs.first(subjectOf(this), { filter, isLeftOut }, options), notFound(this))
  }

  /**
   * The first record that matches. See `first`.
   *
   * @param error What to throw if none does: an error, its class or a function. @default RecordNotFoundError
   */
  static firstOrError<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    filter?: Filter<T>,
    options?: WithOptions<P>,
  ): RecordPromise<WithRelations<T, P>>
  static firstOrError<T extends BaseModel, Result = never, const P extends Path<T> = never>(
    this: ModelClass<T>,
    filter: Filter<T> | undefined,
    error: NotFound<Result> | undefined,
    options?: WithOptions<P>,
  ): RecordPromise<WithRelations<T, P>, WithRelations<T, P> | Result>
  static firstOrError<T extends BaseModel, Result = never>(
    this: ModelClass<T>,
    filter?: Filter<T>,
    errorOrOptions?: NotFound<Result> | WithOptions,
    options?: WithOptions,
  ): RecordPromise<T, T | Result> {
    const given = { filter, isLeftOut: arguments.length === 0 }
    return RecordPromise.begin<T, T | Result>(() => verbs.firstOrError(subjectOf(this), given, errorOrOptions, options))
  }

  /** How many records match. */
  static count<T extends BaseModel>(this: ModelClass<T>, where?: Filter<T>): Promise<number> {
    return beginOperation(() => verbs.count(subjectOf(this), where))
  }

  /** Whether any record matches. @param where As of `first`. */
  static exists<T extends BaseModel>(this: ModelClass<T>, where?: Filter<T>): Promise<boolean> {
    const given = { filter: where, isLeftOut: arguments.length === 0 }
    return beginOperation(() => verbs.exists(subjectOf(this), given))
  }

  /**
   * One page of the records. See `Query.paginate`.
   *
   * @param options `with` loads relations with the records of the page. Name what a client may choose, `{ page: req.query.page }`:
   * with a whole query string it would choose the relations.
   */
  static paginate<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    options?: PageOptions & WithOptions<P>,
  ): Promise<Paginator<WithRelations<T, P>>>
  static paginate<T extends BaseModel>(this: ModelClass<T>, options?: PageOptions & WithOptions): Promise<Paginator<T>> {
    return beginOperation(() => verbs.paginate(subjectOf(this), options))
  }

  /** A page of the records in the order of their keys, after or before a cursor. See `Query.paginateByCursor`. @param options `with`: see `paginate`. */
  static paginateByCursor<T extends BaseModel, const P extends Path<T> = never>(
    this: ModelClass<T>,
    options?: CursorOptions & WithOptions<P>,
  ): Promise<CursorPage<WithRelations<T, P>>>
  static paginateByCursor<T extends BaseModel>(this: ModelClass<T>, options?: CursorOptions & WithOptions): Promise<CursorPage<T>> {
    return beginOperation(() => verbs.paginateByCursor(subjectOf(this), options))
  }

  // ------------------------------------------------------------------------------------------------ writing

  /**
   * Inserts a new record: never an update, whatever the values are.
   *
   * @throws {UnknownColumnError} A key is no column. Status 422.
   * @throws {ProtectedColumnError} A column may not be set: a generated key, a stamp. Status 422.
   * @throws {InvalidValueError} A value does not fit its column, or a required one is missing. Status 422.
   * @throws {UniqueError} A row with the same unique values exists. Status 409.
   * @example
   * const user = await User.create({ name: 'Mardix', location: 'Moon' })
   */
  static create<M extends ModelClass<BaseModel>>(this: M, values: CreateValues<M>, options?: AssignOptions): RecordPromise<InstanceType<M>>
  static create<M extends ModelClass<BaseModel>>(
    this: M,
    values: CreateValues<M, 'trusted'>,
    options: TrustOptions,
  ): RecordPromise<InstanceType<M>>
  static create<T extends BaseModel>(this: ModelClass<T>, values: object, options?: AssignOptions): RecordPromise<T> {
    return RecordPromise.begin<T>(() => verbs.create(subjectOf(this), values, options))
  }

  /** Inserts many records with as few statements as the database allows; all of them or none. */
  static createMany<M extends ModelClass<BaseModel>>(
    this: M,
    rows: readonly CreateValues<M>[],
    options?: AssignOptions,
  ): Promise<InstanceType<M>[]>
  static createMany<M extends ModelClass<BaseModel>>(
    this: M,
    rows: readonly CreateValues<M, 'trusted'>[],
    options: TrustOptions,
  ): Promise<InstanceType<M>[]>
  static createMany<T extends BaseModel>(this: ModelClass<T>, rows: readonly object[], options?: AssignOptions): Promise<T[]> {
    return beginOperation(() => verbs.createMany(subjectOf(this), rows, options))
  }

  /**
   * The first record that has these values, or a new one with them: `record.wasCreated` tells which.
   *
   * Of callers at the same time one inserts and the others find its record, where a unique key covers `where`; without such a key
   * each may insert one. A deleted record is not seen. Whatever goes wrong, the session goes on.
   *
   * @param where Values of columns, with which a new record is made too.
   * @param values Further values of a new record.
   * @throws {UniqueError} Another row has a unique value: one that is deleted (see `unique: 'live'`), or that differs in `where`. Status 409.
   * @throws {InvalidFilterError} `where` has no values, or other things than values. Status 400.
   * @since 0.2
   * @example
   * const tag = await Tag.firstOrCreate({ label: 'news' }, { color: 'red' })
   * if (tag.wasCreated) console.log('a new tag')
   */
  static firstOrCreate<M extends ModelClass<BaseModel>, Where extends Partial<CreateValues<M>>>(
    this: M,
    where: WhereValues<M, Where>,
    ...more: object extends OtherCreateValues<M, Where>
      ? [values?: OtherCreateValues<M, Where>, options?: AssignOptions]
      : [values: OtherCreateValues<M, Where>, options?: AssignOptions]
  ): RecordPromise<InstanceType<M>>
  static firstOrCreate<M extends ModelClass<BaseModel>, Where extends Partial<CreateValues<M, 'trusted'>>>(
    this: M,
    where: WhereValues<M, Where, 'trusted'>,
    values: Partial<CreateValues<M, 'trusted'>> | undefined,
    options: TrustOptions,
  ): RecordPromise<InstanceType<M>>
  static firstOrCreate<T extends BaseModel>(
    this: ModelClass<T>,
    where: object,
    values?: object,
    options?: AssignOptions,
  ): RecordPromise<T> {
    return RecordPromise.begin<T>(() => verbs.firstOrCreate(subjectOf(this), where, values, options))
  }

  /**
   * The first record that has these values, locked and with `values` set; or a new one with all of them. See `firstOrCreate`.
   *
   * @param values What is set on the record that is there, and what a new one has beside `where`.
   * @since 0.2
   * @example
   * const setting = await Setting.updateOrCreate({ name: 'theme' }, { value: 'dark' })
   */
  static updateOrCreate<M extends ModelClass<BaseModel>, Where extends Partial<CreateValues<M>>>(
    this: M,
    where: WhereValues<M, Where>,
    values: OtherCreateValues<M, Where>,
    options?: AssignOptions,
  ): RecordPromise<InstanceType<M>>
  static updateOrCreate<M extends ModelClass<BaseModel>, Where extends Partial<CreateValues<M, 'trusted'>>>(
    this: M,
    where: WhereValues<M, Where, 'trusted'>,
    values: Partial<CreateValues<M, 'trusted'>>,
    options: TrustOptions,
  ): RecordPromise<InstanceType<M>>
  static updateOrCreate<T extends BaseModel>(
    this: ModelClass<T>,
    where: object,
    values: object,
    options?: AssignOptions,
  ): RecordPromise<T> {
    return RecordPromise.begin<T>(() => verbs.updateOrCreate(subjectOf(this), where, values, options))
  }

  /**
   * Inserts records, and changes those that are there already: one statement for a batch of rows with the same columns, all of
   * them or none. The stamps and the version are written; hooks and listeners are not called, since the database alone knows what
   * it did.
   *
   * @param rows Values as `create` takes them.
   * @returns The records, in the order of `rows`.
   * @throws {UniqueError} A deleted row has the key, which is never revived; or another row has another unique value. Status 409.
   * @throws {InvalidValueError} Two rows have the same key, or one has none. Status 422. And what `create` throws.
   * @throws {InvalidOptionError} `on` is no unique key.
   * @since 0.2
   * @example
   * await User.upsertMany([{ email: 'ada@example.org', name: 'Ada' }], { on: ['email'] })
   */
  static upsertMany<M extends ModelClass<BaseModel>>(
    this: M,
    rows: readonly CreateValues<M>[],
    options: UpsertOptions<keyof CreateValues<M> & string>,
  ): Promise<InstanceType<M>[]>
  static upsertMany<M extends ModelClass<BaseModel>>(
    this: M,
    rows: readonly CreateValues<M, 'trusted'>[],
    options: UpsertOptions<keyof CreateValues<M, 'trusted'> & string> & TrustOptions,
  ): Promise<InstanceType<M>[]>
  static upsertMany<T extends BaseModel>(this: ModelClass<T>, rows: readonly object[], options: UpsertOptions): Promise<T[]> {
    return beginOperation(() => verbs.upsertMany(subjectOf(this), rows, options))
  }

  /**
   * Makes anew what is kept in all rows by `db.Aggregated`, in batches, each a transaction of its own: for rows that were there before
   * the column, and after SQL that went past the models.
   *
   * @returns Number of rows.
   * @throws {InvalidOptionError} An option is unknown.
   * @since 0.2
   * @example
   * await Author.recount({ batch: 1000 })
   */
  static recount(options?: BatchOptions): Promise<number> {
    return beginOperation(() => verbs.recount(subjectOf(this), options))
  }

  /** Inserts a new record; of an existing one, updates the columns that changed, if any did. */
  save(): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.save(subject, this))
  }

  /** Sets values, and saves. See `create` for what it throws. */
  update(values: this[typeof taken]['values'], options?: AssignOptions): RecordPromise<this>
  update(values: this[typeof taken]['trusted'], options: TrustOptions): RecordPromise<this>
  update(values: object, options?: AssignOptions): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.update(subject, this, values, options))
  }

  /** Sets values, and does not save. See `create` for what it throws. */
  set(values: this[typeof taken]['values'], options?: AssignOptions): this
  set(values: this[typeof taken]['trusted'], options: TrustOptions): this
  set(values: object, options?: AssignOptions): this {
    verbs.set(subjectOf(modelOf(this)), this, values, options)
    return this
  }

  /** Deletes the row for good. */
  delete(...none: []): RecordPromise<this> {
    const [how]: readonly unknown[] = none
    if (how === false) return this.restore()
    return verbOf(this, (subject) => verbs.remove(subject, this))
  }

  /** A model without soft delete has nothing to restore. @throws {UnsupportedError} Always. */
  restore(): RecordPromise<this> {
    return RecordPromise.begin<this>(() => {
      throw new UnsupportedError(`${modelOf(this).name}.restore()`, 'A db.BaseModel has no deleted rows to restore; use db.Model.')
    })
  }

  /** Reads the row again; what was changed on the object and not saved is lost. */
  reload(): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.reload(subject, this))
  }

  /**
   * Loads relations that are not there yet, for this record and in the same statement for all that came with it in one result:
   * a loop over the records of a query sends one statement for each relation, not one for each record. Deleted records stay out.
   *
   * What is loaded already is not read again; `get(id, { with: … })` reads it anew.
   *
   * @param paths Names of relations, and of theirs: `'posts'`, `'posts.comments'`.
   * @returns This record, in whose type they are there.
   * @throws {InvalidFilterError} A name is no relation. Status 400.
   * @throws {RecordNotFoundError} The record is new, or its row was deleted for good.
   * @since 0.2
   * @example
   * for (const user of await User.query().all()) {
   *   const { posts } = await user.load('posts') // two statements in all
   * }
   */
  load<T extends BaseModel, const P extends keyof T[typeof taken]['paths'] & string>(
    this: T,
    ...paths: readonly P[]
  ): RecordPromise<WithRelations<T, P>> {
    const loaded = verbOf(this, (subject) => verbs.loadRelations(subject, this, paths))
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relations are there when it is fulfilled
    return loaded as RecordPromise<WithRelations<T, P>>
  }

  /**
   * Adds to a number in the database, whatever it is there by now; the object follows. A row without a value stays without one, as in
   * SQL; with a bound it is refused, since nobody can say whether it keeps it.
   *
   * @param given What to add: a finite number, 1 where nothing is said; and bounds of the result, to which those of the column come.
   * @throws {ConflictError} The result would pass a bound. Status 409.
   * @throws {InvalidOptionError} It is no finite number, such as `undefined`; the column holds no numbers or is the key, or cannot hold
   *   such a fraction. Status 400.
   * @throws {UnknownColumnError} There is no such column. Status 422.
   * @throws {ProtectedColumnError} The column is guarded. Status 422.
   * @example
   * await product.increment('stock', -1, { min: 0 })
   */
  increment(column: keyof this[typeof taken]['numbers'] & string, ...given: IncrementArguments): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.increment(subject, this, column, given))
  }

  /** Takes from a number in the database. @param given What to take: a finite number from 0, 1 where nothing is said; and bounds. See `increment`. */
  decrement(column: keyof this[typeof taken]['numbers'] & string, ...given: IncrementArguments): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.decrement(subject, this, column, given))
  }

  /**
   * Ties records of a to-many relation to this one: rows of the table between them, or their foreign keys. One that is tied already is
   * none the worse, also of callers at the same time.
   *
   * Those that are new are saved first. Hooks are not called, but for that. A list that was loaded is read again; what was changed in it
   * and not saved is lost.
   *
   * @param relation Name of a relation that leads to many.
   * @param records Records, keys as `get` takes them, or lists of them.
   * @throws {InvalidFilterError} It is no relation that leads to many. Status 400.
   * @throws {InvalidIdentifierError} A key is none: a client sent something else. Status 400.
   * @throws {RecordNotFoundError} This record is new; or there is none of a key. Status 404.
   * @throws {ForeignKeyError} There is no record of a key, as the database finds. Status 409.
   * @since 0.2
   * @example
   * await post.attach('tags', news, ...req.body.tagIds)
   */
  attach<K extends keyof this[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly this[typeof taken]['lists'][K][]
  ): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.link('attach', subject, this, relation, records))
  }

  /**
   * Cuts records of a to-many relation off this one: no row of theirs is deleted. Those that are not tied are left alone. See `attach`.
   *
   * @throws {UnsupportedError} Their foreign key may not be NULL: they cannot be without a record of this model.
   * @since 0.2
   * @example
   * await post.detach('tags', news)
   */
  detach<K extends keyof this[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly this[typeof taken]['lists'][K][]
  ): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.link('detach', subject, this, relation, records))
  }

  /**
   * Lets these be the records of a to-many relation: attaches what is missing, and detaches what is no longer named; without records,
   * all. Deleted records stay as they are. Of callers at the same time each list holds whole, and the last one stays. See `attach`.
   *
   * @throws {UnsupportedError} See `detach`.
   * @since 0.2
   * @example
   * await post.sync('tags', req.body.tagIds)
   */
  sync<K extends keyof this[typeof taken]['lists'] & string>(
    relation: K,
    ...records: readonly this[typeof taken]['lists'][K][]
  ): RecordPromise<this> {
    return verbOf(this, (subject) => verbs.link('sync', subject, this, relation, records))
  }

  // ------------------------------------------------------------------------------------------------ facts

  /** Whether the record has no row yet. */
  get isNew(): boolean {
    const { snapshot, removed } = recordState(this)
    return snapshot === undefined && !removed
  }

  /** Whether `firstOrCreate` or `updateOrCreate`, the last of them that gave this record, has inserted its row. @since 0.2 */
  get wasCreated(): boolean {
    return wasCreated(this)
  }

  /** Whether a column differs from the row. */
  get isDirty(): boolean {
    return changedColumns(metadataOf(modelOf(this)), this).length > 0
  }

  /** The columns that differ from the row, with their new values; of hidden ones only who asks for them by name is told. */
  get changes(): Record<string, unknown> {
    const changes: Record<string, unknown> = {}
    for (const column of changedColumns(metadataOf(modelOf(this)), this)) {
      const value: unknown = column.getEntityValue(this)
      Object.defineProperty(changes, column.propertyName, {
        value,
        enumerable: !isHidden(column),
        configurable: true,
        writable: true,
      })
    }
    return changes
  }

  /**
   * The entity tag of its row, for the header `ETag`: `"note-7-3"`, the last by its version. Without a `db.Version()` it is the weak one
   * of `updatedAt`. What was changed and not saved is none of it.
   *
   * @throws {RecordNotFoundError} It has no row.
   * @throws {UnsupportedError} Nothing of that is known of the row.
   * @since 0.2
   * @example
   * res.set('ETag', note.etag)
   */
  get etag(): string {
    return verbs.etag(subjectOf(modelOf(this)), this)
  }

  /**
   * The values of its columns, without the hidden ones; of those that are asked for, and with what is included.
   *
   * @param options `only` or `except` names columns; `include` properties that the class computes, and relations that are loaded, each
   *   as a dictionary of its own. Name what a client may choose.
   * @throws {InvalidOptionError} A name is no column, or a hidden one; or no property or loaded relation. Status 400.
   * @example
   * const user = await User.getOrError(1, { with: ['posts'] })
   * const { name } = user.toDict({ only: ['name'] })
   * const dict = user.toDict({ except: ['createdAt'], include: ['fullName', 'posts'] })
   */
  toDict(): Record<string, unknown>
  toDict<T extends BaseModel, const O extends DictKey<T> = never, const I extends keyof T & string = never>(
    this: T,
    options: DictOptions<DictKey<T>, O, I>,
  ): Dict<T, O, I>
  toDict(options?: DictOptions): Record<string, unknown> {
    return toDict(this, metadataOf(modelOf(this)), options)
  }

  /** What `JSON.stringify` writes: the values as JSON can say them, and the relations that are loaded. */
  toJSON(): Record<string, unknown> {
    return toJson(this, metadataOf(modelOf(this)))
  }

  /** Its model and its key: `<User 1>`. */
  toString(): string {
    const { name, primaryColumns } = metadataOf(modelOf(this))
    const key = primaryColumns.map((column) => column.getEntityValue(this) as unknown).filter((part) => part !== undefined)
    return `<${[name, key.join(',')].filter(Boolean).join(' ')}>`
  }

  /** @internal What `console.log` and logs show: no hidden columns. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { name } = modelOf(this)
    if (depth < 0) return `[${name}]`
    const hidden = new Set(
      metadataOf(modelOf(this))
        .columns.filter((column) => isHidden(column))
        .map(({ propertyName }) => propertyName),
    )
    return `${name} ${inspect(Object.fromEntries(Object.entries(this).filter(([key]) => !hidden.has(key))), options)}`
  }
}

Object.defineProperty(BaseModel.prototype, 'count', {
  configurable: true,
  writable: true,
  value(this: BaseModel, relation: string) {
    return beginOperation(() => verbs.related(subjectOf(modelOf(this)), this, relation))
  },
})

/** Statics that TypeORM's `BaseEntity` and other libraries have, and what does the same here. */
const elsewhere = {
  find: 'filter({ … }).all()',
  findBy: 'filter({ … }).all()',
  findAll: 'query().all()',
  findAndCount: 'paginate()',
  findAndCountBy: 'paginate()',
  findOne: 'first({ … }) or get(id)',
  findOneBy: 'first({ … }) or get(id)',
  findByPk: 'get(id)',
  findById: 'get(id)',
  findOneOrFail: 'firstOrError({ … }) or getOrError(id)',
  findOneByOrFail: 'firstOrError({ … }) or getOrError(id)',
  insert: 'create(values) or createMany(rows)',
  save: 'create(values), or save() of a record',
  update: 'filter({ … }).updateAll(values), or update(values) of a record',
  upsert: 'updateOrCreate(where, values) or upsertMany(rows, { on })',
  delete: 'filter({ … }).deleteAll(), or delete() of a record',
  remove: 'filter({ … }).deleteAll(), or delete() of a record',
  destroy: 'filter({ … }).deleteAll(), or delete() of a record',
  softDelete: 'filter({ … }).deleteAll(), or delete() of a record',
  restore: 'filter({ … }).restoreAll(), or restore() of a record',
  where: 'filter({ … })',
  createQueryBuilder: 'query()',
}

for (const [name, instead] of Object.entries(elsewhere)) {
  Object.defineProperty(BaseModel, name, {
    configurable: true,
    writable: true,
    value(this: { readonly name: string }) {
      const { name: model } = this
      throw new UnsupportedError(`${model}.${name}()`, `Write ${model}.${instead}, or db.dataSource.getRepository(${model}).`)
    },
  })
}

/** The application's own verbs are called; ours are these very functions. */
const own: NonNullable<verbs.Subject<BaseModel>['own']> = {
  save: (record) => (record.save === BaseModel.prototype.save ? undefined : record.save()),
  update: (record, values, options) => record.update(values, options),
}

/** A model, as the verbs take it. */
export function subjectOf<T extends BaseModel>(model: ModelClass<T>): verbs.Subject<T> {
  return { db: database(model), model, name: model.name, own }
}

/** A verb of a record, whose promise gives that record. */
export function verbOf<T extends BaseModel>(record: T, work: (subject: verbs.Subject<T>) => Eventual<void>): RecordPromise<T> {
  return RecordPromise.begin<T>(() => after(work(subjectOf(modelOf(record))), () => record))
}

/** What a verb throws when there is no such record. */
export function notFound(model: ModelClass<BaseModel>, id?: unknown): () => Error {
  return () => verbs.missing(subjectOf(model), id)()
}

/** The class of a record. */
export function modelOf<T extends BaseModel>(record: T): ModelClass<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its type is Function
  return record.constructor as ModelClass<T>
}

/** The database of a model. @throws {ModelDefinitionError} It extends the bare class of the package. */
export function database(model: ModelClass): Database {
  const { db, name } = model as { db?: Database; name: string }
  if (!db) throw new ModelDefinitionError(name, 'it belongs to no database', 'Extend db.Model or db.BaseModel.')
  return db
}

function metadataOf(model: ModelClass): EntityMetadata {
  return database(model).dataSource.getMetadata(model)
}

/**
 * A class field without `declare` puts `undefined` over a value after the constructor has set it: found at the first
 * `new` of a class, by a look at an empty record.
 */
function emptyFieldsOf(model: typeof BaseModel): readonly string[] {
  const known = emptyFields.get(model)
  if (known) return known
  // The probe is a `new` as well.
  emptyFields.set(model, [])
  let probe: object
  try {
    probe = Reflect.construct(model, []) as object
  } catch (error) {
    emptyFields.delete(model)
    if (error instanceof ActiveAlchemyError) throw error
    const reason = `its constructor fails without values, which it does not get when a row is read (${String(error)})`
    throw new ModelDefinitionError(
      model.name,
      reason,
      'Write: constructor(values) { super(values); … }, and bear it that they are missing.',
    )
  }
  const fields = Object.keys(probe).filter((key) => Reflect.get(probe, key) === undefined)
  emptyFields.set(model, fields)
  return fields
}

/** Whether a property is a column or relation of ours. */
function isDefined(model: unknown, property: string): boolean {
  for (let each = model; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    if (ownColumns(each).has(property) || ownRelations(each).has(property)) return true
  }
  return false
}

function refuseFields(model: typeof BaseModel, fields: readonly string[], erases: (field: string) => boolean): void {
  const field = fields.find(erases)
  if (field === undefined) return
  throw new ModelDefinitionError(model.name, `its class field ${field} erases the values of the column`, `Write: declare ${field}: …`)
}

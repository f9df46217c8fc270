import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import type { EntityMetadata, EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm'
import { Alias } from '../drivers/dialect.js'
import { InvalidFilterError, InvalidIdentifierError, RecordNotFoundError, UnsupportedError } from '../errors.js'
import { isHidden } from '../mapping/mapped-column.js'
import { after, type Eventual } from '../eventual.js'
import { flag, readOptions } from '../options.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import {
  type CursorOptions,
  type CursorRequest,
  cursorRequest,
  type PageOptions,
  type PageRequest,
  pageRequest,
} from '../pagination/page-request.js'
import type { Paginator } from '../pagination/paginator.js'
import { bind, write } from '../plan/pieces.js'
import { beginOperation } from '../scope/operation.js'
import type { Scope } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { type BatchOptions, inBatches } from './batches.js'
import * as bulk from './bulk.js'
import { type ColumnKey, type Columns, columnsOf, type RecordShape, type RelationKey, Source, type Target } from './columns.js'
import { From } from './compile.js'
import { Condition, Expression, named, Ordering, sortable, type Subquery, type Term, visibleColumn } from './expression.js'
import { chosen, type Reading, statementOf } from './fetch.js'
import { conditionOf } from './filter.js'
import { cursorPage } from './cursor-page.js'
import type { Filter } from './operators.js'
import type { FunctionName, FunctionResult, NamedFunction } from './func.js'
import { type NotFound, orElse } from './not-found.js'
import { boundKey } from './identifier.js'
import { follow } from './loading.js'
import { type LockOptions, type Order, QueryState, type Selected } from './query-state.js'
import * as read from './read.js'
import { Sql } from './sql.js'
import { RecordStream, type StreamOptions } from './stream.js'
import type { WrittenFor } from '../types/column-type.js'

/** Which rows of a soft-deleting model a query sees. @default live rows only @since 0.1 */
export interface DeletedOptions {
  /** Deleted rows as well. @default false */
  readonly includeDeleted?: boolean
  /** Deleted rows only. @default false */
  readonly onlyDeleted?: boolean
}

/** @internal How `DeletedOptions` are read. */
export const deletedOptions = { includeDeleted: flag, onlyDeleted: flag }

/** Named results of a query: names of columns, functions over them, expressions. */
export type Selection<T> = Readonly<Record<string, ColumnKey<T> | Expression>>

/** The row that a selection gives. @since 0.2 */
export type Row<T, S> = {
  -readonly [K in keyof S]: S[K] extends NamedFunction<infer Column, infer Name extends FunctionName>
    ? FunctionResult<T, Column, Name>
    : S[K] extends Expression<infer V>
      ? V
      : S[K] extends keyof T
        ? T[S[K]]
        : never
}

/** A path of relations, three levels deep at most: `posts`, `posts.comments`. */
export type Path<T, Depth extends 0 | 1 | 2 = 2> = {
  [K in RelationKey<T>]: K | (Depth extends 0 ? never : `${K}.${Path<Target<T[K]>, Depth extends 2 ? 1 : 0>}`)
}[RelationKey<T>]

type Head<P extends string> = P extends `${infer K}.${string}` ? K : P
type Tail<P extends string, K extends string> = P extends `${K}.${infer Rest}` ? Rest : never

/** A record with the relations of these paths there. @since 0.2 */
export type WithRelations<T, P extends string> = [P] extends [never]
  ? T
  : {
      // First: a method of an intersection of arrays is that of the first of them.
      [K in Head<P> & keyof T]-?: NonNullable<T[K]> extends readonly (infer E)[]
        ? WithRelations<E, Tail<P, K>>[]
        : WithRelations<NonNullable<T[K]>, Tail<P, K>> | Extract<T[K], null>
    } & T

/** What a query gives; only for the type. */
export interface Giving<R> {
  readonly gives?: R
}

/** What is sorted or grouped by: a name, a function of the columns, an expression. */
export type Sortable<T, R> = (ColumnKey<T> | (keyof R & string)) | Expression | Ordering | ((columns: Columns<T>) => Expression | Ordering)

/** What `updateAll` sets: values by column, records of to-one relations, expressions, or functions of the columns. @since 0.1 */
export type BulkValues<T> = {
  readonly [K in ColumnKey<T>]?:
    | T[K]
    | WrittenFor<T[K]>
    | Expression<T[K]>
    | Expression<NonNullable<T[K]>>
    | Expression<never>
    | ((columns: Columns<T>) => Expression<T[K]> | Expression<NonNullable<T[K]>>)
} & { readonly [K in RelationKey<T> as NonNullable<T[K]> extends readonly unknown[] ? never : K]?: T[K] }

/** How many rows a bulk write may mean. @since 0.2 */
export interface BulkOptions {
  /** Means it that there is no condition: every row. @default false */
  readonly allRows?: boolean
}

/** How `updateAll` takes its values. @since 0.1 */
export interface BulkUpdateOptions extends BulkOptions {
  /** Takes every column, also keys and guarded ones: for values that no client chose. @default false */
  readonly unguarded?: boolean
}

/** How `deleteAll` deletes. */
export interface BulkDeleteOptions extends BulkOptions {
  /** Deletes the rows for good. @default false */
  readonly hardDelete?: boolean
}

/**
 * A query of a model: built word by word, and sent by `all`, `first`, `count` and their like, or by a `for await` loop.
 *
 * Each word changes the query and gives it back; `clone()` copies, and sending leaves it as it is. It is no promise.
 *
 * @typeParam T Model of the query.
 * @typeParam R What it gives: records, or rows of what was chosen.
 * @since 0.1
 * @example
 * const users = await User.filter({ location: 'USA', age: gte(18) }).orderBy('updatedAt', 'DESC').all()
 */
export class Query<T extends object, R = T> implements AsyncIterable<R>, Subquery<R extends RecordShape ? never : R[keyof R]> {
  readonly #state: QueryState<R>
  /** Only for the type. */
  declare readonly gives?: R
  /** Only for the type. */
  declare readonly column?: R extends RecordShape ? never : R[keyof R]

  /** @internal Made by `Model.query()`. */
  constructor(state: QueryState<R>) {
    this.#state = state
  }

  /** @internal A query of `target`. */
  static of<T extends object>(
    this: new (
      state: QueryState<T>,
    ) => Query<T>,
    dataSource: AlchemyDataSource,
    target: abstract new (...values: never[]) => T,
  ): Query<T> {
    return new this(new QueryState(dataSource, dataSource.getMetadata(target as EntityTarget<T>)))
  }

  get #metadata(): EntityMetadata {
    return this.#state.metadata
  }

  /** A copy with everything that this query has. */
  clone(): this {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a class of one's own has the constructor of this one
    return Reflect.construct(this.constructor, [this.#state.clone()]) as this
  }

  // ------------------------------------------------------------------------------------------------ which rows

  /**
   * Adds a condition; several must all hold. `{}` adds none.
   *
   * @param filter Values by column (anything but being equal is an operator), `or(…)` and its like, a function of the columns
   * that gives a condition, or `db.sql`.
   * @throws {InvalidFilterError} A key is no column, or a value is not of its column's kind. Status 400.
   * @example
   * User.filter({ location: oneOf(['USA', 'Moon']) }).filter((user) => user.updatedAt.gt(user.createdAt))
   */
  filter(filter: Filter<T>): this {
    const condition = conditionOf(filter, this.#state.from)
    if (condition) this.#state.conditions.push(condition)
    return this
  }

  /** @internal Adds a condition that must be there: an empty body must not find the first row. */
  narrow(filter: Filter<T>, verb: string): this {
    const condition = conditionOf(filter, this.#state.from)
    if (!condition)
      throw new InvalidFilterError(this.#metadata.name, 'an empty object', `${verb}() would take any row`, 'Give it a value at least.')
    this.#state.conditions.push(condition)
    return this
  }

  /** Sees deleted rows as well. */
  includeDeleted(): this {
    this.#state.visibility = 'all'
    return this
  }

  /** Sees deleted rows only. */
  onlyDeleted(): this {
    this.#state.visibility = 'deleted'
    return this
  }

  /** @internal Chooses rows: live, deleted or all. */
  deleted(options?: DeletedOptions): this {
    const { includeDeleted = false, onlyDeleted = false } = readOptions(deletedOptions, options, 'query()')
    if (onlyDeleted) return this.onlyDeleted()
    return includeDeleted ? this.includeDeleted() : this
  }

  /**
   * Loads relations with the records, by one statement for each; their deleted records stay out.
   *
   * @param paths Names of relations, and of theirs: `'posts'`, `'posts.comments'`.
   * @throws {InvalidFilterError} A name is no relation. Status 400.
   * @example
   * const users = await User.query().with('posts', 'posts.comments').all()
   */
  with<const P extends Path<T>>(...paths: readonly P[]): Query<T, WithRelations<R & T, P>>
  /**
   * Loads one relation, and asks the other end: `limit` is for each record of this one.
   *
   * @example
   * User.query().with('posts', (posts) => posts.orderBy('id', 'DESC').limit(3))
   */
  with<const P extends RelationKey<T>, Asked = Target<T[P]>>(
    path: P,
    ask: (related: Query<Extract<Target<T[P]>, object>>) => Giving<Asked>,
  ): Query<T, { [K in P]-?: NonNullable<T[K]> extends readonly unknown[] ? Asked[] : Asked | Extract<T[K], null> } & R>
  with(...parameters: readonly unknown[]): unknown {
    const { dataSource, loading: loadings } = this.#state
    const [path, ask] = parameters
    const isAsked = typeof ask === 'function'
    for (const each of isAsked ? [path] : parameters) {
      const { loading, metadata } = follow(this.#metadata, loadings, each, 'with()')
      if (!isAsked) continue
      const asked: unknown = ask(new Query<object>(loading.state ?? new QueryState(dataSource, metadata)))
      if (!(asked instanceof Query)) throw new InvalidFilterError(this.#metadata.name, 'with()', 'its function gives the query back')
      loading.state = asked.#state
    }
    return this
  }

  /** @internal The same as `with`, of the paths that an option names. */
  including(paths: readonly string[] | undefined): this {
    for (const path of paths ?? []) follow(this.#metadata, this.#state.loading, path, 'with')
    return this
  }

  /** So many at most: records, also with relations. @param count From 0; `undefined` for all. */
  limit(count?: number): this {
    this.#state.limit = wholeNumber(this.#metadata, 'limit', count)
    return this
  }

  /** All but the first so many. @param count From 0; `undefined` for none. */
  offset(count?: number): this {
    this.#state.offset = wholeNumber(this.#metadata, 'offset', count)
    return this
  }

  /** Equal rows once. */
  distinct(): this {
    if (this.#state.selection?.some(({ type }) => type.isOpaque)) {
      const remedy = 'Leave it out, or choose a part of JSON, column.path("a.b").'
      throw new InvalidFilterError(this.#metadata.name, 'distinct()', 'one of the columns is not compared', remedy)
    }
    this.#state.distinct = true
    return this
  }

  /**
   * Locks the rows that are read until the transaction ends; on SQLite, the database's one write lock, so that with `skipLocked`
   * there are no rows while another writes.
   *
   * @param options `skipLocked` leaves out rows that others have locked; with `noWait` they are an error at once.
   * @throws {InvalidOptionError} An option is unknown.
   * @example
   * const product = await Product.filter({ id: 1 }).forUpdate().first()
   */
  forUpdate(options?: LockOptions): this {
    this.#state.lock = readOptions({ skipLocked: flag, noWait: flag }, options, 'forUpdate()')
    return this
  }

  // ------------------------------------------------------------------------------------------------ what of them

  /** @internal Chooses named results in place of records. */
  choose(selection: unknown): Query<T, never> {
    const state = this.#state
    const named = typeof selection === 'function' ? (selection(this.#columns()) as unknown) : selection
    if (typeof named !== 'object' || named === null || Array.isArray(named) || named instanceof Expression) {
      throw new InvalidFilterError(
        this.#metadata.name,
        'that selection',
        "a query takes names of columns, or one object: { total: db.func.sum('price') }",
      )
    }
    state.selection = Object.entries(named).map(([name, value]): Selected => {
      const { made: term, columns, isOfRow } = state.from.noting(() => this.#term(value))
      return { name: labelOf(this.#metadata, name), ...term, isOfRow, isHidden: [...columns].some(isHidden) }
    })
    if (state.selection.length === 0)
      throw new InvalidFilterError(this.#metadata.name, 'that selection', 'it chooses nothing', 'Name a column.')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows of a selection are typed by what it names
    return this as unknown as Query<T, never>
  }

  #columns(): Columns<T> {
    const { from } = this.#state
    return columnsOf<T>(from.source instanceof Source ? from.source : new Source(from.metadata), from)
  }

  #term(value: unknown): Term {
    const made: unknown = typeof value === 'function' ? value(this.#columns()) : value
    const expression = typeof made === 'string' ? named(made) : made
    if (!(expression instanceof Expression)) {
      throw new InvalidFilterError(this.#metadata.name, 'that', 'it takes names of columns, expressions and functions of the columns')
    }
    return expression.term(this.#state.from)
  }

  /**
   * Groups rows; several words and several calls group further.
   *
   * @param groups Names of columns, expressions, or functions of the columns.
   * @throws {InvalidFilterError} A name is no column. Status 400.
   * @example
   * Post.query((post) => ({ author: post.author.name, posts: db.func.count() })).groupBy((post) => post.author.name).all()
   */
  groupBy(...groups: readonly (ColumnKey<T> | Expression | ((columns: Columns<T>) => Expression))[]): this {
    for (const group of groups) {
      const { pieces, type } = this.#term(group)
      if (type.isOpaque) {
        const remedy = 'Group by another, or by a part of JSON, column.path("a.b").'
        throw new InvalidFilterError(this.#metadata.name, 'groupBy()', 'the column has no groups', remedy)
      }
      this.#state.groups.push(pieces)
    }
    return this
  }

  /**
   * Adds a condition on groups.
   *
   * @example
   * Post.query((post) => ({ slug: post.slug, words: post.words.sum() })).groupBy('slug').having((post) => post.words.sum().gt(100))
   */
  having(condition: Condition | Expression<never> | ((columns: Columns<T>) => Condition)): this {
    const made: unknown = typeof condition === 'function' ? condition(this.#columns()) : condition
    if (!(made instanceof Condition) && !(made instanceof Sql))
      throw new InvalidFilterError(this.#metadata.name, 'having()', 'it takes a condition')
    this.#state.having.push(made.term(this.#state.from).pieces)
    return this
  }

  /**
   * Sorts; a further call sorts among equals.
   *
   * @param sort Name of a column or of a chosen result, an expression, or a function of the columns; an object of names and
   * directions sorts by several.
   * @param direction `ASC` or `DESC`, in any case. @default 'ASC'
   * @throws {InvalidFilterError} It is no visible column, or no direction. Status 400.
   * @example
   * User.query().orderBy('name').orderBy((user) => user.lastAccess.desc().nullsLast())
   */
  orderBy(sort: Sortable<T, R> | { readonly [K in ColumnKey<T>]?: 'ASC' | 'DESC' }, direction?: 'ASC' | 'DESC' | 'asc' | 'desc'): this {
    this.#state.orders.push(...this.#sorted(sort, direction))
    return this
  }

  /** Sorts in place of any earlier order; without a parameter, in none. See `orderBy`. */
  reorder(sort?: Sortable<T, R> | { readonly [K in ColumnKey<T>]?: 'ASC' | 'DESC' }, direction?: 'ASC' | 'DESC' | 'asc' | 'desc'): this {
    this.#state.orders = sort === undefined ? [] : this.#sorted(sort, direction)
    return this
  }

  #sorted(sort: unknown, direction: unknown): Order[] {
    const { name } = this.#metadata
    const made: unknown = typeof sort === 'function' ? sort(this.#columns()) : sort
    if (made instanceof Ordering) return [{ ...this.#ordered(made.expression), direction: made.direction, nulls: made.nulls }]
    if (made instanceof Expression) return [{ ...this.#ordered(made), direction: directed(name, direction), nulls: undefined }]
    if (typeof made === 'string') {
      const { pieces, term, isHidden: hides } = this.#sortable(made)
      return [{ pieces, direction: directed(name, direction), nulls: undefined, term, isHidden: hides }]
    }
    if (typeof made !== 'object' || made === null || Array.isArray(made))
      throw new InvalidFilterError(name, 'that order', 'it is no column to sort by')
    return Object.entries(made).map(([column, each]) => ({
      ...this.#sortable(column),
      direction: directed(name, each),
      nulls: undefined,
    }))
  }

  #ordered(expression: Expression): Sorted {
    const { from } = this.#state
    const { made: term, columns } = from.noting(() => expression.term(from))
    return { pieces: sortable(term, from), term, isHidden: [...columns].some(isHidden) }
  }

  #sortable(name: string): Sorted {
    const { from, selection, dataSource } = this.#state
    const result = selection?.find((each) => each.name === name)
    if (result) return { pieces: [dataSource.driver.escape(name)], term: result, isHidden: result.isHidden }
    const term = visibleColumn(from, name)
    if (term.type.isOpaque)
      throw new InvalidFilterError(this.#metadata.name, name, 'it has no order: of JSON, sort by a part, column.path("a.b")')
    return { pieces: sortable(term, from), term, isHidden: false }
  }

  // ------------------------------------------------------------------------------------------------ reading

  /** Everything that matches. */
  all(): Promise<R[]> {
    return this.#read('all', (reading) => read.all(this.#state, reading))
  }

  /** The first that matches, within the window of the query; `null` if none does. */
  first(): Promise<R | null> {
    return this.#read('first', (reading) => read.first(this.#state, reading))
  }

  /** The only one that matches. @throws {RecordNotFoundError} None does. @throws {MultipleRecordsError} Several do. */
  one(): Promise<R> {
    return this.#read('one', (reading) => read.one(this.#state, reading))
  }

  /** The first that matches. @param error What to throw if none does. @default RecordNotFoundError */
  firstOrError<Result = never>(error?: NotFound<Result>): Promise<R | Result> {
    return this.#read(
      'firstOrError',
      async (reading) => (await read.first(this.#state, reading)) ?? orElse(error, () => new RecordNotFoundError(this.#metadata.name)),
    )
  }

  /** @internal The record with this key, `null` if it does not match; inside the operation of a verb. @throws {InvalidIdentifierError} */
  withKey(id: unknown): Eventual<R | null> {
    const state = this.#state
    const key = boundKey(state.metadata, state.dataSource, id)
    if (!key) return null
    if (state.isUsual) return this.#inSession('get', false, (reading) => read.byKey(state, key, reading))
    const keyed = state.clone()
    for (const [index, column] of state.metadata.primaryColumns.entries()) {
      keyed.conditions.push([...keyed.from.column(column), ' = ', bind(key[index])])
    }
    return this.#inSession('get', !keyed.isPlainRead, (reading) => read.first(keyed, reading))
  }

  /** @internal The records with these keys, in their order; `null` where one does not match. @throws {InvalidIdentifierError} */
  withKeys(ids: readonly unknown[]): Promise<(R | null)[]> {
    return this.#operation(async () => {
      if (!Array.isArray(ids)) throw new InvalidIdentifierError(this.#metadata.name, ids)
      const keys = ids.map((id: unknown) => boundKey(this.#metadata, this.#state.dataSource, id))
      return this.#inSession('getMany', !this.#state.isPlainRead, (reading) => read.byKeys(this.#state, keys, reading))
    })
  }

  /** The record with this key. @param error What to throw if there is none. @default RecordNotFoundError */
  getOrError<Result = never>(id: unknown, error?: NotFound<Result>): Promise<R | Result> {
    const missing = (): Error => new RecordNotFoundError(this.#metadata.name, id)
    return this.#operation(() => after<R | null, R | Result>(this.withKey(id), (found) => found ?? orElse(error, missing)))
  }

  /** How many `all()` would give. */
  count(): Promise<number> {
    return this.#read('count', (reading) => read.count(this.#state, reading))
  }

  /** Whether `all()` would give any. */
  exists(): Promise<boolean> {
    return this.#read('exists', (reading) => read.exists(this.#state, reading))
  }

  /** The first value of the first row, of records their key; `null` if there is none. */
  scalar(): Promise<R[keyof R] | null> {
    return this.#read('scalar', (reading) => read.scalar(this.#state, reading))
  }

  /**
   * One page of what matches: two statements, one with `count: false`.
   *
   * @param options `page` and `perPage` may come straight from a query string: what is no page is page 1.
   * @returns The page; an empty one beyond the last.
   * @throws {InvalidOptionError} An option is unknown, or the application itself gave a `perPage` below 1.
   */
  paginate(options?: PageOptions): Promise<Paginator<R>> {
    return this.#operation(async () => {
      const request = pageRequest(options)
      return this.#page(request, this.clone())
    })
  }

  /** @param later The query as it is now, for the pages around. */
  #page(request: PageRequest, later: Query<T, R>): Eventual<Paginator<R>> {
    const turn = (other: PageRequest): Promise<Paginator<R>> => later.#operation(() => later.#page(other, later))
    return this.#inSession('paginate', !this.#state.isPlainRead, (reading) => read.page(this.#state, request, reading, turn))
  }

  /**
   * A page of a list that is gone through from item to item, however it grows or shrinks meanwhile: one statement, which enters an
   * index of the order where there is one.
   *
   * The order gets the key as its last term. A cursor is opaque text that holds the order and the values of an item.
   *
   * @param options `first` and `after`, or `last` and `before`; both may come straight from a query string.
   * @throws {InvalidCursorError} The cursor was changed, or is of another order. Status 400.
   * @throws {InvalidPageError} An option is unknown, or both ends are asked for. Status 400.
   * @throws {UnsupportedError} The query has a window, or rows without a key; the order has a hidden column, and there is no `cursorSecret`.
   * @example
   * const page = await User.query().orderBy('createdAt', 'DESC').paginateByCursor({ first: 20, after: req.query.after })
   */
  paginateByCursor(options?: CursorOptions): Promise<CursorPage<R>> {
    return this.#operation(async () => this.#cursorPage(cursorRequest(options), this.clone()))
  }

  #cursorPage(request: CursorRequest, later: Query<T, R>): Eventual<CursorPage<R>> {
    const turn = (other: CursorRequest): Promise<CursorPage<R>> => later.#operation(() => later.#cursorPage(other, later))
    return this.#inSession('paginateByCursor', !this.#state.isPlainRead, (reading) => cursorPage(this.#state, request, reading, turn))
  }

  /**
   * A stream of what matches, read in batches when its reader is ready for them: for exports of any size. It has a read session of its
   * own, which begins after an answer's first byte as well; between two batches it holds nothing.
   *
   * The order gets the key as its last term, and wants an index where it is another one. See `docs/streaming.md`.
   *
   * @param options `batch`: records that one statement reads. @default 500
   * @throws {UnsupportedError} The query has rows without a key, or locks them.
   * @throws {InvalidOptionError} An option is unknown, or `batch` is no whole number from 1 to 10,000.
   * @example
   * await pipeline(User.query().stream(), csv, res)
   */
  stream(options?: StreamOptions): AsyncIterable<R> & Readable {
    return new RecordStream<R>(this.#state.clone(), options)
  }

  /**
   * Works through what matches, each batch in a scope and a transaction of its own: for jobs that are too long for one. What is committed
   * stays when a later batch fails.
   *
   * @param work Gets a page of records, with the `endCursor` from which the job can go on.
   * @param options `batch`: records of one transaction, 1 to 10,000, by default 500; `after`: where to begin; `transactionTimeoutMs`.
   * @returns Number of records that were worked on.
   * @throws {InvalidCursorError} `after` was changed, or is of another order. Status 400.
   * @throws {UnsupportedError} As of `paginateByCursor`.
   * @throws {NestedScopeError} A scope around it holds what it would wait for.
   * @example
   * await User.filter({ location: 'USA' }).inBatches(async (users) => {
   *   for (const user of users) await user.update({ location: 'Moon' })
   *   await job.update({ cursor: users.endCursor })
   * }, { after: job.cursor })
   */
  inBatches(work: (batch: CursorPage<R>) => Promise<unknown>, options?: BatchOptions): Promise<number> {
    const later = this.clone()
    const turn = (request: CursorRequest): Promise<CursorPage<R>> => later.#operation(() => later.#cursorPage(request, later))
    return this.#operation(() => inBatches(later.#state, work, options, turn))
  }

  /** Records by keys first and then in batches, so that a loop may write; chosen results all at once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    const state = this.#state.clone()
    if (state.selection) {
      yield* await this.all()
      return
    }
    const keys = await this.#read('keys', (reading) => read.keys(state, reading))
    for (const wanted of read.batches(keys)) {
      yield* await this.#read('batch', (reading) => read.batch(state, wanted, reading))
    }
  }

  // ------------------------------------------------------------------------------------------------ writing

  /**
   * Sets columns of all matching live rows, in one statement.
   *
   * @param values Values by column, as `update` of a record takes them; expressions, or functions of the columns.
   * @param options `allRows` for a query without a condition; `unguarded` takes every column, also keys and guarded ones.
   * @returns Number of rows that matched.
   * @throws {UnsupportedError} The query has more than conditions.
   * @throws {UnknownColumnError} A key is no column. Status 422.
   * @throws {ProtectedColumnError} A column may not be set. Status 422.
   * @throws {InvalidValueError} A value does not fit its column. Status 422.
   * @example
   * await Product.filter({ location: 'USA' }).updateAll({ price: (product) => product.price.times(2) })
   */
  updateAll(values: BulkValues<T>, options?: BulkUpdateOptions): Promise<number> {
    return this.#write('updateAll', options, { unguarded: flag }, async (state, { unguarded = false }) => {
      const set = await bulk.assignmentsOf(state, values, unguarded)
      return set.length === 0 ? undefined : bulk.stamps(state, set)
    })
  }

  /** Deletes all matching live rows in one statement, softly where the model does so. @returns Number of rows. */
  deleteAll(options?: BulkDeleteOptions): Promise<number> {
    const isSoft = this.#metadata.deleteDateColumn !== undefined
    return this.#write('deleteAll', options, { hardDelete: flag }, (state, { hardDelete = false }) => {
      return isSoft && !hardDelete ? bulk.deletion(state, true) : 'remove'
    })
  }

  /** Restores all matching deleted rows in one statement. @returns Number of rows. */
  restoreAll(options?: BulkOptions): Promise<number> {
    return this.#write('restoreAll', options, {}, (state) => {
      if (!this.#metadata.deleteDateColumn)
        throw new UnsupportedError(`${this.#metadata.name}.restoreAll()`, 'Use db.Model, which deletes softly.')
      if (state.visibility === 'live') state.visibility = 'deleted'
      return bulk.deletion(state, false)
    })
  }

  #write(
    verb: string,
    options: unknown,
    known: Readonly<Record<string, typeof flag>>,
    make: (state: QueryState, options: { readonly [name: string]: boolean }) => Eventual<bulk.Assignments | 'remove' | undefined>,
  ): Promise<number> {
    return this.#operation(async () => {
      const given: { readonly [name: string]: boolean } = readOptions({ allRows: flag, ...known }, options, `${verb}()`)
      const state = this.#state.clone()
      bulk.refuseWindow(state, verb)
      const what = await make(state, given)
      bulk.requireCondition(state, verb, given['allRows'] ?? false)
      if (what === undefined) return 0
      return this.#inSession(verb, true, (reading) => (what === 'remove' ? bulk.remove(state, reading) : bulk.update(state, what, reading)))
    })
  }

  // ------------------------------------------------------------------------------------------------ as SQL

  /** The statement of `all()`, which is not sent. @example User.filter({ name: 'Ada' }).toSQL().text */
  toSQL(): { readonly text: string; readonly values: readonly unknown[] } {
    const state = this.#state
    return statementOf(state, read.selectAll(state))
  }

  /**
   * TypeORM's builder of the same rows, in the same session: all of TypeORM is one word away.
   *
   * @param alias Name of the table in the builder. @default the table's name
   * @example
   * const rows = await User.filter({ location: 'Moon' }).builder('u').leftJoin('u.posts', 'p').select('count(*)', 'n').getRawMany()
   */
  builder(alias?: string): SelectQueryBuilder<T & ObjectLiteral> {
    const { dataSource, metadata, from, where, visibility } = this.#state
    const name = alias ?? from.alias.name
    const builder = dataSource.createQueryBuilder<T & ObjectLiteral>(metadata.target as EntityTarget<T & ObjectLiteral>, name)
    const nameOf = (each: Alias): string => (each === from.alias ? name : each.name)
    let places = 0
    const placed = (pieces: Order['pieces']): string => {
      let text = ''
      for (const piece of pieces) {
        if (typeof piece === 'string') text += piece
        else if (piece instanceof Alias) text += dataSource.driver.escape(nameOf(piece))
        else {
          const place = `alchemy_${places++}`
          builder.setParameter(place, piece.value)
          text += `:${place}`
        }
      }
      return text
    }
    if (visibility !== 'live') builder.withDeleted()
    for (const { to, on } of from.joins()) builder.leftJoin(to.metadata.tableName, to.alias.name, placed(on))
    for (const condition of where) builder.andWhere(placed(condition))
    for (const { pieces, direction } of this.#state.orders) builder.addOrderBy(placed(pieces), direction)
    return builder.take(this.#state.limit).skip(this.#state.offset)
  }

  /** @internal The SELECT of one column, inside another query. */
  subquery(_outer: From): Order['pieces'] {
    const state = this.#state
    if (state.selection?.length !== 1)
      throw new InvalidFilterError(this.#metadata.name, 'that query', "it gives one column as a list: Model.query('id')")
    if (state.from.hasFragment) _outer.noteFragment()
    return state.select(chosen(state))
  }

  /** A query is no list of records. @throws {UnsupportedError} Always: it was not awaited with `.all()`. */
  toJSON(): never {
    throw new UnsupportedError(
      `JSON of a query of ${this.#metadata.name}`,
      'A query is no list: Call .all(), .first() or .paginate(), and await it.',
    )
  }

  [inspect.custom](): string {
    return `Query(${this.#metadata.name}) ${write(read.selectAll(this.#state), this.#state.dataSource.driver).text}`
  }

  // ------------------------------------------------------------------------------------------------ how it runs

  #read<Result>(verb: string, work: (reading: Reading) => Eventual<Result>): Promise<Result> {
    return this.#operation(() => this.#inSession(verb, !this.#state.isPlainRead, work))
  }

  /** A verb: its scope waits for it, and fails with it if nobody awaits it. */
  #operation<Result>(work: () => Eventual<Result>): Promise<Result> {
    return beginOperation(work, this.#state.scope)
  }

  /** The work of a verb, which has begun already. */
  #inSession<Result>(verb: string, writes: boolean, work: (reading: Reading) => Eventual<Result>): Eventual<Result> {
    const { dataSource, metadata } = this.#state
    return dataSource.withSession(`${metadata.name}.query().${verb}()`, (session) =>
      work({ session, writes, hasFragment: this.#state.hasFragment }),
    )
  }

  /** @internal Runs in `scope`, wherever it is sent: the query of a session. */
  in(scope: Scope): this {
    this.#state.scope = scope
    return this
  }
}

/** What is sorted by. */
type Sorted = Pick<Order, 'pieces' | 'term' | 'isHidden'>

function wholeNumber({ name }: EntityMetadata, word: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  const count = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw new InvalidFilterError(name, `${word}()`, 'it takes a whole number from 0')
}

function directed(model: string, direction: unknown = 'ASC'): 'ASC' | 'DESC' {
  const upper = typeof direction === 'string' ? direction.toUpperCase() : undefined
  if (upper !== 'ASC' && upper !== 'DESC') throw new InvalidFilterError(model, 'that order', 'an order is ASC or DESC')
  return upper
}

/** A name of a result: a client may have chosen it, and clients of databases make objects of such names. */
function labelOf({ name }: EntityMetadata, label: string): string {
  // PostgreSQL cuts names after 63 bytes, MySQL knows 16 bits of Unicode.
  const isName = /^[\p{L}\p{N}_$]([\p{L}\p{N}_$ -]*[\p{L}\p{N}_$])?$/u.test(label) && !/[\u{10000}-\u{10ffff}]/u.test(label)
  if (isName && Buffer.byteLength(label) <= 63 && label !== '__proto__') return label
  throw new InvalidFilterError(name, 'that selection', 'a result is named by letters, digits and _, at most 63')
}

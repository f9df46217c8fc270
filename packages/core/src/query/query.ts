import { inspect, isDeepStrictEqual } from 'node:util'
import type {
  DeleteQueryBuilder,
  EntityMetadata,
  EntityTarget,
  FindOperator,
  ObjectLiteral,
  OrderByCondition,
  QueryRunner,
  UpdateQueryBuilder,
} from 'typeorm'
import type { ColumnMetadata, SoftDeleteQueryBuilder } from '../drivers/internals.js'
import {
  InvalidFilterError,
  InvalidIdentifierError,
  InvalidOptionError,
  InvalidValueError,
  MultipleRecordsError,
  RecordNotFoundError,
  UnsupportedError,
} from '../errors.js'
import { flag, readOptions } from '../options.js'
import { type PageOptions, type PageRequest, pageRequest } from '../pagination/page-request.js'
import { Paginator } from '../pagination/paginator.js'
import { beginOperation } from '../scope/operation.js'
import type { Scope } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import type { Session } from '../session/session.js'
import { scaled, unscaled } from '../types/decimal.js'
import { readKey } from '../types/identifier.js'
import { Builder } from '../typeorm/select-builder.js'
import { conditionOf, mayWrite } from './conditions.js'
import { Expression, type OwnType } from './func.js'
import { namedColumn, unknownName } from './names.js'
import type { Operator } from './operators.js'
import { quotedTable } from '../plan/statements.js'
import { Sql, type SqlContext } from './sql.js'

/** Which rows of a soft-deleting model a query sees. @default live rows only */
export interface DeletedOptions {
  /** Deleted rows as well. @default false */
  readonly includeDeleted?: boolean
  /** Deleted rows only. @default false */
  readonly onlyDeleted?: boolean
}

/** @internal How `DeletedOptions` are read. */
export const deletedOptions = { includeDeleted: flag, onlyDeleted: flag }

/** How rows are locked until the transaction ends. */
export interface LockOptions {
  /** Leave out rows that others have locked. @default false */
  readonly skipLocked?: boolean
  /** Fail at once when others have locked a row. @default false */
  readonly noWait?: boolean
}

const lockOptions = { skipLocked: flag, noWait: flag }

/** What to throw where nothing was found: an error, its class, or a function whose result is used. */
export type NotFound<Result = never> = Error | (new () => Error) | (() => Result)

/** Names of the values of a record, without its methods. */
export type ColumnName<T> = { [K in keyof T]: T[K] extends (...parameters: never[]) => unknown ? never : K }[keyof T] & string

/** Named results of a query: columns, and functions over columns. */
export type Selection<T> = Readonly<Record<string, ColumnName<T> | Expression<ColumnName<T> | '*', unknown>>>

/** The row that a selection gives. */
export type Row<T, S> = {
  [K in keyof S]: S[K] extends Expression<infer Column, infer Result>
    ? Result extends OwnType
      ? (Column extends keyof T ? T[Column] : never) | null
      : Result
    : S[K] extends keyof T
      ? T[S[K]]
      : never
}

/** What a filter takes for a value: it, an operator, or SQL. */
export type FilterValue<V> = NonNullable<V> | Operator<NonNullable<V>> | FindOperator<unknown> | Sql

/** Conditions that must all hold. */
export type FilterObject<T> = { readonly [K in ColumnName<T>]?: FilterValue<T[K]> }

/** A condition: an object, `and`, `or` or `not` of conditions, or SQL. */
export type Filter<T> = FilterObject<T> | Operator<FilterObject<T> | Sql> | Sql

/** What `updateAll` sets: values by column, or SQL. */
export type BulkValues<T> = { readonly [K in ColumnName<T>]?: T[K] | Sql }

/** How a bulk write goes about its rows. */
export interface BulkOptions {
  /** Writes all rows where the query has no condition. @default false: that is refused */
  readonly allRows?: boolean
}

/** How `updateAll` takes its values. */
export interface BulkUpdateOptions extends BulkOptions {
  /** Takes every column, also keys and guarded ones: for values that no client chose. @default false */
  readonly unguarded?: boolean
}

/** Places of a statement that are kept for what TypeORM binds itself. */
const spareParameters = 100

/** Rows that a loop loads at a time. */
const batchSize = 500

/** Parts of TypeORM's expression map that make no difference to a bulk write, or that it takes over. */
const conditionParts = new Set(['wheres', 'parameters', 'nativeParameters', 'withDeleted', 'mainAlias', 'aliases'])

/** What the other parts are called. */
const partNames: Readonly<Record<string, string>> = {
  joinAttributes: 'joins',
  orderBys: 'an order',
  groupBys: 'groups',
  havings: 'having',
  selects: 'a selection',
  selectDistinct: 'distinct',
  lockMode: 'a lock',
  skip: 'skip',
  take: 'take',
}

/** Turns a value of the driver into that of a row. */
type Conversion = (value: unknown) => unknown

/**
 * A query of a model: chainable, and sent by `all`, `first`, `count` and their like, or by a `for await` loop.
 *
 * It is TypeORM's select builder (`where`, joins and so on work; the alias is the table's name), with the library's
 * filters, soft delete and session. It is not a promise.
 *
 * @typeParam T Model of the query.
 * @typeParam R What it gives: records, or rows of chosen columns.
 * @example
 * const users = await User.filter({ location: 'USA' }).orderBy('updatedAt', 'DESC').all()
 */
export class Query<T extends ObjectLiteral, R = T> extends Builder<T> implements AsyncIterable<R> {
  declare update: never
  declare delete: never
  declare insert: never
  declare softDelete: never
  declare restore: never
  #conversions: Map<string, Conversion> | undefined
  #aggregates = false
  #onlyDeleted = false
  #places = 0
  #raw = false
  #locks = false
  #scope: Scope | undefined

  /** @internal Made by `queryOf`. */
  static of<T extends ObjectLiteral>(dataSource: AlchemyDataSource, target: EntityTarget<T>): Query<T> {
    const metadata = dataSource.getMetadata(target)
    return new this<T>(dataSource).select(metadata.tableName).from<T>(metadata.target, metadata.tableName) as Query<T>
  }

  /** Metadata of the model. */
  get #metadata(): EntityMetadata {
    const { mainAlias } = this.expressionMap
    if (!mainAlias) throw new InvalidOptionError('query', 'a model', undefined)
    return mainAlias.metadata
  }

  // ------------------------------------------------------------------------------------------------ building

  /** A copy with everything that this query has. */
  override clone(): this {
    const copy = super.clone()
    copy.#conversions = this.#conversions && new Map(this.#conversions)
    copy.#aggregates = this.#aggregates
    copy.#onlyDeleted = this.#onlyDeleted
    copy.#places = this.#places
    copy.#raw = this.#raw
    copy.#locks = this.#locks
    copy.#scope = this.#scope
    return copy
  }

  /** @internal Chooses rows: live, deleted or all. */
  deleted(options?: DeletedOptions): this {
    const { includeDeleted = false, onlyDeleted = false } = readOptions(deletedOptions, options, 'query()')
    if (includeDeleted || onlyDeleted) this.withDeleted()
    const { deleteDateColumn } = this.#metadata
    this.#onlyDeleted = onlyDeleted && deleteDateColumn !== undefined
    if (onlyDeleted && deleteDateColumn) super.andWhere(`${this.alias}.${deleteDateColumn.propertyPath} IS NOT NULL`)
    return this
  }

  /** @internal Chooses columns in place of records. */
  columns(selection: Readonly<Record<string, string | Expression<string, unknown>>>): Query<T, never> {
    this.#conversions = new Map()
    this.expressionMap.selects = []
    this.#aggregates = Object.values(selection).some((chosen) => chosen instanceof Expression && chosen.isAggregate)
    for (const [name, chosen] of Object.entries(selection)) {
      if (typeof chosen !== 'string' && !((chosen as unknown) instanceof Expression)) {
        throw new InvalidFilterError(this.#metadata.name, name, 'a query selects names of columns and db.func', selectionRemedy)
      }
      if (chosen !== name) refuseAlias(this.#metadata, name)
      if (typeof chosen === 'string') {
        const column = this.#mapped(chosen)
        this.#conversions.set(name, this.#ownConversion(column))
        super.addSelect(`${this.alias}.${column.propertyPath}`, name)
      } else {
        const text = this.#call(chosen)
        this.#conversions.set(name, chosen.convert ?? this.#ownConversion(this.#mapped(chosen.column)))
        super.addSelect(text, name)
      }
    }
    return this as unknown as Query<T, never>
  }

  /** Turns what the driver gives for a value of `column`, or for a sum of them, into the value that a record would have. */
  #ownConversion(column: ColumnMetadata): Conversion {
    const { driver } = this.dataSource
    const { kind } = this.alchemy.columnType(column)
    const { scale } = column
    return (value) => {
      const own: unknown = driver.prepareHydratedValue(value, column)
      // A sum of SQLite has as many places as it needs.
      if (kind === 'decimal') return typeof own === 'string' && scale !== undefined ? unscaled(scaled(own, scale), scale) : own
      const isNumber = kind === 'integer' || kind === 'number'
      return isNumber && (typeof own === 'string' || typeof own === 'bigint') ? Number(own) : own
    }
  }

  /** The text of a function over a column. */
  #call({ name, column, isDistinct, kinds, cast }: Expression<string, unknown>): string {
    if (column === '*' && name === 'COUNT' && !isDistinct) return 'COUNT(*)'
    const mapped = this.#mapped(column)
    const { kind } = this.alchemy.columnType(mapped)
    if (kinds && kind !== 'other' && !kinds.includes(kind)) {
      throw new InvalidFilterError(this.#metadata.name, column, `${name} takes a column of ${kinds.join(', ')}`, selectionRemedy)
    }
    const call = name === 'SUM' && kind === 'decimal' ? this.alchemy.alchemy.capabilities.decimalSum : name
    return `${call}(${isDistinct ? 'DISTINCT ' : ''}${this.alias}.${mapped.propertyPath}${cast})`
  }

  #mapped(name: string): ColumnMetadata {
    const metadata = this.#metadata
    const column = namedColumn(metadata, name, this.alchemy.models)
    if (!column) throw unknownName(metadata, name, this.alchemy.models)
    return column
  }

  /**
   * Adds a condition; several must all hold.
   *
   * @param filter An object of values and operators, `and`, `or` or `not` of such objects, or `db.sql`. An empty object
   * adds nothing.
   * @throws {InvalidFilterError} A key is no column, or a value is not of its column's kind: a plain `null`, list or
   * object, which a client may send, is none. Status 400.
   * @example
   * User.filter({ location: oneOf(['USA', 'Moon']) }).filter(or({ name: 'Mardix' }, { lastAccess: isNull() }))
   */
  filter(filter: Filter<T>): this {
    const condition = conditionOf(filter, this.#metadata, { dataSource: this.alchemy, alias: this.alias, ...this.#sqlContext })
    if (mayWrite(filter)) this.#raw = true
    if (condition !== '') super.andWhere(`(${condition})`)
    return this
  }

  /** @internal Adds a condition that must be there: an empty body must not find the first row. */
  narrow(filter: Filter<T>, verb: string): this {
    const { length } = this.expressionMap.wheres
    this.filter(filter)
    if (this.expressionMap.wheres.length === length) {
      throw new InvalidFilterError(this.#metadata.name, 'an empty object', `${verb}() would take any row`, 'Give it a value at least.')
    }
    return this
  }

  /** How SQL of the application gets its places and names. */
  get #sqlContext(): SqlContext {
    return { bind: (value) => this.#place(value), table: (model) => this.#table(model) }
  }

  #table(model: object): string {
    return quotedTable(this.alchemy.getMetadata(model as EntityTarget<ObjectLiteral>))
  }

  #place(value: unknown): string {
    const { maxParameters } = this.alchemy.alchemy.capabilities
    if (this.#places >= maxParameters - spareParameters) {
      throw new InvalidFilterError(
        this.#metadata.name,
        'that',
        `a query takes at most ${maxParameters - spareParameters} values`,
        'Ask in parts.',
      )
    }
    const name = `filter_${this.#places++}`
    this.setParameter(name, value)
    return `:${name}`
  }

  /**
   * Sorts by a column, in place of any earlier order.
   *
   * @param sort Mapped name, `name` or `alias.name`, `db.func` or `db.sql`; never text of a client that is not one of them.
   * @param direction `ASC` or `DESC`, in any case. @default 'ASC'
   * @throws {InvalidFilterError} It is no column, or no direction. Status 400.
   */
  override orderBy(
    sort?: string | Sql | Expression<string, unknown> | OrderByCondition,
    direction?: 'ASC' | 'DESC',
    nulls?: 'NULLS FIRST' | 'NULLS LAST',
  ): this {
    super.orderBy()
    if (sort === undefined) return this
    if (!isRecord(sort) || sort instanceof Sql || sort instanceof Expression) return this.addOrderBy(sort, direction, nulls)
    for (const [name, order] of Object.entries(sort)) {
      if (isRecord(order)) this.addOrderBy(name, order.order, order.nulls)
      else this.addOrderBy(name, order)
    }
    return this
  }

  /** Sorts further, among equals. See `orderBy`. */
  override addOrderBy(
    sort: string | Sql | Expression<string, unknown>,
    direction: 'ASC' | 'DESC' = 'ASC',
    nulls?: 'NULLS FIRST' | 'NULLS LAST',
  ): this {
    const text = this.#sortable(sort)
    const order = this.#word(direction, ['ASC', 'DESC'])
    if (nulls === undefined) return super.addOrderBy(text, order)
    const place = this.#word(nulls, ['NULLS FIRST', 'NULLS LAST'])
    if (this.alchemy.alchemy.capabilities.nullsOrder) return super.addOrderBy(text, order, place)
    super.addOrderBy(`${text} IS NULL`, place === 'NULLS LAST' ? 'ASC' : 'DESC')
    return super.addOrderBy(text, order)
  }

  #sortable(sort: unknown): string {
    if (sort instanceof Sql) {
      if (mayWrite(sort)) this.#raw = true
      return sort.render(this.#sqlContext)
    }
    if (sort instanceof Expression) return this.#call(sort)
    if (typeof sort !== 'string') throw new InvalidFilterError(this.#metadata.name, 'that order', 'it is no column to sort by')
    // A result may have the name of a column: then it is the column.
    if (this.#conversions?.has(sort) && !namedColumn(this.#metadata, sort, this.alchemy.models)) return this.escape(sort)
    return this.#path(sort)
  }

  /** A visible column that text names, `name` or `alias.name`, and that has an order on every database. */
  #path(name: string): string {
    const { models } = this.alchemy
    if (typeof (name as unknown) !== 'string')
      throw new InvalidFilterError(this.#metadata.name, 'that name', 'it is no text', 'Name a column.')
    const dot = name.indexOf('.')
    const own = namedColumn(this.#metadata, name, models)
    const joined = this.expressionMap.aliases.find((each) => each.hasMetadata && each.name === name.slice(0, Math.max(dot, 0)))
    const column = own ?? namedColumn(joined?.metadata, name.slice(dot + 1), models)
    if (!column) throw unknownName(this.#metadata, name, models)
    if (models.columnType(column).kind === 'json') {
      throw new InvalidFilterError(this.#metadata.name, name, 'JSON has no order and no equality', 'Write db.sql.')
    }
    return `${own || !joined ? this.alias : joined.name}.${column.propertyPath}`
  }

  /** One of a few words, in any case. */
  #word<const Word extends string>(given: unknown, words: readonly Word[]): Word {
    const upper = typeof given === 'string' ? given.toUpperCase() : undefined
    const word = words.find((each) => each === upper)
    if (word === undefined)
      throw new InvalidFilterError(this.#metadata.name, 'that order', `it takes ${words.join(' or ')}`, 'Write one of them.')
    return word
  }

  /**
   * Locks the rows that are read until the transaction ends; on SQLite, the database's one write lock.
   *
   * @example
   * const product = await Product.query().filter({ id: 1 }).forUpdate().first()
   */
  forUpdate(options?: LockOptions): this {
    const { skipLocked = false, noWait = false } = readOptions(lockOptions, options, 'forUpdate()')
    this.#locks = true
    if (!this.alchemy.alchemy.capabilities.rowLocks) return this
    this.setLock('pessimistic_write')
    if (skipLocked) this.setOnLocked('skip_locked')
    else if (noWait) this.setOnLocked('nowait')
    return this
  }

  /** The most rows or records. @param limit A whole number from 0, also as its digits. @throws {InvalidFilterError} It is none. Status 400. */
  override limit(limit?: number): this {
    return super.limit(this.#size('limit', limit))
  }

  /** Leaves out the first rows or records. @param offset As of `limit`. */
  override offset(offset?: number): this {
    return super.offset(this.#size('offset', offset))
  }

  /** The same as `limit`. */
  override take(take?: number): this {
    return super.take(this.#size('take', take))
  }

  /** The same as `offset`. */
  override skip(skip?: number): this {
    return super.skip(this.#size('skip', skip))
  }

  #size(name: string, given: unknown): number | undefined {
    const size = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
    if (size === undefined || (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)) return size
    throw new InvalidFilterError(this.#metadata.name, `that ${name}`, 'it is no whole number from 0', 'Give one.')
  }

  /** Gives equal rows once. @throws {InvalidFilterError} A column of JSON was chosen, which has no equality. Status 400. */
  override distinct(distinct = true): this {
    const isJson = ({ selection }: { selection: string }): boolean => {
      const column = this.#metadata.findColumnWithPropertyPath(selection.slice(this.alias.length + 1))
      return column !== undefined && this.alchemy.columnType(column).kind === 'json'
    }
    if (distinct && this.expressionMap.selects.some(isJson)) {
      throw new InvalidFilterError(this.#metadata.name, 'distinct()', 'JSON has no equality', 'Write db.sql.')
    }
    return super.distinct(distinct)
  }

  /** Conditions of our own are made of mapped names and bound values; a builder's text may do anything. */
  protected override get isPlainRead(): boolean {
    return !this.#raw && !this.#locks
  }

  override where(...parameters: Parameters<Builder<T>['where']>): this {
    this.#raw = true
    return super.where(...parameters)
  }

  override andWhere(...parameters: Parameters<Builder<T>['andWhere']>): this {
    this.#raw = true
    return super.andWhere(...parameters)
  }

  override orWhere(...parameters: Parameters<Builder<T>['orWhere']>): this {
    this.#raw = true
    return super.orWhere(...parameters)
  }

  override having(...parameters: Parameters<Builder<T>['having']>): this {
    this.#raw = true
    return super.having(...parameters)
  }

  override addSelect(...parameters: never[]): this {
    this.#raw = true
    return super.addSelect(...(parameters as unknown as [string]))
  }

  /** Groups by a column, in place of any earlier grouping. @param group Mapped name, `name` or `alias.name`, or `db.sql`. */
  override groupBy(group?: string | Sql): this {
    super.groupBy()
    return group === undefined ? this : this.addGroupBy(group)
  }

  /** Groups further. See `groupBy`. */
  override addGroupBy(group: string | Sql): this {
    if (!(group instanceof Sql)) return super.addGroupBy(this.#path(group))
    if (mayWrite(group)) this.#raw = true
    return super.addGroupBy(group.render(this.#sqlContext))
  }

  // ------------------------------------------------------------------------------------------------ reading

  /** Everything that matches. */
  all(): Promise<R[]> {
    return this.#run('all', (session, runner) => this.#limited().#load(session, runner))
  }

  /** The first that matches, `null` if none does. */
  first(): Promise<R | null> {
    return this.#operation(() => this.#first())
  }

  #first(): Promise<R | null> {
    return this.#inSession('first', async (session, runner) => (await this.#limited(1).#load(session, runner))[0] ?? null)
  }

  /** The only one that matches. @throws {RecordNotFoundError} None does. @throws {MultipleRecordsError} Several do. */
  one(): Promise<R> {
    return this.#run('one', async (session, runner) => {
      const [found, second] = await this.#limited(2).#load(session, runner)
      if (found === undefined) throw new RecordNotFoundError(this.#metadata.name)
      if (second !== undefined) throw new MultipleRecordsError(this.#metadata.name)
      return found
    })
  }

  /** The first that matches. @param error What to throw if none does. @default RecordNotFoundError */
  firstOrError<Result = never>(error?: NotFound<Result>): Promise<R | Result> {
    return this.#operation(async () => (await this.#first()) ?? orElse(error, () => new RecordNotFoundError(this.#metadata.name)))
  }

  /** @internal The record with this key, `null` if it does not match. @throws {InvalidIdentifierError} */
  async withKey(id: unknown): Promise<R | null> {
    const metadata = this.#metadata
    const keys = metadata.primaryColumns
    const given = keys.length === 1 ? [id] : keys.map(({ propertyName }) => (isRecord(id) ? id[propertyName] : undefined))
    if (id === null) return null
    if (id === undefined) throw new InvalidIdentifierError(metadata.name, id)
    const values: unknown[] = []
    for (const [index, column] of keys.entries()) {
      try {
        values.push(readKey(this.alchemy.columnType(column), given[index]))
      } catch (error) {
        if (error instanceof TypeError) throw new InvalidIdentifierError(metadata.name, id)
        throw error
      }
    }
    if (values.includes(undefined)) return null
    const query = this.clone()
    for (const [index, column] of keys.entries()) {
      const value: unknown = this.dataSource.driver.preparePersistentValue(values[index], column)
      query.#own(`${this.alias}.${column.propertyPath} = ${query.#place(value)}`)
    }
    return query.#first()
  }

  /** The record with this key. @param error What to throw if there is none. @default RecordNotFoundError */
  getOrError<Result = never>(id: unknown, error?: NotFound<Result>): Promise<R | Result> {
    return this.#operation(async () => (await this.withKey(id)) ?? orElse(error, () => new RecordNotFoundError(this.#metadata.name, id)))
  }

  /** How many match. */
  count(): Promise<number> {
    return this.#run('count', (_session, runner) => this.#total(runner))
  }

  /** Whether any matches. */
  exists(): Promise<boolean> {
    return this.#run('exists', async (_session, runner) => {
      const { offset, limit } = this.#window
      if (limit === 0) return false
      if (this.#conversions) return (await this.#limited(1).#rows(runner)).length > 0
      if (offset > 0) return (await this.#total(runner)) > 0
      const query = this.#bare()
      query.expressionMap.selects = []
      query.#select('1', 'one')
      return (await query.limit(1).loadRawResults(runner)).length > 0
    })
  }

  /** The first value of the first row, `null` if there is none. */
  scalar(): Promise<R[keyof R] | null> {
    return this.#operation(async () => {
      const row = await this.#first()
      if (row === null) return null
      const [value] = Object.values(row as ObjectLiteral) as R[keyof R][]
      return value ?? null
    })
  }

  /**
   * One page of what matches: two statements, one with `count: false`.
   *
   * @param options `page` and `perPage` may come straight from a query string: what is no page is page 1.
   * @returns The page; an empty one beyond the last.
   * @throws {InvalidPageError} An option is unknown, or `maxPerPage` is no whole number from 1. Status 400.
   */
  paginate(options?: PageOptions): Promise<Paginator<R>> {
    return this.#operation(async () => this.#page(pageRequest(options)))
  }

  async #page(request: PageRequest): Promise<Paginator<R>> {
    return this.#run('paginate', async (session, runner) => {
      const { perPage } = request
      const mustCount = request.count || request.page === 'last'
      const total = mustCount ? await this.#total(runner) : null
      const page = request.page === 'last' ? Math.max(1, Math.ceil((total ?? 0) / perPage)) : request.page
      const offset = (page - 1) * perPage
      if (total !== null && offset >= total) return new Paginator<R>({ items: [], page, perPage, total })
      const found = await this.#ordered()
        .#limited(total === null ? perPage + 1 : perPage, offset)
        .#load(session, runner)
      return new Paginator<R>({ items: found.slice(0, perPage), page, perPage, total, hasMore: found.length > perPage })
    })
  }

  /** Records by keys first and then in batches, so that a loop may write; chosen columns all at once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    if (this.#conversions) {
      yield* await this.all()
      return
    }
    const keys = await this.#run('keys', (_session, runner) => this.#keys(runner))
    for (let start = 0; start < keys.length; start += batchSize) {
      yield* await this.#batch(keys.slice(start, start + batchSize))
    }
  }

  /** The key of each record once, in order: a join to many gives it as often as it has others. */
  async #keys(runner: QueryRunner): Promise<ObjectLiteral[]> {
    const { offset, limit = Number.POSITIVE_INFINITY } = this.#window
    if (limit === 0) return []
    const isJoined = this.#joinsMany
    const query = isJoined ? this.clone().#setWindow(0, Number.POSITIVE_INFINITY) : this.#limited()
    Object.assign(query.expressionMap, { selects: [], selectDistinct: false })
    for (const { propertyPath, propertyName } of this.#metadata.primaryColumns) {
      query.#select(`${this.alias}.${propertyPath}`, propertyName)
    }
    const keys = await query.loadRawResults(runner)
    if (!isJoined) return keys
    const { driver } = this.dataSource
    const unique = new Map<string, ObjectLiteral>()
    for (const key of keys) {
      const text = this.#keyText((column) => driver.prepareHydratedValue(key[column.propertyName], column))
      if (!unique.has(text)) unique.set(text, key)
    }
    return [...unique.values()].slice(offset, offset + limit)
  }

  async #batch(keys: readonly ObjectLiteral[]): Promise<R[]> {
    const metadata = this.#metadata
    const { driver } = this.dataSource
    return this.#run('batch', async (session, runner) => {
      // Without joins only the key counts: a record that the loop has changed need not match any more.
      const query = this.expressionMap.joinAttributes.length > 0 ? this.#unlocked() : this.#anew()
      query.#own(query.#keyed(keys))
      session.identities.evictClean(metadata, (record) => session.records.isPending(record))
      const found = new Map<string, R>()
      for (const record of await query.#load(session, runner)) {
        found.set(
          this.#keyText((column) => column.getEntityValue(record as ObjectLiteral)),
          record,
        )
      }
      return keys.flatMap(
        (key) => found.get(this.#keyText((column) => driver.prepareHydratedValue(key[column.propertyName], column))) ?? [],
      )
    })
  }

  /** A query of all records of the model. */
  #anew(): Query<T, R> {
    return Query.of<T>(this.alchemy, this.#metadata.target as EntityTarget<T>).withDeleted() as unknown as Query<T, R>
  }

  /** The condition that finds the rows of `keys`, which are as the driver gave them. */
  #keyed(keys: readonly ObjectLiteral[]): string {
    const columns = this.#metadata.primaryColumns
    const [only, second] = columns
    if (only && !second)
      return `${this.alias}.${only.propertyPath} IN (${keys.map((key) => this.#place(key[only.propertyName])).join(', ')})`
    const one = (key: ObjectLiteral): string =>
      columns.map(({ propertyName, propertyPath }) => `${this.alias}.${propertyPath} = ${this.#place(key[propertyName])}`).join(' AND ')
    return keys.map((key) => `(${one(key)})`).join(' OR ')
  }

  /** A key as text: equal for equal keys, whatever object holds them. */
  #keyText(valueOf: (column: ColumnMetadata) => unknown): string {
    const { driver } = this.dataSource
    return JSON.stringify(
      this.#metadata.primaryColumns.map((column) => {
        const value: unknown = driver.preparePersistentValue(valueOf(column), column)
        return typeof value === 'bigint' ? `${value}` : value
      }),
    )
  }

  // ------------------------------------------------------------------------------------------------ writing

  /**
   * Sets columns of all matching live rows, in one statement.
   *
   * @param values Values by column, as `update` of a record takes them, or `db.sql`.
   * @param options `unguarded` takes every column, also keys and guarded ones: for values that no client chose. `allRows`
   * goes without a condition.
   * @returns Number of rows.
   * @throws {UnsupportedError} The query has more than conditions: a limit, a join, an order.
   * @throws {InvalidFilterError} The query has no condition, and there is no `allRows`. Status 400.
   * @throws {UnknownColumnError} A key is no column. Status 422.
   * @throws {ProtectedColumnError} A column may not be set. Status 422.
   * @throws {InvalidValueError} A value does not fit its column. Status 422.
   * @example
   * await Product.filter({ location: 'USA' }).updateAll({ price: db.sql`price * 2` })
   */
  updateAll(values: BulkValues<T>, options?: BulkUpdateOptions): Promise<number> {
    return this.#operation(() => this.#updateAll(values, options))
  }

  async #updateAll(values: BulkValues<T>, given?: BulkUpdateOptions): Promise<number> {
    const options = readOptions({ unguarded: flag, allRows: flag }, given, 'updateAll()')
    const metadata = this.#metadata
    if (!isRecord(values) || Array.isArray(values)) {
      throw new InvalidValueError(metadata.name, '*', 'takes an object of values by column')
    }
    const checks = this.alchemy.values
    const set: ObjectLiteral = {}
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) continue
      if (value instanceof Sql) {
        checks.refuseChange(metadata, key, options)
        const text = value.render(this.#sqlContext)
        set[key] = () => text
      } else set[key] = checks.acceptChange(metadata, key, value, options)
    }
    if (Object.keys(set).length === 0) return 0
    return this.#writeAll('updateAll', options.allRows ?? false, (builder) => builder.update().set(set as never))
  }

  /**
   * Deletes all matching live rows in one statement, softly where the model does so.
   *
   * @param options `hardDelete` deletes the rows for good, `allRows` goes without a condition.
   * @returns Number of rows. @throws As `updateAll`.
   * @example
   * await User.filter({ location: 'Moon' }).deleteAll()
   */
  deleteAll(options?: BulkOptions & { readonly hardDelete?: boolean }): Promise<number> {
    return this.#operation(async () => {
      const { hardDelete = false, allRows = false } = readOptions({ hardDelete: flag, allRows: flag }, options, 'deleteAll()')
      const soft = this.#metadata.deleteDateColumn !== undefined && !hardDelete
      return this.#writeAll('deleteAll', allRows, (builder) => (soft ? builder.softDelete() : builder.delete()))
    })
  }

  /** Restores all matching deleted rows in one statement. @param options As of `deleteAll`. @returns Number of rows. */
  restoreAll(options?: BulkOptions): Promise<number> {
    return this.#operation(async () => {
      const { allRows = false } = readOptions({ allRows: flag }, options, 'restoreAll()')
      const { deleteDateColumn, name } = this.#metadata
      if (!deleteDateColumn) throw new UnsupportedError(`${name}.restoreAll()`, 'Use db.Model, which deletes softly.')
      return this.#writeAll('restoreAll', allRows, (builder) => builder.restore(), false)
    })
  }

  /** One statement over the rows that this query means. */
  #writeAll(
    verb: string,
    allRows: boolean,
    make: (builder: Builder<T>) => UpdateQueryBuilder<T> | SoftDeleteQueryBuilder<T> | DeleteQueryBuilder<T>,
    liveOnly = true,
  ): Promise<number> {
    this.#refuseBeyondConditions(verb)
    const conditions = this.expressionMap.wheres.filter(({ condition }) => condition !== '').length
    // That they are deleted says nothing of which rows to restore.
    if (conditions === (liveOnly ? 0 : Number(this.#onlyDeleted)) && !allRows) {
      const why = `${verb}() would change every row`
      throw new InvalidFilterError(this.#metadata.name, 'nothing', why, `Give a condition, or call ${verb} with { allRows: true }.`)
    }
    return this.#inSession(
      verb,
      async (session, runner) => {
        const metadata = this.#metadata
        const builder = new Builder<T>(this.alchemy, runner)
          .select(this.alias)
          .from(metadata.target as EntityTarget<T>, this.alias) as Builder<T>
        builder.expressionMap.wheres = [...this.expressionMap.wheres]
        builder.setParameters(this.getParameters())
        const { deleteDateColumn } = metadata
        if (liveOnly && deleteDateColumn && !this.expressionMap.withDeleted) {
          builder.andWhere(`${this.alias}.${deleteDateColumn.propertyPath} IS NULL`)
        }
        const writer = make(builder)
        // Conditions name their table, which TypeORM understands in a SELECT only, unless told.
        writer.expressionMap.aliasNamePrefixingEnabled = true
        const { affected } = await writer.execute()
        session.connection.frame.written += affected ?? 0
        session.identities.expire(metadata)
        return affected ?? 0
      },
      true,
    )
  }

  /** Only what a bulk write understands may be on the query: what it passed over would be rows too many. */
  #refuseBeyondConditions(verb: string): void {
    const refuse = (what: string): never => {
      throw new UnsupportedError(`${verb}() of a query with ${what}`, 'Filter by keys instead.')
    }
    if (this.#conversions) refuse('a selection')
    if (this.#locks) refuse('a lock')
    const { expressionMap: fresh } = this.#anew()
    for (const [part, value] of Object.entries(this.expressionMap)) {
      if (!conditionParts.has(part) && !isDeepStrictEqual(value, Reflect.get(fresh, part))) refuse(partNames[part] ?? part)
    }
  }

  // ------------------------------------------------------------------------------------------------ how it is shown

  /** A query is no list: to answer with it, send it. @throws {UnsupportedError} Always. */
  toJSON(): never {
    throw new UnsupportedError(`A query of ${this.#metadata.name} as JSON`, 'Call .all(), .first() or .paginate(), and await it.')
  }

  /** The text of the SELECT, without its values. */
  [inspect.custom](): string {
    return `Query(${this.#metadata.name}) ${this.getQuery()}`
  }

  // ------------------------------------------------------------------------------------------------ how it runs

  #run<Result>(verb: string, work: (session: Session, runner: QueryRunner) => Promise<Result>): Promise<Result> {
    return this.#operation(() => this.#inSession(verb, work))
  }

  /** The work of a verb, which has begun already. */
  #inSession<Result>(verb: string, work: (session: Session, runner: QueryRunner) => Promise<Result>, writes = false): Promise<Result> {
    const label = `${this.#metadata.name}.query().${verb}()`
    return this.alchemy.withSession(label, (session) => work(session, this.isPlainRead && !writes ? session.reader : session.writer))
  }

  /** Its scope waits for it, and fails with it if nobody awaits it. */
  #operation<Result>(work: () => Promise<Result>): Promise<Result> {
    return beginOperation(work, this.#scope)
  }

  /** @internal Runs in `scope`, wherever it is sent: the query of a session. */
  in(scope: Scope): this {
    this.#scope = scope
    return this
  }

  /** What this query, a copy made for one reading, gives. */
  async #load(session: Session, runner: QueryRunner): Promise<R[]> {
    const { limit, take } = this.expressionMap
    if ((limit ?? take) === 0) return []
    if (this.#conversions) return this.#rows(runner)
    const metadata = this.#metadata
    this.expressionMap.queryEntity = true
    // Records differ by their keys; and not every type of a column has an equality.
    this.expressionMap.selectDistinct = false
    this.#loadEager(metadata)
    const { entities } = await this.executeEntitiesAndRawResults(runner)
    return entities.map((entity) => session.identities.adopt(metadata, entity)) as unknown as R[]
  }

  /** Lets TypeORM load eager relations by statements of their own, which leaves limits and locks alone. */
  #loadEager({ eagerRelations }: EntityMetadata): void {
    const joined = new Set(this.expressionMap.joinAttributes.filter(({ isSelected }) => isSelected).map(({ relation }) => relation))
    const missing = eagerRelations.filter((relation) => !joined.has(relation))
    if (missing.length === 0) return
    this.relationMetadatas = missing
    this.findOptions = { loadEagerRelations: true, relationLoadStrategy: 'query' }
    this.expressionMap.relationLoadStrategy = 'query'
  }

  async #rows(runner: QueryRunner): Promise<R[]> {
    const conversions = [...(this.#conversions ?? [])]
    const rows = await this.loadRawResults(runner)
    return rows.map((row) => Object.fromEntries(conversions.map(([name, convert]) => [name, convert(row[name])])) as R)
  }

  /** How many rows `all()` would give. */
  async #total(runner: QueryRunner): Promise<number> {
    const { offset, limit = Number.POSITIVE_INFINITY } = this.#window
    return Math.max(0, Math.min(limit, (await this.#countAll(runner)) - offset))
  }

  async #countAll(runner: QueryRunner): Promise<number> {
    const query = this.#bare()
    if (!this.#conversions && this.expressionMap.groupBys.length === 0) return query.executeCountQuery(runner)
    if (!this.#conversions) {
      query.expressionMap.selects = []
      for (const { propertyPath, propertyName } of this.#metadata.primaryColumns)
        query.#select(`${this.alias}.${propertyPath}`, propertyName)
    }
    const [text, values] = this.dataSource.driver.escapeQueryWithParameters(
      `SELECT COUNT(*) AS n FROM (${query.getQuery()}) counted`,
      this.getParameters(),
    )
    const { records } = await runner.query(text, values, true)
    return Number((records as { n: unknown }[])[0]?.n ?? 0)
  }

  /** A copy without order, window and lock: to count, which locks nothing. */
  #bare(): this {
    const query = this.#unlocked()
    query.expressionMap.orderBys = {}
    return query
  }

  /** A copy without window and lock. */
  #unlocked(): this {
    const query = this.clone().#setWindow(0, Number.POSITIVE_INFINITY)
    Object.assign(query.expressionMap, { lockMode: undefined, onLocked: undefined })
    return query
  }

  /** Which of the rows that match: TypeORM's `skip` and `take` mean here what `offset` and `limit` do. */
  get #window(): { readonly offset: number; readonly limit: number | undefined } {
    const { limit, take, offset, skip } = this.expressionMap
    return { offset: offset ?? skip ?? 0, limit: limit ?? take }
  }

  /** A copy of at most `count` of the rows that this query means, from the one at `from`. */
  #limited(count = Number.POSITIVE_INFINITY, from = 0): this {
    const { offset, limit = Number.POSITIVE_INFINITY } = this.#window
    return this.clone().#setWindow(offset + from, Math.max(0, Math.min(count, limit - from)))
  }

  #setWindow(offset: number, count: number): this {
    Object.assign(this.expressionMap, { limit: undefined, take: undefined, offset: undefined, skip: undefined })
    if (offset === 0 && count === Number.POSITIVE_INFINITY) return this
    // MySQL knows no OFFSET without a LIMIT.
    const most = Math.min(count, Number.MAX_SAFE_INTEGER)
    const first = offset === 0 ? undefined : offset
    // Of records that come with others TypeORM finds the keys first, so that none loses its relations.
    const isOfRecords = this.#joinsMany && !this.#conversions
    Object.assign(this.expressionMap, isOfRecords ? { skip: first, take: most } : { offset: first, limit: most })
    return this
  }

  /** Whether a join may give a record several times. */
  get #joinsMany(): boolean {
    return this.expressionMap.joinAttributes.some(({ relation }) => !relation || !(relation.isManyToOne || relation.isOneToOne))
  }

  /** A copy with an order that no two rows share, since pages of what is equal may overlap. */
  #ordered(): this {
    const query = this.clone()
    const { expressionMap } = query
    const add = (text: string): void => {
      if (!(text in expressionMap.allOrderBys)) query.#addOrder(text)
    }
    if (expressionMap.selectDistinct && this.#conversions) for (const name of this.#conversions.keys()) add(this.escape(name))
    else if (expressionMap.groupBys.length > 0) for (const group of expressionMap.groupBys) add(group)
    else if (!this.#aggregates) for (const { propertyPath } of this.#metadata.primaryColumns) add(`${this.alias}.${propertyPath}`)
    return query
  }

  #addOrder(text: string): void {
    super.addOrderBy(text)
  }

  /** A condition made here, of mapped names and places. */
  #own(condition: string): void {
    super.andWhere(condition)
  }

  #select(selection: string, name: string): void {
    super.addSelect(selection, name)
  }
}

for (const [name, ours] of [
  ['update', 'updateAll'],
  ['delete', 'deleteAll'],
  ['insert', 'Model.create'],
  ['softDelete', 'deleteAll'],
  ['restore', 'restoreAll'],
] as const) {
  Object.defineProperty(Query.prototype, name, {
    value: () => {
      throw new UnsupportedError(
        `${name}() of a model's query`,
        `Use ${ours}(), or TypeORM's builder by db.dataSource.createQueryBuilder().`,
      )
    },
  })
}

/** What `error` stands for: thrown if it is an error or makes one, else its result. */
export function orElse<Result>(error: NotFound<Result> | undefined, fallback: () => Error): Result {
  if (error === undefined) throw fallback()
  if (error instanceof Error) throw error
  if (isErrorClass(error)) throw new error()
  return error()
}

function isErrorClass(value: unknown): value is new () => Error {
  return typeof value === 'function' && (value === Error || value.prototype instanceof Error)
}

function isRecord(value: unknown): value is ObjectLiteral {
  return typeof value === 'object' && value !== null
}

const selectionRemedy = "Write { total: db.func.sum('price') }."

/** @throws {InvalidFilterError} A client may have chosen the name: one that a database or its client reads as something else. */
function refuseAlias({ name: model }: EntityMetadata, name: string): void {
  // A colon would be a place of TypeORM, a dot a path; PostgreSQL cuts names after 63 bytes, MySQL knows 16 bits of Unicode.
  const isName = /^[\p{L}\p{N}_$]([\p{L}\p{N}_$ -]*[\p{L}\p{N}_$])?$/u.test(name) && !/[\u{10000}-\u{10ffff}]/u.test(name)
  if (isName && Buffer.byteLength(name) <= 63 && name !== '__proto__') return
  throw new InvalidFilterError(model, name, 'it is no name for a result', 'Write up to 63 letters, digits and underscores.')
}

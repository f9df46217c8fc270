import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidOptionError, InvalidValueError, RecordNotFoundError, UnsupportedError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import type { ModelClass } from '../mapping/model-class.js'
import { flag, readOptions } from '../options.js'
import type { CursorPage } from '../pagination/cursor-page.js'
import type { CursorOptions, PageOptions } from '../pagination/page-request.js'
import type { Paginator } from '../pagination/paginator.js'
import { assign, type AssignOptions, fill, type TrustOptions } from '../plan/assignment.js'
import { deletionColumns } from '../plan/deletion.js'
import { type ColumnKey, columnNamed, type Columns, Source } from '../query/columns.js'
import type { Expression } from '../query/expression.js'
import { type NotFound, orElse } from '../query/not-found.js'
import type { Filter } from '../query/operators.js'
import { type DeletedOptions, deletedOptions, type Query, type Row, type Selection } from '../query/query.js'
import { beginOperation } from '../scope/operation.js'
import type { Session } from '../session/session.js'
import { type GetOptions, querySelection } from './base-model.js'
import type { Database } from './database.js'
import type { CreateValues, Taken } from './definition.js'
import { incrementOf, type IncrementOptions, incrementOptions, numericColumn } from './increment.js'
import type { DeleteOptions } from './model.js'

/** How a record of an entity is looked up by its key; tags are of models. */
type LookupOptions = Omit<GetOptions, 'ifMatch'>

const lookupOptions = { ...deletedOptions, forUpdate: flag }

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
  readonly #db: Pick<Database, 'dataSource' | 'queryClass'>
  readonly #entity: ModelClass<T>

  /** @internal Made by `db.of`. */
  constructor(db: Pick<Database, 'dataSource' | 'queryClass'>, entity: ModelClass<T>) {
    this.#db = db
    this.#entity = entity
  }

  get #metadata(): EntityMetadata {
    return this.#db.dataSource.getMetadata(this.#entity)
  }

  // ------------------------------------------------------------------------------------------------ reading

  /** A query of its records, or of chosen columns and aggregates. Deleted rows are left out, unless asked for. */
  query(options?: DeletedOptions): Query<T>
  query<const K extends ColumnKey<T>>(...columns: [K, ...K[]]): Query<T, Pick<T, K>>
  query<const K extends ColumnKey<T>>(...columnsAndOptions: [K, ...K[], DeletedOptions]): Query<T, Pick<T, K>>
  query<const S extends Selection<T>>(selection: S | ((columns: Columns<T>) => S), options?: DeletedOptions): Query<T, Row<T, S>>
  query(...parameters: unknown[]): unknown {
    const { selection, options } = querySelection(this.#entity, parameters)
    const query = this.#rows(options)
    return selection === undefined ? query : query.choose(selection)
  }

  /** The same as `query().filter(filter)`. */
  filter(filter: Filter<T>, options?: DeletedOptions): Query<T> {
    return this.#rows(options).filter(filter)
  }

  /** A column, for SQL of the application and for expressions. */
  column<const K extends ColumnKey<T>>(name: K): Expression<Exclude<T[K], undefined>> {
    return columnNamed(new Source(this.#metadata), this.#db.dataSource, name)
  }

  /** The record with this key, `null` if there is none or it is deleted. */
  get(id: unknown, options?: LookupOptions): Promise<T | null> {
    return beginOperation(async () => this.#keyed(options).withKey(id))
  }

  /** The record with this key. @param error What to throw if there is none. @default RecordNotFoundError */
  getOrError<Result = never>(id: unknown, error?: NotFound<Result>, options?: LookupOptions): Promise<T | Result> {
    return beginOperation(async () => this.#keyed(options).getOrError(id, error))
  }

  /** The first record that matches, `null` if none does. @param filter Left out, every record matches; `undefined` and `{}` are refused. */
  first(filter?: Filter<T>): Promise<T | null> {
    const all = arguments.length === 0
    return beginOperation(async () => this.#narrowed(filter, 'first', all).first())
  }

  /** The first record that matches. See `first`. @param error What to throw if none does. @default RecordNotFoundError */
  firstOrError<Result = never>(filter?: Filter<T>, error?: NotFound<Result>): Promise<T | Result> {
    const all = arguments.length === 0
    return beginOperation(async () => {
      const found = await this.#narrowed(filter, 'firstOrError', all).first()
      return found ?? orElse(error, () => new RecordNotFoundError(this.#metadata.name))
    })
  }

  /** How many records match. */
  count(where?: Filter<T>): Promise<number> {
    return beginOperation(async () => (where === undefined ? this.#rows() : this.#rows().filter(where)).count())
  }

  /** Whether any record matches. @param where As of `first`. */
  exists(where?: Filter<T>): Promise<boolean> {
    const all = arguments.length === 0
    return beginOperation(async () => this.#narrowed(where, 'exists', all).exists())
  }

  /** One page of the records. See `Query.paginate`. */
  paginate(options?: PageOptions): Promise<Paginator<T>> {
    return beginOperation(async () => this.#rows().paginate(options))
  }

  /** A page of the records in the order of their keys, after or before a cursor. See `Query.paginateByCursor`. */
  paginateByCursor(options?: CursorOptions): Promise<CursorPage<T>> {
    return beginOperation(async () => this.#rows().paginateByCursor(options))
  }

  #rows(options?: DeletedOptions): Query<T> {
    return this.#db.queryClass.of<T>(this.#db.dataSource, this.#entity).deleted(options)
  }

  #keyed(options: LookupOptions | undefined): Query<T> {
    const { forUpdate = false, ...rows } = readOptions(lookupOptions, options, 'get()')
    const query = this.#rows(rows)
    return forUpdate ? query.forUpdate() : query
  }

  #narrowed(filter: Filter<T> | undefined, verb: string, all: boolean): Query<T> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was given, or all are meant
    return all ? this.#rows() : this.#rows().narrow(filter as Filter<T>, verb)
  }

  // ------------------------------------------------------------------------------------------------ writing

  /** Inserts a new record: never an update, whatever the values are. */
  create(values: CreateValues<ModelClass<T>>, options?: AssignOptions): Promise<T>
  create(values: CreateValues<ModelClass<T>, 'trusted'>, options: TrustOptions): Promise<T>
  create(values: object, options?: AssignOptions): Promise<T> {
    return beginOperation(async () => {
      const record = this.#made(values, options)
      await this.#inSession('create', ({ records }) => records.save(record))
      return record
    })
  }

  /** Inserts many records with as few statements as the database allows; all of them or none. */
  createMany(rows: readonly CreateValues<ModelClass<T>>[], options?: AssignOptions): Promise<T[]>
  createMany(rows: readonly CreateValues<ModelClass<T>, 'trusted'>[], options: TrustOptions): Promise<T[]>
  createMany(rows: readonly object[], options?: AssignOptions): Promise<T[]> {
    const make = (): T[] => {
      if (!Array.isArray(rows)) throw new InvalidValueError(this.#metadata.name, '*', 'takes a list of objects of values by column')
      return rows.map((values: object) => this.#made(values, options))
    }
    return beginOperation(() => this.#inSession('createMany', ({ records }) => records.insertMany(make)))
  }

  /** Inserts a new record; of an existing one, updates the columns that changed, if any did. */
  save(record: T): Promise<T> {
    return this.#verb('save', record, ({ records }) => records.save(record))
  }

  /** Sets values of a record, and saves it. */
  update(record: T, values: Taken<T>['values'], options?: AssignOptions): Promise<T>
  update(record: T, values: Taken<T>['trusted'], options: TrustOptions): Promise<T>
  update(record: T, values: object, options?: AssignOptions): Promise<T> {
    return this.#verb('update', record, async ({ records }) => {
      records.change(record, () => {
        assign(record, values, this.#metadata, 'update', options)
        return Object.keys(values)
      })
      await records.save(record)
    })
  }

  /**
   * Deletes a record: softly, where the entity has a `@DeleteDateColumn`.
   *
   * @param how `false` restores it; `{ hardDelete: true }` deletes the row for good.
   */
  delete(record: T, how: boolean | DeleteOptions = true): Promise<T> {
    if (how === false) return this.restore(record)
    return this.#verb('delete', record, ({ records }) => {
      const { hardDelete = false } = readOptions({ hardDelete: flag }, how === true ? undefined : how, 'delete()')
      return hardDelete || !deletionColumns(this.#metadata) ? records.remove(record) : records.softDelete(record)
    })
  }

  /** Restores a deleted record. @throws {UnsupportedError} The entity has no `@DeleteDateColumn`. */
  restore(record: T): Promise<T> {
    return this.#verb('restore', record, ({ records }) => {
      if (deletionColumns(this.#metadata)) return records.restore(record)
      throw new UnsupportedError(
        `db.of(${this.#metadata.name}).restore()`,
        'The entity has no @DeleteDateColumn, so its rows are deleted for good.',
      )
    })
  }

  /** Reads the row of a record again; what was changed on the object and not saved is lost. */
  reload(record: T): Promise<T> {
    return this.#verb('reload', record, ({ records }) => records.reload(record))
  }

  /** Adds to a number in the database, whatever it is there by now; the object follows. @param by A finite number. @default 1 */
  increment(record: T, column: keyof Taken<T>['numbers'] & string, by = 1, options?: IncrementOptions): Promise<T> {
    return this.#verb('increment', record, ({ records }) => {
      const how = readOptions(incrementOptions, options, 'increment()')
      const target = numericColumn(this.#metadata, column, how)
      return records.increment(record, target, incrementOf(target, by, how))
    })
  }

  /** Takes from a number in the database. @param by What to take: a finite number from 0. See `increment`. */
  decrement(record: T, column: keyof Taken<T>['numbers'] & string, by = 1, options?: IncrementOptions): Promise<T> {
    if (typeof by === 'number' && by >= 0) return this.increment(record, column, -by, options)
    return beginOperation(() => Promise.reject(InvalidOptionError.ofClient('by', 'a finite number from 0', by)))
  }

  #made(values: object, options?: AssignOptions): T {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeORM makes entities without parameters as well
    const Class = this.#entity as unknown as new () => T
    const record = new Class()
    fill(record, values, this.#metadata, options)
    return record
  }

  #verb(name: string, record: T, work: (session: Session) => Eventual<void>): Promise<T> {
    return beginOperation(async () => {
      // What a client sent is no record, whatever its type says.
      if (!(record instanceof this.#entity)) throw InvalidOptionError.ofClient('record', `a record of ${this.#metadata.name}`, record)
      await this.#inSession(name, work)
      return record
    })
  }

  #inSession<Result>(verb: string, work: (session: Session) => Eventual<Result>): Eventual<Result> {
    return this.#db.dataSource.withSession(`db.of(${this.#metadata.name}).${verb}()`, work)
  }
}

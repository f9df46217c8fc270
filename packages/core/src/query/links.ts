import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { joined, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { InvalidFilterError, RecordNotFoundError, UnsupportedError } from '../errors.js'
import { keyColumn } from '../mapping/foreign-key.js'
import { bind, keyed, whereClause } from '../plan/pieces.js'
import { recordState, rowValueOf } from '../plan/record-state.js'
import { batchSize, quotedTable } from '../plan/statements.js'
import type { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { stamps, update } from './bulk.js'
import { linkColumns, referenced } from './compile.js'
import { list, type Reading, records, run, send, statementOf, takeLock, textOf } from './fetch.js'
import { boundKey } from './identifier.js'
import { QueryState } from './query-state.js'
import { ends, hasMany, loadRelation, unasked } from './relations.js'
import { columnValueType } from './value-type.js'

/** A key as it is bound. */
type Key = readonly unknown[]

/** Records that were given, or are known of: their keys, by these as text. */
type Keys = ReadonlyMap<string, Key>

/**
 * The records that a to-many relation of one record leads to. They are tied to it, and cut off, by statements on the table between or on
 * their foreign keys: past the verbs of their own.
 */
export class Links {
  readonly #owner: ObjectLiteral
  readonly #relation: RelationMetadata
  readonly #session: Session
  readonly #dataSource: AlchemyDataSource
  readonly #reading: Reading

  /**
   * @param name Of the relation.
   * @throws {InvalidFilterError} It leads to no list of records. Status 400.
   * @throws {RecordNotFoundError} The record has no row.
   */
  constructor(owner: ObjectLiteral, name: string, session: Session, dataSource: AlchemyDataSource) {
    const metadata = dataSource.getMetadata(owner.constructor)
    const lists = metadata.relations.filter(hasMany)
    const relation = lists.find(({ propertyName }) => propertyName === name)
    if (!relation) {
      const known = lists.map(({ propertyName }) => propertyName).join(', ') || 'none'
      throw new InvalidFilterError(metadata.name, name, `it is no relation that leads to many. It has ${known}`)
    }
    session.records.own(owner)
    this.#owner = owner
    this.#relation = relation
    this.#session = session
    this.#dataSource = dataSource
    this.#reading = { session, writes: true, hasFragment: false }
  }

  /** Ties records to this one. @param given Records, their keys, or lists of them. */
  attach(given: readonly unknown[]): Promise<void> {
    return this.#change(given, true, (keys) => this.#tie(keys))
  }

  /** Cuts records off this one. */
  detach(given: readonly unknown[]): Promise<void> {
    return this.#change(given, false, (keys) => this.#cut(keys))
  }

  /** Ties these records to this one, and cuts off all others that are not deleted. */
  sync(given: readonly unknown[]): Promise<void> {
    return this.#change(given, true, async (keys) => {
      // Of two callers at once the second sees what the first has made.
      await this.#lockOwner()
      const before = await this.#tied()
      await this.#cut(without(before, keys))
      await this.#tie(without(keys, before))
    })
  }

  /** How many there are, but for deleted ones. */
  async count(): Promise<number> {
    const { state, link } = this.#live()
    const { lists } = await send(state, { ...this.#reading, writes: false }, state.select(['COUNT(*) AS n'], {}, link))
    return Number(lists[0]?.[0])
  }

  // ------------------------------------------------------------------------------------------------ what is given

  #change(given: readonly unknown[], saves: boolean, work: (keys: Keys) => Promise<void>): Promise<void> {
    return this.#session.records.whole(async () => {
      const others = given.flat()
      const known = this.#moved([...others, ...this.#loaded()])
      await work(await this.#keysOf(others, saves))
      if (known.length > 0) await this.#readAgain(known)
      if (Array.isArray(this.#owner[this.#relation.propertyName])) {
        await loadRelation(this.#relation, [this.#owner], unasked, rowValueOf, this.#dataSource, this.#reading)
      }
    })
  }

  async #keysOf(given: readonly unknown[], saves: boolean): Promise<Keys> {
    const keys = new Map<string, Key>()
    for (const each of given) {
      const key = this.#isRelated(each) ? await this.#keyOfRecord(each, saves) : this.#keyOf(each, saves)
      if (key) keys.set(textOf(key), key)
    }
    return keys
  }

  #isRelated(value: unknown): value is ObjectLiteral {
    const { target } = this.#relation.inverseEntityMetadata
    return typeof target === 'function' && value instanceof target
  }

  /** @returns `undefined` of a new record that is not to be saved. */
  async #keyOfRecord(record: ObjectLiteral, saves: boolean): Promise<Key | undefined> {
    const { snapshot: row, removed } = recordState(record)
    if (removed) throw new RecordNotFoundError(this.#metadata.name)
    const isNew = !row && this.#columns.some((column) => (column.getEntityValue(record) ?? undefined) === undefined)
    if (isNew && !saves) return undefined
    if (isNew) {
      const { inverseRelation, isOneToMany } = this.#relation
      // Its key may be required.
      if (isOneToMany && inverseRelation) record[inverseRelation.propertyName] = this.#owner
      await this.#session.records.save(record)
    }
    return this.#columns.map((column) => this.#encode(column, column.getEntityValue(record)))
  }

  /** @returns `undefined` of a key that no row can have, where that is none the worse. */
  #keyOf(id: unknown, isNeeded: boolean): Key | undefined {
    const { name, primaryColumns } = this.#metadata
    if (this.#columns.some((column) => !primaryColumns.includes(column))) {
      throw new UnsupportedError(
        `${this.#relation.propertyName} of ${name} by key`,
        'It leads there by other columns than the key: give records.',
      )
    }
    const key = boundKey(this.#metadata, this.#dataSource, id)
    if (!key && isNeeded) throw new RecordNotFoundError(name, id)
    return key && this.#columns.map((column) => key[primaryColumns.indexOf(column)])
  }

  get #metadata(): EntityMetadata {
    return this.#relation.inverseEntityMetadata
  }

  /** The columns by which related records are named. */
  get #columns(): readonly ColumnMetadata[] {
    return linkColumns(this.#relation)?.other.map(referenced) ?? this.#metadata.primaryColumns
  }

  #encode(column: ColumnMetadata, value: unknown): unknown {
    return columnValueType(this.#dataSource, keyColumn(column)).encode(value)
  }

  /** Values of the record's own row. */
  #ownKey(columns: readonly ColumnMetadata[]): Key {
    return columns.map((column) => this.#encode(column, rowValueOf(column, this.#owner)))
  }

  // ------------------------------------------------------------------------------------------------ what is written

  async #tie(keys: Keys): Promise<void> {
    const columns = linkColumns(this.#relation)
    if (!columns) {
      for (const batch of this.#batches(keys)) {
        const matched = await this.#setForeignKey(batch, (column) => this.#ownKey([referenced(column)])[0])
        if (matched < batch.length) throw new RecordNotFoundError(this.#metadata.name)
      }
      return
    }
    const { link, own, other } = columns
    const { driver } = this.#dataSource
    const names = [...own, ...other].map((column) => driver.escape(column.databaseName))
    const ownKey = this.#ownKey(own.map(referenced))
    for (const batch of this.#batches(keys, names.length)) {
      const rows = batch.map(
        (key): Pieces => [
          '(',
          ...joined(
            [...ownKey, ...key].map((value) => [bind(value)]),
            ', ',
          ),
          ')',
        ],
      )
      const text = `INSERT INTO ${quotedTable(link)} (${names.join(', ')}) VALUES `
      await this.#send([text, ...joined(rows, ', '), driver.dialect.unlessTaken(names[0] ?? '')])
    }
  }

  async #cut(keys: Keys): Promise<void> {
    if (keys.size === 0) return
    const columns = linkColumns(this.#relation)
    if (!columns) {
      const required = this.#foreignKey.find(({ isNullable }) => !isNullable)
      const { name } = this.#metadata
      if (required) {
        throw new UnsupportedError(
          `${name} without ${required.propertyName}`,
          `It may not be NULL: delete the ${name}, attach it elsewhere, or make it nullable.`,
        )
      }
      for (const batch of this.#batches(keys)) await this.#setForeignKey(batch, () => null, true)
      return
    }
    const { link, own, other } = columns
    const { driver } = this.#dataSource
    const named = (of: readonly ColumnMetadata[]): Pieces[] => of.map((column) => [driver.escape(column.databaseName)])
    for (const batch of this.#batches(keys)) {
      const where = whereClause([keyed(named(own), [this.#ownKey(own.map(referenced))]), keyed(named(other), batch)])
      await this.#send([`DELETE FROM ${quotedTable(link)}`, ...where])
    }
  }

  /** The columns of related records that lead back, where no table stands between. */
  get #foreignKey(): readonly ColumnMetadata[] {
    return this.#relation.inverseRelation?.joinColumns ?? []
  }

  /** @param onlyOwn Only of those that lead to the record. @returns Number of rows. */
  #setForeignKey(keys: readonly Key[], valueOf: (column: ColumnMetadata) => unknown, onlyOwn = false): Promise<number> {
    const state = this.#all(keys)
    if (onlyOwn)
      state.conditions.push(
        keyed(
          this.#foreignKey.map((column) => state.from.column(column)),
          [this.#ownKey(this.#foreignKey.map(referenced))],
        ),
      )
    const set = this.#foreignKey.map((column) => [column, [bind(valueOf(column))]] as const)
    return update(state, stamps(state, set), this.#reading)
  }

  async #send(pieces: Pieces): Promise<void> {
    const { affected = 0 } = await run(statementOf({ metadata: this.#metadata, dataSource: this.#dataSource }, pieces), this.#reading)
    this.#session.connection.frame.written += affected
  }

  /** Keys that one statement takes, in one order, whatever that of the call: two callers would wait for each other. */
  *#batches(keys: Keys, columns = this.#columns.length): Generator<readonly Key[], void, undefined> {
    const sorted = [...keys].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, key]) => key)
    // Some values are bound beside them.
    const most = this.#dataSource.driver.capabilities.maxParameters - 20
    for (let start = 0; start < sorted.length; ) {
      const size = batchSize(sorted.length - start, most, columns)
      yield sorted.slice(start, start + size)
      start += size
    }
  }

  // ------------------------------------------------------------------------------------------------ what is read

  /** The related records that are not deleted. */
  #live(): { readonly state: QueryState; readonly link: Pieces } {
    const state = new QueryState(this.#dataSource, this.#metadata)
    const { own, theirs, link } = ends(this.#relation, state)
    state.conditions.push(
      keyed(
        theirs.map(({ pieces }) => pieces),
        [this.#ownKey(own)],
      ),
    )
    return { state, link }
  }

  /** Related records with these keys, deleted or not. */
  #all(keys: readonly Key[]): QueryState {
    const state = new QueryState(this.#dataSource, this.#metadata)
    state.visibility = 'all'
    state.conditions.push(
      keyed(
        this.#columns.map((column) => state.from.column(column)),
        keys,
      ),
    )
    return state
  }

  async #tied(): Promise<Keys> {
    const { state, link } = this.#live()
    const columns = this.#columns
    const { lists } = await send(state, this.#reading, state.select(list(state, columns), {}, link))
    return new Map(
      lists.map((row) => {
        const key = columns.map((column, index) => this.#encode(column, columnValueType(this.#dataSource, column).decode(row[index])))
        return [textOf(key), key] as const
      }),
    )
  }

  async #lockOwner(): Promise<void> {
    const metadata = this.#dataSource.getMetadata(this.#owner.constructor)
    const state = new QueryState(this.#dataSource, metadata)
    const { primaryColumns } = metadata
    state.visibility = 'all'
    state.lock = {}
    state.conditions.push(
      keyed(
        primaryColumns.map((column) => state.from.column(column)),
        [this.#ownKey(primaryColumns)],
      ),
    )
    await takeLock(state, this.#reading)
    if (this.#dataSource.driver.capabilities.rowLocks) await send(state, this.#reading, state.select(list(state, primaryColumns)))
  }

  /** The records that are on the object. */
  #loaded(): readonly unknown[] {
    const value: unknown = this.#owner[this.#relation.propertyName]
    return Array.isArray(value) ? value : []
  }

  /** Those whose rows are written, and which are put back as they are when that is undone. */
  #moved(given: readonly unknown[]): ObjectLiteral[] {
    if (!this.#relation.isOneToMany) return []
    const moved = new Set(given.filter((each): each is ObjectLiteral => this.#isRelated(each) && recordState(each).snapshot !== undefined))
    for (const record of moved) this.#session.records.change(record, () => [])
    return [...moved]
  }

  async #readAgain(moved: readonly ObjectLiteral[]): Promise<void> {
    const keys = new Map(
      moved.map((record) => [record, this.#columns.map((column) => this.#encode(column, column.getEntityValue(record)))]),
    )
    const all = new Map([...keys.values()].map((key) => [textOf(key), key]))
    for (const batch of this.#batches(all)) await records(this.#all(batch), this.#reading)
  }
}

function without(keys: Keys, others: Keys): Keys {
  return new Map([...keys].filter(([text]) => !others.has(text)))
}

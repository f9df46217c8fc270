import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { type Conflict, joined, type Pieces } from '../drivers/dialect.js'
import type { Row } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { unshadowed } from '../drivers/shadow-column.js'
import { InvalidOptionError, InvalidValueError } from '../errors.js'
import { bind, keyed } from '../plan/pieces.js'
import { deletionColumns, tellsDeletion } from '../plan/deletion.js'
import { valueOf } from '../plan/foreign-key.js'
import { type Hydrator, hydratorOf } from '../plan/hydrator.js'
import { ownerKey } from '../plan/kept.js'
import { persistentValue } from '../plan/record-state.js'
import { blindIndexOf } from '../plan/secrets.js'
import { batchSize, quotedTable } from '../plan/statements.js'
import type { RowsWritten } from '../session/kept-columns.js'
import type { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { stamps, update } from './bulk.js'
import { run, send, statementOf, textOf } from './fetch.js'
import { QueryState } from './query-state.js'
import { columnValueType } from './value-type.js'

/** How many rows are looked for, and line up, at once. */
const lineLength = 500

/** A new record, and the properties that were given for it. */
export interface Draft<T extends object> {
  readonly record: T
  readonly given: readonly string[]
}

/** Columns by which a row is told from all others. */
interface UniqueKey {
  readonly columns: readonly ColumnMetadata[]
  /** Whether it is unique among live rows alone. */
  readonly isAmongLive: boolean
}

/**
 * Inserts rows, and changes those that are there already: which it is, the database decides for each.
 *
 * A row is found by one unique key. One that is deleted is not changed: that it holds the key is an error, as for an INSERT.
 */
export class Upsert<T extends object> {
  readonly #dataSource: AlchemyDataSource
  readonly #metadata: EntityMetadata
  readonly #hydrator: Hydrator
  readonly #key: UniqueKey
  readonly #update: readonly string[] | undefined

  /**
   * @param on Properties of a unique key.
   * @param update Properties that a row which is there takes. @default those that are given
   * @throws {InvalidOptionError} They are no unique key.
   */
  constructor(dataSource: AlchemyDataSource, metadata: EntityMetadata, on: readonly string[], update?: readonly string[]) {
    this.#dataSource = dataSource
    this.#metadata = metadata
    this.#hydrator = hydratorOf(metadata, dataSource.driver)
    this.#update = update
    const columns = on.flatMap((name) => columnsOf(metadata, name))
    const key = uniqueKeys(metadata).find((each) => isSame(each.columns, columns))
    if (!key) throw new InvalidOptionError(`No unique key of ${metadata.name} is of ${on.join(', ')}. Give in on what one is of.`)
    this.#key = key
  }

  /**
   * Writes new records. @returns The session's records of the rows, in the order of the drafts.
   *
   * @throws {InvalidValueError} One has no key, or two have the same. Status 422.
   * @throws {UniqueError} A deleted row has the key, or another row another unique value. Status 409.
   */
  write(drafts: readonly Draft<T>[], session: Session): Promise<T[]> {
    const keys = new Map(drafts.map((draft) => [draft, this.#keyText(draft.record)]))
    if (new Set(keys.values()).size < drafts.length) throw this.#invalid('is the same in two rows of one call')
    const keyOf = (draft: Draft<T>): string => keys.get(draft) ?? ''
    return session.records.whole(async () => {
      const written = new Map<string, T>()
      const write = async (batch: readonly Draft<T>[]): Promise<void> => {
        const [only, second] = batch
        for (const [key, record] of await this.#send(batch, session)) written.set(only && !second ? keyOf(only) : key, record)
      }
      // In one order, whatever that of the call: two callers with the same rows would wait for each other.
      const sorted = drafts.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
      for (const { record } of sorted) await session.records.prepareInsert(record)
      if (session.linesUp) await this.#lineUp(sorted, session)
      for (const batch of this.#batches(sorted)) await write(batch)
      // What is missing is equal to its key for the database alone, or was refused: by itself it tells.
      for (const draft of drafts) if (!written.has(keyOf(draft))) await write([draft])
      return drafts.map((draft) => written.get(keyOf(draft)) ?? draft.record)
    })
  }

  /** Lets one insert a key that nobody has: those who wait for it in an INSERT that is rolled back are a deadlock. */
  async #lineUp(drafts: readonly Draft<T>[], session: Session): Promise<void> {
    const properties = this.#key.columns.map(({ propertyPath }) => propertyPath)
    for (let start = 0; start < drafts.length; start += lineLength) {
      const part = drafts.slice(start, start + lineLength)
      const present = new Set((await this.#read(part, session)).map((row) => this.#keyOf(row)))
      const missing = part.filter(({ record }) => !present.has(this.#keyText(record)))
      if (missing.length > 0) await session.lineUp(missing.map(({ record }) => placeOf(this.#metadata, record, properties)))
    }
  }

  /** Drafts that one statement writes: those with the same properties. */
  *#batches(drafts: readonly Draft<T>[]): Generator<readonly Draft<T>[], void, undefined> {
    const { maxParameters, namesConflict } = this.#dataSource.driver.capabilities
    const groups = new Map<string, Draft<T>[]>()
    for (const draft of drafts) {
      const shape = draft.given.toSorted().join()
      const group = groups.get(shape)
      if (group) group.push(draft)
      else groups.set(shape, [draft])
    }
    for (const group of groups.values()) {
      const columns = this.#inserted(group)
      // Where it is not said by which key a row was found, of a row with several each has to tell.
      const others = uniqueKeys(this.#metadata).filter((key) => !isSame(key.columns, this.#key.columns))
      const isSingle = !namesConflict && others.some((key) => key.columns.every((column) => columns.includes(column)))
      for (let start = 0; start < group.length; ) {
        const size = isSingle ? 1 : batchSize(group.length - start, maxParameters, columns.length)
        yield group.slice(start, start + size)
        start += size
      }
    }
  }

  #inserted(drafts: readonly Draft<T>[]): ColumnMetadata[] {
    return this.#metadata.columns.filter((column) => column.isInsert && drafts.some(({ record }) => valueOf(column, record) !== undefined))
  }

  /** One statement, and where it gives nothing back a SELECT. @returns The session's records, by their key. */
  async #send(drafts: readonly Draft<T>[], session: Session): Promise<Map<string, T>> {
    const { driver } = this.#dataSource
    const { dialect, capabilities } = driver
    const columns = this.#inserted(drafts)
    const tuple = ({ record }: Draft<T>): Pieces => {
      const values = columns.map((column): Pieces => [bind(persistentValue(column, record) ?? null)])
      return ['(', ...joined(values, ', '), ')']
    }
    const names = columns.map((column) => driver.escape(column.databaseName)).join(', ')
    const returning = capabilities.insertReturning ? ` RETURNING ${this.#hydrator.list(this.#metadata.tableName)}` : ''
    const pieces: Pieces = [
      `INSERT INTO ${quotedTable(this.#metadata)} (${names}) VALUES `,
      ...joined(drafts.map(tuple), ', '),
      `${dialect.orUpdate(this.#conflict(drafts))}${returning}`,
    ]
    const written: RowsWritten = {
      rows: joined(this.#keyed(drafts).conditions, ' AND '),
      to: (kept) => drafts.map(({ record }) => ownerKey(kept, record)),
    }
    const result = await session.records.kept.around(this.#metadata, written, () => run(statementOf(this.#state, pieces), reading(session)))
    const rows = capabilities.insertReturning ? result.lists : await this.#read(drafts, session)
    const meant = rows.filter((row) => this.#isLive(row))
    const [only, second] = drafts
    if (only && !second) {
      // What gives rows back may give those that it left as they were.
      const isOther = !capabilities.namesConflict && meant.some((row) => this.#keyOf(row) !== this.#keyText(only.record))
      const isTaken = meant.length === 0 || (!capabilities.insertReturning && dialect.wasTaken(result))
      if (isTaken || isOther) return this.#refused(only, session)
    }
    return new Map(meant.map((row) => this.#adopted(row, session)))
  }

  /** A row that was neither inserted nor changed: one that is deleted has its key, or another has another unique value. */
  async #refused(draft: Draft<T>, session: Session): Promise<Map<string, T>> {
    const { record, given } = draft
    if ((await this.#read([draft], session)).length === 0) {
      // The database says what it is that has the value.
      await session.records.save(record)
      return new Map([['', record]])
    }
    const set = this.#changed(given).map((column) => [column, [bind(persistentValue(column, record) ?? null)]] as const)
    const state = this.#keyed([draft])
    if (set.length > 0) await update(state, stamps(state, set), reading(session))
    return new Map((await this.#read([draft], session)).map((row) => this.#adopted(row, session)))
  }

  get #state(): QueryState {
    return new QueryState(this.#dataSource, this.#metadata)
  }

  #conflict(drafts: readonly Draft<T>[]): Conflict {
    const { driver } = this.#dataSource
    const { tableName, updateDateColumn, versionColumn } = this.#metadata
    const { columns: key, isAmongLive } = this.#key
    const set = this.#changed(drafts[0]?.given ?? [])
    const isChange = set.length > 0
    if (isChange && updateDateColumn && !set.includes(updateDateColumn)) set.push(updateDateColumn)
    const name = (column: ColumnMetadata): string => driver.escape(column.databaseName)
    const deletedAt = deletionColumns(this.#metadata)?.time
    return {
      table: driver.escape(tableName),
      key: key.map(name),
      // A row that is given back must be written, with what it has.
      set: (isChange ? set : key).map(name),
      version: isChange && versionColumn ? name(versionColumn) : undefined,
      deletedAt: deletedAt && name(deletedAt),
      isAmongLive,
    }
  }

  /** The columns that a row which is there takes of one for which these properties were given. */
  #changed(given: readonly string[]): ColumnMetadata[] {
    const properties = this.#update?.filter((name) => given.includes(name)) ?? given
    const isKept = (column: ColumnMetadata): boolean =>
      this.#key.columns.includes(column) || column.isPrimary || column.isCreateDate || column.isVersion || tellsDeletion(column)
    const columns = properties.flatMap((name) => columnsOf(this.#metadata, name)).filter((column) => !isKept(column))
    return columns.flatMap((column) => [column, blindIndexOf(column)?.column ?? []].flat())
  }

  /** The live rows that have the keys of some drafts. */
  #keyed(drafts: readonly Draft<T>[]): QueryState {
    const state = this.#state
    const columns = this.#key.columns.map((column) => state.from.column(column))
    const keys = drafts.map(({ record }) => this.#key.columns.map((column) => persistentValue(column, record)))
    state.conditions.push(keyed(columns, keys))
    return state
  }

  async #read(drafts: readonly Draft<T>[], session: Session): Promise<readonly Row[]> {
    const state = this.#keyed(drafts)
    const { lists } = await send(state, reading(session), state.select([this.#hydrator.list(state.from.alias.name)]))
    return lists
  }

  #adopted(row: Row, session: Session): [key: string, record: T] {
    const { record, metadata, row: snapshot } = this.#hydrator.hydrate(row, session)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows of its table are records of the model
    return [this.#keyOf(row), session.records.adoptWritten(metadata, record, snapshot) as T]
  }

  #isLive(row: Row): boolean {
    const deletedAt = deletionColumns(this.#metadata)?.time
    return !deletedAt || (row[this.#hydrator.places.get(deletedAt) ?? -1] ?? null) === null
  }

  /** The key of a row as text. */
  #keyOf(row: Row): string {
    const { places } = this.#hydrator
    return textOf(
      this.#key.columns.map((column) => {
        const type = columnValueType(this.#dataSource, column)
        return type.encode(type.decode(row[places.get(column) ?? -1]))
      }),
    )
  }

  /** The same of a new record. @throws {InvalidValueError} It has none. */
  #keyText(record: ObjectLiteral): string {
    const values = this.#key.columns.map((column) => {
      const value = valueOf(column, record)
      if (value === undefined || value === null) throw this.#invalid('has no value, by which its row would be found')
      return columnValueType(this.#dataSource, column).encode(value)
    })
    return textOf(values)
  }

  #invalid(why: string): InvalidValueError {
    return new InvalidValueError(this.#metadata.name, this.#key.columns.map(({ propertyPath }) => propertyPath).join(', '), why)
  }
}

function reading(session: Session): Parameters<typeof run>[1] {
  return { session, writes: true, hasFragment: false }
}

/** What those who look for the same have in common: the table, and the values of the properties by which they look. */
export function placeOf(metadata: EntityMetadata, record: ObjectLiteral, properties: readonly string[]): string {
  const values = properties.toSorted().map((name) => [name, String(Reflect.get(record, name))])
  return JSON.stringify([metadata.tablePath, values])
}

/** The columns of a property: of a relation, those of its key. */
function columnsOf(metadata: EntityMetadata, property: string): readonly ColumnMetadata[] {
  const relation = metadata.relations.find(({ propertyName }) => propertyName === property)
  return relation ? relation.joinColumns : metadata.columns.filter(({ propertyPath, isVirtual }) => propertyPath === property && !isVirtual)
}

function isSame(some: readonly ColumnMetadata[], others: readonly ColumnMetadata[]): boolean {
  return some.length === others.length && some.every((column) => others.includes(column))
}

function uniqueKeys({ primaryColumns, uniques, indices }: EntityMetadata): UniqueKey[] {
  const indexed = indices
    .filter(({ isUnique }) => isUnique)
    .map(({ columns, where }) => {
      const meant = columns.map(unshadowed)
      return { columns: meant, isAmongLive: where !== undefined || !isSame(meant, columns) }
    })
  return [primaryColumns, ...uniques.map(({ columns }) => columns)].map((columns) => ({ columns, isAmongLive: false })).concat(indexed)
}

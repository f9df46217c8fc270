import type { DataSource, EntityMetadata } from 'typeorm'
import type { Dialect } from '../drivers/dialect.js'
import { driverOf, quotedPath } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { deletionColumns, unmarked } from './deletion.js'
import { plansAreOn } from './planned-column.js'

/** Characters of text that are kept for a model; the oldest text goes first. */
const textLimit = 500_000

/**
 * SQL texts of writes by key, made once for each model and set of columns.
 *
 * The text is the same for the same work, so that a driver's prepared statements are found again. A client chooses which
 * columns and how many rows there are, so that what is kept has a limit.
 */
class Texts {
  readonly #texts = new Map<string, string>()
  #length = 0

  of(key: string, make: () => string): string {
    if (!plansAreOn) return make()
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const sql = make()
    this.#texts.set(key, sql)
    this.#length += sql.length
    for (const [oldest, text] of this.#texts) {
      if (this.#length <= textLimit || oldest === key) break
      this.#texts.delete(oldest)
      this.#length -= text.length
    }
    return sql
  }
}

const texts = new WeakMap<EntityMetadata, Texts>()

function text(metadata: EntityMetadata, key: string, make: () => string): string {
  let ofModel = texts.get(metadata)
  if (!ofModel) texts.set(metadata, (ofModel = new Texts()))
  return ofModel.of(key, make)
}

/** Names of columns, for a key of the cache. */
function names(columns: readonly ColumnMetadata[]): string {
  return columns.map((column) => column.databaseName).join()
}

/** A table's path, quoted for its database. */
export function quotedTable(metadata: EntityMetadata): string {
  return quotedPath(metadata.dataSource.driver, metadata.tablePath)
}

/** Writes `$1`, `$2`, … or `?` for values in the order in which they are bound. */
class Placeholders {
  readonly #dataSource: DataSource
  #count = 0

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
  }

  next(column: ColumnMetadata): string {
    const name = column.databaseName
    return this.#dataSource.driver.createParameter(name, this.#count++)
  }
}

function returningClause(metadata: EntityMetadata, columns: readonly ColumnMetadata[]): string {
  if (columns.length === 0) return ''
  return ` RETURNING ${columns.map((column) => metadata.dataSource.driver.escape(column.databaseName)).join(', ')}`
}

/** The row with a key, if `guard` has the values that are bound after it. */
function primaryKeyCondition(metadata: EntityMetadata, placeholders: Placeholders, guard: readonly ColumnMetadata[] = []): string {
  return [...metadata.primaryColumns, ...guard]
    .map((column) => `${metadata.dataSource.driver.escape(column.databaseName)} = ${placeholders.next(column)}`)
    .join(' AND ')
}

/** Rows that one INSERT takes at the most: more gain nothing, and make a text that is dear to keep. */
export const rowLimit = 1_024
/** Up to here every number of rows has its text; above, powers of two have. */
const smallBatch = 128

/**
 * How many of `rows` rows the next INSERT takes: of few sizes, since each has a text and prepared statements of its own.
 *
 * @param parameters How many values one statement can bind. @param columns How many a row has.
 */
export function batchSize(rows: number, parameters: number, columns: number): number {
  // An INSERT without columns makes one row.
  if (columns === 0) return 1
  const most = Math.min(rows, rowLimit, Math.max(1, Math.floor(parameters / columns)))
  return most <= smallBatch ? most : 2 ** Math.floor(Math.log2(most))
}

/**
 * `INSERT INTO … VALUES (…), (…)`; binds the rows' values one row after the other.
 *
 * @param rows Number of rows, at least 1.
 * @param returning Columns to give back; empty where the database cannot.
 * @param unlessTaken Whether it stores nothing where a unique value is taken; of one row.
 */
export function insertText(
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  rows: number,
  returning: readonly ColumnMetadata[],
  unlessTaken = false,
): string {
  return text(metadata, `insert${unlessTaken ? ' unless taken' : ''} ${rows} ${names(columns)} ${names(returning)}`, () => {
    const driver = driverOf(metadata.dataSource)
    const table = quotedTable(metadata)
    const [key] = metadata.primaryColumns
    const conflict = unlessTaken && key ? driver.dialect.unlessTaken(driver.escape(key.databaseName)) : ''
    const end = `${conflict}${returningClause(metadata, returning)}`
    if (columns.length === 0) {
      const { defaultValues } = driver.capabilities
      return `INSERT INTO ${table} ${defaultValues ? 'DEFAULT VALUES' : '() VALUES ()'}${end}`
    }
    const placeholders = new Placeholders(metadata.dataSource)
    const list = columns.map((column) => driver.escape(column.databaseName)).join(', ')
    const tuple = (): string => `(${columns.map((column) => placeholders.next(column)).join(', ')})`
    return `INSERT INTO ${table} (${list}) VALUES ${Array.from({ length: rows }, tuple).join(', ')}${end}`
  })
}

/**
 * `INSERT INTO … SELECT … FROM unnest(…)` of any number of rows; binds a list of values for each column.
 *
 * @param types Of the lists. @param returning Columns to give back, in the order of the lists.
 */
export function insertListsText(
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  types: readonly string[],
  returning: readonly ColumnMetadata[],
): string {
  return text(metadata, `insert lists ${names(columns)} ${names(returning)}`, () => {
    const { driver } = metadata.dataSource
    const placeholders = new Placeholders(metadata.dataSource)
    const list = columns.map((column) => driver.escape(column.databaseName)).join(', ')
    const lists = columns.map((column, index) => `${placeholders.next(column)}::${types[index]}`).join(', ')
    const results = columns.map((_, index) => `c${index}`).join(', ')
    const from = `unnest(${lists}) WITH ORDINALITY AS _listed (${results}, place)`
    return `INSERT INTO ${quotedTable(metadata)} (${list}) SELECT ${results} FROM ${from} ORDER BY place${returningClause(metadata, returning)}`
  })
}

/** A version is counted by the database: what an object remembers may be old. */
function versionCount({ versionColumn, dataSource }: EntityMetadata): string[] {
  if (!versionColumn) return []
  const name = dataSource.driver.escape(versionColumn.databaseName)
  return [`${name} = ${name} + 1`]
}

/**
 * `UPDATE … SET … WHERE key = …`; binds the columns' values, then the primary key's, then those of `guard`, which the row must have. A
 * version is counted.
 */
export function updateText(
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  returning: readonly ColumnMetadata[],
  guard: readonly ColumnMetadata[] = [],
): string {
  return text(metadata, `update ${names(columns)} ${names(returning)} ${names(guard)}`, () => {
    const placeholders = new Placeholders(metadata.dataSource)
    const { driver } = metadata.dataSource
    const values = columns.map((column) => `${driver.escape(column.databaseName)} = ${placeholders.next(column)}`)
    const set = [...values, ...versionCount(metadata)].join(', ')
    const where = primaryKeyCondition(metadata, placeholders, guard)
    return `UPDATE ${quotedTable(metadata)} SET ${set} WHERE ${where}${returningClause(metadata, returning)}`
  })
}

/** `DELETE FROM … WHERE key = …`; binds the primary key's values, then those of `guard`, which the row must have. */
export function deleteText(metadata: EntityMetadata, guard: readonly ColumnMetadata[] = []): string {
  return text(metadata, `delete ${names(guard)}`, () => {
    const placeholders = new Placeholders(metadata.dataSource)
    return `DELETE FROM ${quotedTable(metadata)} WHERE ${primaryKeyCondition(metadata, placeholders, guard)}`
  })
}

/**
 * `UPDATE … SET deleted_at …` that touches only a live row (`deleting`) or only a deleted one.
 *
 * Binds the values of `columns`, then the primary key's, then those of `guard`, which the row must have.
 */
export function deletionText(
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  deleting: boolean,
  guard: readonly ColumnMetadata[] = [],
): string {
  return text(metadata, `${deleting ? 'soft-delete' : 'restore'} ${names(columns)} ${names(guard)}`, () => {
    const deletion = deletionColumns(metadata)
    const update = updateText(metadata, columns, [], guard)
    return deletion ? `${update} AND ${unmarked(deletion, deleting)}` : update
  })
}

/** What an `increment` adds, and within which bounds. */
export interface Increment {
  /** As it is bound. */
  readonly amount: unknown
  /** What the column must be before. */
  readonly bounds: readonly IncrementBound[]
  /** Digits after the point, of a decimal column. */
  readonly scale: number | undefined
  /** Whether a value of the column is within the bounds. */
  fits(value: unknown): boolean
}

/** A bound of the column's value before an `increment`, so that the sum passes none. */
export interface IncrementBound {
  readonly operator: '>=' | '<='
  readonly value: unknown
  /** Whether the caller asked for it, so that a row without a value is not within it; the column's own lets NULL be NULL. */
  readonly isAsked: boolean
}

/**
 * `UPDATE … SET n = n + …` within its bounds.
 *
 * Binds the amount, the other columns' values, the primary key's, those of `guard`, which the row must have, then the bounds.
 */
export function incrementText(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  others: readonly ColumnMetadata[],
  { bounds, scale }: Increment,
  dialect: Dialect,
  returning: readonly ColumnMetadata[],
  guard: readonly ColumnMetadata[] = [],
): string {
  const within = bounds.map(({ operator, isAsked }) => `${operator}${isAsked ? '' : '?'}`).join('')
  const key = `increment ${column.databaseName} ${names(others)} ${within} ${names(returning)} ${names(guard)}`
  return text(metadata, key, () => {
    const { driver } = metadata.dataSource
    const placeholders = new Placeholders(metadata.dataSource)
    const name = driver.escape(column.databaseName)
    const plus = (place: string): string =>
      scale === undefined ? `${name} + ${place}` : dialect.addDecimal([name], [place], scale).join('')
    const order = (sql: string): string => (scale === undefined ? sql : dialect.orderOfDecimal([sql], scale).join(''))
    const sets = [`${name} = ${plus(placeholders.next(column))}`]
    for (const other of others) sets.push(`${driver.escape(other.databaseName)} = ${placeholders.next(other)}`)
    sets.push(...versionCount(metadata))
    const conditions = [primaryKeyCondition(metadata, placeholders, guard)]
    for (const { operator, isAsked } of bounds) {
      const condition = `${order(name)} ${operator} ${order(placeholders.next(column))}`
      conditions.push(isAsked ? condition : `(${name} IS NULL OR ${condition})`)
    }
    const end = returningClause(metadata, returning)
    return `UPDATE ${quotedTable(metadata)} SET ${sets.join(', ')} WHERE ${conditions.join(' AND ')}${end}`
  })
}

/** `SELECT columns … WHERE key = …`; binds the primary key's values. @param lock What locks the row, with a leading space. */
export function selectText(metadata: EntityMetadata, columns: readonly ColumnMetadata[], lock = ''): string {
  return text(metadata, `select ${names(columns)}${lock}`, () => {
    const { driver } = metadata.dataSource
    const placeholders = new Placeholders(metadata.dataSource)
    const list = columns.map((column) => driver.escape(column.databaseName)).join(', ')
    return `SELECT ${list} FROM ${quotedTable(metadata)} WHERE ${primaryKeyCondition(metadata, placeholders)}${lock}`
  })
}

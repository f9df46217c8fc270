import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm'
import { joined, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import type { Session } from '../session/session.js'
import { bind, refuseTooMany, type Statement, write } from './compile.js'
import type { QueryState } from './query-state.js'

/** A session that is being asked, and the runner that its statements go through. */
export interface Reading {
  readonly session: Session
  readonly runner: QueryRunner
}

/** A record that was read, with its row: whoever loads relations needs the keys that no property holds. */
export interface Loaded {
  readonly record: ObjectLiteral
  readonly row: ReadonlyMap<ColumnMetadata, unknown>
  /** Results that were asked for beside the columns. */
  readonly extra: readonly unknown[]
}

/** Sends a SELECT, and gives the rows as the driver has them. */
export async function send(
  state: Pick<QueryState, 'metadata' | 'dataSource'>,
  { runner }: Reading,
  pieces: Pieces,
): Promise<ObjectLiteral[]> {
  const { text, values } = statementOf(state, pieces)
  return (await runner.query(text, [...values], true)).records as ObjectLiteral[]
}

/**
 * Takes the lock of a query where rows cannot be locked: there it is the whole database's.
 *
 * @returns `false` where another has it, and the query leaves out what is locked: all of it is.
 * @throws {LockTimeoutError} Another has it, and the query does not wait.
 */
export function takeLock({ lock, dataSource }: QueryState, { session }: Reading): boolean | Promise<boolean> {
  if (!lock || dataSource.alchemy.capabilities.rowLocks) return true
  return session.connection.lock(lock.skipLocked ? 'skip' : lock.noWait ? 'fail' : 'wait')
}

/** The statement of pieces, if it is not too long. */
export function statementOf({ metadata, dataSource }: Pick<QueryState, 'metadata' | 'dataSource'>, pieces: Pieces): Statement {
  const { alchemy } = dataSource
  return refuseTooMany(write(pieces, alchemy), metadata.name, alchemy.capabilities)
}

/** A name of a result, quoted. */
export function name({ dataSource }: QueryState, text: string): string {
  return dataSource.driver.escape(text)
}

/** The chosen results, each by its name. */
export function chosen(state: QueryState): Pieces {
  return (state.selection ?? []).flatMap(({ pieces, name: label }, index) => [
    index === 0 ? '' : ', ',
    ...pieces,
    ' AS ',
    name(state, label),
  ])
}

/** Columns of the table, by the names `c0`, `c1`, …: those of the properties may clash with words of the database. */
export function list(state: QueryState, columns: readonly ColumnMetadata[]): Pieces {
  return columns.flatMap((column, index) => [index === 0 ? '' : ', ', ...state.from.column(column), ` AS ${name(state, `c${index}`)}`])
}

/** The columns that a record is read from, foreign keys without a property included. */
export function selectedColumns(metadata: EntityMetadata): ColumnMetadata[] {
  return metadata.columns.filter((column) => column.isSelect && !column.isVirtualProperty)
}

/** What is read beside the columns of records: the key of the record that each belongs to. */
export interface Beside {
  readonly columns: readonly Pieces[]
  /** The link table that has them. */
  readonly join: Pieces
  /** Whether the window of the query is one for each key. */
  readonly perKey: boolean
}

/** Records, each with its row: whoever loads relations needs the keys that no property holds. */
export async function records(state: QueryState, reading: Reading, beside?: Beside): Promise<Loaded[]> {
  if (!(await takeLock(state, reading))) return []
  const { metadata } = state
  const columns = selectedColumns(metadata)
  const others = (beside?.columns ?? []).flatMap((pieces, index) => [', ', ...pieces, ` AS ${name(state, `x${index}`)}`])
  const all = [...list(state, columns), ...others]
  const pieces = beside?.perKey ? windowed(state, all, beside) : state.select(all, {}, beside?.join)
  const found = await send(state, reading, pieces)
  return found.map((raw) => hydrated(metadata, columns, raw, reading, beside?.columns.length ?? 0))
}

/** So many rows for each key, in the order of the query. */
function windowed(state: QueryState, columns: Pieces, { columns: key, join }: Beside): Pieces {
  const { limit, offset = 0 } = state
  const number = name(state, 'n')
  const place: Pieces = [
    ', ROW_NUMBER() OVER (PARTITION BY ',
    ...joined(key, ', '),
    ' ORDER BY ',
    ...joined(state.orderPieces, ', '),
    `) AS ${number}`,
  ]
  const inner = state.select([...columns, ...place], { orders: [], window: [] }, join)
  const end: Pieces = limit === undefined ? [] : [` AND ${number} <= `, bind(offset + limit)]
  return ['SELECT * FROM (', ...inner, `) ${name(state, 'numbered')} WHERE ${number} > `, bind(offset), ...end, ` ORDER BY ${number}`]
}

function hydrated(
  metadata: EntityMetadata,
  columns: readonly ColumnMetadata[],
  raw: ObjectLiteral,
  { session, runner }: Reading,
  extra: number,
): Loaded {
  const model = concrete(metadata, columns, raw)
  const record = model.create(runner, { fromDeserializer: true, pojo: false }) as ObjectLiteral
  const row = new Map<ColumnMetadata, unknown>()
  const { driver } = metadata.dataSource
  for (const [index, column] of columns.entries()) {
    const value: unknown = raw[`c${index}`]
    row.set(column, value)
    if (column.isVirtual || column.isDiscriminator) continue
    const own = model === metadata ? column : model.columns.find(({ propertyPath }) => propertyPath === column.propertyPath)
    if (own) own.setEntityValue(record, driver.prepareHydratedValue(value, own))
  }
  return {
    record: session.identities.adopt(model, record),
    row,
    extra: Array.from({ length: extra }, (_, index) => raw[`x${index}`] as unknown),
  }
}

/** The model of a row: of several in one table, the row says which. */
function concrete(metadata: EntityMetadata, columns: readonly ColumnMetadata[], raw: ObjectLiteral): EntityMetadata {
  const { discriminatorColumn, childEntityMetadatas } = metadata
  if (!discriminatorColumn || childEntityMetadatas.length === 0) return metadata
  const value: unknown = raw[`c${columns.indexOf(discriminatorColumn)}`]
  return childEntityMetadatas.find(({ discriminatorValue }) => discriminatorValue === value) ?? metadata
}

/** A key as text, for a Map: values of the driver, whatever they are. */
export function textOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (typeof value === 'bigint' || typeof value === 'number' ? String(value) : value)))
}

import type { ObjectLiteral } from 'typeorm'
import { joined, type Pieces } from '../drivers/dialect.js'
import type { Row, StatementResult } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { after, type Eventual } from '../eventual.js'
import { bind, type Statement, write } from '../plan/pieces.js'
import { siblingLimit, Siblings } from '../plan/siblings.js'
import type { Session } from '../session/session.js'
import { type Hydrator, hydratorOf } from '../plan/hydrator.js'
import { refuseTooMany } from './compile.js'
import type { QueryState } from './query-state.js'

/** A session that is being asked. */
export interface Reading {
  readonly session: Session
  /** Whether its statements may write or lock: they begin the transaction. */
  readonly writes: boolean
  /** Whether SQL of the application is in them, of which only the database knows what it does. */
  readonly hasFragment: boolean
}

/** A record that was read, and what was read beside its columns, as the driver gave it. */
export class Loaded {
  readonly record: ObjectLiteral
  readonly beside: readonly unknown[]

  constructor(record: ObjectLiteral, beside: readonly unknown[]) {
    this.record = record
    this.beside = beside
  }
}

const nothing: readonly unknown[] = []

/** Sends a SELECT. @returns Its rows are `lists`, as the driver has them. */
export function send(state: Pick<QueryState, 'metadata' | 'dataSource'>, reading: Reading, pieces: Pieces): Eventual<StatementResult> {
  return run(statementOf(state, pieces), reading)
}

/** Sends a statement in its session. @returns Its rows are `lists`. */
export function run({ text, values }: Statement, { session, writes, hasFragment }: Reading): Eventual<StatementResult> {
  if (hasFragment) return session.statement('write', text, async (runner) => runner.run(text, values, 'lists'))
  return writes ? session.execute(text, values, 'lists') : session.read(text, values, 'lists')
}

/**
 * Takes the lock of a query where rows cannot be locked: there it is the whole database's.
 *
 * @returns `false` where another has it, and the query leaves out what is locked: all of it is.
 * @throws {LockTimeoutError} Another has it, and the query does not wait.
 */
export function takeLock({ lock, dataSource }: QueryState, { session }: Reading): Eventual<boolean> {
  if (!lock || dataSource.driver.capabilities.rowLocks) return true
  return session.connection.lock(lock.skipLocked ? 'skip' : lock.noWait ? 'fail' : 'wait')
}

/** The statement of pieces, if it is not too long. */
export function statementOf({ metadata, dataSource }: Pick<QueryState, 'metadata' | 'dataSource'>, pieces: Pieces): Statement {
  const { driver } = dataSource
  return refuseTooMany(write(pieces, driver), metadata.name, driver.capabilities)
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

/** What is read beside the columns of records, such as the key of the record that each belongs to. */
export interface Beside {
  readonly columns: readonly Pieces[]
  /** Whether they are read as those that are related to others. */
  readonly areRelated: boolean
  /** The link table that has them. */
  readonly join: Pieces
  /** Whether the window of the query is one for each key. */
  readonly perKey: boolean
}

/** Records, each with what was read beside it. */
export function records(state: QueryState, reading: Reading, beside?: Beside): Eventual<Loaded[]> {
  return after(takeLock(state, reading), (isLocked) => {
    if (!isLocked) return []
    const { metadata, dataSource } = state
    const hydrator = hydratorOf(metadata, dataSource.driver)
    const others = (beside?.columns ?? []).flatMap((pieces, index) => [', ', ...pieces, ` AS ${name(state, `x${index}`)}`])
    const all = [hydrator.list(state.from.alias.name), ...others]
    const pieces = beside?.perKey ? windowed(state, all, beside) : state.select(all, {}, beside?.join)
    return after(send(state, reading, pieces), ({ lists }) => adopted(hydrator, lists, reading, beside?.areRelated))
  })
}

/** The session's records for rows that were read; those that came in one result know each other. */
export function adopted(hydrator: Hydrator, rows: readonly Row[], { session }: Reading, areRelated = false): Loaded[] {
  let siblings: Siblings | undefined
  const { length } = hydrator.columns
  return rows.map((row, index) => {
    const beside = row.length > length ? row.slice(length) : nothing
    if (rows.length > 1 && index % siblingLimit === 0) siblings = new Siblings(areRelated)
    const { record: fresh, metadata, row: snapshot } = hydrator.hydrate(row, session)
    const record = session.identities.adopt(metadata, fresh, snapshot, siblings)
    siblings?.records.push(record)
    return new Loaded(record, beside)
  })
}

/** The records alone. */
export function recordsOf(loaded: readonly Loaded[]): ObjectLiteral[] {
  return loaded.map(({ record }) => record)
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

/** A key as text, for a Map of keys of the same columns: values of the driver, whatever they are. */
export function textOf(values: readonly unknown[]): string {
  const [only] = values
  if (values.length === 1 && (typeof only === 'string' || typeof only === 'number' || typeof only === 'bigint')) return String(only)
  return JSON.stringify(values.map((value) => (typeof value === 'bigint' || typeof value === 'number' ? String(value) : value)))
}

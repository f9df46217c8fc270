import { type DataSource, type ObjectLiteral, QueryResult, type QueryRunner, type Table, type TableIndex, type View } from 'typeorm'
import { ActiveAlchemyError, ConnectionLostError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import type { Semaphore } from '../semaphore.js'
import type { ColumnMetadata } from './internals.js'
import type { Dialect } from './dialect.js'
import type { TypeDefinition } from '../types/column-type.js'
import type { DatabaseKind } from '../uri.js'
import type { Driver, IsolationLevel, ReplicationMode } from './internals.js'

/** What the next statement of a connection would meet. */
export type ConnectionStatus =
  /** No transaction is open. */
  | 'idle'
  /** A transaction is open and healthy. */
  | 'transaction'
  /** The server refuses everything but a rollback. */
  | 'failed'
  /** There is no server at the other end any more. */
  | 'lost'

/**
 * One leased connection, as a plain TypeORM query runner: it logs, fires the query events and throws `QueryFailedError`.
 *
 * The session sends BEGIN, COMMIT and ROLLBACK through `begin`, `commit` and `rollback`, never through TypeORM's
 * `startTransaction`, whose depth counter goes wrong after a failed commit.
 */
export interface DriverRunner extends QueryRunner {
  query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
  /** @typeParam Raw What the client gives for the text, by the caller's word. */
  query<Raw>(sql: string, parameters?: unknown[]): Promise<Raw>
  readonly connectionStatus: ConnectionStatus
  /** Hears of each statement that was answered or has failed: its text, and the milliseconds that it took. */
  onStatement: ((sql: string, milliseconds: number) => void) | undefined
  /** Opens a transaction. @param isolation READ COMMITTED by default, where the database knows levels. */
  begin(isolation?: IsolationLevel): Eventual<void>
  /**
   * Commits, and believes only the server.
   *
   * @throws {RolledBackError} The server had turned the transaction into a rollback.
   * @throws {CommitUnknownError} The connection was lost before the answer came.
   */
  commit(): Eventual<void>
  /** Rolls back; a connection that is lost has rolled back already. */
  rollback(): Eventual<void>
  /** Checks at once what the database puts off until COMMIT. */
  checkDeferred(): Promise<void>
  /** One statement of our own; where statements are never waited for, it has been answered when this returns. @default 'records' */
  run(sql: string, values: readonly unknown[], form?: RowForm): Eventual<StatementResult>
  /** `release`, without a promise where there is nothing to wait for. */
  giveBack(): Eventual<void>
  /** Makes settings that end with the transaction, or with the connection's loan. @param settings `null` takes one back. */
  setLocal(settings: ReadonlyMap<string, string | null>): Promise<void>
  /**
   * Ends the statement that is under way, here and on the server, and the connection with it; the statement fails with
   * `reason`, but for a COMMIT, whose end nobody knows. Where statements are never under way, it does nothing.
   */
  cancel(reason: Error): void
}

/** How rows are given: as objects by the names of their columns; or as lists, which cost clients less to make. */
export type RowForm = 'records' | 'lists'

/** The values of a row, in the order of its columns. Who has asked for it may take it over. */
export type Row = unknown[]

/** What a statement gave, with what the database client knows of its columns. */
export class StatementResult extends QueryResult<ObjectLiteral> {
  /** The rows as lists, where these were asked for; then there are no `records`. */
  lists: readonly Row[] = []
  /** Columns of whole numbers that the client gives as text, as TypeORM wants them. */
  wholeNumbers: readonly string[] = []
}

/**
 * Why a connection is leased: a `write` opens a transaction, a `read` is one SELECT in autocommit. A `try-write` is a `write` that does
 * not wait where a whole database is locked by its one writer (no `rowLocks`): there it fails at once with a `LockTimeoutError`.
 * An `autocommit` is one statement that writes, and is its own transaction: it is sent once, for as long as a read, and when its
 * connection is lost meanwhile nobody knows whether it was kept.
 */
export type LeasePurpose = 'read' | 'write' | 'try-write' | 'autocommit'

/** How a schema is changed: `create` makes what is missing, `migrate` may rebuild tables, `drop` drops them in any order. */
export type SchemaChange = 'create' | 'migrate' | 'drop'

/** Connections of a pool at this moment. */
export interface PoolStatus {
  /** Connections that may be open at once. */
  readonly size: number
  /** Connections that are leased now. */
  readonly leased: number
  /** Callers that wait for one. */
  readonly waiting: number
}

/** The driver of a data source of ours, which TypeORM types as any. */
export function driverOf({ driver }: DataSource): DatabaseDriver {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our data source has no other drivers
  return driver as DatabaseDriver
}

/** How many of a pool's places are taken, at whatever moment it is looked at. */
export function statusOf(places: Semaphore): PoolStatus {
  return {
    size: places.size,
    get leased() {
      return places.size - places.free
    },
    get waiting() {
      return places.waiting
    },
  }
}

/** What differs between databases, by name. */
export interface DriverCapabilities {
  /** INSERT can give back the rows it wrote. */
  readonly insertReturning: boolean
  /** The answer to an INSERT of one row has the key that was generated for it, and costs less than to have it given back. */
  readonly insertGivesKey: boolean
  /** UPDATE can give back the rows it wrote. */
  readonly updateReturning: boolean
  /** An INSERT without columns is written `DEFAULT VALUES`, not `() VALUES ()`. */
  readonly defaultValues: boolean
  /** One transaction at a time may write, so a second writer inside a first can only wait for itself. */
  readonly singleWriter: boolean
  /** Rows can be locked (`SELECT … FOR UPDATE`); without it, a lock is the database's write lock. */
  readonly rowLocks: boolean
  /** A transaction can carry settings that policies, defaults and triggers read. */
  readonly localSettings: boolean
  /** A schema change commits the open transaction. */
  readonly ddlCommits: boolean
  /** A table is created with its foreign keys, also to tables that come later. */
  readonly inlineForeignKeys: boolean
  /** An order can say `NULLS FIRST` and `NULLS LAST`. */
  readonly nullsOrder: boolean
  /** A comparison of rows, `(a, b) > (1, 2)`, is looked up in an index. */
  readonly seeksRows: boolean
  /** An index can be of some rows only. */
  readonly partialIndexes: boolean
  /** An index has a method: `gin`, `gist`. */
  readonly indexMethods: boolean
  /** What is computed of a row need not be stored. */
  readonly virtualColumns: boolean
  /** An INSERT that changes rows which are there says by which key it finds them, and gives back no others. */
  readonly namesConflict: boolean
  /** The most values that one statement can bind. */
  readonly maxParameters: number
}

/** What a server, or a library, says of itself. */
export interface ServerFacts {
  /** With its version: `PostgreSQL 17.2`. */
  readonly product: string
  /** Connections that it takes from this user at once, other applications' included; `undefined` where it has no limit. */
  readonly connectionLimit: number | undefined
}

/** A class of TypeORM query runners of one database. */
export type RunnerClass = new (...parameters: never[]) => DriverRunner

/** Our side of a TypeORM driver: everything that differs between databases is behind it. */
export interface DatabaseDriver extends Driver {
  readonly kind: DatabaseKind
  readonly capabilities: DriverCapabilities
  /** How it writes expressions. */
  readonly dialect: Dialect
  readonly pool: PoolStatus
  /** Class of the query runners. */
  readonly runnerClass: RunnerClass
  /** Whether a statement that is its own transaction waits for locks no longer than one inside a transaction. */
  readonly canAutocommit: boolean
  createQueryRunner(mode: ReplicationMode): DriverRunner
  /**
   * Waits for a connection, first come, first served.
   *
   * @param limitMs Milliseconds that a statement of a read or an autocommit may take, and BEGIN, COMMIT and ROLLBACK of a write: then
   *   it is cancelled. @default transactionTimeoutMs
   * @throws {PoolTimeoutError} None became free within `poolTimeoutMs`.
   */
  lease(purpose: LeasePurpose, limitMs?: number): Eventual<DriverRunner>
  /** The parameters of a statement as the database client takes them: Luxon times and booleans are converted. */
  bind(parameters: readonly unknown[]): unknown[]
  /** A text as SQL writes it, in the form in which the database shows defaults. */
  literal(text: string): string
  /** Whether the database itself says of a text that it changes and locks nothing; `false` where it does not say. */
  isReadOnly(sql: string): boolean
  /** Whether a text opens or ends a transaction or a savepoint, anywhere in it: what only the session may do. */
  controlsTransaction(sql: string): boolean
  /** Whether the server commits the open transaction before or by a text: a schema change, where `ddlCommits`. */
  commitsTransaction(sql: string): boolean
  /** Whether a statement that failed with `error` ended the whole transaction, and not just itself. */
  endsTransaction(error: unknown): boolean
  /** Runs `work` while no other process changes the schema of this database. */
  withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>, change: SchemaChange): Promise<T>
  /** Takes the lock that a sandbox has for itself, where transactions side by side would wait for each other's rows. @returns Whether it was free. */
  lockSandbox(runner: DriverRunner): Promise<boolean>
  /**
   * Waits until nobody else has any of `names`, and has them for as long as the connection is lent. Only where those who wait in an INSERT for a
   * row that is then rolled back are a deadlock; elsewhere one of them inserts.
   *
   * @param names Always in one order, so that two who wait never wait for each other.
   * @throws {LockTimeoutError} One was not free in time.
   */
  readonly lineUp?: (runner: DriverRunner, names: readonly string[]) => Promise<void>
  /** Empties tables, in any order, and lets their keys begin anew. */
  emptyTables(runner: DriverRunner, tables: readonly string[]): Promise<void>
  /** Whether a table is the database's own. */
  isSystemTable(name: string): boolean
  /** What adds the checks of a new table, where TypeORM leaves them out. */
  checksOf(table: Table): string[]
  /** What the server, or the library, says of itself. */
  serverFacts(runner: DriverRunner): Promise<ServerFacts>
  /** Views whose rows are kept; `undefined` where all views are plain. */
  readonly materializedViews?: {
    createIndexes(runner: DriverRunner, view: View, indexes: readonly TableIndex[]): Promise<void>
    /** @param path Of the view, quoted. @param isConcurrent Whether others go on reading it. */
    refreshText(path: string, isConcurrent: boolean): string
  }
  /** How types that columns need differ from their definitions, where the database has types to be changed. Nothing is. */
  readonly typeChanges?: (runner: DriverRunner, definitions: readonly TypeDefinition[]) => Promise<TypeChanges>
  /** Drops a table and what belongs to it, whatever refers to it. */
  dropTable(runner: DriverRunner, table: Table): Promise<void>
  preparePersistentValue(value: unknown, column: ColumnMetadata): unknown
  /** Writes the values of a column as `preparePersistentValue` does; made once for each column. */
  encoderOf(column: ColumnMetadata): (value: unknown) => unknown
  /** Reads the values of a column as `prepareHydratedValue` does; made once for each column. */
  decoderOf(column: ColumnMetadata): (raw: unknown) => unknown
  /** The type of a list of a column's values, where an INSERT of many rows may bind a list for each column; `undefined` of other types. */
  listTypeOf?(column: ColumnMetadata): string | undefined
}

/** Statements about types: before those about tables and after them, and the same for what undoes these. */
export interface TypeChanges {
  readonly first: string[]
  readonly last: string[]
  readonly undoFirst: string[]
  readonly undoLast: string[]
}

/** The pool's part of the options, the same on every database. */
export interface PoolOptions {
  /** Name of the database in messages. */
  readonly name: string
  /** Connections that may be open at once. */
  readonly poolSize: number
  /** Milliseconds that a caller waits for a connection, a lock or its turn. */
  readonly poolTimeoutMs: number
  /** Milliseconds after which an idle connection is replaced; 0 keeps it for ever. */
  readonly poolRecycleMs: number
  /** Milliseconds for which a scope may hold an open transaction, and a read may take. */
  readonly transactionTimeoutMs: number
}

/**
 * Makes a driver for `dataSource`, in place of TypeORM's.
 *
 * @param ready Connects once, however many ask: a query runner calls it before its first statement.
 */
export type DriverFactory = (dataSource: DataSource, pool: PoolOptions, ready: () => Promise<void>) => DatabaseDriver

/** Why a statement failed on a connection that is lost: our own reason, such as a timeout, says more than that it is gone. */
export function lostError(database: string, lost: Error): Error {
  return lost instanceof ActiveAlchemyError ? lost : new ConnectionLostError(database, lost)
}

/** Runs `work` as a transaction of `runner`. */
export async function inTransaction<T>(runner: DriverRunner, work: () => Promise<T>): Promise<T> {
  await runner.begin()
  try {
    const result = await work()
    await runner.commit()
    return result
  } catch (error) {
    await runner.rollback()
    throw error
  }
}

/** The path of a table or type, `schema.name`, quoted for its database. */
export function quotedPath(driver: Pick<Driver, 'escape'>, path: string): string {
  return path
    .split('.')
    .map((part) => (part === '' ? part : driver.escape(part)))
    .join('.')
}

/** Makes a password of TypeORM's options a function, so that nothing that prints the options can print it. */
export function hidePassword(options: object): void {
  if ('password' in options && typeof options.password === 'string') {
    const { password } = options
    Object.assign(options, { password: () => password })
  }
}

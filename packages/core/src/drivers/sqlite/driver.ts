import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type DataSource,
  type ObjectLiteral,
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  type Table,
  TransactionNotStartedError,
} from 'typeorm'
import type { ColumnMetadata } from '../internals.js'
import { ActiveAlchemyError, ConnectionFailedError, isError, RolledBackError, UnsupportedError } from '../../errors.js'
import { after, type Eventual } from '../../eventual.js'
import { isObject } from '../../options.js'
import { type CallSite, callSite } from '../../scope/call-site.js'
import { ForeignKeyError } from '../database-error.js'
import {
  type ConnectionStatus,
  type DatabaseDriver,
  type DriverRunner,
  type LeasePurpose,
  type PoolOptions,
  type PoolStatus,
  inTransaction,
  quotedPath,
  type RowForm,
  type SchemaChange,
  type ServerFacts,
  StatementResult,
} from '../driver.js'
import { BetterSqlite3Driver, BetterSqlite3QueryRunner, type IsolationLevel } from '../internals.js'
import { Loan } from '../loan.js'
import { type Answer, runStatement } from '../statement.js'
import { Connection, type NativeDatabase } from './connection.js'
import { decimalAdd, decimalOrder, decimalSum } from './decimals.js'
import { sqliteDialect } from './dialect.js'
import { type Codec, decoder, encoder } from '../codec.js'
import { isBusy } from './failures.js'
import { openFile } from './opened-files.js'
import type { SqliteOptions } from './options.js'
import { type AcquiredConnection, SqlitePool } from './pool.js'
import { controlsTransaction, type Statement } from './statements.js'
import { millisecondsOf } from '../datetime-text.js'
import { bound, isDatetime, isoText, storedDatetime, textOf } from './values.js'

/** Inside a transaction it does nothing. */
const foreignKeysOff = 'PRAGMA foreign_keys = OFF'

/** How TypeORM begins to undo the change of a table: the new table is to get the name of the old one, and all that refers to it. */
const movesAside = /^ALTER TABLE (?:"[^"]+"\.)?"([^"]+)" RENAME TO "temporary_\1"$/

/**
 * SQLite through better-sqlite3, made safe for overlapping requests.
 *
 * TypeORM gives all callers one query runner on one connection; here each caller acquires a connection of a small pool.
 */
export class SqliteDriver extends BetterSqlite3Driver implements DatabaseDriver {
  readonly kind = 'sqlite'
  readonly dialect = sqliteDialect
  readonly capabilities = {
    insertReturning: true,
    // SQLite generates no other key than the number of the row.
    insertGivesKey: true,
    updateReturning: true,
    defaultValues: true,
    singleWriter: true,
    rowLocks: false,
    localSettings: false,
    ddlCommits: false,
    inlineForeignKeys: true,
    nullsOrder: true,
    seeksRows: true,
    partialIndexes: true,
    indexMethods: false,
    virtualColumns: true,
    namesConflict: true,
    maxParameters: 32_766,
  }
  /** @internal Connects once, however many ask. */
  readonly ready: () => Promise<void>
  declare options: SqliteOptions
  /** Version of SQLite. */
  declare version?: string
  /** @internal */
  readonly connections: SqlitePool

  constructor(dataSource: DataSource, pooling: PoolOptions, ready: () => Promise<void>) {
    super(dataSource)
    this.ready = ready
    this.connections = new SqlitePool(pooling, this.options.database, () => this.#open())
  }

  get pooling(): PoolOptions {
    return this.connections.options
  }

  get pool(): PoolStatus {
    return this.connections.status
  }

  override connect(): Promise<void> {
    return this.connections.connect()
  }

  override async disconnect(): Promise<void> {
    this.connections.close()
  }

  get runnerClass(): typeof SqliteRunner {
    return SqliteRunner
  }

  get canAutocommit(): boolean {
    return true
  }

  override createQueryRunner(): SqliteRunner {
    return Object.assign(new SqliteRunner(this), { site: callSite() })
  }

  lease(purpose: LeasePurpose): Eventual<SqliteRunner> {
    const deadline = purpose === 'try-write' ? performance.now() : this.connections.deadline
    if (purpose === 'read') return this.#leased(deadline, undefined)
    // The lock comes first: a writer that waits for it must not keep a connection from the readers.
    const unlock = this.connections.tryLock() ?? this.connections.lockForWriting(deadline)
    return after(unlock, (free) => this.#leased(deadline, free))
  }

  #leased(deadline: number, unlock: (() => void) | undefined): Eventual<SqliteRunner> {
    const runner = new SqliteRunner(this, deadline, unlock)
    return runner.tryConnect() ? runner : this.#connected(runner, unlock)
  }

  async #connected(runner: SqliteRunner, unlock: (() => void) | undefined): Promise<SqliteRunner> {
    try {
      await runner.connect()
      return runner
    } catch (error) {
      unlock?.()
      throw error
    }
  }

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map(bound)
  }

  literal(text: string): string {
    return `'${text.replaceAll("'", "''")}'`
  }

  /** SQLite says it of every statement that it has compiled. */
  isReadOnly(sql: string): boolean {
    return this.connections.onlyReads(sql)
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  commitsTransaction(): boolean {
    return false
  }

  /** SQLite says so itself: `inTransaction`. */
  endsTransaction(): boolean {
    return false
  }

  async withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>, change: SchemaChange): Promise<T> {
    if (change === 'migrate') await runner.beforeMigration()
    // A table that refers to one that is gone cannot be dropped otherwise.
    if (change === 'drop') await runner.query(foreignKeysOff)
    return inTransaction(runner, work)
  }

  /** Its transaction is the lock. */
  lockSandbox(): Promise<boolean> {
    return Promise.resolve(true)
  }

  async emptyTables(runner: DriverRunner, tables: readonly string[]): Promise<void> {
    for (const name of tables) await runner.query(`DELETE FROM ${quotedPath(this, name)}`)
    const { records } = await runner.query("SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'", [], true)
    if (records.length > 0) await runner.query('DELETE FROM sqlite_sequence')
  }

  isSystemTable(name: string): boolean {
    return name.startsWith('sqlite_')
  }

  /** TypeORM writes them into CREATE TABLE. */
  checksOf(): string[] {
    return []
  }

  /** It is a library, and a file takes whoever opens it. */
  async serverFacts(runner: DriverRunner): Promise<ServerFacts> {
    const [row]: { version: string }[] = await runner.query('SELECT sqlite_version() AS version')
    return { product: `SQLite ${row?.version}`, connectionLimit: undefined }
  }

  async dropTable(runner: DriverRunner, table: Table): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${this.escape(table.name)}`)
  }

  /** Numbers are bound like everything else: TypeORM writes them into the SQL text, which no prepared statement survives. */
  override escapeQueryWithParameters(sql: string, parameters: ObjectLiteral): [string, unknown[]] {
    const values: unknown[] = []
    const place = (value: unknown): string => {
      values.push(value)
      return '?'
    }
    const text = sql.replace(/:(\.\.\.)?([A-Za-z0-9_.]+)/g, (full, spread: string | undefined, key: string) => {
      if (!Object.hasOwn(parameters, key)) return full
      const value: unknown = parameters[key]
      // TypeORM spreads lists alone.
      if (spread && Array.isArray(value)) return value.map(place).join(', ')
      // TypeORM's own marker for SQL text (Raw, update(() => 'now()')); data can never be a function.
      return typeof value === 'function' ? String(value()) : place(value)
    })
    return [text, this.bind(values)]
  }

  /** Six digits after the second, as the Python original writes them, so that texts compare in the order of time. */
  override preparePersistentValue(value: unknown, column: ColumnMetadata): unknown {
    const stored: unknown = super.preparePersistentValue(value, column)
    return isDatetime(column) && typeof stored === 'string' ? storedDatetime(stored) : stored
  }

  /** A stored text is UTC, whatever the process's time zone and however many digits it has. */
  override prepareHydratedValue(value: unknown, column: ColumnMetadata): unknown {
    return super.prepareHydratedValue(isDatetime(column) && typeof value === 'string' ? isoText(value) : value, column)
  }

  /** Attached to every connection as it is opened, since each native connection has its own list. */
  protected override attachDatabases(): Promise<void> {
    return Promise.resolve()
  }

  /** TypeORM would make it: a mistake in a path would be a new, empty database. */
  protected override async createDatabaseDirectory(path: string): Promise<void> {
    if (existsSync(path)) return
    const missing = new Error(`The directory ${resolve(path)} does not exist`)
    throw new ConnectionFailedError(this.pooling.name, missing, 'Make it, or correct the path in the URI.')
  }

  encoderOf(column: ColumnMetadata): Codec {
    const general = encoder(column, (value) => this.preparePersistentValue(value, column) as unknown)
    const { transformer } = column
    if (!isDatetime(column) || Array.isArray(transformer)) return general
    const rest: ColumnMetadata = Object.create(column, { transformer: { value: undefined } })
    return (value) => {
      const given: unknown = transformer ? transformer.to(value) : value
      return (given instanceof Date ? textOf(given) : undefined) ?? (this.preparePersistentValue(given, rest) as unknown)
    }
  }

  decoderOf(column: ColumnMetadata): Codec {
    const general = decoder(column, (raw) => this.prepareHydratedValue(raw, column) as unknown)
    const { transformer } = column
    if (!isDatetime(column) || Array.isArray(transformer)) return general
    return (raw) => {
      const milliseconds = typeof raw === 'string' ? millisecondsOf(raw) : undefined
      if (milliseconds === undefined) return general(raw)
      const date = new Date(milliseconds)
      return transformer ? (transformer.from(date) as unknown) : date
    }
  }

  async #open(): Promise<Connection> {
    const closed = openFile(this.options.database, this.sqlite)
    try {
      const native: NativeDatabase = await this.createDatabaseConnection()
      native.pragma(`synchronous = ${this.options.synchronous ?? 'full'}`)
      this.version ??= versionOf(native)
      native.aggregate(decimalSum.name, decimalSum)
      native.function('decimal_add', { deterministic: true }, decimalAdd)
      native.function('decimal_order', { deterministic: true }, decimalOrder)
      for (const { attachHandle, attachFilepathAbsolute } of Object.values(this.attachedDatabases ?? {})) {
        native.exec(`ATTACH "${attachFilepathAbsolute}" AS "${attachHandle}"`)
      }
      return new Connection(native, closed)
    } catch (error) {
      closed()
      // Another process holds the file: the pool tries again.
      if (!isError(error) || error instanceof ActiveAlchemyError || isBusy(error)) throw error
      const reason = new Error(`${resolve(this.options.database)}: ${error.message}`, { cause: error })
      throw new ConnectionFailedError(this.pooling.name, reason, 'Look whether it is an SQLite file, and may be read and written.')
    }
  }
}

/**
 * One leased SQLite connection.
 *
 * A transaction that only reads holds no lock: BEGIN is put off until the first statement that writes, and is then
 * `BEGIN IMMEDIATE`, so that no transaction is thrown out half-way for having read before another wrote.
 */
export class SqliteRunner extends BetterSqlite3QueryRunner implements DriverRunner {
  declare driver: SqliteDriver
  onStatement: DriverRunner['onStatement']
  /** Where the application made it, of one that is not a session's. */
  readonly site: CallSite | undefined
  readonly #isWriter: boolean
  readonly #isOfSession: boolean
  #acquiring: Promise<AcquiredConnection> | undefined
  #acquired: AcquiredConnection | undefined
  /** Gives the write lock back, while it is held; or what it is waited for by. */
  #unlock: (() => void) | undefined
  #locking: Promise<() => void> | undefined
  #beginPutOff = false
  /** While a migration runs: rows that referred to none before it. */
  #orphans: ReadonlyMap<string, number> | undefined
  /** The end of all waits of the statement under way, and of those that came before the first. */
  #deadline: number | undefined

  /**
   * @param deadline The end of all its waits before its first statement has ended; without one it is not a session's.
   * @param unlock Gives back the write lock, which the caller has taken for it.
   */
  constructor(driver: SqliteDriver, deadline?: number, unlock?: () => void) {
    super(driver)
    this.#deadline = deadline
    this.#isOfSession = deadline !== undefined
    this.#isWriter = unlock !== undefined
    this.#unlock = unlock
  }

  get #connection(): Connection | undefined {
    return this.#acquired?.connection
  }

  get connectionStatus(): ConnectionStatus {
    return this.#connection?.status ?? 'idle'
  }

  override async connect(): Promise<NativeDatabase> {
    return (await this.#acquire()).native
  }

  async #acquire(): Promise<Connection> {
    if (this.isReleased) throw new QueryRunnerAlreadyReleasedError()
    if (this.#acquired) return this.#acquired.connection
    const { connections, dataSource } = this.driver
    if (!dataSource.isInitialized) await this.driver.ready()
    this.#deadline ??= connections.deadline
    this.#acquiring ??= connections.acquire(this.#isWriter, this.#deadline, this.#isOfSession ? undefined : this.#loan())
    this.#acquired = await this.#acquiring
    return this.#acquired.connection
  }

  #loan(): Loan {
    return new Loan(this, this.site, () => this.#giveLockBack())
  }

  /** @internal Connects without waiting. @returns Whether a connection was idle. */
  tryConnect(): boolean {
    const { connections, dataSource } = this.driver
    if (!this.#acquired && dataSource.isInitialized) this.#acquired = connections.tryAcquire(this.#isWriter)
    return this.#acquired !== undefined
  }

  override async release(): Promise<void> {
    await this.giveBack()
  }

  giveBack(): Eventual<void> {
    if (this.isReleased) return
    this.isReleased = true
    if (this.#acquired || !this.#acquiring) {
      this.#acquired?.release()
      this.#giveLockBack()
      return
    }
    return this.#acquiring.then(
      (acquired) => {
        acquired.release()
        this.#giveLockBack()
      },
      () => this.#giveLockBack(),
    )
  }

  begin(_isolation?: IsolationLevel): Eventual<void> {
    return after(this.run('BEGIN IMMEDIATE', []), () => {
      this.isTransactionActive = true
    })
  }

  commit(): Eventual<void> {
    const lost = this.#connection?.lost
    if (lost) throw lost
    // ON CONFLICT ROLLBACK, a full disk and the like end the transaction behind our back.
    if (this.connectionStatus !== 'transaction') throw new RolledBackError(this.driver.pooling.name)
    const orphans = this.#orphans === undefined ? undefined : this.#refuseNewOrphans(this.#orphans)
    return after(orphans, () => this.#end('COMMIT'))
  }

  rollback(): Eventual<void> {
    if (this.connectionStatus === 'transaction') return this.#end('ROLLBACK')
    this.isTransactionActive = false
  }

  #end(sql: 'COMMIT' | 'ROLLBACK'): Eventual<void> {
    return after(this.run(sql, []), () => {
      this.isTransactionActive = false
    })
  }

  /** SQLite counts what it puts off, and tells nobody before the COMMIT. */
  checkDeferred(): Promise<void> {
    return Promise.resolve()
  }

  setLocal(): Promise<void> {
    return Promise.reject(new UnsupportedError('A setting of a transaction on SQLite', 'Give the value to each statement.'))
  }

  /** A statement has ended before anybody else runs. */
  cancel(): void {}

  override async startTransaction(isolation?: IsolationLevel): Promise<void> {
    if (this.transactionDepth > 0 || isolation === 'SERIALIZABLE') await this.#beginNow()
    if (this.transactionDepth > 0) return super.startTransaction(isolation)
    await this.broadcaster.broadcast('BeforeTransactionStart')
    this.isTransactionActive = true
    this.#beginPutOff = true
    this.transactionDepth = 1
    await this.broadcaster.broadcast('AfterTransactionStart')
  }

  override commitTransaction(): Promise<void> {
    return this.#endTransaction(
      'BeforeTransactionCommit',
      'AfterTransactionCommit',
      () => this.commit(),
      () => super.commitTransaction(),
    )
  }

  override rollbackTransaction(): Promise<void> {
    return this.#endTransaction(
      'BeforeTransactionRollback',
      'AfterTransactionRollback',
      () => this.rollback(),
      () => super.rollbackTransaction(),
    )
  }

  async #endTransaction(
    before: 'BeforeTransactionCommit' | 'BeforeTransactionRollback',
    after: 'AfterTransactionCommit' | 'AfterTransactionRollback',
    outermost: () => Eventual<void>,
    nested: () => Promise<void>,
  ): Promise<void> {
    if (!this.isTransactionActive) throw new TransactionNotStartedError()
    if (this.transactionDepth > 1) return nested()
    await this.broadcaster.broadcast(before)
    if (this.#beginPutOff) this.#beginPutOff = false
    else await outermost()
    this.isTransactionActive = false
    this.transactionDepth = 0
    await this.broadcaster.broadcast(after)
  }

  async #beginNow(): Promise<void> {
    this.#beginPutOff = false
    if (this.connectionStatus !== 'transaction') await this.begin()
  }

  // ------------------------------------------------------------------------------------------------ schema

  /**
   * SQLite changes a table by making it anew, and to drop the old one would delete the rows that refer to it. So foreign keys
   * are off, which they can be before the transaction only, and are checked before its commit. The pool forgets the setting.
   */
  override async beforeMigration(): Promise<void> {
    await this.query(foreignKeysOff)
    this.#orphans = await this.#countOrphans()
  }

  override async afterMigration(): Promise<void> {
    this.#orphans = undefined
    await this.query('PRAGMA foreign_keys = ON')
  }

  /** Rows that refer to none, by their table. A file that was written without foreign keys may have had some before. */
  async #countOrphans(): Promise<Map<string, number> | undefined> {
    try {
      const sql = 'SELECT "table" AS name, count(*) AS count FROM pragma_foreign_key_check GROUP BY 1'
      const rows = await this.query<{ name: string; count: number }[]>(sql)
      return new Map(rows.map(({ name, count }) => [name, count]))
    } catch {
      // A foreign key that refers to no key at all: SQLite cannot check it.
      return undefined
    }
  }

  async #refuseNewOrphans(before: ReadonlyMap<string, number>): Promise<void> {
    const now = await this.#countOrphans()
    const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, count) => sum + count, 0)
    // By all of them: a table may have got another name.
    if (!now || total(now) <= total(before)) return
    const tables = [...now.keys()].filter((name) => (now.get(name) ?? 0) > (before.get(name) ?? 0)).join(', ')
    const origin = new QueryFailedError('COMMIT', [], new Error(`foreign key check failed: ${tables}`))
    throw new ForeignKeyError(origin, `The migration leaves rows of ${tables} that refer to rows which are gone. Mend them in it.`)
  }

  /** Through `query`, so that it works on a runner that has joined a session and has no connection of its own. */
  protected override async loadPragmaRecords(tablePath: string, pragma: string): Promise<unknown> {
    const [name = '', schema] = tablePath.split('.').reverse()
    return this.query(`PRAGMA ${schema === undefined ? '' : `"${schema}".`}${pragma}("${name}")`)
  }

  /** Runs one statement. @returns Rows of a SELECT or RETURNING; else the last inserted row id. */
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
  override query<Raw = unknown>(sql: string, parameters?: unknown[], structured?: boolean): Promise<Raw>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    const result = await this.run(sql, parameters)
    return structured ? result : result.raw
  }

  run(sql: string, parameters: readonly unknown[], form: RowForm = 'records'): Eventual<StatementResult> {
    const connection = this.isReleased ? undefined : this.#connection
    return connection
      ? this.#query(connection, sql, parameters, form)
      : this.#acquire().then((acquired) => this.#query(acquired, sql, parameters, form))
  }

  #query(connection: Connection, sql: string, parameters: readonly unknown[], form: RowForm): Eventual<StatementResult> {
    return runStatement(this, sql, parameters, (values) => this.#send(connection, sql, values, form), connection.explain)
  }

  /** Runs a statement: in the call itself, unless a lock has to be waited for. */
  #send(connection: Connection, sql: string, values: unknown[], form: RowForm): Eventual<Answer> {
    const { connections } = this.driver
    const end = (): void => {
      this.#deadline = undefined
      if (!connection.native.inTransaction) this.#giveLockBack()
    }
    try {
      const statement = connection.statements.of(sql)
      if (statement.isReadOnly || (this.#unlock && !this.#beginPutOff)) {
        const answer = answered(execute(connection, statement, sql, values, form))
        end()
        return answer
      }
    } catch (error) {
      if (!isBusy(error)) {
        end()
        throw error
      }
    }
    const deadline = (this.#deadline ??= connections.deadline)
    return connections
      .patiently(deadline, () => this.#executeLocked(connection, sql, values, form, deadline))
      .then(answered)
      .finally(end)
  }

  async #executeLocked(connection: Connection, sql: string, values: unknown[], form: RowForm, deadline: number): Promise<StatementResult> {
    const statement = connection.statements.of(sql)
    if (!statement.isReadOnly) {
      // Callers of one runner share one lock: each waiting for its own would wait for itself.
      if (!this.#unlock) {
        this.#locking ??= this.driver.connections.lockForWriting(deadline)
        this.#unlock = await this.#locking
        this.#locking = undefined
      }
      if (this.#beginPutOff) await this.#beginNow()
    }
    return execute(connection, statement, sql, values, form)
  }

  #giveLockBack(): void {
    const [unlock, locking] = [this.#unlock, this.#locking]
    this.#unlock = undefined
    this.#locking = undefined
    unlock?.()
    locking?.then(
      (late) => late(),
      () => undefined,
    )
  }
}

function execute(connection: Connection, statement: Statement, sql: string, values: unknown[], form: RowForm): StatementResult {
  connection.hasTraces ||= statement.leavesTraces
  const run = (): StatementResult => resultOf(statement, values, form)
  return movesAside.test(sql) ? connection.withoutFollowing(run) : run()
}

function answered(result: StatementResult): Answer {
  return { result, native: result.raw }
}

function resultOf(statement: Statement, values: unknown[], form: RowForm): StatementResult {
  const result = new StatementResult()
  if (statement.isReader && form === 'lists') {
    const lists = statement.lists(values)
    result.raw = lists
    result.lists = lists
  } else if (statement.isReader) {
    const rows = statement.rows(values)
    result.raw = rows
    result.records = rows
  } else {
    const { changes, lastInsertRowid } = statement.run(values)
    result.affected = changes
    result.raw = lastInsertRowid
  }
  return result
}

/** Version of SQLite itself. */
function versionOf(native: NativeDatabase): string {
  const [row]: readonly unknown[] = native.prepare('SELECT sqlite_version() AS version').all()
  return isObject(row) ? String(Reflect.get(row, 'version')) : ''
}

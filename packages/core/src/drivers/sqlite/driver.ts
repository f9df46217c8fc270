import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { DateTime } from 'luxon'
import { type ObjectLiteral, QueryResult, QueryRunnerAlreadyReleasedError, type Table, TransactionNotStartedError } from 'typeorm'
import type { ColumnMetadata } from '../internals.js'
import { PoolTimeoutError, RolledBackError, UnsupportedError } from '../../errors.js'
import type { DatabaseFailure } from '../database-error.js'
import type { ConnectionStatus, DatabaseDriver, DriverRunner, LazyDataSource, LeasePurpose, PoolOptions, PoolStatus } from '../driver.js'
import { controlsTransaction } from './statements.js'
import { Semaphore } from '../../semaphore.js'
import { runStatement } from '../statement.js'
import type { DatabaseUri } from '../../uri.js'
import { type BetterSqlite3DataSourceOptions, BetterSqlite3Driver, BetterSqlite3QueryRunner, type IsolationLevel } from '../internals.js'

/** The part of better-sqlite3's `Statement` that we use; its types are no dependency of ours. */
interface NativeStatement {
  readonly reader: boolean
  readonly readonly: boolean
  all(...parameters: unknown[]): ObjectLiteral[]
  columns(): { readonly type: string | null }[]
  safeIntegers(on: boolean): this
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint }
}

/** The part of better-sqlite3's `Database` that we use. */
interface NativeDatabase {
  readonly open: boolean
  readonly inTransaction: boolean
  prepare(sql: string): NativeStatement
  pragma(source: string): unknown
  exec(sql: string): unknown
  close(): void
}

/** One native connection with the statements that were prepared on it. */
interface Connection {
  readonly native: NativeDatabase
  readonly statements: Map<string, NativeStatement>
  /** Those whose whole numbers are read as `bigint`. */
  readonly wide: WeakSet<NativeStatement>
}

/** A connection that somebody holds. */
interface Leased {
  readonly connection: Connection
  readonly giveBack: () => void
}

/** Prepared statements kept per connection; the oldest goes first. */
const statementCacheSize = 200

/** One writer at a time per file in this process; keyed by the file's real path, so that two databases agree. */
const writeLocks = new Map<string, Semaphore>()

/**
 * SQLite through better-sqlite3, made safe for overlapping requests.
 *
 * TypeORM gives all callers one query runner on one connection; here each caller leases a connection of a small pool
 * (in WAL mode readers do not wait for the writer), and writers take turns by a lock in JavaScript: the native busy
 * wait blocks the event loop, and can never succeed inside one process. `:memory:` is one connection, leased whole.
 */
export class SqliteDriver extends BetterSqlite3Driver implements DatabaseDriver {
  readonly kind = 'sqlite'
  readonly capabilities = {
    insertReturning: true,
    updateReturning: true,
    defaultValues: true,
    singleWriter: true,
    rowLocks: false,
    localSettings: false,
    ddlCommits: false,
    inlineForeignKeys: true,
    nullsOrder: true,
    maxParameters: 32_766,
  }
  readonly pooling: PoolOptions
  declare readonly dataSource: LazyDataSource
  readonly #permits: Semaphore
  readonly #idle: Connection[] = []
  #writeLock: Semaphore | undefined
  #leased = 0
  #closed = false

  constructor(dataSource: LazyDataSource, pooling: PoolOptions) {
    super(dataSource)
    this.pooling = { ...pooling, poolSize: this.#isMemory ? 1 : pooling.poolSize }
    this.#permits = new Semaphore(this.pooling.poolSize)
  }

  get pool(): PoolStatus {
    return { size: this.pooling.poolSize, leased: this.#leased, waiting: this.#permits.waiting }
  }

  get #isMemory(): boolean {
    return this.options.database === ':memory:'
  }

  override async connect(): Promise<void> {
    this.#closed = false
    this.#idle.push(await this.#open())
  }

  override async disconnect(): Promise<void> {
    this.#closed = true
    for (const { native } of this.#idle.splice(0)) native.close()
  }

  override createQueryRunner(): SqliteRunner {
    return new SqliteRunner(this)
  }

  async lease(purpose: LeasePurpose): Promise<SqliteRunner> {
    // The lock comes first: a writer that waits for it must not keep a connection from the readers. Who holds it needs
    // no permit (it is one connection more at the most), so that readers who come to write can never lock it out.
    const unlock = purpose === 'write' && !this.#isMemory ? await this.lockForWriting() : undefined
    const runner = new SqliteRunner(this, unlock)
    try {
      await runner.connect()
      return runner
    } catch (error) {
      unlock?.()
      throw error
    }
  }

  /** Waits until no other writer of this process is at work. @returns Lets the next writer in. */
  async lockForWriting(): Promise<() => void> {
    // The only connection of a database in memory is the lock.
    if (this.#isMemory) return () => {}
    this.#writeLock ??= writeLockOf(this.options.database)
    return this.#writeLock.acquire(this.#patience())
  }

  /** @internal A connection, and what gives it back. @param asWriter The caller holds the write lock. */
  async take(asWriter: boolean): Promise<Leased> {
    const release = asWriter ? () => {} : await this.#permits.acquire(this.#patience())
    this.#leased += 1
    const giveUp = (): void => {
      this.#leased -= 1
      release()
    }
    try {
      const connection = this.#idle.pop() ?? (await this.#open())
      const giveBack = (): void => {
        if (this.#closed) connection.native.close()
        else if (connection.native.open) this.#idle.push(connection)
        giveUp()
      }
      return { connection, giveBack }
    } catch (error) {
      giveUp()
      throw error
    }
  }

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map((value) => {
      if (typeof value === 'boolean') return value ? 1 : 0
      if (value instanceof Date) return datetimeText(value)
      if (DateTime.isDateTime(value)) return datetimeText(value.toJSDate())
      return value
    })
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  /** SQLite says so itself: `inTransaction`. */
  endsTransaction(): boolean {
    return false
  }

  async withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>, drops: boolean): Promise<T> {
    // A table that refers to one that is gone cannot be dropped otherwise; inside a transaction the pragma does nothing.
    if (drops) await runner.query('PRAGMA foreign_keys = OFF')
    try {
      await runner.begin()
      const result = await work()
      await runner.commit()
      return result
    } catch (error) {
      await runner.rollback()
      throw error
    } finally {
      if (drops) await runner.query('PRAGMA foreign_keys = ON')
    }
  }

  isSystemTable(name: string): boolean {
    return name.startsWith('sqlite_')
  }

  /** TypeORM writes them into CREATE TABLE. */
  addChecks(): Promise<void> {
    return Promise.resolve()
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
      if (spread) return (value as unknown[]).map(place).join(', ')
      // TypeORM's own marker for SQL text (Raw, update(() => 'now()')); data can never be a function.
      return typeof value === 'function' ? String(value()) : place(value)
    })
    return [text, this.bind(values)]
  }

  /** Six digits after the second, as the Python original writes them, so that texts compare in the order of time. */
  override preparePersistentValue(value: unknown, column: ColumnMetadata): unknown {
    const stored: unknown = super.preparePersistentValue(value, column)
    return isDatetime(column) && typeof stored === 'string' ? stored.replace(/(\.\d{3})$/, '$1000') : stored
  }

  /** A stored text is UTC, whatever the process's time zone and however many digits it has. */
  override prepareHydratedValue(value: unknown, column: ColumnMetadata): unknown {
    return super.prepareHydratedValue(isDatetime(column) && typeof value === 'string' ? isoText(value) : value, column)
  }

  /** Attached to every connection as it is opened, since each native connection has its own list. */
  protected override attachDatabases(): Promise<void> {
    return Promise.resolve()
  }

  async #open(): Promise<Connection> {
    const native = (await this.patiently(() => this.createDatabaseConnection())) as NativeDatabase
    native.pragma('synchronous = FULL')
    for (const { attachHandle, attachFilepathAbsolute } of Object.values(this.attachedDatabases ?? {})) {
      native.exec(`ATTACH "${attachFilepathAbsolute}" AS "${attachHandle}"`)
    }
    return { native, statements: new Map(), wide: new WeakSet() }
  }

  /** @internal Tries again while another process holds the file, without blocking the event loop. */
  async patiently<T>(work: () => T | Promise<T>): Promise<T> {
    const deadline = Date.now() + this.pooling.poolTimeoutMs
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      try {
        return await work()
      } catch (error) {
        if (codeOf(error) !== 'SQLITE_BUSY' || Date.now() >= deadline) throw error
      }
      await sleep(pause * (0.5 + Math.random() / 2))
    }
  }

  #patience(): { timeoutMs: number; onTimeout: () => Error } {
    const { name, poolTimeoutMs } = this.pooling
    return { timeoutMs: poolTimeoutMs, onTimeout: () => new PoolTimeoutError(name, poolTimeoutMs) }
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
  readonly #isWriter: boolean
  #leased: Promise<Leased> | undefined
  #connection: Connection | undefined
  #locked: Promise<() => void> | undefined
  #beginPutOff = false

  constructor(driver: SqliteDriver, unlock?: () => void) {
    super(driver)
    this.#isWriter = unlock !== undefined
    if (unlock) this.#locked = Promise.resolve(unlock)
  }

  get connectionStatus(): ConnectionStatus {
    const native = this.#connection?.native
    if (native && !native.open) return 'lost'
    return native?.inTransaction ? 'transaction' : 'idle'
  }

  override async connect(): Promise<NativeDatabase> {
    return (await this.#lease()).native
  }

  async #lease(): Promise<Connection> {
    if (this.isReleased) throw new QueryRunnerAlreadyReleasedError()
    if (this.#connection) return this.#connection
    if (!this.driver.dataSource.isInitialized) await this.driver.dataSource.ready()
    this.#leased ??= this.driver.take(this.#isWriter)
    this.#connection = (await this.#leased).connection
    return this.#connection
  }

  override async release(): Promise<void> {
    if (this.isReleased) return
    this.isReleased = true
    await super.release()
    const leased = await this.#leased?.catch(() => undefined)
    try {
      if (leased?.connection.native.inTransaction) leased.connection.native.exec('ROLLBACK')
    } catch {
      // Nobody knows what state it is in.
      leased?.connection.native.close()
    }
    leased?.giveBack()
    await this.#unlock()
  }

  async begin(_isolation?: IsolationLevel): Promise<void> {
    await this.query('BEGIN IMMEDIATE')
    this.isTransactionActive = true
  }

  async commit(): Promise<void> {
    // ON CONFLICT ROLLBACK, a full disk and the like end the transaction behind our back.
    if (this.connectionStatus !== 'transaction') throw new RolledBackError(this.driver.pooling.name)
    await this.query('COMMIT')
    this.isTransactionActive = false
  }

  async rollback(): Promise<void> {
    if (this.connectionStatus === 'transaction') await this.query('ROLLBACK')
    this.isTransactionActive = false
  }

  setLocal(): Promise<void> {
    return Promise.reject(new UnsupportedError('A setting of a transaction on SQLite', 'Give the value to each statement.'))
  }

  /** A statement has ended before anybody else runs. */
  abort(): void {}

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
    outermost: () => Promise<void>,
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

  /** Through `query`, so that it works on a runner that has joined a session and has no connection of its own. */
  protected override async loadPragmaRecords(tablePath: string, pragma: string): Promise<unknown> {
    const [name = '', schema] = tablePath.split('.').reverse()
    return this.query(`PRAGMA ${schema === undefined ? '' : `"${schema}".`}${pragma}("${name}")`)
  }

  /** Runs one statement. @returns Rows of a SELECT or RETURNING; else the last inserted row id. */
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<QueryResult>
  override query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    const connection = await this.#lease()
    try {
      const result = await runStatement(
        this,
        sql,
        parameters,
        async (values) => {
          const answer = await this.driver.patiently(() => this.#execute(connection, sql, values))
          return { result: answer, native: answer.raw }
        },
        (error) => ({ failure: failureOf(error), withoutValues }),
      )
      return structured ? result : result.raw
    } finally {
      if (!connection.native.inTransaction) await this.#unlock()
    }
  }

  async #execute(connection: Connection, sql: string, values: unknown[]): Promise<QueryResult> {
    const statement = prepared(connection, sql)
    if (!statement.readonly) {
      // Callers of one runner share one lock: each waiting for its own would wait for itself.
      this.#locked ??= this.driver.lockForWriting()
      await this.#locked
      if (this.#beginPutOff) await this.#beginNow()
    }
    const result = new QueryResult()
    if (statement.reader) {
      const records = statement.all(...values)
      result.raw = records
      result.records = records
      if (connection.wide.has(statement)) for (const record of records) narrow(record)
    } else {
      const { changes, lastInsertRowid } = statement.run(...values)
      result.affected = changes
      result.raw = lastInsertRowid
    }
    return result
  }

  async #unlock(): Promise<void> {
    const locked = this.#locked
    this.#locked = undefined
    ;(await locked?.catch(() => undefined))?.()
  }
}

function prepared({ native, statements, wide }: Connection, sql: string): NativeStatement {
  let statement = statements.get(sql)
  if (!statement) {
    statement = native.prepare(sql)
    statements.set(sql, statement)
    // A double ends at 2^53: what may be a number of 64 bits (a `bigint`, or an expression) is read with all its digits.
    if (statement.reader && statement.columns().some(({ type }) => type === null || type.toLowerCase() === 'bigint')) {
      wide.add(statement.safeIntegers(true))
    }
    const [oldest] = statements.keys()
    if (statements.size > statementCacheSize && oldest !== undefined) statements.delete(oldest)
  }
  return statement
}

/** Whole numbers that a double holds exactly are numbers again. */
function narrow(record: ObjectLiteral): void {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) record[name] = Number(value)
  }
}

function writeLockOf(file: string): Semaphore {
  const path = realpathSync(file)
  let lock = writeLocks.get(path)
  if (!lock) writeLocks.set(path, (lock = new Semaphore(1)))
  return lock
}

function isDatetime(column: ColumnMetadata): boolean {
  return column.type === 'datetime' || column.type === Date
}

function datetimeText(date: Date): string {
  return date.toISOString().replace('T', ' ').replace('Z', '000')
}

/** `2026-01-01 10:00:00.123456` to `2026-01-01T10:00:00.123Z`; a text with a zone of its own stays. */
function isoText(text: string): string {
  return text.replace(/^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(\.\d{1,3})?\d*$/, '$1T$2$3Z')
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** Extended result codes of SQLite, https://www.sqlite.org/rescode.html */
function failureOf(error: Error): DatabaseFailure | undefined {
  switch (codeOf(error)) {
    case 'SQLITE_CONSTRAINT_UNIQUE':
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
    case 'SQLITE_CONSTRAINT_ROWID':
      return { kind: 'unique', columns: columnsIn(error.message) }
    case 'SQLITE_CONSTRAINT_NOTNULL':
      return { kind: 'not-null', columns: columnsIn(error.message) }
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
      return { kind: 'foreign-key' }
    case 'SQLITE_CONSTRAINT_CHECK':
      return { kind: 'check' }
    case 'SQLITE_BUSY_SNAPSHOT':
      return { kind: 'serialization' }
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return { kind: 'lock-timeout' }
    default:
      return undefined
  }
}

/** A path in JSON and an expression of a full-text search are values, which SQLite quotes. */
function withoutValues(message: string): string {
  return message.replace(/((?:bad )?JSON path(?: error near)?:?|malformed MATCH expression:|fts5: .*? near) .*$/s, '$1 …')
}

/** `UNIQUE constraint failed: user.email, user.name` names the columns; that of an expression index does not. */
function columnsIn(message: string): string[] {
  const [, list] = /constraint failed: (?!index )(.+)$/.exec(message) ?? []
  return list?.split(', ').map((name) => name.slice(name.lastIndexOf('.') + 1)) ?? []
}

/** TypeORM's options for an SQLite URI. */
export function sqliteOptions(uri: DatabaseUri): BetterSqlite3DataSourceOptions {
  const database = uri.file ?? ':memory:'
  // No native busy wait: it would block the event loop, and the holder of the lock with it.
  return { type: 'better-sqlite3', database, timeout: 0, enableWAL: database !== ':memory:' }
}

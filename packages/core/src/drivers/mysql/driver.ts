import { createHash } from 'node:crypto'
import { type ReadStream, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { DateTime } from 'luxon'
import {
  type EntityMetadata,
  type ObjectLiteral,
  QueryFailedError,
  type QueryResult,
  QueryRunnerAlreadyReleasedError,
  type Table,
  type TableColumn,
  TransactionNotStartedError,
} from 'typeorm'
import {
  CommitUnknownError,
  ConnectionFailedError,
  ConnectionLostError,
  DdlInScopeError,
  InvalidUriError,
  PoolTimeoutError,
  RolledBackError,
} from '../../errors.js'
import type { DatabaseUri } from '../../uri.js'
import { type DatabaseFailure, databaseError } from '../database-error.js'
import {
  type ConnectionStatus,
  type DatabaseDriver,
  type DriverCapabilities,
  type DriverRunner,
  type LazyDataSource,
  type PoolOptions,
  type PoolStatus,
  type SchemaChange,
  StatementResult,
} from '../driver.js'
import { Connection, type NativeConnection, type NativeError, type NativeField } from './connection.js'
import { commitsTransaction, controlsTransaction, leavesTraces } from './statements.js'
import { Semaphore } from '../../semaphore.js'
import { type Answer, type Refusal, runStatement } from '../statement.js'
import {
  type ColumnMetadata,
  type IsolationLevel,
  type MysqlDataSourceOptions,
  MysqlQueryRunner,
  MysqlDriver as TypeormDriver,
} from '../internals.js'

/** A connection that was idle for longer is asked for a sign of life before use: a firewall may have cut it off silently. */
const unaskedMs = 30_000
/** How long a process waits for another that changes the schema, in seconds. */
const schemaLockSeconds = 60

/** Bit of the server's status, in the answer to every statement without rows: a transaction is open. */
const inTransaction = 1

/** Numbers of types of columns in the protocol. */
const nativeTypes = { bigint: 8, decimal: 246 } as const

/** Errors with which the server, or at least we (5.7), take the whole transaction for lost: https://mariadb.com/kb/en/mariadb-error-codes/ */
const transactionEnds = new Set([1213, 1205, 1020, 1206, 1614, 1637])

/** A connection that somebody holds. */
interface Leased {
  readonly connection: Connection
  /** Back to the pool. */
  readonly giveBack: () => void
  /** Back to the pool, after the server has forgotten what was set on it. */
  readonly giveBackReset: () => Promise<void>
  /** Closed: nobody knows what state it is in. */
  readonly discard: () => void
}

/**
 * MySQL and MariaDB through mysql2.
 *
 * The pool is ours: mysql2's has no limit to the wait for a connection, gives open transactions to the next borrower, and
 * listens for errors only once. Every connection is UTC, utf8mb4 and READ COMMITTED (a server that keeps a binary log needs
 * `binlog_format` ROW or MIXED for that); `sql_mode` is the server's, which is strict unless somebody changed it.
 */
export class MysqlDriver extends TypeormDriver implements DatabaseDriver {
  readonly kind = 'mysql'
  override readonly pool: PoolStatus
  readonly pooling: PoolOptions
  declare readonly dataSource: LazyDataSource
  readonly #permits: Semaphore
  readonly #idle: Connection[] = []
  #capabilities: DriverCapabilities = {
    // MariaDB has it; the server tells when it is first met.
    insertReturning: false,
    updateReturning: false,
    defaultValues: false,
    singleWriter: false,
    rowLocks: true,
    localSettings: true,
    ddlCommits: true,
    inlineForeignKeys: true,
    nullsOrder: false,
    decimalSum: 'SUM',
    maxParameters: 65_535,
  }
  #closed = false

  constructor(dataSource: LazyDataSource, pooling: PoolOptions) {
    super(dataSource)
    this.pooling = pooling
    const permits = new Semaphore(pooling.poolSize)
    this.#permits = permits
    this.pool = {
      size: pooling.poolSize,
      get leased() {
        return permits.size - permits.free
      },
      get waiting() {
        return permits.waiting
      },
    }
  }

  get capabilities(): DriverCapabilities {
    return this.#capabilities
  }

  // ------------------------------------------------------------------------------------------------ the pool

  override async connect(): Promise<void> {
    this.#closed = false
    const connection = await this.#open(this.pooling.poolTimeoutMs)
    const rows = (await connection.send('SELECT VERSION() AS version, DATABASE() AS name')) as { version: string; name: string | null }[]
    this.#giveBack(connection)
    const { version = '', name = null } = rows[0] ?? {}
    this.#meet(version, name ?? undefined)
  }

  /** Both servers answer to either scheme; what they can do follows the server. */
  #meet(version: string, database: string | undefined): void {
    const isMariadb = /mariadb/i.test(version)
    this.version = /^[\d.]+/.exec(version)?.[0] ?? version
    this.database ??= database ?? ''
    this.options = { ...this.options, type: isMariadb ? 'mariadb' : 'mysql' }
    this.cteCapabilities = { ...this.cteCapabilities, enabled: isAtLeast(this.version, isMariadb ? [10, 2] : [8, 0]) }
    this.#capabilities = { ...this.#capabilities, insertReturning: isMariadb && isAtLeast(this.version, [10, 5]) }
  }

  override async disconnect(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()))
  }

  override createQueryRunner(): MysqlRunner {
    return new MysqlRunner(this, 'master')
  }

  async lease(): Promise<MysqlRunner> {
    const runner = this.createQueryRunner()
    await runner.connect()
    return runner
  }

  /** @internal A connection, and what gives it back. */
  async take(): Promise<Leased> {
    const { name, poolTimeoutMs } = this.pooling
    const deadline = Date.now() + poolTimeoutMs
    const release = await this.#permits.acquire({ timeoutMs: poolTimeoutMs, onTimeout: () => new PoolTimeoutError(name, poolTimeoutMs) })
    try {
      const connection = (await this.#fromPool()) ?? (await this.#open(Math.max(1, deadline - Date.now())))
      return {
        connection,
        giveBack: () => {
          this.#giveBack(connection)
          release()
        },
        giveBackReset: async () => {
          try {
            await connection.within(poolTimeoutMs, () => this.#reset(connection))
            this.#giveBack(connection)
          } catch {
            connection.destroy()
          } finally {
            release()
          }
        },
        discard: () => {
          connection.destroy()
          release()
        },
      }
    } catch (error) {
      release()
      throw error
    }
  }

  /** The connection that was used last and is still good; the pool shrinks to what is needed. */
  async #fromPool(): Promise<Connection | undefined> {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      const { poolRecycleMs, poolTimeoutMs } = this.pooling
      const now = Date.now()
      if (connection.lost) connection.destroy()
      else if (poolRecycleMs > 0 && now - connection.openedAt > poolRecycleMs) void connection.end()
      else if (now - connection.idleSince < unaskedMs || (await isAlive(connection, Math.min(1_000, poolTimeoutMs)))) return connection
    }
    return undefined
  }

  #giveBack(connection: Connection): void {
    if (connection.lost) return connection.destroy()
    if (this.#closed) return void connection.end()
    connection.idleSince = Date.now()
    this.#idle.push(connection)
  }

  async #open(timeoutMs: number): Promise<Connection> {
    const options: object = await this.createConnectionOptions(this.options, this.options)
    const mysql2 = this.mysql as { createConnection(options: object): NativeConnection }
    // JSON as text: mysql2 and TypeORM would both parse it, and a string of digits would become a number.
    const connection = new Connection(mysql2.createConnection({ jsonStrings: true, ...options }))
    try {
      await connection.within(timeoutMs, async () => {
        await connection.opened()
        await this.#prepare(connection)
      })
      return connection
    } catch (error) {
      connection.destroy()
      // A host of several addresses: the first tells as much as all.
      throw new ConnectionFailedError(this.pooling.name, error instanceof AggregateError ? error.errors[0] : error)
    }
  }

  /** @internal Ends a connection on the server too: it goes on with its statement, and keeps its locks, when the client has gone. */
  async kill({ native: { threadId } }: Connection): Promise<void> {
    try {
      const other = await this.#open(this.pooling.poolTimeoutMs)
      await other.send(`KILL ${threadId}`)
      await other.end()
    } catch {
      // It has ended by itself, or there is no server any more.
    }
  }

  async #prepare(connection: Connection): Promise<void> {
    const seconds = Math.ceil(this.pooling.poolTimeoutMs / 1_000)
    // Without limits a lock is waited for 50 seconds, and the lock of a table's schema for a day.
    const limits = `innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}`
    // mysql2 quotes values with backslashes: a server that reads none would take a value for SQL.
    const mode = `sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')`
    await connection.send(`SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, time_zone = '+00:00', ${limits}, ${mode}`)
    await connection.send('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  }

  async #reset(connection: Connection): Promise<void> {
    await connection.reset()
    // A reset gives up variables, locks and temporary tables, but stays in the database of the last USE.
    if (this.database) await connection.send(`USE ${this.escape(this.database)}`)
    await this.#prepare(connection)
  }

  // ------------------------------------------------------------------------------------------------ values

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map((value) => (DateTime.isDateTime(value) ? value.toJSDate() : value))
  }

  override isReturningSqlSupported(kind: 'delete' | 'insert' | 'update'): boolean {
    const { insertReturning, updateReturning } = this.#capabilities
    return kind === 'update' ? updateReturning : insertReturning
  }

  // ------------------------------------------------------------------------------------------------ failures

  /** A function that a SELECT calls may write: only the server finds out, as it runs it. */
  isReadOnly(): boolean {
    return false
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  endsTransaction(error: unknown): boolean {
    const origin: unknown = error instanceof QueryFailedError ? error.driverError : error
    return origin instanceof Error && 'errno' in origin && transactionEnds.has(Number(origin.errno))
  }

  /** @internal Why the server refused a statement: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
  failureOf({ errno, message }: NativeError, sql: string): DatabaseFailure | undefined {
    switch (errno) {
      case 1062:
      case 1169:
      case 1586:
        return { kind: 'unique', columns: this.#columnsOfKey(/ for key '(?:[^']*\.)?([^']*)'$/.exec(message)?.[1] ?? '', sql) }
      case 1048:
      case 1364:
        return { kind: 'not-null', columns: /^(?:Column|Field) '([^']*)'/.exec(message)?.slice(1) ?? [] }
      case 1216:
      case 1217:
      case 1451:
      case 1452:
        return { kind: 'foreign-key' }
      case 1146:
        return { kind: 'no-table' }
      case 3819:
      case 4025:
        return { kind: 'check' }
      case 1213:
      case 1614:
        return { kind: 'deadlock' }
      case 1020:
        return { kind: 'serialization' }
      case 1205:
      case 3572:
        return { kind: 'lock-timeout' }
      default:
        return undefined
    }
  }

  /** The server names the key only. A key's name is unique in its table, so the statement's own table comes first. */
  #columnsOfKey(key: string, sql: string): string[] {
    const [, table] = /\b(?:into|update|from|table)\s+(?:`[^`]+`\.)?`?([^\s`(]+)/i.exec(sql) ?? []
    const own = this.dataSource.entityMetadatas.find(({ tableName }) => tableName === table)
    if (key === 'PRIMARY') return own?.primaryColumns.map(({ databaseName }) => databaseName) ?? []
    for (const metadata of own ? [own, ...this.dataSource.entityMetadatas] : this.dataSource.entityMetadatas) {
      const columns = columnsOfIndex(metadata, key)
      if (columns.length > 0) return columns
    }
    // A key that nobody named is named after its first column.
    return own?.columns.some(({ databaseName }) => databaseName === key) ? [key] : []
  }

  // ------------------------------------------------------------------------------------------------ schema

  async withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>, change: SchemaChange): Promise<T> {
    const drops = change === 'drop'
    const name = lockName(this.database ?? '')
    const sql = 'SELECT GET_LOCK(?, ?) AS isOurs'
    const [row] = (await runner.query(sql, [name, schemaLockSeconds])) as { isOurs: unknown }[]
    if (Number(row?.isOurs) !== 1) {
      throw databaseError(new QueryFailedError(sql, [], new Error('Another process holds it')), { kind: 'lock-timeout' })
    }
    try {
      // A schema change waits for the transactions that use the table.
      await runner.query(`SET lock_wait_timeout = ${schemaLockSeconds}`)
      if (drops) await runner.query('SET FOREIGN_KEY_CHECKS = 0')
      return await work()
    } finally {
      // If the connection is lost, so are the lock and the setting.
      if (runner.connectionStatus !== 'lost') {
        if (drops) await runner.query('SET FOREIGN_KEY_CHECKS = 1')
        await runner.query('DO RELEASE_LOCK(?)', [name])
      }
    }
  }

  /** Those of the server are in databases of their own. */
  isSystemTable(): boolean {
    return false
  }

  /** TypeORM leaves them out, as MySQL did before 8.0.16. */
  async addChecks(runner: DriverRunner, table: Table): Promise<void> {
    for (const { name = '', expression = '' } of table.checks) {
      await runner.query(`ALTER TABLE ${this.#path(table)} ADD CONSTRAINT ${this.escape(name)} CHECK (${expression})`)
    }
  }

  async dropTable(runner: DriverRunner, table: Table): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${this.#path(table)}`)
  }

  #path({ name }: Table): string {
    return name
      .split('.')
      .map((part) => this.escape(part))
      .join('.')
  }

  /** A boolean is `tinyint(1)`, as other clients know it. */
  override createFullType(column: TableColumn): string {
    return column.type === 'tinyint' ? 'tinyint(1)' : super.createFullType(column)
  }

  /** TypeORM's default of a stamp has six digits, which a column of three refuses. */
  override normalizeDefault(column: ColumnMetadata): string | undefined {
    return withPrecision(super.normalizeDefault(column), column.precision)
  }

  override findChangedColumns(columns: TableColumn[], metadata: ColumnMetadata[]): ColumnMetadata[] {
    for (const column of metadata) {
      const onUpdate = withPrecision(column.onUpdate, column.precision)
      if (onUpdate !== undefined) column.onUpdate = onUpdate
    }
    return super.findChangedColumns(columns, metadata)
  }
}

/**
 * One leased connection.
 *
 * It knows from the server's answers whether a transaction is open, and refuses what would end it behind the session's
 * back. When an error has ended the transaction, everything but a rollback is refused: the server would take it without
 * a transaction.
 */
export class MysqlRunner extends MysqlQueryRunner implements DriverRunner {
  declare driver: MysqlDriver
  #leased: Promise<Leased> | undefined
  #connection: Connection | undefined
  #isInTransaction = false
  /** Whether only `commit` and `rollback` may end the transaction: it is a session's. */
  #isGuarded = false
  /** What ended the transaction before its time. */
  #end: unknown
  #underWay = 0
  #hasTraces = false

  get connectionStatus(): ConnectionStatus {
    if (this.#connection?.lost) return 'lost'
    if (this.#end !== undefined) return 'failed'
    return this.#isInTransaction ? 'transaction' : 'idle'
  }

  override async connect(): Promise<NativeConnection> {
    return (await this.#lease()).native
  }

  async #lease(): Promise<Connection> {
    if (this.isReleased) throw new QueryRunnerAlreadyReleasedError()
    if (this.#connection) return this.#connection
    if (!this.driver.dataSource.isInitialized) await this.driver.dataSource.ready()
    this.#leased ??= this.driver.take()
    this.#connection = (await this.#leased).connection
    return this.#connection
  }

  override async release(): Promise<void> {
    if (this.isReleased) return
    this.isReleased = true
    const leased = await this.#leased?.catch(() => undefined)
    if (!leased) return
    if (this.connectionStatus !== 'idle' || this.#underWay > 0) leased.discard()
    else if (this.#hasTraces) await leased.giveBackReset()
    else leased.giveBack()
  }

  // ------------------------------------------------------------------------------------------------ transactions

  async begin(isolation?: IsolationLevel): Promise<void> {
    await this.#begin(isolation)
    this.#isGuarded = true
  }

  async #begin(isolation?: IsolationLevel): Promise<void> {
    if (isolation) {
      const hadTraces = this.#hasTraces
      await this.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`)
      // It holds for the next transaction only, which is this one.
      this.#hasTraces = hadTraces
    }
    await this.query('START TRANSACTION')
    this.isTransactionActive = true
  }

  async commit(): Promise<void> {
    const { name } = this.driver.pooling
    const lost = this.#connection?.lost
    if (lost) throw new ConnectionLostError(name, lost)
    if (this.connectionStatus !== 'transaction') throw new RolledBackError(name, this.#end)
    await this.#commit()
  }

  async #commit(): Promise<void> {
    this.#isGuarded = false
    try {
      await this.query('COMMIT')
    } catch (error) {
      if (error instanceof ConnectionLostError) throw new CommitUnknownError(this.driver.pooling.name, error.cause)
      this.#end ??= error
      throw error
    }
    this.isTransactionActive = false
  }

  async rollback(): Promise<void> {
    this.#isGuarded = false
    const { connectionStatus } = this
    if (connectionStatus === 'transaction' || connectionStatus === 'failed') {
      this.#end = undefined
      await this.query('ROLLBACK').catch((error: unknown) => {
        // A connection that is lost has rolled back already.
        if (!(error instanceof ConnectionLostError)) throw error
      })
    }
    this.isTransactionActive = false
  }

  /** They are variables of the connection, which a rollback leaves as they are; the connection is reset when it goes back. */
  async setLocal(settings: ReadonlyMap<string, string | null>): Promise<void> {
    const names = Array.from(settings.keys(), (key) => `@${this.driver.escape(key)} = ?`)
    await this.query(`SET ${names.join(', ')}`, [...settings.values()])
  }

  abort(): void {
    const connection = this.#connection
    if (!connection || connection.lost || this.#underWay === 0) return
    connection.destroy()
    void this.driver.kill(connection)
  }

  override async startTransaction(isolation: IsolationLevel | undefined = this.driver.options.isolationLevel): Promise<void> {
    if (this.transactionDepth > 0) return super.startTransaction(isolation)
    await this.broadcaster.broadcast('BeforeTransactionStart')
    await this.#begin(isolation)
    this.transactionDepth = 1
    await this.broadcaster.broadcast('AfterTransactionStart')
  }

  override async commitTransaction(): Promise<void> {
    if (!this.isTransactionActive) throw new TransactionNotStartedError()
    if (this.transactionDepth > 1) return super.commitTransaction()
    await this.broadcaster.broadcast('BeforeTransactionCommit')
    if (this.#end !== undefined) throw new RolledBackError(this.driver.pooling.name, this.#end)
    // Unlike a session's, such a transaction may have been committed by a schema change: TypeORM's migrations do that.
    await this.#commit()
    this.transactionDepth = 0
    await this.broadcaster.broadcast('AfterTransactionCommit')
  }

  override async rollbackTransaction(): Promise<void> {
    if (!this.isTransactionActive) throw new TransactionNotStartedError()
    if (this.transactionDepth > 1) return super.rollbackTransaction()
    await this.broadcaster.broadcast('BeforeTransactionRollback')
    await this.rollback()
    this.transactionDepth = 0
    await this.broadcaster.broadcast('AfterTransactionRollback')
  }

  // ------------------------------------------------------------------------------------------------ statements

  /** Runs one statement. @returns Rows; without rows, mysql2's header of the answer. */
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<QueryResult>
  override query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    const connection = await this.#lease()
    this.#admit(sql)
    const send = (values: unknown[]): Promise<Answer> => this.#send(connection, sql, values)
    try {
      const result = await runStatement(this, sql, parameters, send, (error) => this.#explain(connection, error, sql))
      return structured ? result : result.raw
    } catch (error) {
      if (this.#isInTransaction && this.driver.endsTransaction(error)) this.#end ??= error
      throw error
    }
  }

  async #send(connection: Connection, sql: string, values: unknown[]): Promise<Answer> {
    this.#underWay += 1
    try {
      let fields: readonly NativeField[] = []
      const native = await connection.send(sql, values, (each) => (fields = each))
      this.#follow(native)
      return { result: resultOf(native, fields), native }
    } finally {
      this.#underWay -= 1
    }
  }

  /** @throws {DdlInScopeError} It would commit the session's transaction. @throws {RolledBackError} The transaction is over. */
  #admit(sql: string): void {
    const { name } = this.driver.pooling
    if (this.#end !== undefined) throw new RolledBackError(name, this.#end)
    if (this.#isGuarded && this.#isInTransaction && commitsTransaction(sql)) throw new DdlInScopeError(name)
    this.#hasTraces ||= leavesTraces(sql)
  }

  /** Takes the server's word for whether a transaction is open; an answer with rows does not say. */
  #follow(raw: unknown): void {
    const header: unknown = Array.isArray(raw) ? raw.at(-1) : raw
    const status = isHeader(header) ? header.serverStatus : undefined
    if (status === undefined) return
    const isOpen = (status & inTransaction) !== 0
    // A procedure, say, that the first word does not give away.
    if (this.#isGuarded && this.#isInTransaction && !isOpen) this.#end ??= new Error('A statement ended the transaction')
    this.#isInTransaction = isOpen
  }

  #explain({ lost }: Connection, error: NativeError, sql: string): Refusal | Error {
    if (lost) return new ConnectionLostError(this.driver.pooling.name, lost)
    return { failure: this.driver.failureOf(error, sql), withoutValues }
  }

  override async stream(
    sql: string,
    parameters: unknown[] = [],
    onEnd?: () => void,
    onError?: (error: Error) => void,
  ): Promise<ReadStream> {
    const connection = await this.#lease()
    this.#admit(sql)
    const values = this.driver.bind(parameters)
    this.driver.dataSource.logger.logQuery(sql, values, this)
    this.#underWay += 1
    const query = connection.native.query({ sql, values })
    const stream = query.stream()
    if (onEnd) query.on('end', onEnd)
    if (onError) stream.on('error', onError)
    // mysql2 does not tell who reads a stream that the connection is gone.
    const onLost = (error?: NativeError): void => void stream.destroy(error)
    connection.native.on('error', onLost)
    query.once('end', () => {
      this.#underWay -= 1
      connection.native.off('error', onLost)
    })
    return stream as ReadStream
  }

  // ------------------------------------------------------------------------------------------------ schema

  /** Tables may refer to each other in a circle, and to tables that come later. */
  override async createTable(table: Table, ifNotExists?: boolean, createForeignKeys?: boolean): Promise<void> {
    const isAhead = createForeignKeys !== false && table.foreignKeys.length > 0
    if (isAhead) await this.query('SET FOREIGN_KEY_CHECKS = 0')
    try {
      await super.createTable(table, ifNotExists, createForeignKeys)
    } finally {
      if (isAhead && this.connectionStatus !== 'lost') await this.query('SET FOREIGN_KEY_CHECKS = 1')
    }
  }

  /** Without names TypeORM reads the tables of every database of the server. */
  protected override async loadTables(names?: string[]): Promise<Table[]> {
    if (names) return super.loadTables(names)
    const sql = `SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`
    const rows = (await this.query(sql)) as { name: string }[]
    return super.loadTables(rows.map(({ name }) => name))
  }

  protected override buildCreateColumnSql(column: TableColumn, skipPrimary: boolean, skipName?: boolean): string {
    const sql = super.buildCreateColumnSql(column, skipPrimary, skipName)
    return column.onUpdate
      ? sql.replace(` ON UPDATE ${column.onUpdate}`, ` ON UPDATE ${withPrecision(column.onUpdate, column.precision) ?? ''}`)
      : sql
  }
}

/** What mysql2 gives for a statement without rows. */
interface Header {
  readonly affectedRows: number
  readonly serverStatus?: number
}

function isHeader(raw: unknown): raw is Header {
  return typeof raw === 'object' && raw !== null && 'affectedRows' in raw && 'serverStatus' in raw
}

function resultOf(raw: unknown, fields: readonly NativeField[]): QueryResult {
  const result = new StatementResult()
  result.raw = raw
  if (isHeader(raw)) result.affected = raw.affectedRows
  else if (Array.isArray(raw)) result.records = raw as ObjectLiteral[]
  result.wholeNumbers = fields.filter(isWhole).map(({ name }) => name)
  return result
}

/** A `bigint`, or a sum of whole numbers. */
function isWhole({ columnType, decimals }: NativeField): boolean {
  return columnType === nativeTypes.bigint || (columnType === nativeTypes.decimal && decimals === 0)
}

async function isAlive(connection: Connection, timeoutMs: number): Promise<boolean> {
  try {
    await connection.within(timeoutMs, () => connection.ping())
    return true
  } catch {
    connection.destroy()
    return false
  }
}

/** The server quotes the value that it refuses, and the rest of a text that it cannot read. */
function withoutValues(message: string): string {
  return message
    .replace(/\bnear '.*' at line/s, 'near … at line')
    .replace(/\b(value:?|argument:?|entry|out of range in|time zone:) '.*'(?= for | to | at row |$)/s, '$1 …')
    .replace(/\b(Identifier name) '.*'(?= is too long)/s, '$1 …')
}

/** Names of locks are the server's, and end at 64 characters. */
function lockName(database: string): string {
  return `active_alchemy_${createHash('sha1').update(database).digest('hex')}`
}

function columnsOfIndex(metadata: EntityMetadata, key: string): string[] {
  const found = [...metadata.indices, ...metadata.uniques].find(({ name }) => name === key)
  return found?.columns.map(({ databaseName }) => databaseName) ?? []
}

/** `CURRENT_TIMESTAMP(6)` with the digits of its column. */
function withPrecision(text: string | undefined, precision: number | null | undefined): string | undefined {
  if (precision === undefined || precision === null) return text
  return text?.replace(/^CURRENT_TIMESTAMP(?:\(\d*\))?$/i, precision > 0 ? `CURRENT_TIMESTAMP(${precision})` : 'CURRENT_TIMESTAMP')
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** TypeORM's options for a URI of MySQL or MariaDB. */
export function mysqlOptions(uri: DatabaseUri): MysqlDataSourceOptions {
  const { host = '127.0.0.1', port, username, password, database } = uri.server ?? {}
  const socketPath = uri.options['unix_socket']
  const ssl = tlsOptions(uri.options, host)
  return {
    type: uri.scheme === 'mariadb' ? 'mariadb' : 'mysql',
    host,
    ...(port === undefined ? {} : { port }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(ssl === undefined ? {} : { ssl }),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    // A day has no time zone, and would get one as a Date.
    dateStrings: ['DATE'],
  }
}

/**
 * TLS by the options that clients of MySQL know: `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key` (also with `_`), `ssl=true`.
 *
 * @throws {InvalidUriError} It is none of them: a misspelt option must not turn TLS off.
 */
function tlsOptions(options: Readonly<Record<string, string>>, host: string): object | undefined {
  const given = new Map<string, string>()
  for (const [key, value] of Object.entries(options)) {
    if (key.toLowerCase().startsWith('ssl')) given.set(key.toLowerCase().replace(/^ssl[-_]?/, ''), value)
  }
  if (given.size === 0) return undefined
  for (const key of given.keys()) {
    if (!['', 'mode', 'ca', 'cert', 'key'].includes(key))
      throw new InvalidUriError(`it has no option ssl-${key} (it takes ssl-mode, ssl-ca, ssl-cert, ssl-key)`)
  }
  const file = (key: string): object => {
    const path = given.get(key)
    return path === undefined ? {} : { [key]: readFileSync(path, 'utf8') }
  }
  const mode = (given.get('mode') ?? given.get('') ?? 'true').toLowerCase().replaceAll('-', '_')
  const files = { ...file('ca'), ...file('cert'), ...file('key') }
  switch (mode) {
    case 'disabled':
    case 'disable':
    case 'false':
    case '0':
      return undefined
    // Encrypted, to whoever answers; a given authority is checked all the same, as by MySQL's own clients.
    case 'required':
    case 'require':
      return { ...files, rejectUnauthorized: given.has('ca') }
    case 'verify_ca':
    case 'true':
    case '1':
      return { ...files, rejectUnauthorized: true }
    case 'verify_identity':
    case 'verify_full':
      // mysql2 would look for the name localhost in the certificate.
      if (isIP(host)) throw new InvalidUriError(`ssl-mode ${mode} needs the name of the host, not its address`)
      return { ...files, rejectUnauthorized: true, verifyIdentity: true }
    default:
      throw new InvalidUriError(`ssl-mode is ${mode} (it takes disabled, required, verify_ca or verify_identity)`)
  }
}

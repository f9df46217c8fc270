import { AsyncResource } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { DateTime } from 'luxon'
import { type ObjectLiteral, type QueryResult, QueryRunnerAlreadyReleasedError, type Table, type TableColumn } from 'typeorm'
import {
  ActiveAlchemyError,
  CommitUnknownError,
  ConnectionFailedError,
  ConnectionLostError,
  DatabaseClosedError,
  InvalidUriError,
  PoolTimeoutError,
  RolledBackError,
} from '../../errors.js'
import type { DatabaseUri } from '../../uri.js'
import type { DatabaseFailure } from '../database-error.js'
import {
  type ConnectionStatus,
  type DatabaseDriver,
  type DriverRunner,
  type LazyDataSource,
  type LeasePurpose,
  type PoolOptions,
  type PoolStatus,
  StatementResult,
} from '../driver.js'
import { controlsTransaction, type PostgresStatement, PostgresStatements } from './statements.js'
import { Semaphore } from '../../semaphore.js'
import { type Refusal, runStatement } from '../statement.js'
import {
  type ColumnMetadata,
  type IsolationLevel,
  type PostgresDataSourceOptions,
  PostgresQueryRunner,
  PostgresDriver as TypeormPostgresDriver,
} from '../internals.js'

/** The part of pg's `Result` that we use. */
interface NativeResult {
  readonly command: string | null
  readonly rowCount: number | null
  readonly rows: ObjectLiteral[]
  readonly fields: readonly NativeField[]
}

/** A column of rows. */
interface NativeField {
  readonly name: string
  readonly dataTypeID: number
  readonly dataTypeModifier: number
}

/** The part of pg's pooled `Client` that we use; its types are no dependency of ours. */
interface NativeClient extends EventEmitter {
  /** Whether the server has answered everything that was sent. */
  readonly readyForQuery: boolean
  readonly host: string
  readonly port: number
  readonly processID: number | null
  readonly secretKey: number | null
  /** The status of the server's last ReadyForQuery: idle, in a transaction, in a failed one. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null
  query(config: { text: string; values?: unknown[]; name?: string | undefined }): Promise<NativeResult | NativeResult[]>
  release(destroy?: boolean): void
}

/** The part of pg-pool that we use. */
interface NativePool extends EventEmitter {
  connect(): Promise<NativeClient>
  end(): Promise<void>
}

type TypeParser = (text: string) => unknown

/** The part of the package pg that we use. */
interface NativePackage {
  readonly Client: new (config: object) => { getStartupConf(): Record<string, string> }
  readonly types: {
    getTypeParser(oid: number, format?: string): TypeParser
    readonly arrayParser: { create(text: string, element: TypeParser): { parse(): unknown[] } }
  }
}

/** The part of pg's errors that we read. */
interface NativeError extends Error {
  readonly code?: string
  readonly column?: string
  readonly detail?: string
}

/** Oids of types, of which pg reads days and times in the process's time zone. */
const oids = { bigint: 20, date: 1082, numeric: 1700, timestamp: 1114, timestamptz: 1184 } as const
const elementOids: Readonly<Record<number, number>> = { 1115: oids.timestamp, 1182: oids.date }

/** What every session is told as it connects: it costs no statement, and poolers pass it on. */
const sessionSettings = { TimeZone: 'UTC', DateStyle: 'ISO' } as const

/**
 * Takes away what a session may have left behind, but for prepared statements: ours are to be kept. Behind a pooler a reset goes back
 * to the settings of the server, and not to those of the session, so they are said again.
 */
const resetText = [
  'CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES',
  // The encoding is what pg itself tells.
  ...Object.entries({ ...sessionSettings, client_encoding: 'UTF8' }).map(([name, value]) => `SET ${name} = '${value}'`),
].join('; ')

/** A connection that died in the pool fails its first statement within so many milliseconds. */
const staleLimitMs = 1_000

/** How long a process waits for another that changes the schema, in seconds. */
const schemaLockSeconds = 60

/** Sockets are opened in it, so that none keeps the context of the request that happened to need it first. */
const outside = new AsyncResource('ActiveAlchemyPool')

/**
 * PostgreSQL through pg.
 *
 * TypeORM's pool, with a line in front of it that is served in order and for a limited time. A connection goes back only
 * when the server has said that it is idle, and without what its borrower left in it; anything else is destroyed.
 */
export class PostgresDriver extends TypeormPostgresDriver implements DatabaseDriver {
  readonly kind = 'postgres'
  readonly capabilities = {
    insertReturning: true,
    updateReturning: true,
    defaultValues: true,
    singleWriter: false,
    rowLocks: true,
    localSettings: true,
    ddlCommits: false,
    inlineForeignKeys: false,
    nullsOrder: true,
    decimalSum: 'SUM',
    maxParameters: 65_535,
  }
  readonly pooling: PoolOptions
  declare readonly dataSource: LazyDataSource
  declare master: NativePool | undefined
  declare readonly postgres: NativePackage
  /** @internal */
  readonly statements = new PostgresStatements()
  readonly #permits: Semaphore
  readonly #leased = new Set<Connection>()
  readonly #connections = new WeakMap<NativeClient, Connection>()

  constructor(dataSource: LazyDataSource, pooling: PoolOptions) {
    super(dataSource)
    this.pooling = pooling
    this.#permits = new Semaphore(pooling.poolSize)
  }

  get pool(): PoolStatus {
    const { free, size, waiting } = this.#permits
    return { size, leased: size - free, waiting }
  }

  override async connect(): Promise<void> {
    try {
      const pool = (await outside.runInAsyncScope(() => this.createPool(this.options, this.options))) as NativePool
      this.master = pool
      // Before anybody holds it: what a server says as it dies may come together with its welcome.
      pool.on('acquire', (client: NativeClient) => (this.#connectionOf(client).loans += 1))
      await this.#meetServer(pool)
    } catch (error) {
      await this.disconnect()
      throw error instanceof ActiveAlchemyError ? error : new ConnectionFailedError(this.pooling.name, error)
    }
  }

  /** What TypeORM and we must know of the server, in one statement. */
  async #meetServer(pool: NativePool): Promise<void> {
    const client = await pool.connect()
    try {
      const text = 'SELECT version(), current_database() AS database, current_schema() AS schema, pg_backend_pid() AS pid'
      const { rows } = (await client.query({ text })) as NativeResult
      const row = rows[0] as { version: string; database: string; schema: string; pid: number }
      this.version = row.version.replace(/^PostgreSQL ([\d.]+).*$/, '$1')
      this.database ??= row.database
      this.searchSchema ??= row.schema
      this.schema ??= row.schema
      // A pooler gives a process id of its own; behind it the next transaction may meet another server process.
      this.statements.areKept = row.pid === client.processID
    } finally {
      client.release()
    }
  }

  protected override createPool(...[options, credentials]: Parameters<TypeormPostgresDriver['createPool']>): Promise<unknown> {
    const { poolSize, poolTimeoutMs, poolRecycleMs } = this.pooling
    const extra = {
      connectionTimeoutMillis: options.connectTimeoutMS ?? poolTimeoutMs,
      idleTimeoutMillis: poolRecycleMs,
      // A program whose work is done may end, although it has not closed the database.
      allowExitOnIdle: true,
      keepAlive: true,
      ...(options.extra as object | undefined),
      max: poolSize,
      Client: clientClass(this.postgres),
      types: { getTypeParser: (oid: number, format?: string) => typeParser(this.postgres, oid, format) },
    }
    return super.createPool({ ...options, extra }, credentials)
  }

  override async disconnect(): Promise<void> {
    const pool = this.master
    this.master = undefined
    // Who still holds a connection is not waited for: the pool would, for ever.
    for (const connection of this.#leased) connection.destroy()
    // Nor is a server that does not answer to a good-bye.
    const limit = new AbortController()
    await Promise.race([pool?.end(), sleep(this.pooling.poolTimeoutMs, undefined, { ref: false, signal: limit.signal })])
    limit.abort()
  }

  override createQueryRunner(): PostgresRunner {
    return new PostgresRunner(this)
  }

  async lease(purpose: LeasePurpose): Promise<PostgresRunner> {
    const runner = new PostgresRunner(this, purpose)
    await runner.connect()
    return runner
  }

  /** @internal Waits in line for the right to open or take one connection. @returns Gives the right back. */
  admit(): Promise<() => void> {
    const { name, poolTimeoutMs } = this.pooling
    return this.#permits.acquire({ timeoutMs: poolTimeoutMs, onTimeout: () => new PoolTimeoutError(name, poolTimeoutMs) })
  }

  /** @internal An idle connection of the pool, or a new one. */
  async open(): Promise<Connection> {
    const { master } = this
    const { name } = this.pooling
    if (!master) throw new DatabaseClosedError(name)
    try {
      const client = await outside.runInAsyncScope(() => master.connect())
      const connection = this.#connectionOf(client)
      connection.lend(() => this.#leased.delete(connection))
      this.#leased.add(connection)
      return connection
    } catch (error) {
      throw new ConnectionFailedError(name, error)
    }
  }

  #connectionOf(client: NativeClient): Connection {
    let connection = this.#connections.get(client)
    if (!connection) this.#connections.set(client, (connection = new Connection(client)))
    return connection
  }

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map(bound)
  }

  /** A function that a SELECT calls may write: only the server finds out, as it runs it. */
  isReadOnly(): boolean {
    return false
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  /** A failed transaction can still go back to a savepoint, whatever failed. */
  endsTransaction(): boolean {
    return false
  }

  async withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>): Promise<T> {
    await runner.begin()
    try {
      // A schema change waits for the process before, and for the transactions that use the table.
      await runner.query(`SET LOCAL lock_timeout = '${schemaLockSeconds}s'`)
      await runner.query("SELECT pg_advisory_xact_lock(hashtext('active-alchemy schema'))")
      const result = await work()
      await runner.commit()
      return result
    } catch (error) {
      await runner.rollback()
      throw error
    }
  }

  /** PostgreSQL shows the default of a decimal number without the quotes that TypeORM gives it, and would change it for ever. */
  override findChangedColumns(columns: TableColumn[], metadata: ColumnMetadata[]): ColumnMetadata[] {
    const shown = columns.map((column) => {
      const copy = column.clone()
      if (/^-?\d+\.\d+$/.test(String(copy.default))) copy.default = `'${copy.default}'`
      return copy
    })
    return super.findChangedColumns(shown, metadata)
  }

  isSystemTable(name: string): boolean {
    return /^(pg_catalog|pg_toast|information_schema)\./.test(name)
  }

  /** TypeORM writes them into CREATE TABLE. */
  addChecks(): Promise<void> {
    return Promise.resolve()
  }

  async dropTable(runner: DriverRunner, table: Table): Promise<void> {
    const path = (name: string): string =>
      name
        .split('.')
        .map((part) => this.escape(part))
        .join('.')
    await runner.query(`DROP TABLE IF EXISTS ${path(table.name)} CASCADE`)
    for (const column of table.columns) {
      const name = enumName(table, column)
      if (name) await runner.query(`DROP TYPE IF EXISTS ${path(name)}`)
    }
  }
}

/** A connection of the pool, for as long as it lives. */
class Connection {
  readonly client: NativeClient
  /** Why there is no server at the other end any more. */
  lost: Error | undefined
  /** How often the pool has given it out. */
  loans = 0
  /** Whether its borrower has sent anything. */
  isUsed = false
  /** What its borrower may leave in the server's session. */
  leaves: PostgresStatement['leaves'] = 'nothing'
  #sentAt = 0
  #onBack: (() => void) | undefined
  #whenLost: (() => void) | undefined

  constructor(client: NativeClient) {
    this.client = client
    client.on('error', (error: Error) => {
      this.lost ??= error
      this.#whenLost?.()
    })
  }

  /** Begins a loan. @param onBack Called when it has ended. */
  lend(onBack: () => void): void {
    this.#onBack = onBack
    this.isUsed = false
    this.leaves = 'nothing'
  }

  /** Whether it failed as one does that died in the pool: at once. A server that hangs up on a long statement means it. */
  get diedInPool(): boolean {
    return this.lost !== undefined && this.loans > 1 && Date.now() - this.#sentAt < staleLimitMs
  }

  /** Whether the server has not answered yet. */
  get isBusy(): boolean {
    return !this.lost && !this.client.readyForQuery
  }

  get status(): ConnectionStatus {
    if (this.lost) return 'lost'
    const status = this.client.getTransactionStatus()
    if (status === 'E') return 'failed'
    return status === 'T' ? 'transaction' : 'idle'
  }

  async send({ text, name, leaves }: PostgresStatement, values: unknown[]): Promise<NativeResult> {
    if (leaves !== 'nothing' && this.leaves !== 'everything') this.leaves = leaves
    this.isUsed = true
    this.#sentAt = Date.now()
    try {
      const result = await this.client.query({ text, values, name })
      // Several statements in one text give several results: the last one counts.
      return Array.isArray(result) ? (result.at(-1) as NativeResult) : result
    } catch (error) {
      await this.#quiet(error as Error)
      throw error
    }
  }

  /** An error comes before the status that it leaves behind: waits for that status, or for the end of the connection. */
  async #quiet(error: Error): Promise<void> {
    // The server goes on with a statement that only the client gave up.
    if (error.message === 'Query read timeout') this.lost ??= error
    if (this.lost || this.client.readyForQuery) return
    await new Promise<void>((resolve) => {
      this.#whenLost = resolve
      this.client.once('drain', resolve)
    })
    // What the server said before it hung up tells more than that it did.
    if (this.lost) this.lost = error
  }

  /** Back to the pool, if the server says that it is idle, and without what was left in it; else destroyed. */
  async giveBack(): Promise<void> {
    let isClean = this.status === 'idle' && this.client.readyForQuery && this.leaves !== 'everything'
    if (isClean && this.leaves === 'session') isClean = await this.#reset()
    this.#end(!isClean)
  }

  /** Ends it, and the statement that is under way on it. */
  destroy(): void {
    this.#end(true)
  }

  async #reset(): Promise<boolean> {
    try {
      await this.client.query({ text: resetText })
      return !this.lost
    } catch {
      return false
    }
  }

  #end(destroy: boolean): void {
    const onBack = this.#onBack
    if (!onBack) return
    this.#onBack = undefined
    if (destroy) {
      if (this.isBusy) this.#cancel()
      this.lost ??= new Error('The connection was given up')
      this.#whenLost?.()
    }
    this.client.release(destroy)
    onBack()
  }

  /** A server goes on with its statement, and keeps its locks, when the client has gone: it must be told. */
  #cancel(): void {
    const { host, port, processID, secretKey } = this.client
    if (processID === null || secretKey === null) return
    // https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST
    const request = Buffer.alloc(16)
    ;[16, 80_877_102, processID, secretKey].forEach((part, index) => request.writeInt32BE(part, index * 4))
    const socket = outside.runInAsyncScope(() => connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }))
    socket.on('error', () => undefined).end(request)
    socket.unref()
  }
}

/** One leased PostgreSQL connection. Its statements run one after the other. */
export class PostgresRunner extends PostgresQueryRunner implements DriverRunner {
  declare driver: PostgresDriver
  readonly #purpose: LeasePurpose | undefined
  readonly #turn = new Semaphore(1)
  #permit: (() => void) | undefined
  #opening: Promise<Connection> | undefined
  #connection: Connection | undefined
  /** What failed first in the open transaction. */
  #failure: unknown

  /** @param purpose Why the session leased it; `read` promises that its statements may be sent twice. */
  constructor(driver: PostgresDriver, purpose?: LeasePurpose) {
    super(driver, 'master')
    this.#purpose = purpose
  }

  get connectionStatus(): ConnectionStatus {
    return this.#connection?.status ?? 'idle'
  }

  /** The client of pg. Who asks for it may do anything with it, so it is reset when it goes back. */
  override async connect(): Promise<NativeClient> {
    const connection = await this.#lease()
    if (!this.#purpose && connection.leaves === 'nothing') connection.leaves = 'session'
    return connection.client
  }

  async #lease(): Promise<Connection> {
    if (this.isReleased) throw new QueryRunnerAlreadyReleasedError()
    if (this.#connection) return this.#connection
    if (!this.driver.dataSource.isInitialized) await this.driver.dataSource.ready()
    this.#opening ??= this.#open()
    this.#connection = await this.#opening
    return this.#connection
  }

  async #open(): Promise<Connection> {
    try {
      this.#permit ??= await this.driver.admit()
      return await this.driver.open()
    } catch (error) {
      this.#permit?.()
      this.#permit = undefined
      this.#opening = undefined
      this.#connection = undefined
      throw error
    }
  }

  override async release(): Promise<void> {
    if (this.isReleased) return
    this.isReleased = true
    const connection = await this.#opening?.catch(() => undefined)
    await connection?.giveBack()
    this.#permit?.()
  }

  async begin(isolation: IsolationLevel = 'READ COMMITTED'): Promise<void> {
    // PostgreSQL would wait for a lock as long as the transaction lasts. Both go in one message.
    await this.query(`BEGIN ISOLATION LEVEL ${isolation}; SET LOCAL lock_timeout = ${this.driver.pooling.poolTimeoutMs}`)
    this.isTransactionActive = true
  }

  async commit(): Promise<void> {
    // An aborted transaction would answer ROLLBACK to a COMMIT, and no error.
    const { connectionStatus } = this
    if (connectionStatus !== 'transaction' && connectionStatus !== 'lost') throw this.#rolledBack()
    await this.query('COMMIT')
    this.isTransactionActive = false
  }

  async rollback(): Promise<void> {
    this.isTransactionActive = false
    if (this.connectionStatus === 'idle' || this.connectionStatus === 'lost') return
    try {
      await this.query('ROLLBACK')
    } catch (error) {
      // A connection that is lost has rolled back.
      if (!this.#connection?.lost) throw error
    }
  }

  async setLocal(settings: ReadonlyMap<string, string | null>): Promise<void> {
    const calls = Array.from(settings, (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
    await this.query(`SELECT ${calls.join(', ')}`, [...settings].flat())
  }

  abort(): void {
    if (this.#connection?.isBusy) this.#connection.destroy()
  }

  /** Without names the tables of the application; TypeORM describes those of PostgreSQL as well, one by one. */
  override async getTables(names?: string[]): Promise<Table[]> {
    if (names) return super.getTables(names)
    const tables = (await this.query(
      `SELECT schemaname || '.' || tablename AS path FROM pg_catalog.pg_tables WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema'`,
    )) as { path: string }[]
    return super.getTables(tables.map(({ path }) => path))
  }

  /** Runs one statement. @returns Rows; of UPDATE and DELETE, as TypeORM has it, rows and their number. */
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<QueryResult>
  override query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    await this.#lease()
    const result = await runStatement(
      this,
      sql,
      parameters,
      async (values) => {
        const native = await this.#inTurn(sql, values)
        return { result: resultOf(native), native }
      },
      (error) => this.#explain(error, sql),
    )
    return structured ? result : result.raw
  }

  async #inTurn(sql: string, values: unknown[]): Promise<NativeResult> {
    const giveBack = await this.#turn.acquire()
    try {
      const result = await this.#send(sql, values)
      const rolledBack = sql === 'COMMIT' && result.command !== 'COMMIT' ? this.#rolledBack() : undefined
      if (result.command === 'COMMIT' || result.command === 'ROLLBACK') this.#failure = undefined
      if (rolledBack) throw rolledBack
      return result
    } finally {
      giveBack()
    }
  }

  async #send(sql: string, values: unknown[]): Promise<NativeResult> {
    const { statements, pooling } = this.driver
    for (let replaced = 0; ; ) {
      const connection = await this.#lease()
      const isFirst = !connection.isUsed
      const statement = statements.of(sql)
      try {
        if (connection.lost) throw new ConnectionLostError(pooling.name, connection.lost)
        return await connection.send(statement, values)
      } catch (error) {
        if (connection.lost) {
          const isUntouched = isFirst && (!connection.isUsed || (connection.diedInPool && this.#mayRepeat(sql)))
          if (!isUntouched || replaced++ >= pooling.poolSize) throw error
          await this.#replace(connection)
        } else {
          if (statement.name === undefined || !isStalePlan(error)) throw error
          statements.unname(sql)
          if (connection.status !== 'idle') throw error
        }
      }
    }
  }

  /** Takes another connection for one that died in the pool; the place in the line stays. */
  async #replace(connection: Connection): Promise<void> {
    connection.destroy()
    this.#connection = undefined
    this.#opening = this.#open()
    await this.#lease()
  }

  /** Whether a statement that may have reached a server can be sent again. */
  #mayRepeat(sql: string): boolean {
    return this.#purpose === 'read' || /^(BEGIN|START TRANSACTION)\b/.test(sql)
  }

  #rolledBack(): RolledBackError {
    return new RolledBackError(this.driver.pooling.name, this.#failure)
  }

  #explain(error: NativeError, sql: string): Refusal | Error {
    if (this.connectionStatus !== 'idle') this.#failure ??= error
    const lost = this.#connection?.lost
    if (!lost) return { failure: failureOf(error), withoutValues: (message) => withoutValues(message, error) }
    const { name } = this.driver.pooling
    return sql === 'COMMIT' ? new CommitUnknownError(name, lost) : new ConnectionLostError(name, lost)
  }
}

function resultOf({ command, rows, rowCount, fields }: NativeResult): QueryResult {
  const result = new StatementResult()
  result.records = rows
  if (rowCount !== null) result.affected = rowCount
  result.raw = command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows
  result.wholeNumbers = fields.filter(isWhole).map(({ name }) => name)
  return result
}

/** A `bigint`, or a sum of them; a `numeric` with a scale is none, whatever its value. */
function isWhole({ dataTypeID, dataTypeModifier }: NativeField): boolean {
  return dataTypeID === oids.bigint || (dataTypeID === oids.numeric && dataTypeModifier === -1)
}

/** A client whose every session reckons in UTC. */
function clientClass({ Client }: NativePackage): object {
  return class extends Client {
    override getStartupConf(): Record<string, string> {
      return { ...super.getStartupConf(), ...sessionSettings }
    }
  }
}

/** What values of a type become; never set for pg as a whole, which others use too. */
function typeParser(native: NativePackage, oid: number, format?: string): TypeParser {
  const { types } = native
  if (format === 'binary') return types.getTypeParser(oid, format)
  // A day has no zone that could move it.
  if (oid === oids.date) return (text) => text
  if (oid === oids.timestamp) {
    const moment = types.getTypeParser(oids.timestamptz)
    // Without a zone it is UTC, as the Python original writes it; pg takes it for local time.
    return (text) => moment(text.replace(/^(\d.*?)( BC)?$/, '$1+00$2'))
  }
  const elementOid = elementOids[oid]
  if (elementOid === undefined) return types.getTypeParser(oid, format)
  const element = typeParser(native, elementOid)
  return (text) => types.arrayParser.create(text, element).parse()
}

/** Texts in UTC: a `timestamp without time zone` drops the zone that pg would write. */
function bound(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (DateTime.isDateTime(value)) return value.toJSDate().toISOString()
  return Array.isArray(value) ? value.map(bound) : value
}

/** Error codes of PostgreSQL, https://www.postgresql.org/docs/current/errcodes-appendix.html */
function failureOf({ code, detail, column }: NativeError): DatabaseFailure | undefined {
  switch (code) {
    case '23505':
    case '23P01':
      return { kind: 'unique', columns: columnsIn(detail) }
    case '23502':
      return { kind: 'not-null', columns: column === undefined ? [] : [column] }
    case '23503':
    case '23001':
      return { kind: 'foreign-key' }
    case '23514':
      return { kind: 'check' }
    case '40P01':
      return { kind: 'deadlock' }
    case '40001':
      return { kind: 'serialization' }
    case '42P01':
      return { kind: 'no-table' }
    case '55P03':
      return { kind: 'lock-timeout' }
    default:
      return undefined
  }
}

/** The server quotes the value that it refuses: in errors of class 22 wherever it stands, in others after a colon at the end. */
function withoutValues(message: string, { code = '' }: NativeError): string {
  return code.startsWith('22') ? message.replace(/["'«„“].*["'»“”]/s, '…') : message.replace(/: ["«„“].*["»“”]$/s, ': …')
}

/** `Key (email, "left")=(…) already exists.` names the columns, in any language; an expression among them is none. */
function columnsIn(detail: string | undefined): string[] {
  const [, list = ''] = /\((.+?)\)=\(/s.exec(detail ?? '') ?? []
  return [...list.matchAll(/(?:^|, )(?:"((?:[^"]|"")+)"|([^\s"(),]+))(?=,|$)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** A prepared statement that its server does not know, knows already, or whose tables have changed. */
function isStalePlan(error: unknown): boolean {
  const { code, message } = error as NativeError
  return code === '26000' || code === '42P05' || (code === '0A000' && /cached plan/.test(message))
}

/** Name of the type that TypeORM makes for a column of an enum. */
function enumName(table: Table, column: TableColumn): string | undefined {
  if (column.type !== 'enum' && column.type !== 'simple-enum') return undefined
  return column.enumName ?? `${table.name}_${column.name}_enum`
}

/** Options of a URI, by their names in libpq and in the Python original. */
const uriOptions = [
  'application_name',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'options',
  'ssl',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
]

/** TypeORM's options for a PostgreSQL URI. @throws {InvalidUriError} An option is unknown, or has a value that it cannot have. */
export function postgresOptions(uri: DatabaseUri): PostgresDataSourceOptions {
  const { server, options } = uri
  for (const name of Object.keys(options)) {
    if (!uriOptions.includes(name)) throw new InvalidUriError(`PostgreSQL has no option ${name} here, but ${uriOptions.join(', ')}`)
  }
  const { application_name: applicationName, connect_timeout: timeout, keepalives, keepalives_idle: idle } = options
  const password = server?.password
  return given({
    type: 'postgres',
    host: server?.host,
    port: server?.port,
    username: server?.username,
    // As a function, so that nothing that prints the options can print it.
    password: password === undefined ? undefined : () => password,
    database: server?.database,
    ssl: tlsOptions(options),
    applicationName,
    connectTimeoutMS: timeout === undefined ? undefined : seconds('connect_timeout', timeout),
    // In the server since version 13; nothing is to be installed.
    uuidExtension: 'pgcrypto',
    // The native client does not tell the status of its transaction.
    nativeDriver: false,
    extra: given({
      options: options['options'],
      sslnegotiation: options['sslnegotiation'],
      keepAlive: keepalives === undefined ? undefined : keepalives !== '0',
      keepAliveInitialDelayMillis: idle === undefined ? undefined : seconds('keepalives_idle', idle),
    }),
  })
}

/** TLS as libpq understands it: `require` encrypts, `verify-ca` knows the issuer as well, `verify-full` also the host. */
function tlsOptions(options: DatabaseUri['options']): PostgresDataSourceOptions['ssl'] {
  const { sslmode = options['ssl'], sslrootcert, sslcert, sslkey } = options
  if (sslmode === undefined || sslmode === 'disable' || sslmode === 'false' || sslmode === '0') {
    // Nothing said is what the variable PGSSLMODE says.
    if (sslrootcert ?? sslcert ?? sslkey) throw new InvalidUriError('certificates need sslmode=require, verify-ca or verify-full')
    return sslmode === undefined ? undefined : false
  }
  const ca = sslrootcert === undefined || sslrootcert === 'system' ? undefined : certificate('sslrootcert', sslrootcert)
  const tls = given({
    ca,
    cert: sslcert === undefined ? undefined : certificate('sslcert', sslcert),
  })
  // Hidden, as pg hides it, from what prints the options.
  if (sslkey !== undefined) Object.defineProperty(tls, 'key', { value: certificate('sslkey', sslkey), enumerable: false })
  switch (sslmode) {
    case 'no-verify':
      return Object.assign(tls, { rejectUnauthorized: false })
    case 'require':
      return Object.assign(tls, ca === undefined ? { rejectUnauthorized: false } : { checkServerIdentity: () => undefined })
    case 'verify-ca':
      return Object.assign(tls, { rejectUnauthorized: true, checkServerIdentity: () => undefined })
    case 'verify-full':
    case 'true':
    case '1':
      return Object.assign(tls, { rejectUnauthorized: true })
    default:
      throw new InvalidUriError(`sslmode is ${sslmode}, and can be disable, require, verify-ca or verify-full`)
  }
}

function certificate(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new InvalidUriError(`${option} names the file ${path}, which cannot be read`)
  }
}

function seconds(option: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidUriError(`${option} is a number of seconds`)
  return Number(text) * 1_000
}

/** Without what is undefined. */
function given<Options extends object>(options: Options): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

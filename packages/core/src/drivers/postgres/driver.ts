import { type DataSource, QueryRunnerAlreadyReleasedError, type Table, type TableColumn } from 'typeorm'
import {
  ActiveAlchemyError,
  CommitUnknownError,
  ConnectionFailedError,
  InvalidStatementError,
  isError,
  RolledBackError,
  UnsupportedError,
} from '../../errors.js'
import { after, either, type Eventual } from '../../eventual.js'
import { isObject } from '../../options.js'
import { Semaphore } from '../../semaphore.js'
import { type CallSite, callSite } from '../../scope/call-site.js'
import type { TypeDefinition } from '../../types/column-type.js'
import {
  type ConnectionStatus,
  type DatabaseDriver,
  type DriverRunner,
  type LeasePurpose,
  type PoolOptions,
  type PoolStatus,
  type RowForm,
  type ServerFacts,
  StatementResult,
  hidePassword,
  inTransaction,
  lostError,
  quotedPath,
  type TypeChanges,
} from '../driver.js'
import { type ColumnMetadata, type IsolationLevel, PostgresQueryRunner, PostgresDriver as TypeormPostgresDriver } from '../internals.js'
import { compositeChanges } from './composites.js'
import { postgresDialect } from './dialect.js'
import { type Codec, decoder, encoder } from '../codec.js'
import { Loan } from '../loan.js'
import { type Answer, type Refusal, runStatement } from '../statement.js'
import { limit, limited, within } from '../time-limit.js'
import { clientClass, type NativeClient, type NativeError, type NativePackage, type SessionSettings } from './client.js'
import { type Connection, outside } from './connection.js'
import type { NativeResult } from './exchange.js'
import { failureOf, isStalePlan, withoutValues } from './failures.js'
import type { PostgresOptions } from './options.js'
import { type NativePool, PostgresPool } from './pool.js'
import { controlsTransaction, opening, type PostgresStatement, PostgresStatements } from './statements.js'
import { bound, resultOf, typeParser } from './values.js'

/** How long a process waits for another that changes the schema, in seconds. */
const schemaLockSeconds = 60

/** Types whose values say the same in a list as alone; bits, for one, have a length of their own. */
const listedTypes: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'text',
  'character varying',
  'uuid',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'json',
  'jsonb',
  'bytea',
])

/** What a server says of itself as it is met. */
interface Server {
  readonly version: string
  readonly database: string
  readonly schema: string
  readonly pid: number
}

/**
 * PostgreSQL through pg.
 *
 * TypeORM's pool, with a line in front of it that is served in order and for a limited time. A connection goes back only
 * when the server has said that it is idle, and without what its borrower left in it; anything else is destroyed.
 */
export class PostgresDriver extends TypeormPostgresDriver implements DatabaseDriver {
  readonly kind = 'postgres'
  readonly dialect = postgresDialect
  readonly materializedViews: NonNullable<DatabaseDriver['materializedViews']> = {
    async createIndexes(runner, view, indexes) {
      if (runner instanceof PostgresRunner) await runner.createViewIndices(view, [...indexes])
    },
    refreshText: (path, isConcurrent) => `REFRESH MATERIALIZED VIEW ${isConcurrent ? 'CONCURRENTLY ' : ''}${path}`,
  }

  readonly capabilities = {
    insertReturning: true,
    insertGivesKey: false,
    updateReturning: true,
    defaultValues: true,
    singleWriter: false,
    rowLocks: true,
    localSettings: true,
    ddlCommits: false,
    inlineForeignKeys: false,
    nullsOrder: true,
    seeksRows: true,
    partialIndexes: true,
    indexMethods: true,
    virtualColumns: false,
    namesConflict: true,
    maxParameters: 65_535,
  }
  readonly pooling: PoolOptions
  /** @internal Connects once, however many ask. */
  readonly ready: () => Promise<void>
  declare master: NativePool | undefined
  declare readonly postgres: NativePackage
  declare options: PostgresOptions
  /** @internal */
  readonly sessionSettings: SessionSettings
  /** @internal */
  readonly statements = new PostgresStatements()
  readonly pool: PoolStatus
  /** @internal */
  readonly connections: PostgresPool

  constructor(dataSource: DataSource, pooling: PoolOptions, ready: () => Promise<void>) {
    super(dataSource)
    this.ready = ready
    for (const options of [dataSource.options, this.options]) hidePassword(options)
    this.pooling = pooling
    this.connections = new PostgresPool(pooling)
    this.pool = this.connections.status
    this.sessionSettings = this.#hasLocalTimes ? { DateStyle: 'ISO' } : { TimeZone: 'UTC', DateStyle: 'ISO' }
  }

  get #hasLocalTimes(): boolean {
    return this.options.hasLocalTimes === true
  }

  encoderOf(column: ColumnMetadata): Codec {
    return encoder(column, (value) => this.preparePersistentValue(value, column) as unknown)
  }

  decoderOf(column: ColumnMetadata): Codec {
    return decoder(column, (raw) => this.prepareHydratedValue(raw, column) as unknown)
  }

  /** Without lengths and scales, which the column itself checks: a cast would cut a text without a word. */
  listTypeOf(column: ColumnMetadata): string | undefined {
    const type = this.normalizeType(column)
    return listedTypes.has(type) && !column.isArray ? `${type}[]` : undefined
  }

  /** @throws {UnsupportedError} The installed pg is too old. @throws {ConnectionFailedError} */
  override async connect(): Promise<void> {
    refuseOldPackage(this.postgres)
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pool of pg, which TypeORM does not type
      const native = (await outside.runInAsyncScope(() => this.createPool(this.options, this.options))) as NativePool
      this.master = native
      this.connections.open(native)
      await this.#meetServer(native)
    } catch (error) {
      await this.disconnect()
      throw error instanceof ActiveAlchemyError ? error : new ConnectionFailedError(this.pooling.name, error)
    }
  }

  /** What TypeORM and we must know of the server, in one statement. */
  async #meetServer(native: NativePool): Promise<void> {
    const client = await native.connect()
    let isLost = false
    const expire = (): void => {
      isLost = true
      client.release(true)
    }
    try {
      const text = 'SELECT version(), current_database() AS database, current_schema() AS schema, pg_backend_pid() AS pid'
      const { rows } = await within(this.pooling.poolTimeoutMs, expire, () => client.query<Server>({ text }))
      const { version = '', database = '', schema = '', pid }: Partial<Server> = rows[0] ?? {}
      this.version = version.replace(/^PostgreSQL ([\d.]+).*$/, '$1')
      this.database ??= database
      this.searchSchema ??= schema
      this.schema ??= schema
      // A pooler gives a process id of its own; behind it the next transaction may meet another server process.
      this.statements.canPrepare = pid === client.processID
    } finally {
      if (!isLost) client.release()
    }
  }

  protected override createPool(...[options, credentials]: Parameters<TypeormPostgresDriver['createPool']>): Promise<unknown> {
    const { poolSize, poolTimeoutMs, poolRecycleMs } = this.pooling
    const given: unknown = options.extra
    const extra = {
      connectionTimeoutMillis: options.connectTimeoutMS ?? poolTimeoutMs,
      idleTimeoutMillis: poolRecycleMs,
      // A program whose work is done may end, although it has not closed the database.
      allowExitOnIdle: true,
      keepAlive: true,
      ...(isObject(given) ? given : {}),
      max: poolSize,
      Client: clientClass(this.postgres, this.sessionSettings),
      types: { getTypeParser: (oid: number, format?: string) => typeParser(this.postgres, oid, format, this.#hasLocalTimes) },
    }
    return super.createPool({ ...options, extra }, credentials)
  }

  override async disconnect(): Promise<void> {
    this.master = undefined
    await this.connections.close()
  }

  get runnerClass(): typeof PostgresRunner {
    return PostgresRunner
  }

  /** A pooler may give each transaction another server process, so that only a transaction can say how long to wait for locks. */
  get canAutocommit(): boolean {
    return this.statements.canPrepare
  }

  override createQueryRunner(): PostgresRunner {
    return Object.assign(new PostgresRunner(this), { site: callSite() })
  }

  lease(purpose: LeasePurpose, limitMs = this.pooling.transactionTimeoutMs): Eventual<PostgresRunner> {
    const runner = new PostgresRunner(this, purpose, limitMs)
    return runner.tryConnect() ? runner : runner.checkOut().then(() => runner)
  }

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map((each) => bound(each, this.#hasLocalTimes))
  }

  literal(text: string): string {
    return `'${text.replaceAll("'", "''")}'`
  }

  /** A function that a SELECT calls may write: only the server finds out, as it runs it. */
  isReadOnly(): boolean {
    return false
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  commitsTransaction(): boolean {
    return false
  }

  /** A failed transaction can still go back to a savepoint, whatever failed. */
  endsTransaction(): boolean {
    return false
  }

  async withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>): Promise<T> {
    return inTransaction(runner, async () => {
      // A schema change waits for the process before, and for the transactions that use the table.
      await runner.query(`SET LOCAL lock_timeout = '${schemaLockSeconds}s'`)
      await runner.query("SELECT pg_advisory_xact_lock(hashtext('active-alchemy schema'))")
      return work()
    })
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

  /** Rows of different keys do not wait for each other. */
  lockSandbox(): Promise<boolean> {
    return Promise.resolve(true)
  }

  async emptyTables(runner: DriverRunner, tables: readonly string[]): Promise<void> {
    const paths = tables.map((name) => quotedPath(this, name)).join(', ')
    await runner.query(`TRUNCATE ${paths} RESTART IDENTITY`)
  }

  isSystemTable(name: string): boolean {
    return /^(pg_catalog|pg_toast|information_schema)\./.test(name)
  }

  /** TypeORM writes them into CREATE TABLE. */
  checksOf(): string[] {
    return []
  }

  /** A role and a database may have limits of their own; -1 is none. Some places are kept for administrators. */
  async serverFacts(runner: DriverRunner): Promise<ServerFacts> {
    const [row]: Record<string, unknown>[] = await runner.query(`SELECT current_setting('server_version') AS version,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS server,
      (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role,
      (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database`)
    const { version, server, role, database } = row ?? {}
    const limits = [server, role, database].map(Number).filter((limit) => limit >= 0)
    return { product: `PostgreSQL ${String(version)}`, connectionLimit: Math.min(...limits) }
  }

  typeChanges(runner: DriverRunner, definitions: readonly TypeDefinition[]): Promise<TypeChanges> {
    return compositeChanges(runner, definitions)
  }

  async dropTable(runner: DriverRunner, table: Table): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${quotedPath(this, table.name)} CASCADE`)
    for (const column of table.columns) {
      const name = enumName(table, column)
      if (name) await runner.query(`DROP TYPE IF EXISTS ${quotedPath(this, name)}`)
    }
  }
}

/** One leased PostgreSQL connection. Its statements run one after the other. */
export class PostgresRunner extends PostgresQueryRunner implements DriverRunner {
  declare driver: PostgresDriver
  onStatement: DriverRunner['onStatement']
  /** Where the application made it, of one that is not a session's. */
  readonly site: CallSite | undefined
  readonly #purpose: LeasePurpose | undefined
  readonly #limitMs: number
  readonly #turn = new Semaphore(1)
  #acquiring: Promise<Connection> | undefined
  #connection: Connection | undefined
  /** What failed first in the open transaction. */
  #failure: unknown
  /** Whether what it sends is its own transaction. */
  #autocommits = false
  /** Whether its transaction begins with the next statement. */
  #isOpening = false

  /**
   * @param purpose Why the session leased it; `read` promises that its statements may be sent twice.
   * @param limitMs Milliseconds that a statement of a read or an autocommit, or BEGIN, COMMIT or ROLLBACK of a write, may take; 0 sets
   *   no limit.
   */
  constructor(driver: PostgresDriver, purpose?: LeasePurpose, limitMs = 0) {
    super(driver, 'master')
    this.#purpose = purpose
    this.#limitMs = limitMs
  }

  get connectionStatus(): ConnectionStatus {
    const status = this.#connection?.status ?? 'idle'
    return this.#isOpening && status === 'idle' ? 'transaction' : status
  }

  /** The client of pg. Who asks for it may do anything with it, so it is reset when it goes back. */
  override async connect(): Promise<NativeClient> {
    const connection = await this.checkOut()
    if (this.#isOpening) await this.#open()
    if (this.#purpose) return connection.client
    await connection.freeLocks()
    if (connection.dirt === 'nothing') connection.dirt = 'session'
    return connection.client
  }

  /** @internal Connects without waiting. @returns Whether a connection was at hand. */
  tryConnect(): boolean {
    if (this.driver.dataSource.isInitialized) this.#connection ??= this.driver.connections.tryAcquire()
    return this.#connection !== undefined
  }

  /** @internal Its connection, which it waits for if it has none. */
  checkOut(): Promise<Connection> {
    if (this.isReleased) return Promise.reject(new QueryRunnerAlreadyReleasedError())
    if (this.#connection) return Promise.resolve(this.#connection)
    const acquire = (): Promise<Connection> =>
      this.#take(this.#acquiring ?? this.driver.connections.acquire(this.#purpose ? undefined : new Loan(this, this.site)))
    return this.driver.dataSource.isInitialized ? acquire() : this.driver.ready().then(acquire)
  }

  #take(acquiring: Promise<Connection>): Promise<Connection> {
    this.#acquiring = acquiring
    return acquiring.then(
      (connection) => (this.#connection = connection),
      (error) => {
        this.#acquiring = undefined
        this.#connection = undefined
        throw error
      },
    )
  }

  override async release(): Promise<void> {
    await this.giveBack()
  }

  giveBack(): Eventual<void> {
    if (this.isReleased) return
    this.isReleased = true
    const { pooling, statements, sessionSettings } = this.driver
    const release = (connection: Connection): Eventual<void> => connection.release(pooling.poolTimeoutMs, statements, sessionSettings)
    if (this.#connection) return release(this.#connection)
    // Why none came its caller was told.
    return this.#acquiring?.then(release, () => undefined)
  }

  /** On a connection that was used a moment ago BEGIN waits for the first statement, and both are one message. */
  begin(isolation?: IsolationLevel): Eventual<void> {
    if (isolation || !this.#connection?.canOpen) return this.#begin(isolation)
    const wait = (): Answer => {
      this.#isOpening = true
      return { result: new StatementResult(), native: undefined }
    }
    const told = runStatement(this, opening.text, [], wait, (error) => this.#explain(error, opening.text))
    return after(told, () => void (this.isTransactionActive = true))
  }

  async #begin(isolation: IsolationLevel | undefined): Promise<void> {
    const { statements, pooling } = this.driver
    // Without a level it is the server's, which is READ COMMITTED unless its administrator wants a stricter one.
    const level = isolation ? ` ISOLATION LEVEL ${isolation}` : ''
    // PostgreSQL would wait for a lock as long as the transaction lasts. Where the session does not limit it, both go in one message.
    const limitsLocks = statements.canPrepare && !isolation
    const text = limitsLocks ? opening.text : `BEGIN${level}; SET LOCAL lock_timeout = ${pooling.poolTimeoutMs}`
    await limited(this, this.#limitMs, () => this.#query(text, [], 'records'))
    this.isTransactionActive = true
  }

  /** Begins the transaction before its first statement, which cannot take BEGIN along. */
  async #open(): Promise<void> {
    this.#isOpening = false
    await limited(this, this.#limitMs, () => this.#send(opening.text, [], 'records'))
  }

  async commit(): Promise<void> {
    if (this.#isOpening) return this.#leaveUnopened()
    // An aborted transaction would answer ROLLBACK to a COMMIT, and no error.
    const { connectionStatus } = this
    if (connectionStatus !== 'transaction' && connectionStatus !== 'lost') throw this.#rolledBack()
    await limited(this, this.#limitMs, () => this.#query('COMMIT', [], 'records'))
    this.isTransactionActive = false
  }

  async rollback(): Promise<void> {
    if (this.#isOpening) return this.#leaveUnopened()
    this.isTransactionActive = false
    if (this.connectionStatus === 'idle' || this.connectionStatus === 'lost') return
    try {
      await limited(this, this.#limitMs, () => this.#query('ROLLBACK', [], 'records'))
    } catch (error) {
      // A connection that is lost has rolled back.
      if (!this.#connection?.lost) throw error
    }
  }

  /** Ends a transaction of which the server has not heard. */
  #leaveUnopened(): void {
    this.#isOpening = false
    this.isTransactionActive = false
  }

  /** In a savepoint, since what it makes immediate would stay so. */
  async checkDeferred(): Promise<void> {
    await this.query('SAVEPOINT alchemy_check')
    await this.query('SET CONSTRAINTS ALL IMMEDIATE')
    await this.query('ROLLBACK TO SAVEPOINT alchemy_check')
    await this.query('RELEASE SAVEPOINT alchemy_check')
  }

  async setLocal(settings: ReadonlyMap<string, string | null>): Promise<void> {
    const calls = Array.from(settings, (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`)
    await this.query(`SELECT ${calls.join(', ')}`, [...settings].flat())
  }

  cancel(reason: Error): void {
    if (this.#connection?.isBusy) this.#connection.destroy(reason)
  }

  /** Without names the tables of the application; TypeORM describes those of PostgreSQL as well, one by one. */
  override async getTables(names?: string[]): Promise<Table[]> {
    if (names) return super.getTables(names)
    const tables = await this.query<{ path: string }[]>(
      `SELECT schemaname || '.' || tablename AS path FROM pg_catalog.pg_tables WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema'`,
    )
    return super.getTables(tables.map(({ path }) => path))
  }

  /** Runs one statement. @returns Rows; of UPDATE and DELETE, as TypeORM has it, rows and their number. */
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
  override query<Raw = unknown>(sql: string, parameters?: unknown[], structured?: boolean): Promise<Raw>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    const result = await this.#query(sql, parameters, 'records')
    return structured ? result : result.raw
  }

  /** Few promises: each costs a microsecond or two up to Node 22, which follows all of them with its hooks. */
  #query(sql: string, parameters: readonly unknown[], form: RowForm): Eventual<StatementResult> {
    if (this.isReleased || !this.#connection) return this.checkOut().then(() => this.#runStatement(sql, parameters, form))
    return this.#runStatement(sql, parameters, form)
  }

  #runStatement(sql: string, parameters: readonly unknown[], form: RowForm): Eventual<StatementResult> {
    refuseStatement(sql, parameters)
    const send = (values: unknown[]): Eventual<Answer> => this.#inTurn(sql, values, form)
    return runStatement(this, sql, parameters, send, (error) => this.#explain(error, sql))
  }

  run(sql: string, values: readonly unknown[], form: RowForm = 'records'): Eventual<StatementResult> {
    return this.#purpose === 'autocommit' ? this.#runAlone(sql, values) : this.#query(sql, values, form)
  }

  /** In a transaction where the connection may have died in the pool: only a BEGIN can then be sent again on another. */
  #runAlone(sql: string, values: readonly unknown[]): Eventual<StatementResult> {
    return after(this.#connection ?? this.checkOut(), ({ isWarm }) => {
      this.#autocommits = isWarm
      const run = async (): Promise<StatementResult> => this.#query(sql, values, 'records')
      return isWarm ? this.#query(sql, values, 'records') : inTransaction(this, run)
    })
  }

  #inTurn(sql: string, values: unknown[], form: RowForm): Eventual<Answer> {
    const isLimited = this.#purpose === 'read' || this.#autocommits
    const endLimit = limit(this, isLimited ? this.#limitMs : 0)
    const send = (release: () => void): Eventual<Answer> =>
      either(
        () => this.#send(sql, values, form),
        (native) => {
          endLimit()
          release()
          return this.#answered(sql, native, form)
        },
        (error) => {
          endLimit()
          release()
          throw error
        },
      )
    return after(this.#turn.tryAcquire() ?? this.#turn.acquire(), send)
  }

  #answered(sql: string, native: NativeResult, form: RowForm): Answer {
    const { command } = native
    const rolledBack = sql === 'COMMIT' && command !== 'COMMIT' ? this.#rolledBack() : undefined
    if (command === 'COMMIT' || command === 'ROLLBACK') this.#failure = undefined
    if (rolledBack) throw rolledBack
    return { result: resultOf(native, form), native }
  }

  /** @param replaced How many connections that had died in the pool it has been sent on. */
  #send(sql: string, values: unknown[], form: RowForm, replaced = 0): Eventual<NativeResult> {
    const statement = this.driver.statements.of(sql)
    const canTravel = statement.name !== undefined || values.length > 0
    const mustOpen = this.#isOpening && !(canTravel && this.#connection?.canOpen)
    const ready = mustOpen ? this.#open().then(() => this.checkOut()) : (this.#connection ?? this.checkOut())
    return after(ready, (connection) => {
      const opens = this.#isOpening
      const isFirst = !connection.isUsed
      return either(
        () => this.#sendOn(connection, statement, values, form, opens),
        (result) => {
          this.#isOpening = false
          return result
        },
        async (error) => {
          if (isError(error)) await connection.settle(error)
          const isUnbegun = connection.status === 'idle' && (opens || statement === opening) && isStalePlan(error)
          if (!isUnbegun && !(isFirst && this.#isUntouched(connection, sql, opens))) {
            this.#refuseFailed(connection, statement, sql, error)
            return this.#send(sql, values, form, replaced)
          }
          if (replaced >= this.driver.pooling.poolSize) throw error
          await this.#take(this.driver.connections.replace(connection))
          return this.#send(sql, values, form, replaced + 1)
        },
      )
    })
  }

  #sendOn(connection: Connection, statement: PostgresStatement, values: unknown[], form: RowForm, opens: boolean): Eventual<NativeResult> {
    return after(this.#lockLimit(connection, statement), () => {
      if (connection.lost) throw lostError(this.driver.pooling.name, connection.lost)
      return connection.send(statement, values, form, opens)
    })
  }

  /** @throws What failed, unless the same text can be sent again: its plan was stale. */
  #refuseFailed({ status }: Connection, { name }: PostgresStatement, sql: string, error: unknown): void {
    if (status !== 'idle') this.#isOpening = false
    const isStale = name !== undefined && isStalePlan(error)
    if (isStale) this.driver.statements.unname(sql)
    if (!isStale || status !== 'idle') throw error
  }

  /** Before what is no session's, and before a session's transaction or autocommit: how long the session of the server waits for locks. */
  #lockLimit(connection: Connection, statement: PostgresStatement): Promise<void> | undefined {
    if (!this.#purpose) return connection.freeLocks()
    return this.#autocommits || statement === opening ? connection.limitLocks(this.driver.pooling.poolTimeoutMs) : undefined
  }

  /** Whether a connection was lost before the server did anything that is kept, so that the same can be sent on another. */
  #isUntouched({ lost, isUsed, wasTurnedAway, diedInPool, hasBegun }: Connection, sql: string, opens: boolean): boolean {
    // What we have ended ourselves did not die in the pool.
    if (!lost || lost instanceof ActiveAlchemyError) return false
    const mayRepeat = opens ? !hasBegun : this.#purpose === 'read' || /^(BEGIN|START TRANSACTION)\b/.test(sql)
    return !isUsed || wasTurnedAway || (diedInPool && mayRepeat)
  }

  #rolledBack(): RolledBackError {
    return new RolledBackError(this.driver.pooling.name, this.#failure)
  }

  #explain(error: NativeError, sql: string): Refusal | Error {
    if (this.connectionStatus !== 'idle') this.#failure ??= error
    const lost = this.#connection?.lost
    if (!lost) return { failure: failureOf(error), withoutValues: (message) => withoutValues(message, error) }
    const mayBeKept = sql === 'COMMIT' || this.#autocommits
    return mayBeKept ? new CommitUnknownError(this.driver.pooling.name, lost) : lostError(this.driver.pooling.name, lost)
  }
}

/** Name of the type that TypeORM makes for a column of an enum. */
function enumName(table: Table, column: TableColumn): string | undefined {
  if (column.type !== 'enum' && column.type !== 'simple-enum') return undefined
  return column.enumName ?? `${table.name}_${column.name}_enum`
}

/** Statements that pg or the server could not tell from what else stands on the connection. */
function refuseStatement(sql: string, values: readonly unknown[]): void {
  if (values.length > 65_535) throw new InvalidStatementError(`it binds ${values.length} values, and PostgreSQL takes 65,535`)
  if (sql.includes('\0')) throw new InvalidStatementError('its text has a NUL character')
}

/** Since pg 8.21 the client tells the status of its transaction. */
function refuseOldPackage({ Client }: NativePackage): void {
  if ('getTransactionStatus' in Client.prototype) return
  throw new UnsupportedError('This version of the package pg', 'Install 8.21.0 or newer: npm install pg@latest')
}

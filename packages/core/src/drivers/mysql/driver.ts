import { type ReadStream } from 'node:fs'
import {
  type DataSource,
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  type Table,
  type TableColumn,
  TransactionNotStartedError,
} from 'typeorm'
import { CommitUnknownError, DdlInScopeError, InvalidStatementError, isError, RolledBackError } from '../../errors.js'
import { after, either, type Eventual } from '../../eventual.js'
import {
  type ConnectionStatus,
  type DatabaseDriver,
  type DriverCapabilities,
  type DriverRunner,
  type LeasePurpose,
  type PoolOptions,
  type PoolStatus,
  type RowForm,
  type StatementResult,
  type SchemaChange,
  type ServerFacts,
  hidePassword,
  lostError,
  quotedPath,
} from '../driver.js'
import { type CallSite, callSite } from '../../scope/call-site.js'
import { type ColumnMetadata, type IsolationLevel, MysqlQueryRunner, Query, MysqlDriver as TypeormDriver } from '../internals.js'
import { mysqlDialect } from './dialect.js'
import { type Codec, decoder, encoder } from '../codec.js'
import { Loan } from '../loan.js'
import { type Answer, type Refusal, runStatement } from '../statement.js'
import { limit, limited } from '../time-limit.js'
import type { NativeConnection, NativeError, NativePackage } from './client.js'
import { Connection } from './connection.js'
import { type ExchangeClass, exchangeClass } from './exchange.js'
import { endsTransaction, failureOf, withoutValues } from './failures.js'
import type { MysqlOptions } from './options.js'
import { MysqlPool } from './pool.js'
import { collationOf, holdingSchemaLock, isAtLeast, lineUp, lockSandbox, textCollation, withPrecision } from './schema.js'
import { controlsTransaction, MysqlStatements } from './statements.js'
import { refuseValues } from './packet.js'
import type { ReadOptions } from './reader.js'
import { bound, isHeader, resultOf } from './values.js'

/** The part of mysql2's options that we look at. */
interface ConnectionOptions extends ReadOptions {
  readonly password?: string | (() => string | Promise<string>)
}

/** Bit of the server's status, in the answer to every statement without rows: a transaction is open. */
const inTransaction = 1

/** MySQL and MariaDB through mysql2. */
export class MysqlDriver extends TypeormDriver implements DatabaseDriver {
  readonly kind = 'mysql'
  override readonly pool: PoolStatus
  /** @internal */
  readonly connections: MysqlPool
  readonly pooling: PoolOptions
  declare options: MysqlOptions
  /** @internal */
  readonly statements = new MysqlStatements()
  /** @internal Connects once, however many ask. */
  readonly ready: () => Promise<void>
  /** @internal Collation of texts that are compared by their code points, without padding. */
  collation = 'utf8mb4_bin'
  #maxPacket = Number.POSITIVE_INFINITY
  #Exchange: ExchangeClass | undefined
  #capabilities: DriverCapabilities = {
    // MariaDB has it; the server tells when it is first met.
    insertReturning: false,
    insertGivesKey: true,
    updateReturning: false,
    defaultValues: false,
    singleWriter: false,
    rowLocks: true,
    localSettings: true,
    ddlCommits: true,
    inlineForeignKeys: true,
    nullsOrder: false,
    seeksRows: false,
    partialIndexes: false,
    indexMethods: false,
    virtualColumns: true,
    namesConflict: false,
    maxParameters: 65_535,
  }

  constructor(dataSource: DataSource, pooling: PoolOptions, ready: () => Promise<void>) {
    super(dataSource)
    this.ready = ready
    for (const options of [dataSource.options, this.options]) hidePassword(options)
    this.pooling = pooling
    this.connections = new MysqlPool(pooling, () => this.#connect(), this.options.keepsServerZone === true)
    this.pool = this.connections.status
  }

  readonly dialect = mysqlDialect

  encoderOf(column: ColumnMetadata): Codec {
    return encoder(column, (value) => this.preparePersistentValue(value, column) as unknown)
  }

  decoderOf(column: ColumnMetadata): Codec {
    return decoder(column, (raw) => this.prepareHydratedValue(raw, column) as unknown)
  }

  get canAutocommit(): boolean {
    return true
  }

  get capabilities(): DriverCapabilities {
    return this.#capabilities
  }

  // ------------------------------------------------------------------------------------------------ connections

  async #connect(): Promise<Connection> {
    const options: ConnectionOptions = {
      // JSON as text: mysql2 and TypeORM would both parse it, and a string of digits would become a number.
      jsonStrings: true,
      ...(await this.createConnectionOptions(this.options, this.options)),
    }
    const mysql2: NativePackage = this.mysql
    this.#Exchange ??= exchangeClass(mysql2, options)
    const { password } = options
    const known = { ...options, password: typeof password === 'function' ? await password() : password }
    return new Connection(mysql2, known, this.#Exchange)
  }

  override async connect(): Promise<void> {
    this.connections.open()
    const connection = await this.connections.acquire()
    try {
      await connection.within(this.pooling.poolTimeoutMs, () => this.#meet(connection))
    } finally {
      await this.connections.release(connection)
    }
  }

  /** Both servers answer to either scheme; what they can do follows the server. */
  async #meet(connection: Connection): Promise<void> {
    const sql = 'SELECT VERSION() AS version, DATABASE() AS name, @@max_allowed_packet AS packet'
    const rows = await connection.rows<{ version: string; name: string | null; packet: string }>(sql)
    const { version = '', name = null, packet } = rows[0] ?? {}
    const isMariadb = /mariadb/i.test(version)
    this.version = /^[\d.]+/.exec(version)?.[0] ?? version
    this.database ??= name ?? ''
    this.connections.database = this.database
    this.options = { ...this.options, type: isMariadb ? 'mariadb' : 'mysql' }
    this.cteCapabilities = { ...this.cteCapabilities, enabled: isAtLeast(this.version, isMariadb ? [10, 2] : [8, 0]) }
    const insertReturning = isMariadb && isAtLeast(this.version, [10, 5])
    this.#capabilities = { ...this.#capabilities, insertReturning, insertGivesKey: !insertReturning }
    this.collation = textCollation(this.version, isMariadb)
    this.#maxPacket = Number(packet) || Number.POSITIVE_INFINITY
    // The variable has another name on either server; a proxy before the server may know neither.
    const settings = await connection.rows<{ Value: string }>(
      `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')`,
    )
    if (settings[0]?.Value !== 'SERIALIZABLE') return
    // Stricter than ours, and never the server's own default: its administrator wants it.
    this.connections.isolation = 'SERIALIZABLE'
    await this.connections.prepare(connection)
  }

  override disconnect(): Promise<void> {
    return this.connections.close()
  }

  get runnerClass(): typeof MysqlRunner {
    return MysqlRunner
  }

  override createQueryRunner(): MysqlRunner {
    return Object.assign(new MysqlRunner(this), { site: callSite() })
  }

  lease(purpose: LeasePurpose, limitMs = this.pooling.transactionTimeoutMs): Eventual<MysqlRunner> {
    const runner = new MysqlRunner(this, purpose, limitMs)
    return runner.tryConnect() ? runner : runner.checkOut().then(() => runner)
  }

  // ------------------------------------------------------------------------------------------------ values

  bind(parameters: readonly unknown[]): unknown[] {
    return parameters.map(bound)
  }

  override isReturningSqlSupported(kind: 'delete' | 'insert' | 'update'): boolean {
    const { insertReturning, updateReturning } = this.#capabilities
    return kind === 'update' ? updateReturning : insertReturning
  }

  // ------------------------------------------------------------------------------------------------ statements

  /** A backslash takes the meaning of the next character, on every connection of ours. */
  literal(text: string): string {
    return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  }

  /** A function that a SELECT calls may write: only the server finds out, as it runs it. */
  isReadOnly(): boolean {
    return false
  }

  controlsTransaction(sql: string): boolean {
    return controlsTransaction(sql)
  }

  commitsTransaction(sql: string): boolean {
    return this.statements.of(sql).commits
  }

  endsTransaction(error: unknown): boolean {
    const origin: unknown = error instanceof QueryFailedError ? error.driverError : error
    return isError(origin) && 'errno' in origin && endsTransaction(Number(origin.errno))
  }

  /** @internal See `refuseValues`. */
  refuse(sql: string, values: readonly unknown[], { native }: Connection): void {
    refuseValues(sql, values, native, this.#maxPacket)
  }

  // ------------------------------------------------------------------------------------------------ schema

  withSchemaLock<T>(runner: DriverRunner, work: () => Promise<T>, change: SchemaChange): Promise<T> {
    return holdingSchemaLock(runner, this.database ?? '', work, change === 'drop')
  }

  /** Rows side by side lock the gaps between them: one sandbox at a time. The lock ends with the loan of its connection. */
  lockSandbox(runner: DriverRunner): Promise<boolean> {
    return lockSandbox(runner, this.database ?? '')
  }

  lineUp(runner: DriverRunner, names: readonly string[]): Promise<void> {
    const places = names.map((name) => `${name} of ${this.database ?? ''}`)
    return lineUp(runner, places, Math.ceil(this.pooling.poolTimeoutMs / 1_000))
  }

  async emptyTables(runner: DriverRunner, tables: readonly string[]): Promise<void> {
    for (const name of tables) await runner.query(`TRUNCATE TABLE ${quotedPath(this, name)}`)
  }

  /** Those of the server are in databases of their own. */
  isSystemTable(): boolean {
    return false
  }

  /** TypeORM leaves them out, as MySQL did before 8.0.16. */
  checksOf(table: Table): string[] {
    return table.checks.map(
      ({ name = '', expression = '' }) =>
        `ALTER TABLE ${quotedPath(this, table.name)} ADD CONSTRAINT ${this.escape(name)} CHECK (${expression})`,
    )
  }

  /** A user may have a limit of its own; 0 is none. */
  async serverFacts(runner: DriverRunner): Promise<ServerFacts> {
    const [row]: Record<string, unknown>[] = await runner.query(
      'SELECT @@max_connections AS server, @@session.max_user_connections AS user',
    )
    const limits = [row?.['server'], row?.['user']].map(Number).filter((limit) => limit > 0)
    const product = this.options.type === 'mariadb' ? 'MariaDB' : 'MySQL'
    return { product: `${product} ${this.version ?? ''}`, connectionLimit: Math.min(...limits) }
  }

  async dropTable(runner: DriverRunner, table: Table): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS ${quotedPath(this, table.name)}`)
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
  onStatement: DriverRunner['onStatement']
  /** Where the application made it, of one that is not a session's. */
  readonly site: CallSite | undefined
  readonly #purpose: LeasePurpose | undefined
  readonly #limitMs: number
  #acquiring: Promise<Connection> | undefined
  #connection: Connection | undefined
  #isInTransaction = false
  /** Whether only `commit` and `rollback` may end the transaction: it is a session's. */
  #isGuarded = false
  /** What ended the transaction before its time. */
  #end: unknown
  #underWay = 0
  /** Whether the session of the connection may not be as it was. */
  #isDirty = false

  /**
   * @param purpose Why the session leased it.
   * @param limitMs Milliseconds that a statement of a read or an autocommit, or BEGIN, COMMIT or ROLLBACK of a write, may take; 0 sets
   *   no limit.
   */
  constructor(driver: MysqlDriver, purpose?: LeasePurpose, limitMs = 0) {
    super(driver, 'master')
    this.#purpose = purpose
    this.#limitMs = limitMs
  }

  get connectionStatus(): ConnectionStatus {
    if (this.#connection?.lost) return 'lost'
    if (this.#end !== undefined) return 'failed'
    return this.#isInTransaction ? 'transaction' : 'idle'
  }

  override async connect(): Promise<NativeConnection> {
    return (await this.checkOut()).native
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
      (this.#acquiring ??= this.driver.connections.acquire(this.#purpose ? undefined : new Loan(this, this.site)))
    const acquiring = this.driver.dataSource.isInitialized ? acquire() : this.driver.ready().then(acquire)
    return acquiring.then(
      (connection) => (this.#connection = connection),
      (error) => {
        this.#acquiring = undefined
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
    if (this.#connection) return this.#return(this.#connection)
    // Why none came its caller was told.
    return this.#acquiring?.then(
      (late) => this.#return(late),
      () => undefined,
    )
  }

  #return(connection: Connection): Eventual<void> {
    if (this.connectionStatus === 'idle' && this.#underWay === 0) return this.driver.connections.release(connection, this.#isDirty)
    this.driver.connections.destroy(connection)
  }

  // ------------------------------------------------------------------------------------------------ transactions

  begin(isolation?: IsolationLevel): Eventual<void> {
    return after(this.#begin(isolation), () => void (this.#isGuarded = true))
  }

  #begin(isolation: IsolationLevel | undefined): Eventual<void> {
    const isolated = isolation ? this.#isolate(isolation) : undefined
    const begun = after(isolated, () => limited(this, this.#limitMs, () => this.run('START TRANSACTION', [])))
    return after(begun, () => void (this.isTransactionActive = true))
  }

  async #isolate(level: IsolationLevel): Promise<void> {
    const wasDirty = this.#isDirty
    await limited(this, this.#limitMs, () => this.run(`SET TRANSACTION ISOLATION LEVEL ${level}`, []))
    // It holds for the next transaction only.
    this.#isDirty = wasDirty
  }

  commit(): Eventual<void> {
    this.#refuseLost()
    if (this.connectionStatus !== 'transaction') throw new RolledBackError(this.driver.pooling.name, this.#end)
    return this.#commit()
  }

  /** A COMMIT that is not sent keeps nothing, for sure. */
  #refuseLost(): void {
    const lost = this.#connection?.lost
    if (lost) throw lostError(this.driver.pooling.name, lost)
  }

  #commit(): Eventual<void> {
    this.#isGuarded = false
    return either(
      () => limited(this, this.#limitMs, () => this.run('COMMIT', [])),
      () => void (this.isTransactionActive = false),
      (error) => {
        if (!(error instanceof CommitUnknownError)) this.#end ??= error
        throw error
      },
    )
  }

  async rollback(): Promise<void> {
    this.#isGuarded = false
    const { connectionStatus } = this
    if (connectionStatus === 'transaction' || connectionStatus === 'failed') {
      this.#end = undefined
      try {
        await limited(this, this.#limitMs, () => this.run('ROLLBACK', []))
      } catch (error) {
        // A connection that is lost has rolled back already.
        if (!this.#connection?.lost) throw error
      }
    }
    this.isTransactionActive = false
  }

  /** Nothing is put off. */
  checkDeferred(): Promise<void> {
    return Promise.resolve()
  }

  /** They are variables of the connection, which a rollback leaves as they are; the connection is reset when it goes back. */
  async setLocal(settings: ReadonlyMap<string, string | null>): Promise<void> {
    const names = Array.from(settings.keys(), (key) => `@${this.driver.escape(key)} = ?`)
    await this.query(`SET ${names.join(', ')}`, [...settings.values()])
  }

  cancel(reason: Error): void {
    const connection = this.#connection
    if (connection && !connection.lost && this.#underWay > 0) void this.driver.connections.kill(connection, reason)
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
    this.#refuseLost()
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
  override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
  override query<Raw = unknown>(sql: string, parameters?: unknown[], structured?: boolean): Promise<Raw>
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> {
    const result = await this.run(sql, parameters)
    return structured ? result : result.raw
  }

  /** Few promises: each costs a microsecond or two up to Node 22, which follows all of them with its hooks. */
  run(sql: string, parameters: readonly unknown[], form: RowForm = 'records'): Eventual<StatementResult> {
    if (this.isReleased || !this.#connection) return this.checkOut().then((late) => this.#runOn(late, sql, parameters, form))
    return this.#runOn(this.#connection, sql, parameters, form)
  }

  #runOn(connection: Connection, sql: string, parameters: readonly unknown[], form: RowForm): Eventual<StatementResult> {
    this.#admit(sql)
    const send = (values: unknown[]): Promise<Answer> => this.#send(connection, sql, values, form)
    return runStatement(this, sql, parameters, send, (error) => this.#explain(connection, error, sql))
  }

  #send(connection: Connection, sql: string, values: unknown[], form: RowForm): Promise<Answer> {
    this.driver.refuse(sql, values, connection)
    if (connection.lost) throw lostError(this.driver.pooling.name, connection.lost)
    const isLimited = this.#purpose === 'read' || this.#purpose === 'autocommit'
    const endLimit = limit(this, isLimited ? this.#limitMs : 0)
    this.#underWay += 1
    return connection.send(sql, values, form).then(
      ({ native, fields }) => {
        endLimit()
        this.#underWay -= 1
        this.#follow(native)
        return { result: resultOf(native, fields, form), native }
      },
      (error) => {
        endLimit()
        this.#underWay -= 1
        const mayBeKept = sql === 'COMMIT' || this.#purpose === 'autocommit'
        throw connection.lost && mayBeKept ? new CommitUnknownError(this.driver.pooling.name, connection.lost) : error
      },
    )
  }

  /** @throws {DdlInScopeError} It would commit the session's transaction. @throws {RolledBackError} The transaction is over. */
  #admit(sql: string): void {
    const { name } = this.driver.pooling
    if (this.#end !== undefined) throw new RolledBackError(name, this.#end)
    const { fault, commits, dirties } = this.driver.statements.of(sql)
    if (fault !== undefined) throw new InvalidStatementError(fault)
    if (this.#isGuarded && this.#isInTransaction && commits) throw new DdlInScopeError(name)
    this.#isDirty ||= dirties
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
    if (lost) return lostError(this.driver.pooling.name, lost)
    if (this.#isInTransaction && error.errno !== undefined && endsTransaction(error.errno)) this.#end ??= error
    return { failure: failureOf(error, sql, this.driver.dataSource.entityMetadatas), withoutValues }
  }

  override async stream(
    sql: string,
    parameters: unknown[] = [],
    onEnd?: () => void,
    onError?: (error: Error) => void,
  ): Promise<ReadStream> {
    const connection = await this.checkOut()
    this.#admit(sql)
    const values = this.driver.bind(parameters)
    this.driver.refuse(sql, values, connection)
    this.driver.dataSource.logger.logQuery(sql, values, this)
    this.#underWay += 1
    const query = connection.stream(sql, values)
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
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeORM types it by an old class of Node
    return stream as ReadStream
  }

  // ------------------------------------------------------------------------------------------------ schema

  /**
   * Tables may refer to each other in a circle, and to tables that come later.
   *
   * Texts of a new table are compared by their code points, as on every database, unless a column has a `collation`. A text that refers
   * to a table which is there already takes that one's collation: a foreign key needs it.
   */
  override async createTable(table: Table, ifNotExists?: boolean, createForeignKeys?: boolean): Promise<void> {
    for (const { columnNames, referencedTableName, referencedColumnNames } of table.foreignKeys) {
      for (const [index, name] of columnNames.entries()) {
        const column = table.findColumnByName(name)
        const collation = await collationOf(this, referencedTableName, referencedColumnNames[index])
        if (column && collation !== undefined) column.collation ??= collation
      }
    }
    const isAhead = createForeignKeys !== false && table.foreignKeys.length > 0
    if (isAhead) await this.query('SET FOREIGN_KEY_CHECKS = 0')
    try {
      await super.createTable(table, ifNotExists, createForeignKeys)
    } finally {
      if (isAhead && this.connectionStatus !== 'lost') await this.query('SET FOREIGN_KEY_CHECKS = 1')
    }
  }

  /** TypeORM names no collation of a table. */
  protected override createTableSql(table: Table, createForeignKeys?: boolean): Query {
    const { query, parameters } = super.createTableSql(table, createForeignKeys)
    if (/\b(?:charset|character|collate)\b/i.test(table.engine ?? '')) return new Query(query, parameters)
    return new Query(`${query} DEFAULT CHARACTER SET utf8mb4 COLLATE ${this.driver.collation}`, parameters)
  }

  /** Without names TypeORM reads the tables of every database of the server. */
  protected override async loadTables(names?: string[]): Promise<Table[]> {
    if (names) return super.loadTables(names)
    const sql = `SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'`
    const rows = await this.query<{ name: string }[]>(sql)
    return super.loadTables(rows.map(({ name }) => name))
  }

  protected override buildCreateColumnSql(column: TableColumn, skipPrimary: boolean, skipName?: boolean): string {
    const sql = super.buildCreateColumnSql(column, skipPrimary, skipName)
    return column.onUpdate
      ? sql.replace(` ON UPDATE ${column.onUpdate}`, ` ON UPDATE ${withPrecision(column.onUpdate, column.precision) ?? ''}`)
      : sql
  }
}

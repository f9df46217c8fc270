import type { DataSource, EntityManager } from 'typeorm'
import type { DriverRunner, LeasePurpose, RowForm, StatementResult } from '../drivers/driver.js'
import { InvalidOptionError, TransactionControlError, UnsupportedError } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import { flag, readOptions } from '../options.js'
import { recordState } from '../plan/record-state.js'
import { acceptHook, type Hook, type HookOptions } from '../scope/hooks.js'
import { beginOperation, Operation } from '../scope/operation.js'
import type { ScopeMember } from '../scope/members.js'
import type { Scope } from '../scope/scope.js'
import type { Engine } from './engine.js'
import { IdentityMap } from './identity-map.js'
import type { SentStatement } from './statement-log.js'
import { Transaction } from './transaction.js'
import { UnitOfWork } from './unit-of-work.js'

const hookOptions = { await: flag }

/** A session whose transaction has begun, as `db.onBegin` gives it. @since 0.1 */
export type BegunSession = Pick<Session, 'manager' | 'setLocal'>

/** What `db.onBegin` takes. @since 0.1 */
export type BeginHook = (session: BegunSession) => unknown

/** Makes a query runner of TypeORM whose statements run in `session`. @param purpose What they are known to do. */
export type JoinSession = (session: Session, purpose: LeasePurpose) => DriverRunner

/**
 * One database's part of a scope: its records, and from the first write or lock on one connection with one transaction.
 *
 * Reads before the first write borrow a connection for one statement and hold nothing. The transaction ends with the
 * scope; `commit` ends it earlier, and the next write opens another. A session belongs to its scope: used in another it refuses.
 *
 * What the rooms above it call: `read(text, values)` and `execute(text, values)` send a statement of our own, in its turn and after
 * what was added; `identities.adopt(metadata, record)` gives the session's one object for a row that was read;
 * `records.save/remove/…` write records; `identities.expire(metadata)` is for who writes past them. TypeORM gets `reader` and
 * `writer`.
 *
 * @example
 * await db.run(async () => {
 *   const user = await User.create({ name: 'Mardix' })
 *   await db.session.commit()          // kept, whatever comes after
 *   await user.update({ name: 'M.' })  // a new transaction, committed when the scope ends
 * })
 */
export class Session implements ScopeMember {
  readonly scope: Scope
  /** @internal Its database. */
  readonly engine: Engine
  /** @internal Its connection. */
  readonly connection: Transaction
  #identities: IdentityMap | undefined
  #records: UnitOfWork | undefined
  #reader: DriverRunner | undefined
  #writer: DriverRunner | undefined
  readonly #join: JoinSession

  /** @internal Made by `AlchemyDataSource.sessionOf`. */
  constructor(engine: Engine, scope: Scope, join: JoinSession) {
    this.engine = engine
    this.scope = scope
    this.#join = join
    this.connection = new Transaction(engine, scope, () => this.writer)
  }

  /** TypeORM's data source of its database. */
  get dataSource(): DataSource {
    return this.engine.dataSource
  }

  /** Name of the database, for messages. */
  get name(): string {
    return this.engine.settings.name
  }

  /** @internal Whether it has ever written: TypeORM's result cache is bypassed from then on. */
  get hasWritten(): boolean {
    return this.connection.hasBegun
  }

  /** @internal Whether it holds a connection with an open transaction. */
  get inTransaction(): boolean {
    return this.connection.isOpen
  }

  /** @internal The records that it has read or written: one row, one object. */
  get identities(): IdentityMap {
    return (this.#identities ??= new IdentityMap(this.scope))
  }

  /** @internal What of them is to be written. */
  get records(): UnitOfWork {
    return (this.#records ??= new UnitOfWork(this.engine, this.scope, this.connection, this.identities))
  }

  /** TypeORM's entity manager whose every statement runs in this session. */
  get manager(): EntityManager {
    return this.connection.manager
  }

  /** @internal A TypeORM query runner whose statements may write. */
  get writer(): DriverRunner {
    return (this.#writer ??= this.#join(this, 'write'))
  }

  /** @internal A TypeORM query runner whose statements are known to be plain SELECTs. */
  get reader(): DriverRunner {
    return (this.#reader ??= this.#join(this, 'read'))
  }

  /**
   * What it has sent, the last thousand: text, milliseconds, and the place of the application's call. Empty in production.
   *
   * @since 0.2
   * @example
   * await db.run(async () => {
   *   await User.count()
   *   console.table(db.session.statements.map(({ milliseconds, place, text }) => ({ milliseconds, place, text })))
   * })
   */
  get statements(): readonly SentStatement[] {
    return this.connection.statements?.sent ?? []
  }

  // ------------------------------------------------------------------------------------------------ statements

  /** @internal Sends a SELECT that changes and locks nothing. @param values What it binds, in its order. */
  read(sql: string, values: readonly unknown[] = [], form?: RowForm): Eventual<StatementResult> {
    return this.#afterFlush(() => this.connection.query('read', sql, values, form))
  }

  /** @internal Sends a statement that may write or lock: the transaction begins with it. @param values What it binds, in its order. */
  execute(sql: string, values: readonly unknown[] = [], form?: RowForm): Eventual<StatementResult> {
    return this.#afterFlush(() => this.connection.query('write', sql, values, form))
  }

  /**
   * @internal Lets one transaction at a time go on under each of `names`, until it ends. See `DatabaseDriver.lineUp`.
   *
   * @returns Whether it is to: `false` where the database needs no such thing, or a verb is a transaction by itself.
   */
  async lineUp(names: readonly string[]): Promise<boolean> {
    const { driver } = this.engine
    if (!this.linesUp) return false
    await this.#afterFlush(() => this.connection.execute('write', (runner) => driver.lineUp?.(runner, names)))
    return true
  }

  /** @internal Whether those who insert have to line up. */
  get linesUp(): boolean {
    return this.engine.driver.lineUp !== undefined && !this.scope.isVerb
  }

  /**
   * @internal One statement of a joined runner, whose text the application may have written.
   *
   * @throws {TransactionControlError} It would open or end the transaction.
   */
  statement<T>(purpose: LeasePurpose, sql: string, send: (runner: DriverRunner) => Promise<T>): Promise<T> {
    const work = (): Eventual<T> => {
      const { driver } = this.engine
      if (driver.controlsTransaction(sql)) throw new TransactionControlError(this.name, firstWord(sql))
      // Outside any scope a schema change is the whole of its transaction, so it needs none where it would commit it.
      if (this.scope.isVerb && driver.commitsTransaction(sql)) return this.connection.alone(send)
      return this.#afterFlush(() => this.connection.execute(this.#purposeOf(purpose, sql), send))
    }
    // What TypeORM sends for a call of the application has not been called by the application itself.
    return Operation.start<T, Operation<T>>(Operation, work, this.scope, this.scope.isOperating)
  }

  /** A text of the application may write, unless the database itself says that it only reads: then it waits for no writer. */
  #purposeOf(purpose: LeasePurpose, sql: string): LeasePurpose {
    return purpose === 'write' && !this.inTransaction && this.engine.driver.isReadOnly(sql) ? 'read' : purpose
  }

  #afterFlush<T>(work: () => Eventual<T>): Eventual<T> {
    return after(this.#records?.autoflush(), work)
  }

  /**
   * @internal Runs `work` inside a savepoint: when it fails, only what it did is lost.
   *
   * Statements and transactions beside it wait until it has ended.
   *
   * @throws {SessionFailedError} A statement inside failed and the error was swallowed: nothing of it is kept.
   * @throws {NestedTransactionTimeoutError} It waited longer than `poolTimeoutMs` for a transaction beside it.
   */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.scope.operation(() =>
      this.connection.nested(async () => {
        const result = await work()
        await this.#records?.autoflush()
        return result
      }),
    )
  }

  // ------------------------------------------------------------------------------------------------ the public verbs

  /**
   * Puts records into the session: they are written at the next query, `flush` or commit.
   *
   * @throws {ForeignRecordError} A record belongs to another session that is still open.
   */
  add(...records: object[]): void {
    this.scope.admit()
    for (const record of records) this.records.add(record)
  }

  /** Deletes the record's row when the session is flushed; on a `db.Model`, for good. */
  delete(record: object): Promise<void> {
    return beginOperation(() => this.records.remove(record), this.scope)
  }

  /** Writes what was added, and every changed record of the session. */
  flush(): Promise<void> {
    return beginOperation(() => this.records.flush(), this.scope)
  }

  /**
   * Commits at once, and gives back connection and locks; the next write opens a new transaction. Functions that were given to
   * `onCommit` since the last commit are called.
   *
   * @throws {SessionFailedError} A statement failed; `rollback` first.
   * @throws {TransactionOpenError} Called inside `db.transaction`, whose outcome is not yet decided.
   */
  commit(): Promise<void> {
    return beginOperation(async () => {
      this.connection.refuseInside('commit')
      await this.records.flush()
      await this.connection.end('commit')
    }, this.scope)
  }

  /** Drops what was written since the last commit, and gives back connection and locks; a failed session is usable again. */
  rollback(): Promise<void> {
    return beginOperation(() => this.#rollback(), this.scope)
  }

  async #rollback(): Promise<void> {
    this.connection.refuseInside('rollback')
    this.#records?.discardPending()
    await this.connection.end('rollback')
  }

  /** Rolls back and forgets every record; the next statement starts anew. */
  remove(): Promise<void> {
    return beginOperation(async () => {
      await this.#rollback()
      this.#identities?.clear()
    }, this.scope)
  }

  /** Lets the scope only roll back, whatever the answer says. @param reason For who reads the code. */
  rollbackOnly(reason?: unknown): void {
    this.scope.admit()
    this.scope.rollbackOnly(reason)
  }

  /** Commits although the answer says error: any status below 500, thrown or sent. @param reason For who reads the code. */
  commitAnyway(reason?: string): void {
    this.scope.admit()
    this.scope.commitAnyway(reason)
  }

  /**
   * Calls `hook` once what this code writes is committed: after `commit()`, or at the end of the scope; outside the scope, and not
   * when the enclosing `db.transaction` is rolled back. The answer does not wait for it, unless `await` says so.
   *
   * @throws {ScopeClosedError} The scope is over.
   */
  onCommit(hook: () => unknown, options?: HookOptions): void {
    this.#call('onCommit', hook, options)
  }

  /** Calls `hook` once what this code writes was rolled back. See `onCommit`. */
  onRollback(hook: () => unknown, options?: HookOptions): void {
    this.#call('onRollback', hook, options)
  }

  #call(when: 'onCommit' | 'onRollback', hook: () => unknown, options: HookOptions | undefined): void {
    const call = acceptHook(when, hook)
    const { await: isAwaited = false } = readOptions(hookOptions, options, `${when}()`)
    this.connection.call(when, { name: `A function given to ${when}`, call, isAwaited, timeoutMs: this.connection.timeoutMs })
  }

  /**
   * Makes a setting that policies, defaults and triggers of the database can read; it holds in every transaction of this
   * session, and in none of another. In a `db.transaction` that is rolled back it is taken back.
   *
   * PostgreSQL: `current_setting(key)`; any setting of the server will do, such as `search_path` or `role`. MySQL and
   * MariaDB: the variable `@key`. It is sent with the next statement, and from now on reads need a transaction too.
   *
   * @param key `app.tenant`: letters, digits, `_` and `.`, of up to 63 characters.
   * @throws {UnsupportedError} SQLite has no such settings.
   * @throws {InvalidOptionError} The key has another form, or the value is no string, number or boolean.
   * @example
   * db.session.setLocal('app.user', req.user.id)
   */
  setLocal(key: string, value: string | number | boolean): void {
    this.scope.admit()
    if (!this.engine.driver.capabilities.localSettings) {
      throw new UnsupportedError(
        `session.setLocal() on ${this.name}`,
        'The database has no settings of a transaction: give the value to each statement.',
      )
    }
    if (!/^[a-z_][\w.]{0,62}$/i.test(key)) throw new InvalidOptionError('key', 'letters, digits, _ and ., such as app.tenant', key)
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new InvalidOptionError(key, 'a string, a number or a boolean', value)
    this.connection.set(key, String(value))
  }

  // ------------------------------------------------------------------------------------------------ as its scope ends it

  /** @internal See `ScopeMember`. */
  get touched(): boolean {
    return this.connection.isTouched || this.#hasPending
  }

  /** @internal See `ScopeMember`. */
  get holdsWork(): boolean {
    return this.inTransaction || this.#hasPending
  }

  /** @internal See `ScopeMember`. */
  get written(): number {
    return this.connection.written
  }

  /** @internal See `ScopeMember`. */
  get failure(): unknown {
    return this.connection.failure
  }

  get #hasPending(): boolean {
    return this.#records?.hasPending ?? false
  }

  /** @internal Reads have left nothing to commit or to undo, and no connection to give back. */
  end(commits: boolean): void {
    if (commits) this.#reportUnsaved()
    this.connection.leave()
  }

  /** @internal See `ScopeMember`. */
  cancel(reason: Error): void {
    this.connection.cancel(reason)
  }

  /** @internal See `ScopeMember`. */
  close(): Promise<void> | undefined {
    return this.connection.close()
  }

  /** @internal See `ScopeMember`. */
  settle(how: 'commit' | 'rollback'): Promise<void> {
    if (how === 'commit') {
      this.#reportUnsaved()
      if (this.#hasPending) {
        const flushed = this.connection.atEnd(async () => this.#records?.autoflush())
        return flushed.then(() => this.connection.settle('commit'))
      }
    } else this.#records?.discardPending()
    return this.connection.settle(how)
  }

  /** @internal See `ScopeMember`. */
  release(): Eventual<void> {
    const released = this.connection.letGo()
    if (released instanceof Promise) return released.finally(() => this.connection.leave())
    this.connection.leave()
  }

  /** @internal See `ScopeMember`. */
  takeHooks(): readonly Hook[] {
    return this.connection.takeHooks()
  }

  /** Tells, once for each place in development, of changes that the commit of an answer does not write. */
  #reportUnsaved(): void {
    const { scope } = this
    if (scope.isVerb || !this.#identities || process.env['NODE_ENV'] === 'production') return
    const names = new Set<string>()
    for (const record of this.#identities.changed()) {
      // A write that went past it may have saved it.
      if (!this.#records?.isPending(record) && !recordState(record).isExpired) names.add(record.constructor.name)
    }
    if (names.size === 0) return
    scope.report({
      kind: 'unsaved-changes',
      label: scope.label,
      database: this.name,
      message: `${scope.label} changed records of ${[...names].join(', ')} and did not save them. Call save(), update() or db.add().`,
    })
  }
}

/** `COMMIT` of `/* now *\/ commit;`, for a message. */
function firstWord(sql: string): string {
  return (/[a-z]+/i.exec(sql.replace(/^(?:\s|;|--[^\n]*\n|\/\*.*?\*\/)*/s, ''))?.[0] ?? 'It').toUpperCase()
}

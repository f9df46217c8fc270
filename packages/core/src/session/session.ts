import { AsyncLocalStorage } from 'node:async_hooks'
import type { EntityManager, QueryRunner } from 'typeorm'
import type { DriverRunner, LeasePurpose } from '../drivers/driver.js'
import type { IsolationLevel } from '../drivers/internals.js'
import {
  InvalidOptionError,
  NestedScopeError,
  NestedTransactionTimeoutError,
  SessionFailedError,
  TransactionEndedError,
  TransactionTimeoutError,
  TransactionOpenError,
  UnsupportedError,
} from '../errors.js'
import { beginOperation } from '../scope/operation.js'
import { acceptHook, detached, type Scope, type ScopeMember } from '../scope/scope.js'
import type { RecordOwner } from '../plan/record-state.js'
import { Frame, frames } from './frame.js'
import type { SessionSource } from './session-source.js'
import { UnitOfWork } from './unit-of-work.js'

/** Inside, every statement of a joined runner is a read; set by the query layer, which knows what it sends. */
const reading = new AsyncLocalStorage<boolean>()

/** A transaction that is open and does nothing for longer than this is reported, in milliseconds. */
const idleLimitMs = 1_000

/**
 * One database's part of a scope: its records, and from the first write or lock on one connection with one transaction.
 *
 * Reads before the first write borrow a connection for one statement and hold nothing. The transaction ends with the
 * scope; `commit` ends it earlier, and the next write opens another.
 *
 * @example
 * await db.run(async () => {
 *   const user = await User.create({ name: 'Mardix' })
 *   await db.session.commit()          // kept, whatever comes after
 *   await user.update({ name: 'M.' })  // a new transaction, committed when the scope ends
 * })
 */
export class Session implements RecordOwner {
  readonly scope: Scope
  readonly dataSource: SessionSource
  /** @internal What the scope settles. */
  readonly member: SessionMember
  /** @internal The records of this session. */
  readonly records: UnitOfWork
  readonly #isolation: IsolationLevel | undefined
  #root = new Frame('')
  #runner: DriverRunner | undefined
  #joined: QueryRunner | undefined
  #savepoints = 0
  #running = 0
  #whenIdle: (() => void) | undefined
  #closed = false
  #hasEntered = false
  #written = 0
  #hasWritten = false
  #expiry: NodeJS.Timeout | undefined
  #timeout: TransactionTimeoutError | undefined
  #whenExpired: ((error: Error) => void) | undefined
  /** The settings that the server knows in the open transaction; `undefined` where it is not known which. */
  #told = new Map<string, string | undefined>()
  #idleSince: { at: number; site: string | undefined } | undefined

  /** @internal Made by `AlchemyDataSource.session`. */
  constructor(dataSource: SessionSource, scope: Scope, isolation?: IsolationLevel) {
    this.dataSource = dataSource
    this.scope = scope
    this.#isolation = isolation
    this.records = new UnitOfWork(this)
    this.member = this.#asMember()
  }

  /** Name of the database, for messages. */
  get name(): string {
    return this.dataSource.settings.name
  }

  /** @internal Whether it has ever written: TypeORM's result cache is bypassed from then on. */
  get hasWritten(): boolean {
    return this.#hasWritten
  }

  /** @internal Whether its records are its alone: until its scope ends. Verbs outside any scope may meet on one record. */
  get isOpen(): boolean {
    const { isVerb, state } = this.scope
    return !isVerb && (state === 'open' || state === 'closing')
  }

  /** @internal Whether it holds a connection with an open transaction. */
  get inTransaction(): boolean {
    return this.#runner !== undefined
  }

  /** TypeORM's entity manager whose every statement runs in this session. */
  get manager(): EntityManager {
    return this.runner.manager
  }

  /** @internal A TypeORM query runner whose every statement runs in this session. */
  get runner(): QueryRunner {
    this.#joined ??= this.dataSource.joinedRunner(this)
    return this.#joined
  }

  // ------------------------------------------------------------------------------------------------ statements

  /** @internal Runs statements that are known to be plain SELECTs. */
  async read<T>(run: (runner: QueryRunner) => Promise<T>): Promise<T> {
    await this.records.autoflush()
    return reading.run(true, () => run(this.runner))
  }

  /** @internal Runs statements that write or lock. */
  async write<T>(run: (runner: QueryRunner) => Promise<T>): Promise<T> {
    await this.records.autoflush()
    return reading.run(false, () => run(this.runner))
  }

  /** @internal Marks the statements that `work` issues on joined runners as reads. */
  asRead<T>(work: () => Promise<T>): Promise<T> {
    return reading.run(true, work)
  }

  /** @internal Runs `work`, which a read calls, as if nobody had marked its statements. */
  notAsRead(work: () => void): void {
    reading.run(false, work)
  }

  /** @internal One statement of a joined runner. */
  statement<T>(run: (runner: DriverRunner) => Promise<T>): Promise<T> {
    const purpose: LeasePurpose = reading.getStore() ? 'read' : 'write'
    const send = async (): Promise<T> => {
      await this.records.autoflush()
      return this.execute(purpose, run)
    }
    return this.#frame().settling ? send() : beginOperation(send, this.scope)
  }

  /**
   * @internal Runs one statement in its turn. A write begins the transaction; a read without one borrows a connection.
   *
   * @throws {SessionFailedError} An earlier statement failed.
   * @throws {ScopeClosedError} The scope has settled.
   */
  async execute<T>(purpose: LeasePurpose, run: (runner: DriverRunner) => Promise<T>): Promise<T> {
    const frame = this.#frame()
    this.#admit(frame)
    if (!this.#hasEntered) this.dataSource.enter(this.scope)
    this.#hasEntered = true
    if (this.#mayBorrow(purpose, frame) && frame.turn.free > 0) return this.#borrow(run)
    return this.#inTurn(frame, async () => {
      this.#admit(frame)
      if (frame.firstFailure !== undefined) throw new SessionFailedError(frame.firstFailure, this.scope.label)
      if (this.#mayBorrow(purpose, frame)) return this.#borrow(run)
      this.#reportIdle()
      // Beginning counts as well: a rollback that came between would leave the statement outside any transaction.
      return this.#counted(async () => {
        try {
          const runner = this.#runner ?? (await this.#begin(frame))
          this.#hasWritten = true
          await this.#sendAhead(frame, runner)
          return await run(runner)
        } catch (error) {
          const first = this.#timeout ?? error
          this.#fail(frame, first)
          throw first
        }
      })
    })
  }

  /** Whether a statement needs no transaction: a read, unless settings or the isolation of one decide what it sees. */
  #mayBorrow(purpose: LeasePurpose, frame: Frame): boolean {
    if (purpose !== 'read' || this.#isolation || this.#runner) return false
    const { alchemy, beginHooks } = this.dataSource
    return !alchemy.capabilities.localSettings || (beginHooks.length === 0 && !frame.hasSettings)
  }

  /** A read that holds nothing; it runs beside others, and when it fails nothing can be lost. */
  async #borrow<T>(run: (runner: DriverRunner) => Promise<T>): Promise<T> {
    this.#refuseToWaitForAncestor('read')
    await this.dataSource.ready()
    const runner = await detached(() => this.dataSource.alchemy.lease('read'))
    try {
      // The scope may have been cut off while this waited for a connection.
      this.#admit(this.#frame())
      return await this.#counted(() => run(runner))
    } finally {
      await runner.release()
    }
  }

  /** What a statement of `frame` must find: every savepoint around it, and its settings. */
  async #sendAhead(frame: Frame, runner: DriverRunner): Promise<void> {
    for (const level of frame.chain) {
      if (!level.parent || level.sent) continue
      await runner.query(`SAVEPOINT ${level.savepoint}`)
      level.sent = true
    }
    if (this.#told.size === 0 && !frame.hasSettings) return
    // Only what has changed since the server was last told.
    const settings = frame.allSettings
    const news = new Map<string, string | null>()
    for (const key of this.#told.keys()) if (!settings.has(key)) news.set(key, null)
    for (const [key, value] of settings) if (this.#told.get(key) !== value) news.set(key, value)
    if (news.size === 0) return
    await runner.setLocal(news)
    this.#told = settings
  }

  async #begin(frame: Frame): Promise<DriverRunner> {
    this.#refuseToWaitForAncestor('write')
    await this.dataSource.ready()
    const { alchemy, settings } = this.dataSource
    const runner = await detached(() => alchemy.lease('write'))
    this.#runner = runner
    try {
      if (this.#closed && !frame.settling) throw this.scope.refusal()
      await runner.begin(this.#isolation)
      this.#expiry = setTimeout(() => this.#expire(), settings.transactionTimeoutMs)
      this.#expiry.unref()
      this.#told.clear()
      await this.#callBeginHooks(frame)
      return runner
    } catch (error) {
      await runner.rollback().catch(() => undefined)
      await this.#letGo()
      throw error
    }
  }

  /** In a frame of their own, since the turn of `frame` is taken; for no longer than a transaction may last. */
  async #callBeginHooks({ settling }: Frame): Promise<void> {
    const { beginHooks } = this.dataSource
    if (beginHooks.length === 0) return
    const frame = new Frame('', this.#root)
    frame.sent = true
    frame.settling = settling
    const expired = new Promise<never>((_resolve, reject) => (this.#whenExpired = reject))
    const hooks = frames.run(frame, async () => {
      for (const hook of beginHooks) await hook(this)
    })
    try {
      await Promise.race([hooks, expired])
      this.#root.adopt(frame)
    } finally {
      frame.ended = true
      frame.settling = false
      this.#whenExpired = undefined
    }
  }

  /** What would wait for a connection or lock that a scope around this one holds can only hang: it fails at once. */
  #refuseToWaitForAncestor(purpose: LeasePurpose): void {
    const { capabilities, pool } = this.dataSource.alchemy
    const wouldWait = (purpose === 'write' && capabilities.singleWriter) || pool.size === 1
    if (!wouldWait) return
    for (let { parent } = this.scope; parent; parent = parent.parent) {
      const ancestor = parent.peek<SessionMember>(this.dataSource)
      if (ancestor?.session.inTransaction) throw new NestedScopeError(parent.label)
    }
  }

  /** Counts the statements under way, so that closing can wait for them. */
  async #counted<T>(run: () => Promise<T>): Promise<T> {
    this.#running += 1
    this.#idleSince = undefined
    try {
      return await run()
    } finally {
      this.#running -= 1
      if (this.#runner) this.#idleSince = { at: Date.now(), site: callSite() }
      if (this.#running === 0) this.#whenIdle?.()
    }
  }

  /** A failed statement fails its frame, also when it could not begin; one that ended the whole transaction fails the session. */
  #fail(frame: Frame, error: unknown): void {
    frame.failure ??= error
    const status = this.#runner?.connectionStatus
    const lost = status === 'idle' || status === 'lost'
    if (lost || this.dataSource.alchemy.endsTransaction(error)) this.#root.failure ??= error
  }

  /** @internal Notes that rows were written, for the report of a veto. */
  countWritten(rows: number): void {
    this.#written += rows
  }

  // ------------------------------------------------------------------------------------------------ frames

  #frame(): Frame {
    const frame = frames.getStore()
    return frame?.chain[0] === this.#root ? frame : this.#root
  }

  #admit(frame: Frame): void {
    if (frame.settling) return
    if (this.#closed || !this.scope.admits) throw this.scope.refusal()
    if (frame.ended) throw new TransactionEndedError()
  }

  async #inTurn<T>(frame: Frame, work: () => Promise<T>): Promise<T> {
    const { poolTimeoutMs } = this.dataSource.settings
    const giveBack = await frame.turn.acquire({
      timeoutMs: poolTimeoutMs,
      // A slow statement is waited for; a nested transaction that itself waits for this caller would hang for ever.
      onTimeout: () => (frame.nested > 0 ? new NestedTransactionTimeoutError(poolTimeoutMs) : undefined),
    })
    try {
      return await work()
    } finally {
      giveBack()
    }
  }

  /** @internal What to do to objects when the current frame is rolled back. */
  onUndo(undo: () => void): void {
    this.#frame().undo.push(undo)
  }

  /**
   * Runs `work` inside a savepoint: when it fails, only what it did is lost.
   *
   * Statements and transactions beside it wait until it has ended.
   *
   * @throws {SessionFailedError} A statement inside failed and the error was swallowed: nothing of it is kept.
   * @throws {NestedTransactionTimeoutError} It waited longer than `poolTimeoutMs` for a transaction beside it.
   */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    const parent = this.#frame()
    this.#admit(parent)
    return this.scope.operation(() =>
      this.#inTurn(parent, async () => {
        this.#admit(parent)
        if (parent.firstFailure !== undefined) throw new SessionFailedError(parent.firstFailure, this.scope.label)
        const frame = new Frame(`alchemy_${++this.#savepoints}`, parent)
        parent.nested += 1
        try {
          return await this.#keepOrUndo(frame, parent, work)
        } finally {
          frame.ended = true
          parent.nested -= 1
        }
      }),
    )
  }

  async #keepOrUndo<T>(frame: Frame, parent: Frame, work: () => Promise<T>): Promise<T> {
    try {
      const result = await frames.run(frame, async () => {
        const value = await work()
        await this.records.autoflush()
        return value
      })
      await this.#drain(frame)
      if (frame.failure !== undefined) throw new SessionFailedError(frame.failure, this.scope.label)
      if (frame.sent) await this.#runner?.query(`RELEASE SAVEPOINT ${frame.savepoint}`)
      parent.undo.push(...frame.undo)
      parent.adopt(frame)
      if (parent.parent) parent.hooks.push(...frame.hooks)
      else for (const hook of frame.hooks) hook()
      return result
    } catch (error) {
      await this.#drain(frame)
      await this.#rollbackTo(frame)
      throw error
    }
  }

  /** Refuses what comes late and waits for what is under way, so that nothing lands outside the savepoint. */
  async #drain(frame: Frame): Promise<void> {
    frame.ended = true
    ;(await frame.turn.acquire())()
  }

  async #rollbackTo(frame: Frame): Promise<void> {
    frame.unwind()
    if (!frame.sent || !this.#runner || this.#root.failure !== undefined) return
    try {
      await this.#runner.query(`ROLLBACK TO SAVEPOINT ${frame.savepoint}`)
      this.#forgetTold()
      await this.#runner.query(`RELEASE SAVEPOINT ${frame.savepoint}`)
    } catch (error) {
      // The savepoint is gone: nothing inside the transaction can be trusted. The caller sees its own, first error.
      this.#root.failure ??= error
    }
  }

  /** A rollback takes settings back on some databases, and not on others: the server is told all of them again. */
  #forgetTold(): void {
    for (const key of this.#told.keys()) this.#told.set(key, undefined)
  }

  /** @internal A savepoint by TypeORM's `startTransaction`; it is not exclusive, as its caller holds no function to wait for. */
  async savepoint(): Promise<string> {
    const name = `joined_${++this.#savepoints}`
    await this.execute('write', (runner) => runner.query(`SAVEPOINT ${name}`))
    return name
  }

  /** @internal Keeps what was done since the savepoint. */
  async releaseSavepoint(name: string): Promise<void> {
    await this.execute('write', (runner) => runner.query(`RELEASE SAVEPOINT ${name}`))
  }

  /** @internal Drops what was done since the savepoint; a failure inside it is forgiven. */
  async rollbackToSavepoint(name: string): Promise<void> {
    const frame = this.#frame()
    await this.#inTurn(frame, async () => {
      try {
        await this.#runner?.query(`ROLLBACK TO SAVEPOINT ${name}`)
        this.#forgetTold()
        await this.#runner?.query(`RELEASE SAVEPOINT ${name}`)
        frame.failure = undefined
      } catch (error) {
        // What was to be undone is still there.
        frame.failure ??= error
        throw error
      }
    })
  }

  // ------------------------------------------------------------------------------------------------ the public verbs

  /**
   * Puts records into the session: they are written at the next query, `flush` or commit.
   *
   * @throws {ForeignRecordError} A record belongs to another session that is still open.
   */
  add(...records: object[]): void {
    this.#admit(this.#frame())
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
   * Commits at once, and gives back connection and locks; the next write opens a new transaction.
   *
   * @throws {SessionFailedError} A statement failed; `rollback` first.
   * @throws {TransactionOpenError} Called inside `db.transaction`, whose outcome is not yet decided.
   */
  commit(): Promise<void> {
    return beginOperation(async () => {
      this.#refuseInside('commit')
      await this.records.flush()
      await this.#inTurn(this.#root, async () => {
        // The scope may have been rolled back while this waited.
        this.#admit(this.#root)
        if (this.#root.failure !== undefined) throw new SessionFailedError(this.#root.failure, this.scope.label)
        try {
          await this.#counted(() => this.#end('commit'))
        } catch (error) {
          this.#root.failure ??= error
          throw error
        }
      })
    }, this.scope)
  }

  /** Drops what was written since the last commit, and gives back connection and locks; a failed session is usable again. */
  rollback(): Promise<void> {
    return beginOperation(async () => {
      this.#refuseInside('rollback')
      await this.#inTurn(this.#root, async () => {
        this.records.discardPending()
        await this.#counted(() => this.#end('rollback'))
      })
    }, this.scope)
  }

  /** Rolls back and forgets every record; the next statement starts anew. */
  remove(): Promise<void> {
    return beginOperation(async () => {
      await this.rollback()
      this.records.clear()
    }, this.scope)
  }

  /** Lets the scope only roll back, whatever the answer says. @param reason For who reads the code. */
  rollbackOnly(reason?: unknown): void {
    this.scope.rollbackOnly(reason)
  }

  /** Commits although the answer says error: any status below 500, thrown or sent. @param reason For who reads the code. */
  commitAnyway(reason?: string): void {
    this.scope.commitAnyway(reason)
  }

  /** Calls `hook` after the commit, outside the scope; not when the enclosing `db.transaction` is rolled back. */
  onCommit(hook: () => unknown): void {
    acceptHook('onCommit', hook)
    const { parent, hooks } = this.#frame()
    if (parent) hooks.push(() => this.scope.onCommit(hook))
    else this.scope.onCommit(hook)
  }

  /** Calls `hook` after the scope has rolled back. */
  onRollback(hook: () => unknown): void {
    this.scope.onRollback(hook)
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
    const frame = this.#frame()
    this.#admit(frame)
    if (!this.dataSource.alchemy.capabilities.localSettings) {
      throw new UnsupportedError(
        `session.setLocal() on ${this.name}`,
        'The database has no settings of a transaction: give the value to each statement.',
      )
    }
    if (!/^[a-z_][\w.]{0,62}$/i.test(key)) throw new InvalidOptionError('key', 'letters, digits, _ and ., such as app.tenant', key)
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw new InvalidOptionError(key, 'a string, a number or a boolean', value)
    frame.settings.set(key, String(value))
  }

  #refuseInside(verb: 'commit' | 'rollback'): void {
    if (this.#frame() !== this.#root) throw new TransactionOpenError(verb)
  }

  /**
   * @internal A verb and its commit as one exclusive turn, where each save commits by itself (`commit: 'save'`);
   * otherwise just the verb.
   */
  verb<T>(work: () => Promise<T>): Promise<T> {
    return this.scope.operation(async () => {
      if (this.dataSource.settings.commit !== 'save' || this.#frame() !== this.#root) return work()
      const frame = this.#root
      return this.#inTurn(frame, async () => {
        const inner = new Frame(`alchemy_${++this.#savepoints}`, frame)
        // The frame is the whole transaction here: it needs no savepoint.
        inner.sent = true
        frame.nested += 1
        try {
          const result = await frames.run(inner, work)
          if (inner.failure !== undefined) throw new SessionFailedError(inner.failure, this.scope.label)
          frame.undo.push(...inner.undo)
          await this.#end('commit')
          return result
        } catch (error) {
          inner.unwind()
          await this.#end('rollback')
          throw error
        } finally {
          inner.ended = true
          frame.nested -= 1
        }
      })
    })
  }

  // ------------------------------------------------------------------------------------------------ the end

  /** Ends the transaction and gives its connection back; the session stays usable. */
  async #end(how: 'commit' | 'rollback'): Promise<void> {
    const runner = this.#runner
    if (how === 'commit') {
      if (runner) await runner.commit()
      this.#root.undo = []
    } else {
      this.#root.unwind()
      try {
        await runner?.rollback()
      } finally {
        this.#root.failure = undefined
        await this.#letGo()
      }
      this.#written = 0
      return
    }
    this.#written = 0
    await this.#letGo()
  }

  async #letGo(): Promise<void> {
    clearTimeout(this.#expiry)
    this.#idleSince = undefined
    const runner = this.#runner
    this.#runner = undefined
    await runner?.release()
  }

  /** The session as its scope settles it: there `commit` is the end of it, not the verb above. */
  #asMember(): SessionMember {
    const touched = (): boolean => this.inTransaction || this.records.hasPending || this.#running > 0 || this.#root.failure !== undefined
    const written = (): number => this.#written
    const inTransaction = (): boolean => this.inTransaction || this.records.hasPending
    const failure = (): unknown => this.#root.failure
    return {
      session: this,
      name: this.name,
      get touched() {
        return touched()
      },
      get written() {
        return written()
      },
      get inTransaction() {
        return inTransaction()
      },
      get failure() {
        return failure()
      },
      end: (commits) => this.#endUntouched(commits),
      close: () => this.#close(),
      commit: () => this.#settle('commit'),
      rollback: () => this.#settle('rollback'),
      release: () => this.#letGo().finally(() => this.dataSource.leave(this.scope)),
    }
  }

  /** Reads have left nothing to commit or to undo, and no connection to give back. */
  #endUntouched(commits: boolean): void {
    this.#closed = true
    if (commits) this.records.reportUnsaved()
    this.dataSource.leave(this.scope)
  }

  /** Refuses new statements, and waits for those under way. */
  async #close(): Promise<void> {
    this.#closed = true
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
  }

  async #settle(how: 'commit' | 'rollback'): Promise<void> {
    if (how === 'commit') {
      this.records.reportUnsaved()
      const last = new Frame('', this.#root)
      last.sent = true
      last.settling = true
      await frames.run(last, () => this.records.autoflush())
      this.#reportIdle()
      await this.#runner?.commit()
      this.#root.undo = []
    } else {
      this.records.discardPending()
      this.#root.unwind()
      await this.#runner?.rollback()
    }
    this.#written = 0
  }

  /** Rolls the scope back, and does not wait for the statement that takes too long. */
  #expire(): void {
    const error = new TransactionTimeoutError(this.dataSource.settings.transactionTimeoutMs)
    this.#timeout = error
    this.#whenExpired?.(error)
    this.#runner?.cancel(error)
    this.scope.settle({ commit: false, reason: 'timeout', error })?.catch(() => undefined)
  }

  #reportIdle(): void {
    const since = this.#idleSince
    if (!since || Date.now() - since.at <= idleLimitMs) return
    const seconds = ((Date.now() - since.at) / 1_000).toFixed(1)
    this.scope.report({
      kind: 'idle-in-transaction',
      label: this.scope.label,
      database: this.name,
      message:
        `A transaction of ${this.scope.label} did nothing for ${seconds} s, and kept its connection and locks. ` +
        `Call db.commit() before slow work. Last statement ${since.site ?? ''}, next ${callSite() ?? ''}.`,
    })
  }
}

/** A session as its scope sees it. */
export interface SessionMember extends ScopeMember {
  readonly session: Session
}

/** Where the application called us, in development; stack traces are too dear elsewhere. */
function callSite(): string | undefined {
  if (process.env['NODE_ENV'] === 'production') return undefined
  const [, ...lines] = new Error('trace').stack?.split('\n') ?? []
  return lines.find((line) => !/@active-alchemy|packages\/core|node:|typeorm/.test(line))?.trim()
}

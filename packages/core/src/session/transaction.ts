import { setImmediate } from 'node:timers/promises'
import type { EntityManager, QueryRunner } from 'typeorm'
import { LockTimeoutError } from '../drivers/database-error.js'
import type { DriverRunner, LeasePurpose, RowForm, StatementResult } from '../drivers/driver.js'
import {
  CommitUnknownError,
  NestedScopeError,
  NestedTransactionTimeoutError,
  RolledBackError,
  SessionFailedError,
  TransactionEndedError,
  TransactionOpenError,
  TransactionTimeoutError,
} from '../errors.js'
import { after, caught, either, type Eventual, lastly } from '../eventual.js'
import { channels, type TellEnd, type TransactionTrace } from '../scope/diagnostics.js'
import type { Hook } from '../scope/hooks.js'
import { innermost, type Scope } from '../scope/scope.js'
import type { Link } from '../linked-list.js'
import type { Engine } from './engine.js'
import { type Announce, Frame, type TransactionEvent } from './frame.js'
import { IdleWatch } from './idle-watch.js'
import { SentSettings } from './sent-settings.js'
import { StatementLog } from './statement-log.js'
import { TransactionProgress, type TransactionState } from './transaction-state.js'

/**
 * A session's one connection: what is sent goes through it, in its turn.
 *
 * A read that comes before the first write or lock borrows a connection for one statement and holds nothing. Whatever else
 * comes first begins; from then on there is one connection with one transaction, until `commit`, `rollback` or the end of
 * the scope. A failed statement fails its frame, and one that ended the transaction on the server fails all of it.
 */
export class Transaction {
  readonly #engine: Engine
  readonly #scope: Scope
  readonly #writer: () => QueryRunner
  readonly #progress: TransactionProgress
  /** Made when it is needed: who only reads has no frames. */
  #root: Frame | undefined
  #runner: DriverRunner | undefined
  #savepoints = 0
  /** Its place among the scopes that use the database, once it has used it. */
  #entry: Link<Scope> | undefined
  #hasBegun = false
  /** Statements under way, so that closing can wait for them. */
  #running = 0
  /** Connections that are borrowed for one statement each. */
  readonly #borrowed = new Set<DriverRunner>()
  #whenIdle: (() => void) | undefined
  #timeout: TransactionTimeoutError | undefined
  #whenExpired: ((error: Error) => void) | undefined
  readonly #settings = new SentSettings()
  readonly #idle: IdleWatch
  #hooks: Hook[] = []
  /** What it has sent, where that is asked for. */
  readonly statements: StatementLog | undefined
  /** Whether the answer to COMMIT was lost: what is stored nobody knows. */
  #isUnknown = false
  /** Tells of its end, where somebody listens. */
  #tellEnd: TellEnd<TransactionTrace> | undefined

  /** @param writer Gives TypeORM's query runner whose statements run in it. */
  constructor(engine: Engine, scope: Scope, writer: () => QueryRunner) {
    this.#engine = engine
    this.#scope = scope
    this.#writer = writer
    this.#progress = new TransactionProgress(this.timeoutMs, () => this.#expire())
    this.#idle = new IdleWatch(scope, engine.settings.name)
    this.statements = StatementLog.of(scope, engine.settings)
  }

  /** TypeORM's entity manager whose every statement runs in it. */
  get manager(): EntityManager {
    return this.#writer().manager
  }

  get state(): TransactionState {
    return this.#progress.state
  }

  /** Milliseconds for which it may be open. */
  get timeoutMs(): number {
    return this.#scope.transactionTimeoutMs ?? this.#engine.settings.transactionTimeoutMs
  }

  /** Whether it holds a connection. */
  get isOpen(): boolean {
    return this.#runner !== undefined
  }

  /** Whether there ever was one. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Whether its end has to be waited for. */
  get isTouched(): boolean {
    const root = this.#root
    return (
      this.#runner !== undefined ||
      this.#running > 0 ||
      (root !== undefined && (root.failure ?? root.onCommit[0] ?? root.onRollback[0]) !== undefined)
    )
  }

  /** What failed first: it can only be rolled back. */
  get failure(): unknown {
    return this.#root?.failure
  }

  /** Rows written and not yet committed. */
  get written(): number {
    return this.#root?.written ?? 0
  }

  // ------------------------------------------------------------------------------------------------ frames

  /** The outermost frame, which is the transaction itself. */
  get root(): Frame {
    return (this.#root ??= new Frame())
  }

  /** Notes that its scope uses the database no more. */
  leave(): void {
    if (this.#entry) this.#engine.leave(this.#entry)
  }

  /** The frame in which the calling code runs. */
  get frame(): Frame {
    const { root } = this
    return innermost(root.isRelated) ?? root
  }

  /** @throws {ForeignSessionError} @throws {ScopeClosedError} @throws {TransactionEndedError} The frame takes no more statements. */
  #admit(frame: Frame | undefined): void {
    this.#scope.admit()
    if (frame?.hasEnded) throw new TransactionEndedError()
    this.#entry ??= this.#engine.enter(this.#scope)
  }

  #refuseFailed({ firstFailure }: Frame): void {
    if (firstFailure !== undefined) throw new SessionFailedError(firstFailure, this.#scope.label)
  }

  async #inTurn<T>(frame: Frame, work: () => Promise<T>): Promise<T> {
    const giveBack = frame.turn.tryAcquire() ?? (await this.#waitFor(frame))
    try {
      return await work()
    } finally {
      giveBack()
    }
  }

  async #waitFor(frame: Frame): Promise<() => void> {
    const { poolTimeoutMs } = this.#engine.settings
    const giveBack = await frame.turn.acquire({
      timeoutMs: poolTimeoutMs,
      // A slow statement is waited for; a nested transaction that itself waits for this caller would hang for ever.
      onTimeout: () => (frame.nested > 0 ? new NestedTransactionTimeoutError(poolTimeoutMs) : undefined),
    })
    // What failed is told before what it makes fail: `Promise.all` rejects with the cause.
    if (frame.firstFailure !== undefined) await setImmediate()
    return giveBack
  }

  // ------------------------------------------------------------------------------------------------ statements

  /**
   * Runs one statement in its turn. A write begins the transaction; a read without one borrows a connection.
   *
   * @returns What `send` gives: at once, where nothing had to be waited for.
   * @throws {SessionFailedError} An earlier statement failed.
   * @throws {ScopeClosedError} The scope has settled.
   */
  execute<T>(purpose: LeasePurpose, send: (runner: DriverRunner) => Eventual<T>): Eventual<T> {
    const frame = this.#root && this.frame
    if (purpose === 'read' && this.#mayBorrow(frame) && (!frame || frame.turn.free > 0)) return this.#borrow(frame, send)
    return this.#executeInTurn(frame ?? this.root, purpose, send)
  }

  /** One statement of our own: its text, and the values that it binds. */
  query(purpose: LeasePurpose, sql: string, values: readonly unknown[], form?: RowForm): Eventual<StatementResult> {
    return this.execute(purpose, (runner) => runner.run(sql, values, form))
  }

  /** A write that is all that its verb sends: where it can be its own transaction, it has none around it. */
  autocommit(sql: string, values: readonly unknown[]): Eventual<StatementResult> {
    if (!this.#mayAutocommit) return this.query('write', sql, values)
    const { root } = this
    const send = (runner: DriverRunner): Eventual<StatementResult> =>
      after(runner.run(sql, values), (result) => {
        // It goes with the transaction that somebody has left open on the connection.
        if (runner.connectionStatus !== 'idle') throw new RolledBackError(this.#engine.settings.name)
        return result
      })
    const attempt = (): Eventual<StatementResult> => this.#borrow(root, send, 'autocommit')
    return caught(attempt, (error) => {
      this.#fail(root, error)
      throw error
    })
  }

  /** Whether there is no transaction yet, and nobody waits to hear of one, or to be kept in it. */
  get #mayAutocommit(): boolean {
    const { dataSource, driver, beginHooks, sandboxes } = this.#engine
    if (this.#runner || sandboxes.isOpen || !dataSource.isInitialized || !driver.canAutocommit) return false
    return beginHooks.length === 0 && dataSource.subscribers.length === 0
  }

  /**
   * Takes the one write lock of a database that cannot lock rows, and begins with it. `fail` and `skip` do not wait for another writer.
   *
   * @returns Whether it has the lock; `false` with `skip` only.
   * @throws {LockTimeoutError} Another has it, with `fail`.
   */
  async lock(onLocked: 'wait' | 'fail' | 'skip'): Promise<boolean> {
    const { frame } = this
    try {
      await this.execute(onLocked === 'wait' ? 'write' : 'try-write', () => undefined)
      return true
    } catch (error) {
      if (!(error instanceof LockTimeoutError) || this.#runner) throw error
      if (onLocked === 'skip') return false
      // As where a row is locked: the statement has failed.
      if (onLocked === 'fail') this.#fail(frame, error)
      throw error
    }
  }

  #executeInTurn<T>(frame: Frame, purpose: LeasePurpose, send: (runner: DriverRunner) => Eventual<T>): Eventual<T> {
    this.#admit(frame)
    return after(frame.turn.tryAcquire() ?? this.#waitFor(frame), (giveBack) =>
      lastly(() => {
        this.#admit(frame)
        this.#refuseFailed(frame)
        // What was under way beside may have ended meanwhile.
        if (purpose === 'read' && this.#mayBorrow(frame)) return this.#borrow(frame, send)
        return this.#executeInside(frame, purpose, send)
      }, giveBack),
    )
  }

  /** In the transaction, which begins if it has not begun. */
  #executeInside<T>(frame: Frame, purpose: LeasePurpose, send: (runner: DriverRunner) => Eventual<T>): Eventual<T> {
    const attempt = (): Eventual<T> =>
      after(this.#runner ?? this.#begin(frame, purpose), (runner) => {
        if (this.#progress.isOverdue) this.#expire()
        if (this.#timeout) throw this.#timeout
        const sent = after(this.#sendAhead(frame, runner), () => send(runner))
        return after(sent, (result) => {
          this.#refuseEnded(runner)
          return result
        })
      })
    const fail = (error: unknown): never => {
      const first = this.#timeout ?? error
      // What was only tried has left nothing that could be lost.
      if (purpose !== 'try-write' || this.#runner) this.#fail(frame, first)
      throw first
    }
    // Beginning counts as well: a rollback that came between would leave the statement outside any transaction.
    this.#running += 1
    this.beginWork()
    const end = (): void => {
      this.endWork()
      this.#stopRunning()
    }
    return either(
      attempt,
      (result) => {
        end()
        return result
      },
      (error) => {
        try {
          return fail(error)
        } finally {
          end()
        }
      },
    )
  }

  /** Whether a read needs no transaction: unless there is one, or the isolation or settings of one decide what it sees. */
  #mayBorrow(frame: Frame | undefined): boolean {
    if (this.#scope.isolation || this.#runner) return false
    const { driver, beginHooks } = this.#engine
    return !driver.capabilities.localSettings || (beginHooks.length === 0 && frame?.allSettings === undefined)
  }

  /** A statement on a connection of its own, outside any transaction: a schema change that would commit it. */
  alone<T>(send: (runner: DriverRunner) => Eventual<T>): Eventual<T> {
    return this.#borrow(undefined, send, 'write')
  }

  /** A read that holds nothing; it runs beside others, and when it fails nothing can be lost. */
  #borrow<T>(frame: Frame | undefined, send: (runner: DriverRunner) => Eventual<T>, purpose: LeasePurpose = 'read'): Eventual<T> {
    this.#admit(frame)
    if (frame) this.#refuseFailed(frame)
    this.#refuseToWaitForAncestor(purpose === 'read' ? 'read' : 'write')
    const { dataSource } = this.#engine
    const lease = (): Eventual<DriverRunner> => this.#engine.lease(purpose, this.#scope, this.timeoutMs)
    return after(dataSource.isInitialized ? lease() : this.#engine.ready().then(lease), (runner) => this.#useBorrowed(frame, send, runner))
  }

  #useBorrowed<T>(frame: Frame | undefined, send: (runner: DriverRunner) => Eventual<T>, runner: DriverRunner): Eventual<T> {
    runner.onStatement = this.statements?.note
    this.#running += 1
    this.#borrowed.add(runner)
    const work = (): Eventual<T> => {
      // The scope may have been cut off while this waited for a connection.
      this.#admit(frame)
      return send(runner)
    }
    const end = (): Eventual<void> => {
      this.#borrowed.delete(runner)
      this.#stopRunning()
      return runner.giveBack()
    }
    return lastly(work, end)
  }

  /** @throws {RolledBackError} A statement has ended the transaction: what comes after it would be written one by one. */
  #refuseEnded({ connectionStatus }: DriverRunner): void {
    // A connection that was lost meanwhile tells so itself, at the next statement.
    if (connectionStatus !== 'idle') return
    throw new RolledBackError(this.#engine.settings.name, new Error('A statement ended the transaction'))
  }

  /** What a statement of `frame` must find: every savepoint around it, and its settings. @returns `undefined` where it finds it. */
  #sendAhead(frame: Frame, runner: DriverRunner): Promise<void> | undefined {
    const { unsent, allSettings = noSettings } = frame
    if (unsent.length === 0) return this.#settings.send(allSettings, runner)
    return this.#sendSavepoints(unsent, runner).then(() => this.#settings.send(allSettings, runner))
  }

  async #sendSavepoints(frames: readonly Frame[], runner: DriverRunner): Promise<void> {
    for (const frame of frames) {
      await runner.query(`SAVEPOINT ${frame.savepoint}`)
      frame.isSent = true
    }
  }

  /** A failed statement fails its frame, also when it could not begin; one that ended the whole transaction fails all of it. */
  #fail(frame: Frame, error: unknown): void {
    frame.failure ??= error
    const status = this.#runner?.connectionStatus
    const isOver = this.#runner !== undefined && (status === 'idle' || status === 'lost')
    if (isOver || this.#engine.driver.endsTransaction(error)) this.root.failure ??= error
    if (this.root.failure !== undefined) this.#progress.become('failed')
  }

  #stopRunning(): void {
    this.#running -= 1
    if (this.#running === 0) this.#whenIdle?.()
  }

  // ------------------------------------------------------------------------------------------------ its beginning

  #begin(frame: Frame, purpose: LeasePurpose): Eventual<DriverRunner> {
    const { dataSource } = this.#engine
    this.#refuseToWaitForAncestor('write')
    this.#progress.become('beginning')
    const lease = (): Eventual<DriverRunner> => this.#engine.lease(purpose === 'try-write' ? purpose : 'write', this.#scope, this.timeoutMs)
    return caught(
      () => after(dataSource.isInitialized ? lease() : this.#engine.ready().then(lease), (runner) => this.#beginOn(runner, frame)),
      (error) => this.#giveUp(error),
    )
  }

  #beginOn(runner: DriverRunner, frame: Frame): Eventual<DriverRunner> {
    runner.onStatement = this.statements?.note
    this.#runner = runner
    this.#admit(frame)
    const isHeard = this.#hasListeners(runner)
    const { beginHooks } = this.#engine
    const told = isHeard ? this.#inside(() => this.#announce('BeforeTransactionStart')) : undefined
    const begun = after(told, () => runner.begin(this.#scope.isolation))
    return after(begun, () => {
      this.#progress.become('open')
      const { label, isolation, trace } = this.#scope
      if (channels.transaction.isHeard) {
        this.#tellEnd = channels.transaction.begin({ database: this.#engine.settings.name, label, isolation, scope: trace?.id })
      }
      this.#hasBegun = true
      this.#settings.clear()
      return isHeard || beginHooks.length > 0 ? this.#tellBegun(isHeard).then(() => runner) : runner
    })
  }

  async #tellBegun(isHeard: boolean): Promise<void> {
    if (isHeard) await this.#inside(() => this.#announce('AfterTransactionStart'))
    if (this.#engine.beginHooks.length > 0) await this.#inside(() => this.#callBeginHooks())
  }

  /** Leaves nothing of a beginning that failed. */
  async #giveUp(error: unknown): Promise<never> {
    try {
      await this.#runner?.rollback()
    } catch {
      // The first error says why.
    }
    await this.letGo()
    throw error
  }

  async #callBeginHooks(): Promise<void> {
    for (const hook of this.#engine.beginHooks) await hook(this.#scope)
  }

  /** Runs code that the transaction itself calls: in a frame of its own, since the turn is taken; for no longer than it may last. */
  async #inside(work: () => Promise<void>): Promise<void> {
    const frame = new Frame(this.root)
    const expired = new Promise<never>((_resolve, reject) => (this.#whenExpired = reject))
    try {
      await Promise.race([this.#scope.within(frame, work, this.#scope.state === 'closing'), expired])
      if (frame.failure !== undefined) throw new SessionFailedError(frame.failure, this.#scope.label)
      frame.keep()
    } finally {
      frame.hasEnded = true
      this.#whenExpired = undefined
    }
  }

  #hasListeners(runner: DriverRunner | undefined): boolean {
    return runner !== undefined && this.#engine.dataSource.subscribers.length > 0
  }

  async #announce(event: TransactionEvent): Promise<void> {
    await this.#writer().broadcaster.broadcast(event)
  }

  /** Tells subscribers by each query runner at which they keep something, otherwise by that of the session. */
  #announcer(): Announce {
    const all = [...(this.#root?.subscriberData?.values() ?? [])]
    return async (event) => {
      const kept = all.filter(({ values }) => Object.keys(values).length > 0)
      if (kept.length === 0) await this.#announce(event)
      for (const { announce } of kept) await announce(event)
    }
  }

  /** What would wait for a connection or lock that a scope around this one holds can only hang: it fails at once. */
  #refuseToWaitForAncestor(purpose: LeasePurpose): void {
    if (!this.#engine.wouldWait(purpose)) return
    for (let { parent } = this.#scope; parent; parent = parent.parent) {
      if (parent.peek(this.#engine)?.inTransaction) throw new NestedScopeError(parent.label)
    }
  }

  // ------------------------------------------------------------------------------------------------ savepoints

  /**
   * Runs `work` inside a savepoint: when it fails, only what it did is lost.
   *
   * Statements and transactions beside it wait until it has ended.
   *
   * @throws {SessionFailedError} A statement inside failed and the error was swallowed: nothing of it is kept.
   * @throws {NestedTransactionTimeoutError} It waited longer than `poolTimeoutMs` for a transaction beside it.
   */
  async nested<T>(work: () => Eventual<T>): Promise<T> {
    const parent = this.frame
    this.#admit(parent)
    return this.#inTurn(parent, async () => {
      this.#admit(parent)
      this.#refuseFailed(parent)
      return this.#keepOrUndo(new Frame(parent, this.#newSavepoint('alchemy')), work)
    })
  }

  #newSavepoint(kind: string): string {
    this.#savepoints += 1
    return `${kind}_${this.#savepoints}`
  }

  async #keepOrUndo<T>(frame: Frame, work: () => Eventual<T>): Promise<T> {
    const { parent } = frame
    if (parent) parent.nested += 1
    try {
      const result = await this.#scope.within(frame, work)
      await this.#drain(frame)
      // What was rolled back with its scope meanwhile is not told as kept.
      this.#scope.admit()
      if (frame.failure !== undefined) throw new SessionFailedError(frame.failure, this.#scope.label)
      const { isSent, savepoint } = frame
      if (isSent && savepoint !== '') await this.#control((runner) => runner.query(`RELEASE SAVEPOINT ${savepoint}`))
      frame.keep()
      return result
    } catch (error) {
      await this.#drain(frame)
      await this.#undo(frame)
      throw error
    } finally {
      if (parent) parent.nested -= 1
    }
  }

  /** Refuses what comes late and waits for what is under way, so that nothing lands outside the savepoint. */
  async #drain(frame: Frame): Promise<void> {
    frame.hasEnded = true
    ;(frame.turn.tryAcquire() ?? (await frame.turn.acquire()))()
  }

  async #undo(frame: Frame): Promise<void> {
    const { isSent, savepoint } = frame
    const hooks = frame.unwind()
    if (savepoint === '') await this.#endNow('rollback')
    // Its caller sees the first error; that of the undoing is the failure of the transaction, which what comes next is refused with.
    else if (isSent && this.root.failure === undefined) await this.#undoSavepoint(this.root, savepoint)
    await this.#scope.callHooks([...hooks, ...this.takeHooks()])
  }

  /** Whether its scope rolls it back: there is nothing left for anybody else to undo. */
  get #isGivenUp(): boolean {
    return this.#timeout !== undefined || this.state === 'rolling back'
  }

  /**
   * @param frame Is forgiven; or fails, where what was to be undone is still there.
   * @returns Why it is still there.
   */
  async #undoSavepoint(frame: Frame, name: string): Promise<{ readonly error: unknown } | undefined> {
    if (this.#isGivenUp) return undefined
    return this.#control(async (runner) => {
      try {
        await runner.query(`ROLLBACK TO SAVEPOINT ${name}`)
        this.#settings.doubt()
        await runner.query(`RELEASE SAVEPOINT ${name}`)
      } catch (error) {
        this.#fail(frame, error)
        return { error }
      }
      frame.failure = undefined
      if (this.state === 'failed' && this.root.failure === undefined) this.#progress.become('open')
      return undefined
    })
  }

  /** Sends what ends a savepoint. */
  #control<T>(send: (runner: DriverRunner) => Promise<T>): Promise<T | undefined> {
    return this.#atWork(async () => (this.#runner ? send(this.#runner) : undefined))
  }

  /** Closing waits for it as for a statement, with all that its outcome makes of the transaction. */
  async #atWork<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    this.beginWork()
    try {
      return await work()
    } finally {
      this.endWork()
      this.#stopRunning()
    }
  }

  /** A savepoint by TypeORM's `startTransaction`; it is not exclusive, as its caller holds no function to wait for. */
  async savepoint(): Promise<string> {
    const name = this.#newSavepoint('joined')
    await this.execute('write', (runner) => runner.query(`SAVEPOINT ${name}`))
    return name
  }

  /** Keeps what was done since the savepoint. */
  async releaseSavepoint(name: string): Promise<void> {
    await this.execute('write', (runner) => runner.query(`RELEASE SAVEPOINT ${name}`))
  }

  /** Drops what was done since the savepoint; a failure inside it is forgiven. */
  async rollbackToSavepoint(name: string): Promise<void> {
    const { frame } = this
    const failed = await this.#inTurn(frame, () => this.#undoSavepoint(frame, name))
    if (failed) throw failed.error
  }

  /** Whether a verb commits by itself here. */
  get commitsVerbs(): boolean {
    return this.#engine.settings.commit === 'save' && (!this.#root || this.frame === this.#root)
  }

  /**
   * Runs a verb and its commit as one exclusive turn. When the verb fails, only what it did is lost: what was written before
   * and not yet committed stays.
   */
  async verb<T>(work: () => Eventual<T>): Promise<T> {
    const { root } = this
    this.#admit(root)
    const result = await this.#inTurn(root, async () => {
      this.#admit(root)
      this.#refuseFailed(root)
      // Where nothing is open yet, the verb is the whole transaction and needs no savepoint.
      const isWhole = !this.#runner
      const value = await this.#keepOrUndo(new Frame(root, isWhole ? '' : this.#newSavepoint('alchemy')), work)
      try {
        this.#scope.admit()
        await this.#endNow('commit')
      } catch (error) {
        // What others had written is lost with it, and the session with that.
        if (isWhole) await this.#endNow('rollback')
        throw error
      }
      return value
    })
    await this.#scope.callHooks(this.takeHooks())
    return result
  }

  // ------------------------------------------------------------------------------------------------ settings and hooks

  /** Makes a setting of the frame. */
  set(key: string, value: string): void {
    const { frame } = this
    this.#admit(frame)
    ;(frame.settings ??= new Map()).set(key, value)
  }

  /** Calls `hook` when what the calling frame does is committed, or is rolled back. */
  call(when: 'onCommit' | 'onRollback', hook: Hook): void {
    const { frame } = this
    this.#admit(frame)
    frame[when].push(hook)
  }

  /** What is to be called by now. */
  takeHooks(): Hook[] {
    return this.#hooks.splice(0)
  }

  // ------------------------------------------------------------------------------------------------ its end

  /** @throws {TransactionOpenError} The calling code runs inside a nested transaction, whose outcome is not yet decided. */
  refuseInside(verb: 'commit' | 'rollback'): void {
    if (this.#root && this.frame !== this.#root) throw new TransactionOpenError(verb)
  }

  /** Commits or rolls back at once, and gives the connection back; the next write begins anew. */
  async end(how: 'commit' | 'rollback'): Promise<void> {
    const { root } = this
    await this.#inTurn(root, async () => {
      // The scope may have been rolled back while this waited.
      this.#admit(root)
      if (how === 'commit') this.#refuseFailed(root)
      await this.#endNow(how)
    })
    await this.#scope.callHooks(this.takeHooks())
  }

  #endNow(how: 'commit' | 'rollback'): Promise<void> {
    return this.#atWork(async () => {
      if (how === 'commit') {
        await this.settle('commit')
        await this.letGo()
        return
      }
      if (this.#isGivenUp) return
      try {
        await this.settle('rollback')
      } finally {
        if (this.#root) this.#root.failure = undefined
        await this.letGo()
      }
    })
  }

  /** Commits or rolls back; the connection is held until `letGo`. */
  async settle(how: 'commit' | 'rollback'): Promise<void> {
    const runner = this.#runner
    const isHeard = this.#hasListeners(runner)
    if (how === 'rollback') return this.#rollback(runner, isHeard)
    if (runner) {
      try {
        if (isHeard) await this.#inside(() => this.#announcer()('BeforeTransactionCommit'))
        this.#progress.become('committing')
        await runner.commit()
      } catch (error) {
        const first = this.#timeout ?? error
        if (first instanceof CommitUnknownError) this.#isUnknown = true
        this.#fail(this.root, first)
        this.#tellEnd?.({ error: first })
        this.#tellEnd = undefined
        throw first
      }
      this.#tellEnd?.({ outcome: 'commit' })
      this.#tellEnd = undefined
    }
    if (isHeard) this.#hooks.push(this.#told('AfterTransactionCommit', this.#announcer()))
    if (this.#root) this.#hooks = [...this.#hooks, ...this.#root.commit()]
  }

  async #rollback(runner: DriverRunner | undefined, isHeard: boolean): Promise<void> {
    const announce = this.#announcer()
    const hooks = this.#root?.unwind() ?? []
    if (this.#isUnknown) this.#isUnknown = false
    else {
      if (isHeard) {
        try {
          await this.#inside(() => announce('BeforeTransactionRollback'))
        } catch (error) {
          // It changes nothing, for there is no way but back, and is told once that is done.
          this.#hooks.push(this.#told('BeforeTransactionRollback', () => Promise.reject(error)))
        }
        this.#hooks.push(this.#told('AfterTransactionRollback', announce))
      }
      this.#hooks = [...this.#hooks, ...hooks]
    }
    if (this.state !== 'none') this.#progress.become('rolling back')
    await runner?.rollback()
  }

  /** Runs the last writes of the scope, when everybody else is refused. */
  async atEnd(work: () => Promise<void>): Promise<void> {
    const frame = new Frame(this.root)
    try {
      await this.#scope.within(frame, work, true)
    } finally {
      frame.hasEnded = true
      frame.keep()
    }
  }

  /** What subscribers hear after the end, once the connection is back. */
  #told(event: TransactionEvent, announce: Announce): Hook {
    return { name: `A subscriber's ${event}`, call: () => announce(event), isAwaited: true, timeoutMs: this.timeoutMs }
  }

  /** Gives the connection back. */
  letGo(): Eventual<void> {
    const runner = this.#runner
    this.#runner = undefined
    this.#tellEnd?.({ outcome: 'rollback' })
    this.#tellEnd = undefined
    this.#idle.forget()
    if (this.state !== 'none') this.#progress.become('none')
    return runner?.giveBack()
  }

  /** Ends the statements under way; but for a COMMIT, which may have been heard. */
  cancel(reason: Error): void {
    for (const runner of this.#borrowed) runner.cancel(reason)
    if (this.state !== 'committing') this.#runner?.cancel(reason)
  }

  /** The end of the statements under way; `undefined` where there are none. */
  close(): Promise<void> | undefined {
    return this.#running === 0 ? undefined : this.#becomeIdle()
  }

  /** The end of one statement may be the beginning of the next: of what undoes it. */
  async #becomeIdle(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
  }

  /** Rolls the scope back, and does not wait for the statement that takes too long. */
  #expire(): void {
    const error = new TransactionTimeoutError(this.timeoutMs)
    this.#timeout ??= error
    this.#whenExpired?.(error)
    this.#runner?.cancel(this.#timeout)
    this.#scope.settle({ commit: false, reason: 'timeout', error })?.catch(() => undefined)
  }

  // ------------------------------------------------------------------------------------------------ work of our own

  /** Runs code of ours, which is at work between its statements too. */
  working<T>(work: () => Eventual<T>): Eventual<T> {
    this.beginWork()
    return lastly(work, () => this.endWork())
  }

  /** Notes that our own code is at work. See `IdleWatch`. */
  beginWork(): void {
    this.#idle.begin()
  }

  /** Notes that our own code waits for the application's. */
  endWork(): void {
    this.#idle.end(this.isOpen)
  }
}

const noSettings: ReadonlyMap<string, string> = new Map()

import { AsyncLocalStorage } from 'node:async_hooks'
import { ForeignSessionError, InvalidOptionError, isError, ScopeClosedError } from '../errors.js'
import { after, either, type Eventual } from '../eventual.js'
import type { IsolationLevel } from '../options.js'
import { type CallSite, callSite } from './call-site.js'
import { channels, type ScopeTrace, tellReport, type TellEnd } from './diagnostics.js'
import { callHooks, type Hook } from './hooks.js'
import { Members, type ScopeMember } from './members.js'
import { runInSandboxes, sandboxesHere } from './sandbox-context.js'
import { printReport, type ReportEvent, type Reporter } from './report.js'
import type { Timings } from './timings.js'

/** Why a scope rolled back. */
export type RollbackReason = 'error' | 'veto' | 'abort' | 'timeout'

/** How a scope is asked to end. @since 0.1 */
export type Outcome =
  | { readonly commit: true }
  | {
      readonly commit: false
      readonly reason: RollbackReason
      /** What was thrown, if it was an error. */
      readonly error?: unknown
      /** HTTP status of the answer, if there is one: `commitAnyway` overrules those below 500. */
      readonly status?: number
    }

/** How far a scope has come. */
export type ScopeState = 'open' | 'closing' | 'committed' | 'rolled back' | 'failed'

/** How a scope is made. */
export interface ScopeOptions {
  /** What the scope is, for messages: `POST /orders`, `db.run`. */
  readonly label: string
  /** Whether it is made for one verb, outside any scope of the application. @default false */
  readonly isVerb?: boolean
  /** Receives what the answer cannot tell. @default prints it */
  readonly report?: Reporter | undefined
  /** Milliseconds for which it may hold an open transaction. @default the option of each database */
  readonly transactionTimeoutMs?: number | undefined
  /** Isolation level of its transactions. @default that of each database */
  readonly isolation?: IsolationLevel | undefined
  /** Ids of sandboxes that it was said to belong to. @default those of the calling code */
  readonly sandboxes?: readonly string[]
  /** Notes what it waits for. @default nobody does */
  readonly timings?: Timings | undefined
}

/** Where code runs. */
interface Context {
  /** `undefined` where it was taken out of any scope on purpose. */
  readonly scope: Scope | undefined
  /** Whether it belongs to something that its scope waits for. */
  readonly isOperation: boolean
  /** Whether it is the scope's own end, which may still send statements. */
  readonly isEnd: boolean
  /** What of the scope it runs inside of: a savepoint, a flush. */
  readonly inner?: object
  /** What that stands inside of. */
  readonly outer?: Context | undefined
  /** Whether it lets the answer of its scope out. */
  readonly isLeaving?: true
}

/** How many scopes somebody has heard of. */
let scopesHeard = 0

const outside: Context = { scope: undefined, isOperation: false, isEnd: false }

/** Shared by all copies of this package in the process, so that two of them agree on the current scope. */
const storageKey = Symbol.for('active-alchemy.scope.v1')
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else uses the key
const shared = globalThis as { [storageKey]?: AsyncLocalStorage<Context | undefined> }
const storage = (shared[storageKey] ??= new AsyncLocalStorage())

/**
 * What records remember of the scope whose they are. It is not the scope itself: that would live as long as the last of them, with its
 * session, its other records and its request.
 */
export interface Ownership {
  /** Whether they are its alone: until it ends. Verbs outside any scope may meet on one record. */
  readonly isExclusive: boolean
}

/**
 * One unit of work of the application: an HTTP exchange, a job, a message.
 *
 * It belongs to no database: every database that is used inside joins it as a member. It settles exactly once.
 *
 * @since 0.1
 */
export class Scope {
  readonly label: string
  /** Whether it was made for one verb, outside any scope of the application. */
  readonly isVerb: boolean
  /** The scope in which this one was opened; it is not part of it, but may hold what this one would wait for. */
  readonly parent: Scope | undefined
  readonly #reporter: Reporter
  /** Made at first use, like all that a scope needs which is used: most requests pay for it only. */
  #members: Map<object, ScopeMember> | undefined
  #ownership: { isExclusive: boolean } | undefined
  readonly #inside: Context = { scope: this, isOperation: false, isEnd: false }
  #operating: Context | undefined
  #state: ScopeState = 'open'
  #settled: Promise<void> | undefined
  #underWay = 0
  /** Turns of the event loop in which what had begun may go on. */
  #lingering = 0
  #whenQuiet: (() => void) | undefined
  #refusesOperations = false
  #cutOffBy: 'abort' | 'timeout' | undefined
  /** What ended the scope for having taken too long: nobody who asks for its commit is told of a success. */
  #timeout: Error | undefined
  #rollbackOnly: { readonly reason: unknown } | undefined
  #commitAnyway: { readonly reason: unknown } | undefined
  #refusedCommit: { readonly error: unknown } | undefined
  /** Failures that nobody had seen when they came. */
  readonly #unseen: { readonly error: unknown; readonly isSeen: () => boolean }[] = []
  #hooks: Promise<void> | undefined
  /** Milliseconds for which it may hold an open transaction; `undefined` leaves that to each database. */
  readonly transactionTimeoutMs: number | undefined
  #isolation: IsolationLevel | undefined
  /** Ids of the sandboxes of tests that it belongs to, the nearest last. */
  readonly sandboxes: readonly string[]
  /** @internal Where the application called last. */
  site: CallSite | undefined
  /** Tells of its end, where somebody listens. */
  readonly #tellEnd: TellEnd<ScopeTrace> | undefined
  /** What is told of it, where somebody listens. */
  readonly trace: ScopeTrace | undefined
  /** What it has waited for, where its answer tells it. */
  readonly timings: Timings | undefined

  constructor(options: ScopeOptions) {
    this.label = options.label
    this.timings = options.timings
    this.isVerb = options.isVerb ?? false
    if (this.isVerb) this.site = callSite()
    this.transactionTimeoutMs = options.transactionTimeoutMs
    this.#isolation = options.isolation
    let parent = storage.getStore()?.scope
    // One that has ended holds nothing; keeping it would chain up the scopes of a timer that starts the next from within.
    while (parent && parent.state !== 'open' && parent.state !== 'closing') ({ parent } = parent)
    this.parent = parent
    this.sandboxes = options.sandboxes?.length ? options.sandboxes : parent?.sandboxes.length ? parent.sandboxes : sandboxesHere()
    this.#reporter = options.report ?? printReport
    if (channels.scope.isHeard) {
      this.trace = { id: ++scopesHeard, label: options.label }
      this.#tellEnd = channels.scope.begin(this.trace)
    }
  }

  /** Tells what the answer cannot. A reporter that throws does not break what it reports on. */
  report(event: ReportEvent): void {
    const { route } = this
    const told = route === undefined ? event : { ...event, route }
    tellReport(told)
    try {
      this.#reporter(told)
    } catch (error) {
      printReport({ kind: 'hook-failed', label: event.label, error, message: `The report function failed for ${event.label}.` })
    }
  }

  /** The pattern of the route that is answered, of a request. */
  get route(): string | undefined {
    return undefined
  }

  /** @internal Whether its answer is on its way out: what works for that works for itself, and each verb there is a unit of its own. */
  get isLeaving(): boolean {
    return false
  }

  /** Runs `work`, which lets the answer out of a scope that is over. */
  protected runLeaving<T>(work: () => T): T {
    return storage.run({ scope: this, isOperation: false, isEnd: false, isLeaving: true }, work)
  }

  /** Called before the scope is used in any way; what it is used for may then be refused. */
  protected begin(): void {}

  get state(): ScopeState {
    return this.#state
  }

  /** The end of the scope, once it has begun to settle; `undefined` also where there was nothing to wait for. */
  get settled(): Promise<void> | undefined {
    return this.#settled
  }

  /** Whether it has not ended yet. */
  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'closing'
  }

  /** What its records remember of it. */
  get ownership(): Ownership {
    return (this.#ownership ??= { isExclusive: !this.isVerb && this.isOpen })
  }

  /** Whether a statement may start now: while the scope is open, and while it closes from what had begun before. */
  get admits(): boolean {
    if (this.#state === 'open') return true
    if (this.#state !== 'closing') return false
    const context = storage.getStore()
    const isOurs = context?.scope === this
    if (isOurs && context.isEnd) return true
    return !this.#refusesOperations && (this.#lingering > 0 || (isOurs && context.isOperation))
  }

  /** @internal The error for what comes too late. Nobody may await it, so that it is reported too, but after an abort or a timeout, where it is usual. */
  refusal(): Error {
    if (this.#timeout) return this.#timeout
    const error = new ScopeClosedError(this.label, this.#state, this.#cutOffBy)
    if (!this.#cutOffBy) this.report({ kind: 'scope-closed', label: this.label, error, message: error.message })
    return error
  }

  /**
   * @internal Refuses what comes from another scope, or too late.
   *
   * @throws {ForeignSessionError} The calling code runs in another scope.
   * @throws {ScopeClosedError} The scope has settled.
   */
  admit(): void {
    const current = currentScope()
    if (current && current !== this) throw new ForeignSessionError(this.label, current.label)
    if (!this.admits) throw this.refusal()
  }

  /** @internal Whether the calling code belongs to something that the scope waits for. */
  get isOperating(): boolean {
    const context = storage.getStore()
    return context?.scope === this && context.isOperation
  }

  /** Whether its end has to be waited for: something was written, is under way, or is to be called. */
  get isPending(): boolean {
    return this.#underWay > 0 || this.#isTouched() || this.#unseen.length > 0
  }

  /** Whether a rollback would undo something, or something is under way that it would. */
  get holdsWork(): boolean {
    if (this.#underWay > 0) return true
    for (const member of this.#members?.values() ?? []) if (member.holdsWork) return true
    return false
  }

  /**
   * @internal Notes a failure of work that nobody awaits yet: unless somebody does before the end, the scope cannot say
   * success, as it could not if it had been awaited.
   */
  noteUnseen(error: unknown, isSeen: () => boolean): void {
    if (this.isOpen) this.#unseen.push({ error, isSeen })
    else if (!this.#cutOffBy) this.#reportUnseen(error)
  }

  /** @internal Makes a commit fail that has not begun. @returns Whether there was time. */
  failCommit(error: unknown): boolean {
    if (this.#state !== 'open' && (this.#state !== 'closing' || this.#refusesOperations)) return false
    this.#refusedCommit ??= { error }
    return true
  }

  #reportUnseen(error: unknown): void {
    const message = `Something that ${this.label} began failed, and nobody awaits it. Await every verb.`
    this.report({ kind: 'not-awaited', label: this.label, error, message })
  }

  /** Runs `work` with this scope as the current one. */
  run<T>(work: () => T): T {
    if (this.sandboxes.length > 0) return runInSandboxes(this.sandboxes, () => storage.run(this.#inside, work))
    return storage.run(this.#inside, work)
  }

  /**
   * @internal Runs `work` inside of `inner`, which `innermost` finds there.
   *
   * @param isEnd The scope itself ends by it: it is admitted after everybody else is refused.
   */
  within<T>(inner: object, work: () => T, isEnd = false): T {
    const context = storage.getStore()
    const outer = context?.scope === this ? context : undefined
    return storage.run({ scope: this, isOperation: true, isEnd: isEnd || outer?.isEnd === true, inner, outer }, work)
  }

  /**
   * The member that belongs to `key`, made at first use.
   *
   * @throws {ScopeClosedError} The scope has settled.
   */
  member<M extends ScopeMember>(key: object, create: () => M): M {
    const known = this.#members?.get(key)
    if (!known) this.begin()
    if (!this.admits) throw this.refusal()
    // A key is only ever used with the one class of members that its owner makes.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
    if (known) return known as M
    const made = create()
    this.#members ??= new Map()
    this.#members.set(key, made)
    return made
  }

  /** The member that belongs to `key`, if it was ever used. */
  peek<M extends ScopeMember>(key: object): M | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key is only ever used with one class of members
    return this.#members?.get(key) as M | undefined
  }

  /**
   * Counts `work` as under way: the scope waits for it before it commits, and admits what it starts meanwhile.
   *
   * @throws {ForeignSessionError} The calling code runs in another scope.
   * @throws {ScopeClosedError} The scope has settled, or is settling and `work` belongs to nothing that had begun.
   */
  async operation<T>(work: () => Promise<T>): Promise<T> {
    const begun = this.enter(work)
    try {
      return await begun
    } finally {
      this.exit()
    }
  }

  /** @internal Begins `work` as under way, until `exit` is called. What it throws at once has ended. See `operation`. */
  enter<T>(work: () => T): T {
    this.begin()
    this.admit()
    this.#underWay += 1
    try {
      const context = storage.getStore()
      // Who runs inside of an operation, a savepoint or a flush stays there.
      if (context?.scope === this && context.isOperation) return work()
      this.#operating ??= { scope: this, isOperation: true, isEnd: false }
      return storage.run(this.#operating, work)
    } catch (error) {
      this.exit()
      throw error
    }
  }

  /** @internal Ends what `enter` began. */
  exit(): void {
    this.#underWay -= 1
    if (this.#state === 'closing' && !this.#refusesOperations) this.linger()
  }

  /** Lets go on, for this turn of the event loop, who awaited what had begun: a function of several verbs is waited for whole. */
  protected linger(): void {
    this.#lingering += 1
    setImmediate(() => {
      this.#lingering -= 1
      this.#whenQuiet?.()
    })
  }

  /**
   * Lets the scope only roll back, whatever its answer says; the answer is left as it was made.
   *
   * @param reason For the report of what was lost.
   */
  rollbackOnly(reason?: unknown): void {
    this.#rollbackOnly ??= { reason }
  }

  /**
   * Commits although the answer says error: any status below 500, thrown or sent; never an abort or a timeout.
   *
   * @param reason For the report, where it is lost all the same.
   */
  commitAnyway(reason?: string): void {
    this.#commitAnyway ??= { reason }
  }

  /** Isolation level of its transactions; `undefined` leaves that to each database. */
  get isolation(): IsolationLevel | undefined {
    return this.#isolation
  }

  /**
   * Gives its transactions another isolation level.
   *
   * @throws {InvalidOptionError} One has begun already.
   */
  isolate(level: IsolationLevel): void {
    if (level === this.#isolation) return
    for (const { inTransaction } of this.#members?.values() ?? []) if (inTransaction) throw tooLate(this.label, level)
    this.#isolation = level
  }

  /**
   * @internal Calls hooks outside any scope, in their order, those first that are to be awaited.
   *
   * @returns The end of those; `undefined` where there are none.
   */
  callHooks(hooks: readonly Hook[]): Promise<void> | undefined {
    if (hooks.length === 0) return undefined
    const call = (some: readonly Hook[]): Promise<void> => detached(() => callHooks(some, this.label, (event) => this.report(event)))
    const awaited = hooks.filter(({ isAwaited }) => isAwaited)
    const rest = hooks.filter(({ isAwaited }) => !isAwaited)
    const first = awaited.length > 0 ? call(awaited) : undefined
    const all = first ? first.then(() => call(rest)) : call(rest)
    const earlier = this.#hooks
    this.#hooks = earlier ? earlier.then(() => all) : all
    return first
  }

  /** @internal The end of all hooks that have been called, also of those that nobody waits for. */
  get hooks(): Promise<void> | undefined {
    return this.#hooks
  }

  /**
   * Ends the scope. The first outcome wins; later calls get the same promise. Only an abort or a timeout wins over a commit
   * that still waits for work under way.
   *
   * What decides, in this order: `rollbackOnly`, a failed session, `commitAnyway`, the outcome.
   *
   * @returns `undefined` when there is nothing to wait for.
   * @throws {SessionFailedError} Success was asked for, and a statement had failed.
   * @throws {CommitError} Some databases committed and one did not.
   * @throws The error of the timeout that had rolled the scope back, when success is asked for.
   */
  settle(outcome: Outcome): Promise<void> | undefined {
    const isTimeout = !outcome.commit && outcome.reason === 'timeout'
    if (isTimeout && isError(outcome.error)) this.#noteTimeout(outcome.error)
    // The first outcome waits for what is under way, which may never end.
    if (this.#state === 'closing' && !this.#refusesOperations && this.#underWay > 0 && !outcome.commit) this.#cutOff(outcome.reason)
    if (this.#state !== 'open') return outcome.commit && this.#timeout ? this.#refuseSuccess(this.#timeout) : this.#settled
    if (!outcome.commit && (outcome.reason === 'abort' || outcome.reason === 'timeout')) this.#cutOffBy = outcome.reason
    if (!this.isPending) {
      this.#become(outcome.commit ? 'committed' : 'rolled back')
      for (const member of this.#members?.values() ?? []) member.end(outcome.commit)
      this.#tellEnd?.({ label: this.label, outcome: this.#state, written: this.#together().written })
      return undefined
    }
    this.#state = 'closing'
    if (this.#cutOffBy) this.#cancel()
    this.#settled = detached(() => this.#end(outcome))
    // Whoever awaits it sees the error; that nobody does must not end the process.
    this.#settled.catch(() => undefined)
    return this.#settled
  }

  #noteTimeout(error: Error): void {
    if (this.#timeout || !this.isOpen) return
    this.#timeout = error
    // Its caller hears of it, if he is still there.
    this.report({ kind: 'timeout', label: this.label, error, message: `${this.label} took too long, and was rolled back.` })
  }

  #cutOff(reason: RollbackReason): void {
    if (reason !== 'abort' && reason !== 'timeout') return
    this.#cutOffBy = reason
    this.#cancel()
    this.#whenQuiet?.()
  }

  /** Who left, or waited for too long, must not keep the database at work. */
  #cancel(): void {
    for (const member of this.#members?.values() ?? []) member.cancel(this.refusal())
  }

  async #refuseSuccess(timeout: Error): Promise<void> {
    await this.#settled
    if (this.#state !== 'committed') throw timeout
  }

  /** Its members, as it ends them. */
  #together(): Members {
    return new Members(this.#members?.values() ?? [], this.label, (event) => this.report(event))
  }

  #isTouched(): boolean {
    for (const member of this.#members?.values() ?? []) if (member.touched) return true
    return false
  }

  async #end(outcome: Outcome): Promise<void> {
    const wantsCommit = outcome.commit || this.#overrules(outcome)
    // Never at once: what an answer goes on to say in the same breath may refuse its commit.
    if (wantsCommit) await (this.#underWay + this.#lingering > 0 ? this.#quiet() : undefined)
    this.#refusesOperations = true
    const members = this.#together()
    let ended: ScopeState = 'failed'
    const { written } = members
    try {
      let isGivenUp = this.#rollbackOnly !== undefined || !wantsCommit
      try {
        const closed = members.close()
        if (closed) await closed
        if (this.#rollbackOnly) this.#reportRollbackOnly(members.written, this.#rollbackOnly.reason)
        else if (!wantsCommit) this.#reportVeto(members.written, outcome)
        isGivenUp ||= this.#rollbackOnly !== undefined || (this.#cutOffBy !== undefined && !this.#timeout)
        if (!isGivenUp) this.#refuseCommit(members)
      } catch (error) {
        await members.rollBack()
        throw error
      }
      await (isGivenUp ? members.rollBack() : members.commit())
      ended = isGivenUp ? 'rolled back' : 'committed'
    } finally {
      this.#become(ended)
      for (const member of members.all) {
        try {
          const released = member.release()
          if (released) await released
        } catch (error) {
          members.reportFailure('release', member, error)
        }
      }
      this.#tellEnd?.({ label: this.label, outcome: ended, written })
      const awaited = this.callHooks(members.takeHooks())
      if (awaited) await awaited
    }
  }

  #become(ended: ScopeState): void {
    this.#state = ended
    if (this.#ownership) this.#ownership.isExclusive = false
  }

  /** Waits until nothing that had begun is under way, or nobody waits for the answer any more. */
  async #quiet(): Promise<void> {
    while (this.#underWay + this.#lingering > 0 && !this.#cutOffBy) await new Promise<void>((resolve) => (this.#whenQuiet = resolve))
  }

  /** @throws What stands against a commit. */
  #refuseCommit(members: Members): void {
    if (this.#timeout) throw this.#timeout
    if (this.#refusedCommit) throw this.#refusedCommit.error
    const unseen = this.#unseen.find(({ isSeen }) => !isSeen())
    if (unseen) {
      this.#reportUnseen(unseen.error)
      throw unseen.error
    }
    members.refuseFailed()
  }

  #overrules(outcome: Outcome): boolean {
    if (outcome.commit || !this.#commitAnyway) return false
    const { reason, status = 500 } = outcome
    return (reason === 'veto' || reason === 'error') && status < 500
  }

  #reportRollbackOnly(rows: number, reason: unknown): void {
    if (rows === 0) return
    this.report({
      kind: 'veto',
      label: this.label,
      rows,
      ...(reason === undefined ? {} : { reason }),
      message: `${this.label} was made rollback-only${because(reason)}, so the ${rows} row(s) it had written were rolled back.`,
    })
  }

  #reportVeto(rows: number, outcome: Outcome): void {
    if (outcome.commit || outcome.reason !== 'veto' || rows === 0) return
    const { status } = outcome
    const asked = this.#commitAnyway
    const remedy = asked
      ? `db.session.commitAnyway()${because(asked.reason)} keeps nothing behind a status of 500 and above.`
      : 'Call db.session.commitAnyway() to keep them, or set rollbackWhen.'
    this.report({
      kind: 'veto',
      label: this.label,
      rows,
      ...(status === undefined ? {} : { status }),
      ...(asked?.reason === undefined ? {} : { reason: asked.reason }),
      message: `${this.label} answered ${status ?? 'an error'}, so the ${rows} row(s) it had written were rolled back. ${remedy}`,
    })
  }
}

/** The scope in which the calling code runs. @since 0.1 */
export function currentScope(): Scope | undefined {
  const context = storage.getStore()
  return context?.isLeaving && context.scope?.isLeaving ? undefined : context?.scope
}

/** Runs `work` outside any scope. */
export function detached<T>(work: () => T): T {
  return storage.run(outside, work)
}

/** Whether the calling code is in no scope, and nobody has taken it out of one. */
export function isStray(): boolean {
  return storage.getStore() === undefined
}

/** @internal What the calling code runs inside of in its scope, from the innermost on: the first that `is` takes. */
export function innermost<Inner extends object>(is: (inner: object) => inner is Inner): Inner | undefined {
  for (let context = storage.getStore(); context?.inner; context = context.outer) {
    if (is(context.inner)) return context.inner
  }
  return undefined
}

/**
 * `work` bound to where it is bound: whoever calls it, it runs in the scope that is the current one now.
 *
 * A queue that requests share runs a job in the context of the job before it, which may be another request's.
 */
export function bound<This, Parameters extends unknown[], Result>(
  work: (this: This, ...parameters: Parameters) => Result,
): (this: This, ...parameters: Parameters) => Result {
  const context = storage.getStore() ?? outside
  return function (...parameters) {
    return storage.run(context, () => work.apply(this, parameters))
  }
}

/**
 * Runs `work` in a scope of its own: committed when it resolves, rolled back when it rejects.
 *
 * @throws What `work` threw, whatever the rollback did.
 */
export function runInScope<T>(options: ScopeOptions, work: (scope: Scope) => Eventual<T>): Eventual<T> {
  const scope = new Scope(options)
  // A script that ends after it must not lose its hooks; an answer has no need to wait.
  const settled = (outcome: Outcome): Eventual<void> => after(scope.settle(outcome), () => scope.hooks)
  return either(
    () => scope.run(() => work(scope)),
    (result) => after(settled({ commit: true }), () => result),
    (error) =>
      after(settled({ commit: false, reason: 'error', error }), () => {
        throw error
      }),
  )
}

function tooLate(label: string, level: IsolationLevel): Error {
  const fact = `The isolation ${level} of ${label} comes too late: a transaction has begun.`
  return new InvalidOptionError(`${fact} Say it where the whole application is bound, or mount it before what writes.`)
}

/** A reason as it stands in a sentence. */
function because(reason: unknown): string {
  return reason === undefined ? '' : ` (${isError(reason) ? reason.message : String(reason)})`
}

import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { DataSource } from 'typeorm'
import type { DatabaseDriver, DriverRunner, LeasePurpose, PoolOptions } from '../drivers/driver.js'
import { DatabaseClosedError } from '../errors.js'
import { after, type Eventual } from '../eventual.js'
import type { Cursors } from '../pagination/cursor.js'
import { type Link, LinkedList } from '../linked-list.js'
import { Sandboxes } from '../sandbox/sandbox.js'
import { channels, type PoolTrace } from '../scope/diagnostics.js'
import { currentScope, detached, type Scope } from '../scope/scope.js'

/** What sessions need of the options of their database. */
export interface SessionSettings extends PoolOptions {
  /** `request`: the commit belongs to the scope; `save`: each verb commits by itself. */
  readonly commit: 'request' | 'save'
  /** What to do with a verb in no scope while requests are open. */
  readonly outsideScope: 'allow' | 'report' | 'refuse'
  /** Writes and reads the cursors of pages. */
  readonly cursors: Cursors
  /** Milliseconds from which on a statement is told as slow; `undefined` tells of none. */
  readonly slowMs: number | undefined
  /** Whether sessions keep what they have sent. */
  readonly keepsStatements: boolean
}

/** What is called when a transaction has begun in a scope. */
export type ScopeHook = (scope: Scope) => unknown

/** One database as its sessions share it: its driver and settings; opened at first use, closed when the last scope has left. */
export class Engine {
  /** TypeORM's, which has the metadata and the subscribers. */
  readonly dataSource: DataSource
  readonly driver: DatabaseDriver
  readonly settings: SessionSettings
  /** Called when a transaction has begun, in this order. */
  readonly beginHooks: readonly ScopeHook[]
  /** While one is open, connections come from there. */
  readonly sandboxes: Sandboxes
  readonly #open: () => Promise<unknown>
  #opening: Promise<void> | undefined
  readonly #live = new LinkedList<Scope>()
  #whenEmpty: (() => void) | undefined
  #closing = false
  #closed = false

  /** @param open Connects. */
  constructor(
    dataSource: DataSource,
    driver: DatabaseDriver,
    settings: SessionSettings,
    beginHooks: readonly ScopeHook[],
    open: () => Promise<unknown>,
  ) {
    this.#open = open
    this.dataSource = dataSource
    this.driver = driver
    this.settings = settings
    this.beginHooks = beginHooks
    this.sandboxes = new Sandboxes(driver, settings, () => this.ready())
  }

  /** A session leads here, and would be printed with all of its driver. */
  [inspect.custom](): string {
    return `Engine(${this.settings.name})`
  }

  /** Its name, for the same reason. */
  toJSON(): string {
    return this.settings.name
  }

  /** Connects, once however many ask; a failure is forgotten, and an end as well, so that the next caller tries again. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new DatabaseClosedError(this.settings.name))
    if (this.dataSource.isInitialized) return Promise.resolve()
    this.#opening ??= detached(() => this.#open())
      .then(() => undefined)
      .finally(() => (this.#opening = undefined))
    return this.#opening
  }

  /** Refuses new sessions, waits for live ones as long as a transaction may last, and ends all connections for good. */
  async close(): Promise<void> {
    this.#closing = true
    const scope = currentScope()
    // Who closes from inside a scope cannot be waited for.
    for (const link of scope ? this.#live.links() : []) if (link.value === scope) this.leave(link)
    if (this.#live.size > 0) {
      const everyone = new Promise<void>((resolve) => (this.#whenEmpty = resolve))
      const limit = new AbortController()
      await Promise.race([everyone, sleep(this.settings.transactionTimeoutMs, undefined, { ref: false, signal: limit.signal })])
      limit.abort()
    }
    await this.sandboxes.close()
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    if (this.dataSource.isInitialized) await this.dataSource.destroy()
  }

  /** Takes a close back: the next use connects again. */
  reopen(): void {
    if (!this.#closed) return
    this.#closing = false
    this.#closed = false
    this.#opening = undefined
  }

  /** A connection for `scope`. @param limitMs See `DatabaseDriver.lease`. */
  lease(purpose: LeasePurpose, scope: Scope, limitMs: number): Eventual<DriverRunner> {
    const work = (): Eventual<DriverRunner> =>
      this.sandboxes.isOpen ? this.sandboxes.lease(purpose, scope) : this.driver.lease(purpose, limitMs)
    const { timings } = scope
    const { isHeard } = channels.pool
    if (!isHeard && !timings) return work()
    const startedAt = performance.now()
    const trace: PoolTrace = { database: this.settings.name, purpose }
    const timed = (): Eventual<DriverRunner> =>
      after(work(), (runner) => {
        trace.waitedMs = performance.now() - startedAt
        timings?.connection(trace.waitedMs)
        return runner
      })
    return isHeard ? channels.pool.around(trace, timed) : timed()
  }

  /** Whether who waits for a connection, inside a scope that has one, can only wait for itself. */
  wouldWait(purpose: LeasePurpose): boolean {
    const { capabilities, pool } = this.driver
    return this.sandboxes.isOpen || (purpose === 'write' && capabilities.singleWriter) || pool.size === 1
  }

  /** Notes that a scope has begun to use the database. @throws {DatabaseClosedError} It closes. */
  enter(scope: Scope): Link<Scope> {
    if (this.#closing) throw new DatabaseClosedError(this.settings.name)
    return this.#live.add(scope)
  }

  /** Notes that a scope has ended. @param entry What `enter` gave. */
  leave(entry: Link<Scope>): void {
    this.#live.delete(entry)
    if (this.#live.size === 0) this.#whenEmpty?.()
  }

  /** Whether a scope of the application uses the database now, and not just a verb by itself. */
  get isInUse(): boolean {
    return [...this.#live].some(({ isVerb }) => !isVerb)
  }

  /** Asks for a sign of life, if a connection is free to ask with. @returns Whether one was. */
  async ping(): Promise<boolean> {
    await this.ready()
    const { leased, size } = this.driver.pool
    if (leased >= size) return false
    const runner = await this.driver.lease('read')
    try {
      await runner.query('SELECT 1')
      return true
    } finally {
      await runner.release()
    }
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { QueryFailedError } from 'typeorm'
import { databaseError, LockTimeoutError } from '../drivers/database-error.js'
import type { ConnectionStatus, DatabaseDriver, DriverRunner, LeasePurpose, PoolOptions } from '../drivers/driver.js'
import { PoolTimeoutError, SandboxError } from '../errors.js'
import { readOptions, wholeNumber } from '../options.js'
import { enterSandbox, leaveSandbox, sandboxHeader, sandboxesHere } from '../scope/sandbox-context.js'
import { detached, type Scope } from '../scope/scope.js'
import { Semaphore } from '../semaphore.js'
import { type SharedConnection, sandboxRunnerClass } from './sandbox-runner.js'

/** How a sandbox opens. @since 0.2 */
export interface SandboxOptions {
  /** Milliseconds to wait for another sandbox to end, where there can be one at a time: SQLite, MySQL and MariaDB. @default 60000 */
  readonly timeoutMs?: number
}

const sandboxOptions = { timeoutMs: wholeNumber(1, 2 ** 31 - 1) }

/** How long until the next try, in milliseconds. */
const pauseMs = 20

/**
 * A database of a test: what is written while it is open is undone when it ends.
 *
 * Every scope, also that of a request which arrives over a socket, is a savepoint on one connection. A commit keeps its savepoint and
 * calls `onCommit`; an answer is held, vetoed and rolled back as in production. Scopes take turns, from the first write to the end.
 *
 * @since 0.2
 * @example
 * await using box = await db.sandbox()
 * await fetch(`${url}/users`, { method: 'POST', headers: { ...box.headers, 'content-type': 'application/json' }, body })
 * console.log(await User.count({ name: 'Bob' })) // 1: and 0 when the test has ended
 */
export class Sandbox {
  /** Its name among those that are open. */
  readonly id: string
  readonly #sandboxes: Sandboxes
  readonly #shared: SharedConnection
  readonly #Runner: ReturnType<typeof sandboxRunnerClass>
  readonly #turn = new Semaphore(1)
  readonly #runner: DriverRunner
  /** Those of other databases that begin and end with it. */
  readonly #beside: readonly Sandbox[]
  /** Who has the turn, for messages. */
  #holder = 'a statement outside any scope'
  #savepoints = 0
  #ended: Promise<void> | undefined

  /** @internal Made by `db.sandbox()`. */
  constructor(id: string, sandboxes: Sandboxes, runner: DriverRunner, beside: readonly Sandbox[]) {
    this.id = id
    this.#beside = beside
    this.#sandboxes = sandboxes
    this.#runner = runner
    const { driver, settings } = sandboxes
    this.#Runner = sandboxRunnerClass(driver)
    const current = (): DriverRunner => this.#current
    const status = (): ConnectionStatus => (this.#ended ? 'lost' : runner.connectionStatus)
    this.#shared = {
      name: settings.name,
      driver,
      get runner() {
        return current()
      },
      get status() {
        return status()
      },
      takeTurn: () => this.#takeTurn('A statement outside any scope'),
      newSavepoint: () => `sandbox_${++this.#savepoints}`,
    }
  }

  /** Headers by which a request belongs to it: needed where several are open at once in one process. */
  get headers(): Readonly<Record<string, string>> {
    return { [sandboxHeader]: [this, ...this.#beside].map(({ id }) => id).join(',') }
  }

  /** Undoes all that was written, and gives the connection back. Scopes that are still open in it are refused from now on. */
  rollback(): Promise<void> {
    this.#ended ??= detached(() => this.#end())
    return this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.rollback()
  }

  async #end(): Promise<void> {
    this.#sandboxes.leave(this)
    try {
      await this.#runner.rollback()
    } finally {
      await this.#runner.release()
      await Promise.all(this.#beside.map((each) => each.rollback()))
    }
  }

  /** @throws {SandboxError} It is over, or its transaction is. */
  get #current(): DriverRunner {
    if (this.#ended) throw over()
    const { connectionStatus } = this.#runner
    if (connectionStatus === 'idle' || connectionStatus === 'lost')
      throw new SandboxError(
        'A statement has ended the transaction of the sandbox',
        'Nothing of it is kept: roll it back, and open another.',
      )
    return this.#runner
  }

  /** @internal A connection for a scope, when it is its turn. */
  async lease(purpose: LeasePurpose, label: string): Promise<DriverRunner> {
    // Where rows are locked, it is the row that must not be waited for.
    const { driver } = this.#shared
    if (purpose === 'try-write' && !driver.capabilities.rowLocks && this.#turn.free === 0) throw locked()
    const giveBack = await this.#takeTurn(label)
    return new this.#Runner(this.#shared, giveBack)
  }

  /** @internal A connection for TypeORM, outside any scope. */
  createQueryRunner(): DriverRunner {
    return new this.#Runner(this.#shared)
  }

  async #takeTurn(label: string): Promise<() => void> {
    const { poolTimeoutMs } = this.#sandboxes.settings
    const onTimeout = (): Error =>
      this.#ended
        ? over()
        : new SandboxError(
            `${label} waited ${poolTimeoutMs} ms in the sandbox for ${this.#holder}, which has written and not ended`,
            'Scopes take turns there: let that one end, or commit, before it waits for another.',
          )
    const giveBack = await this.#turn.acquire({ timeoutMs: poolTimeoutMs, onTimeout })
    if (this.#ended) {
      giveBack()
      throw over()
    }
    this.#holder = label
    return giveBack
  }
}

/** The sandboxes of one database: they lend connections in place of its pool, while any is open. */
export class Sandboxes {
  readonly driver: DatabaseDriver
  readonly settings: PoolOptions
  readonly #ready: () => Promise<void>
  readonly #open = new Map<string, Sandbox>()

  /** @param ready Connects. */
  constructor(driver: DatabaseDriver, settings: PoolOptions, ready: () => Promise<void>) {
    this.driver = driver
    this.settings = settings
    this.#ready = ready
  }

  /** Whether any is. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /**
   * Opens one. See `db.sandbox`. The calling code belongs to it from the call on.
   *
   * @param others Of further databases: one of each is opened before, one after the other, and ends with it.
   */
  async open(given: SandboxOptions | undefined, others: readonly Sandboxes[] = []): Promise<Sandbox> {
    const { timeoutMs = 60_000 } = readOptions(sandboxOptions, given, 'sandbox()')
    const all = [...others, this].map((sandboxes) => ({ sandboxes, id: randomUUID() }))
    // In the call itself, whose context is that of the test.
    for (const { id } of all) enterSandbox(id)
    const open: Sandbox[] = []
    try {
      for (const { sandboxes, id } of all.slice(0, -1)) open.push(await detached(() => sandboxes.#begin(id, timeoutMs, [])))
      const id = all.at(-1)?.id ?? ''
      return await detached(() => this.#begin(id, timeoutMs, open))
    } catch (error) {
      await Promise.all(open.map((each) => each.rollback()))
      for (const { id } of all) leaveSandbox(id)
      throw error
    }
  }

  async #begin(id: string, timeoutMs: number, beside: readonly Sandbox[]): Promise<Sandbox> {
    await this.#ready()
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const runner = await this.#tryLease()
      if (runner) {
        const sandbox = new Sandbox(id, this, runner, beside)
        this.#open.set(id, sandbox)
        return sandbox
      }
      if (performance.now() > deadline) {
        throw new SandboxError(
          `Another sandbox of ${this.settings.name} was open for ${timeoutMs} ms, and there can be one at a time`,
          'Roll back each when its test ends; run the files of tests one after the other, or raise timeoutMs.',
        )
      }
      await sleep(pauseMs)
    }
  }

  /** A connection whose transaction is that of the sandbox; `undefined` while another sandbox has the database for itself. */
  async #tryLease(): Promise<DriverRunner | undefined> {
    const { driver } = this
    // It waits no longer than it is told: neither in the line of the pool nor for the lock of another writer.
    if (driver.pool.leased >= driver.pool.size) return undefined
    let runner: DriverRunner | undefined
    try {
      runner = await driver.lease('try-write')
      if (await driver.lockSandbox(runner)) {
        await runner.begin()
        return runner
      }
    } catch (error) {
      if (!(error instanceof PoolTimeoutError || error instanceof LockTimeoutError)) {
        await runner?.release()
        throw error
      }
    }
    await runner?.release()
    return undefined
  }

  /** Notes that one has ended. */
  leave({ id }: Sandbox): void {
    this.#open.delete(id)
    leaveSandbox(id)
  }

  /** Rolls all of them back. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open.values(), (sandbox) => sandbox.rollback()))
  }

  /** A connection for `scope`. */
  lease(purpose: LeasePurpose, scope: Scope): Promise<DriverRunner> {
    return this.#of(scope.sandboxes, scope.label).lease(purpose, scope.label)
  }

  /** A connection for TypeORM, outside any scope. */
  createQueryRunner(): DriverRunner {
    return this.#of(sandboxesHere(), 'A statement outside any scope').createQueryRunner()
  }

  /** The sandbox to which code belongs: the nearest that it was said to be in, or the only one. @throws {SandboxError} It may be any. */
  #of(ids: readonly string[], label: string): Sandbox {
    for (const id of ids.toReversed()) {
      const sandbox = this.#open.get(id)
      if (sandbox) return sandbox
    }
    const [only, ...others] = this.#open.values()
    if (!only) throw over()
    if (others.length > 0) {
      throw new SandboxError(
        `Several sandboxes of ${this.settings.name} are open, and ${label} says none of them`,
        'Send its headers with the request: fetch(url, { headers: box.headers }).',
      )
    }
    return only
  }
}

function over(): Error {
  return new SandboxError('The sandbox is over', 'Await every request and job of a test before its end.')
}

/** What who does not wait is told. */
function locked(): Error {
  return databaseError(new QueryFailedError('BEGIN', [], new Error('Another transaction writes')), { kind: 'lock-timeout' })
}

import { realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { QueryFailedError } from 'typeorm'
import { DatabaseClosedError, PoolTimeoutError } from '../../errors.js'
import { Semaphore, type Patience } from '../../semaphore.js'
import { databaseError } from '../database-error.js'
import type { PoolOptions, PoolStatus } from '../driver.js'
import type { Loan } from '../loan.js'
import type { Connection } from './connection.js'
import { isBusy } from './failures.js'

/** One writer at a time per file in this process; keyed by the file's real path, so that two databases agree. */
const writeLocks = new Map<string, Semaphore>()

/**
 * A few connections to one file, and the lock of its writers.
 *
 * In WAL mode readers do not wait for the writer, and writers take turns by a lock in JavaScript: the native busy wait
 * blocks the event loop, and can never succeed inside one process. `:memory:` is one connection, which is its own lock.
 *
 * Every wait ends at a deadline: a moment of `performance.now()`.
 */
export class SqlitePool {
  readonly options: PoolOptions
  readonly #file: string
  readonly #open: () => Promise<Connection>
  readonly #permits: Semaphore
  readonly #idle: Connection[] = []
  /** Every connection, also those that are leased. */
  readonly #opened = new Set<Connection>()
  /** Those that the application has to give back. */
  readonly #loans = new Map<Connection, Loan>()
  #writeLock: Semaphore | undefined
  #leased = 0
  #closed = false

  /** @param open Opens one connection. */
  constructor(options: PoolOptions, file: string, open: () => Promise<Connection>) {
    this.options = file === ':memory:' ? { ...options, poolSize: 1 } : options
    this.#file = file
    this.#open = open
    this.#permits = new Semaphore(this.options.poolSize)
  }

  get status(): PoolStatus {
    return { size: this.options.poolSize, leased: this.#leased, waiting: this.#permits.waiting }
  }

  get #isMemory(): boolean {
    return this.#file === ':memory:'
  }

  /** The moment at which a wait that begins now has taken too long. */
  get deadline(): number {
    return performance.now() + this.options.poolTimeoutMs
  }

  /** Opens the first connection. */
  async connect(): Promise<void> {
    this.#closed = false
    this.#idle.push(await this.#openOne(this.deadline))
  }

  /** Ends all connections, also those that are leased. */
  close(): void {
    this.#closed = true
    this.#idle.length = 0
    const { name } = this.options
    for (const loan of this.#loans.values()) loan.end(name)
    for (const connection of this.#opened) connection.close(new DatabaseClosedError(name))
    this.#opened.clear()
  }

  async #openOne(deadline: number): Promise<Connection> {
    const connection = await this.patiently(deadline, this.#open)
    this.#opened.add(connection)
    return connection
  }

  #end(connection: Connection): void {
    this.#opened.delete(connection)
    connection.close()
  }

  /**
   * Waits for a connection, first come, first served.
   *
   * @param isWriter The caller holds the write lock. It needs no permit (it is one connection more at the most), so that
   *   readers who come to write can never lock it out.
   * @param loan Of who has to be reminded to give it back.
   * @throws {PoolTimeoutError} None became free in time.
   */
  async acquire(isWriter: boolean, deadline: number, loan?: Loan): Promise<AcquiredConnection> {
    const free = this.tryAcquire(isWriter, loan)
    if (free) return free
    if (deadline <= performance.now() && this.#isMemory && this.#permits.free === 0) throw locked()
    const giveBackPermit = isWriter && !this.#isMemory ? () => {} : await this.#permits.acquire(this.#patience(deadline))
    this.#leased += 1
    try {
      return this.#acquired(this.#idle.pop() ?? (await this.#openOne(deadline)), giveBackPermit, loan)
    } catch (error) {
      this.#leased -= 1
      giveBackPermit()
      throw error
    }
  }

  /** A connection that is idle, without waiting; `undefined` where there is none, or it is somebody else's turn. */
  tryAcquire(isWriter: boolean, loan?: Loan): AcquiredConnection | undefined {
    if (this.#idle.length === 0) return undefined
    const giveBackPermit = isWriter && !this.#isMemory ? () => {} : this.#permits.tryAcquire()
    if (!giveBackPermit) return undefined
    const connection = this.#idle.pop()
    if (!connection) return undefined
    this.#leased += 1
    return this.#acquired(connection, giveBackPermit, loan)
  }

  #acquired(connection: Connection, giveBackPermit: () => void, loan: Loan | undefined): AcquiredConnection {
    if (loan) this.#loans.set(connection, loan)
    return {
      connection,
      release: () => {
        this.#takeBack(connection)
        this.#leased -= 1
        giveBackPermit()
      },
    }
  }

  /** Keeps a connection only when it is as clean as a new one. */
  #takeBack(connection: Connection): void {
    this.#loans.delete(connection)
    connection.rollback()
    if (!connection.native.open) return this.#end(connection)
    // The one in memory is the database: what can be taken back is what promises hang on.
    if (connection.hasTraces && this.#isMemory) connection.native.pragma('foreign_keys = ON')
    if (this.#closed || (connection.hasTraces && !this.#isMemory)) return this.#end(connection)
    connection.hasTraces = false
    this.#idle.push(connection)
  }

  /** Waits until no other writer of this process is at work. @returns Lets the next writer in. */
  async lockForWriting(deadline: number): Promise<() => void> {
    // The only connection of a database in memory is the lock.
    if (this.#isMemory) return () => {}
    this.#writeLock ??= writeLockOf(this.#file)
    if (deadline <= performance.now() && this.#writeLock.free === 0) throw locked()
    return this.#writeLock.acquire(this.#patience(deadline))
  }

  /** The same, without waiting; `undefined` while somebody writes. */
  tryLock(): (() => void) | undefined {
    if (this.#isMemory) return () => {}
    this.#writeLock ??= writeLockOf(this.#file)
    return this.#writeLock.tryAcquire()
  }

  /** Whether SQLite says of a text that it only gives rows; `false` of one that it cannot compile. */
  onlyReads(sql: string): boolean {
    const [connection] = this.#opened
    if (!connection) return false
    try {
      return connection.statements.of(sql).onlyReads
    } catch {
      return false
    }
  }

  /** Tries again while another process holds the file, without blocking the event loop. */
  async patiently<T>(deadline: number, work: () => T | Promise<T>): Promise<T> {
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      try {
        return await work()
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error
      }
      await sleep(pause * (0.5 + Math.random() / 2))
    }
  }

  #patience(deadline: number): Patience {
    const { name, poolTimeoutMs } = this.options
    return {
      timeoutMs: Math.max(0, deadline - performance.now()),
      onTimeout: () => new PoolTimeoutError(name, poolTimeoutMs),
    }
  }
}

/** A connection that somebody holds. */
export interface AcquiredConnection {
  readonly connection: Connection
  /** Gives it back, without what was left open on it. */
  readonly release: () => void
}

/** What who does not wait is told. */
function locked(): Error {
  return databaseError(new QueryFailedError('BEGIN IMMEDIATE', [], new Error('Another transaction writes')), { kind: 'lock-timeout' })
}

function writeLockOf(file: string): Semaphore {
  const path = realpathSync(file)
  let lock = writeLocks.get(path)
  if (!lock) writeLocks.set(path, (lock = new Semaphore(1)))
  return lock
}

import { ConnectionFailedError, DatabaseClosedError, isError, PoolTimeoutError } from '../../errors.js'
import { either, type Eventual } from '../../eventual.js'
import { LinkedList } from '../../linked-list.js'
import { Semaphore } from '../../semaphore.js'
import { type PoolOptions, type PoolStatus, statusOf } from '../driver.js'
import type { IsolationLevel } from '../internals.js'
import type { Lease, Loan } from '../loan.js'
import type { Connection } from './connection.js'

/** A connection that was idle for longer is asked for a sign of life before use: a firewall may have cut it off silently. */
const unaskedMs = 30_000

/**
 * Connections to one server.
 *
 * It is ours: mysql2's has no limit to the wait for a connection, gives open transactions to the next borrower, and listens for errors
 * only once. Every session is UTC, utf8mb4 and READ COMMITTED (a server that keeps a binary log needs `binlog_format` ROW or MIXED for
 * that); `sql_mode` is the server's, which is strict unless somebody changed it.
 */
export class MysqlPool {
  /** The database of every session. */
  database: string | undefined
  /** Whether a session keeps the time zone of the server. */
  readonly #keepsZone: boolean
  /** Of every transaction that asks for none. */
  isolation: IsolationLevel = 'READ COMMITTED'
  readonly status: PoolStatus
  readonly #options: PoolOptions
  readonly #connect: () => Promise<Connection>
  readonly #permits: Semaphore
  readonly #leased = new LinkedList<Lease<Connection>>()
  readonly #idle: Connection[] = []
  #closed = false

  /** @param connect Begins to connect. @param keepsZone A session keeps the time zone of the server. */
  constructor(options: PoolOptions, connect: () => Promise<Connection>, keepsZone: boolean) {
    this.#keepsZone = keepsZone
    this.#options = options
    this.#connect = connect
    this.#permits = new Semaphore(options.poolSize)
    this.status = statusOf(this.#permits)
  }

  /** Lets connections be opened. */
  open(): void {
    this.#closed = false
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    this.#closed = true
    const { name } = this.#options
    for (const { connection, loan } of this.#leased) loan?.end(name, connection.native.threadId)
    const idle = this.#idle.splice(0).map((connection) => connection.end())
    // Who still holds a connection is not waited for: it would keep the process alive, and its locks on the server.
    const leased = Array.from(this.#leased, ({ connection }) => this.#cutOff(connection, new DatabaseClosedError(name)))
    await Promise.all([...idle, ...leased])
  }

  async #cutOff(connection: Connection, reason: Error): Promise<void> {
    if (connection.isBusy) return this.kill(connection, reason)
    this.#forget(connection)?.()
    await connection.end(reason)
  }

  /**
   * An idle connection, or a new one, first come, first served; `release` or `destroy` gives it back.
   *
   * @param loan Of who has to be reminded of that.
   * @throws {PoolTimeoutError} None came free within `poolTimeoutMs`.
   */
  acquire(loan?: Loan): Promise<Connection> {
    const { name, poolTimeoutMs } = this.#options
    const deadline = performance.now() + poolTimeoutMs
    const onTimeout = (): Error => new PoolTimeoutError(name, poolTimeoutMs)
    return this.#permits.acquire({ timeoutMs: poolTimeoutMs, onTimeout }).then((giveBack) =>
      either(
        () => this.#find(deadline),
        (connection) => {
          this.#lease(connection, giveBack, loan)
          return connection
        },
        (error) => {
          giveBack()
          throw error
        },
      ),
    )
  }

  #lease(connection: Connection, giveBack: () => void, loan?: Loan): void {
    connection.lease = this.#leased.add({ connection, giveBack, loan })
  }

  #find(deadline: number): Eventual<Connection> {
    if (this.#closed) throw new DatabaseClosedError(this.#options.name)
    const fresh = this.#takeFresh()
    if (fresh) return fresh
    return this.#fromIdle().then((idle) => idle ?? this.#open(Math.max(1, deadline - performance.now())))
  }

  /** An idle connection that was used a moment ago, without waiting; `undefined` where there is none, or it is somebody else's turn. */
  tryAcquire(): Connection | undefined {
    const giveBack = this.#idle.length > 0 ? this.#permits.tryAcquire() : undefined
    if (!giveBack) return undefined
    const fresh = this.#takeFresh()
    if (fresh) this.#lease(fresh, giveBack)
    else giveBack()
    return fresh
  }

  /** The connection that was used last, if it is good without being asked. */
  #takeFresh(): Connection | undefined {
    const last = this.#idle.at(-1)
    return last && this.#isFresh(last) ? this.#idle.pop() : undefined
  }

  /** Takes a connection back. @param isDirty Whether its session may not be as it was: then the server forgets what was set in it. */
  release(connection: Connection, isDirty = false): Eventual<void> {
    if (!connection.lease) return
    if (!isDirty || connection.lost) return this.#return(connection)
    return connection
      .within(this.#options.poolTimeoutMs, () => this.#reset(connection))
      .catch(() => connection.destroy())
      .then(() => this.#return(connection))
  }

  #return(connection: Connection): void {
    const giveBack = this.#forget(connection)
    this.#keep(connection)
    giveBack?.()
  }

  /** Nobody has it any more. @returns Gives its place back. */
  #forget(connection: Connection): (() => void) | undefined {
    const { lease } = connection
    connection.lease = undefined
    if (lease) this.#leased.delete(lease)
    return lease?.value.giveBack
  }

  /** Closes a connection: nobody knows what state it is in. @param reason What the statement that is under way fails with. */
  destroy(connection: Connection, reason?: Error): void {
    connection.destroy(reason)
    this.#forget(connection)?.()
  }

  /** Ends a connection on the server too: it goes on with its statement, and keeps its locks, when the client has gone. */
  async kill(connection: Connection, reason: Error): Promise<void> {
    this.destroy(connection, reason)
    try {
      const other = await this.#open(this.#options.poolTimeoutMs)
      await other.within(this.#options.poolTimeoutMs, () => other.send(`KILL ${connection.native.threadId}`))
      await other.end()
    } catch {
      // It has ended by itself, or there is no server any more.
    }
  }

  /** The connection that was used last and is still good; the pool shrinks to what is needed. */
  async #fromIdle(): Promise<Connection | undefined> {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (connection.lost) connection.destroy()
      else if (this.#isOld(connection)) void connection.end()
      else if (this.#isFresh(connection) || (await isAlive(connection, Math.min(1_000, this.#options.poolTimeoutMs)))) return connection
    }
    return undefined
  }

  #isOld({ openedAt }: Connection): boolean {
    const { poolRecycleMs } = this.#options
    return poolRecycleMs > 0 && performance.now() - openedAt > poolRecycleMs
  }

  /** Whether it is good without being asked. */
  #isFresh(connection: Connection): boolean {
    return !connection.lost && !this.#isOld(connection) && performance.now() - connection.idleSince < unaskedMs
  }

  #keep(connection: Connection): void {
    if (connection.lost) return connection.destroy()
    if (this.#closed) return void connection.end()
    connection.idleSince = performance.now()
    this.#idle.push(connection)
  }

  async #open(timeoutMs: number): Promise<Connection> {
    const connection = await this.#connect()
    try {
      await connection.within(timeoutMs, async () => {
        await connection.opened()
        await this.prepare(connection)
      })
      return connection
    } catch (error) {
      connection.destroy()
      // A host of several addresses: the first tells as much as all.
      throw new ConnectionFailedError(
        this.#options.name,
        isError(error) && 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : error,
      )
    }
  }

  /** Makes the settings of a session. */
  async prepare(connection: Connection): Promise<void> {
    const seconds = Math.ceil(this.#options.poolTimeoutMs / 1_000)
    // Without limits a lock is waited for 50 seconds, and the lock of a table's schema for a day.
    const limits = `innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}`
    // mysql2 quotes values with backslashes: a server that reads none would take a value for SQL.
    const mode = `sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')`
    const zone = this.#keepsZone ? '' : "time_zone = '+00:00', "
    await connection.send(`SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, autocommit = 1, ${zone}${limits}, ${mode}`)
    await connection.send(`SET SESSION TRANSACTION ISOLATION LEVEL ${this.isolation}`)
  }

  async #reset(connection: Connection): Promise<void> {
    await connection.reset()
    const { database } = this
    // A reset gives up variables, locks and temporary tables, but stays in the database of the last USE.
    if (database) await connection.send(`USE \`${database.replaceAll('`', '``')}\``)
    await this.prepare(connection)
  }
}

async function isAlive(connection: Connection, timeoutMs: number): Promise<boolean> {
  try {
    await connection.within(timeoutMs, () => connection.ping())
    return true
  } catch {
    connection.destroy()
    return false
  }
}

import type { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionFailedError, DatabaseClosedError, PoolTimeoutError } from '../../errors.js'
import { either, type Eventual } from '../../eventual.js'
import { LinkedList } from '../../linked-list.js'
import { Semaphore } from '../../semaphore.js'
import { type PoolOptions, type PoolStatus, statusOf } from '../driver.js'
import type { Lease, Loan } from '../loan.js'
import type { NativeClient } from './client.js'
import { Connection, outside } from './connection.js'

/** The part of pg-pool that we use. */
export interface NativePool extends EventEmitter {
  connect(): Promise<NativeClient>
  end(): Promise<void>
}

/** For how long a connection that came back stays at hand, in milliseconds, before pg's pool has it. */
const warmMs = 1_000

/**
 * pg's pool, with a line in front of it that is served in order and for a limited time.
 *
 * pg's pool gives a connection in a later turn, and sets a timer each time; so those that were used a moment ago are kept in front of it.
 */
export class PostgresPool {
  readonly status: PoolStatus
  readonly #options: PoolOptions
  readonly #permits: Semaphore
  readonly #leased = new LinkedList<Lease<Connection>>()
  readonly #connections = new WeakMap<NativeClient, Connection>()
  #native: NativePool | undefined
  /** Those that came back, the last one at the end, each with when that was. */
  readonly #warm: { readonly connection: Connection; readonly since: number }[] = []
  #cooling: NodeJS.Timeout | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#permits = new Semaphore(options.poolSize)
    this.status = statusOf(this.#permits)
  }

  /** Takes `native` into use. */
  open(native: NativePool): void {
    this.#native = native
    // Before anybody holds it: what a server says as it dies may come together with its welcome.
    native.on('acquire', (client: NativeClient) => (this.#connectionOf(client).checkouts += 1))
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    const native = this.#native
    this.#native = undefined
    this.#cool(Number.POSITIVE_INFINITY)
    const { name } = this.#options
    for (const { connection, loan } of this.#leased) loan?.end(name, connection.client.processID)
    // Who still holds a connection is not waited for: the pool would, for ever.
    const leased = [...this.#leased]
    for (const { connection } of leased) connection.destroy(new DatabaseClosedError(name))
    // Nor is a server that does not answer to a good-bye.
    const limit = new AbortController()
    await Promise.race([native?.end(), sleep(this.#options.poolTimeoutMs, undefined, { ref: false, signal: limit.signal })])
    limit.abort()
  }

  /**
   * An idle connection, or a new one, first come, first served; its `release` or `destroy` gives it back.
   *
   * @param loan Of who has to be reminded of that.
   * @throws {PoolTimeoutError} None came free within `poolTimeoutMs`.
   */
  acquire(loan?: Loan): Promise<Connection> {
    const { name, poolTimeoutMs } = this.#options
    const onTimeout = (): Error => new PoolTimeoutError(name, poolTimeoutMs)
    return this.#permits.acquire({ timeoutMs: poolTimeoutMs, onTimeout }).then((giveBack) => this.#lease(giveBack, loan))
  }

  /** One that was used a moment ago, without waiting; `undefined` where there is none, or it is somebody else's turn. */
  tryAcquire(): Connection | undefined {
    const giveBack = this.#warm.length > 0 ? this.#permits.tryAcquire() : undefined
    if (!giveBack) return undefined
    const connection = this.#fromWarm()
    if (connection) this.#checkOut(connection, giveBack, undefined)
    else giveBack()
    return connection
  }

  /** Another connection for one that died in the pool; the place in the line stays. */
  async replace(connection: Connection): Promise<Connection> {
    const lease = this.#end(connection)
    if (!lease) return this.acquire()
    connection.destroy()
    return this.#lease(lease.giveBack, lease.loan)
  }

  #lease(giveBack: () => void, loan: Loan | undefined): Eventual<Connection> {
    return either(
      () => this.#fromWarm() ?? this.#connect(),
      (connection) => {
        this.#checkOut(connection, giveBack, loan)
        return connection
      },
      (error) => {
        giveBack()
        throw error
      },
    )
  }

  async #connect(): Promise<Connection> {
    const { name } = this.#options
    const native = this.#native
    if (!native) throw new DatabaseClosedError(name)
    try {
      return this.#connectionOf(await outside.runInAsyncScope(() => native.connect()))
    } catch (error) {
      throw new ConnectionFailedError(name, error)
    }
  }

  #checkOut(connection: Connection, giveBack: () => void, loan: Loan | undefined): void {
    connection.lease = this.#leased.add({ connection, giveBack, loan })
    connection.checkOut((isClean) => this.#return(connection, isClean))
  }

  #return(connection: Connection, isClean: boolean): void {
    const lease = this.#end(connection)
    if (isClean && !this.#native) connection.client.release()
    else if (isClean) this.#keepWarm(connection)
    lease?.giveBack()
  }

  /** Nobody has it any more. @returns The use that ends. */
  #end(connection: Connection): Lease<Connection> | undefined {
    const { lease } = connection
    connection.lease = undefined
    if (lease) this.#leased.delete(lease)
    return lease?.value
  }

  #keepWarm(connection: Connection): void {
    // A program whose work is done may end, although it has not closed the database.
    connection.client.unref()
    this.#warm.push({ connection, since: performance.now() })
    const { poolRecycleMs } = this.#options
    const warmFor = poolRecycleMs > 0 ? Math.min(warmMs, poolRecycleMs) : warmMs
    this.#cooling ??= setInterval(() => this.#cool(performance.now() - warmFor), warmFor).unref()
  }

  #fromWarm(): Connection | undefined {
    for (let last = this.#warm.pop(); last; last = this.#warm.pop()) {
      const { connection, since } = last
      if (!connection.lost && !this.#isOld(since)) {
        connection.client.ref()
        connection.checkouts += 1
        return connection
      }
      connection.client.release(true)
    }
    return undefined
  }

  #isOld(since: number): boolean {
    const { poolRecycleMs } = this.#options
    return poolRecycleMs > 0 && performance.now() - since > poolRecycleMs
  }

  /** Gives pg's pool those that came back before a moment of `performance`. */
  #cool(before: number): void {
    for (let first = this.#warm[0]; first && first.since < before; first = this.#warm[0]) {
      this.#warm.shift()
      first.connection.client.release(first.connection.lost !== undefined || this.#isOld(first.since))
    }
    if (this.#warm.length > 0) return
    clearInterval(this.#cooling)
    this.#cooling = undefined
  }

  #connectionOf(client: NativeClient): Connection {
    let connection = this.#connections.get(client)
    if (!connection) this.#connections.set(client, (connection = new Connection(client)))
    return connection
  }
}

import type { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectionFailedError, DatabaseClosedError, PoolTimeoutError } from '../../errors.js'
import { Semaphore } from '../../semaphore.js'
import { type PoolOptions, type PoolStatus, statusOf } from '../driver.js'
import { Connection, type NativeClient, outside } from './connection.js'

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
  /** The connections in use, with what gives their place back. */
  readonly #leased = new Map<Connection, () => void>()
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
    // Who still holds a connection is not waited for: the pool would, for ever.
    for (const connection of this.#leased.keys()) connection.destroy()
    // Nor is a server that does not answer to a good-bye.
    const limit = new AbortController()
    await Promise.race([native?.end(), sleep(this.#options.poolTimeoutMs, undefined, { ref: false, signal: limit.signal })])
    limit.abort()
  }

  /**
   * An idle connection, or a new one, first come, first served; its `release` or `destroy` gives it back.
   *
   * @throws {PoolTimeoutError} None came free within `poolTimeoutMs`.
   */
  async acquire(): Promise<Connection> {
    const { name, poolTimeoutMs } = this.#options
    const onTimeout = (): Error => new PoolTimeoutError(name, poolTimeoutMs)
    return this.#connect(await this.#permits.acquire({ timeoutMs: poolTimeoutMs, onTimeout }))
  }

  /** One that was used a moment ago, without waiting; `undefined` where there is none, or it is somebody else's turn. */
  tryAcquire(): Connection | undefined {
    const giveBack = this.#warm.length > 0 ? this.#permits.tryAcquire() : undefined
    if (!giveBack) return undefined
    const connection = this.#fromWarm()
    if (connection) this.#checkOut(connection, giveBack)
    else giveBack()
    return connection
  }

  /** Another connection for one that died in the pool; the place in the line stays. */
  replace(connection: Connection): Promise<Connection> {
    const giveBack = this.#leased.get(connection)
    if (!giveBack) return this.acquire()
    this.#leased.delete(connection)
    connection.destroy()
    return this.#connect(giveBack)
  }

  async #connect(giveBack: () => void): Promise<Connection> {
    const { name } = this.#options
    try {
      const native = this.#native
      if (!native) throw new DatabaseClosedError(name)
      const connection = this.#fromWarm() ?? this.#connectionOf(await outside.runInAsyncScope(() => native.connect()))
      this.#checkOut(connection, giveBack)
      return connection
    } catch (error) {
      giveBack()
      throw error instanceof DatabaseClosedError ? error : new ConnectionFailedError(name, error)
    }
  }

  #checkOut(connection: Connection, giveBack: () => void): void {
    this.#leased.set(connection, giveBack)
    connection.checkOut((isClean) => this.#return(connection, isClean))
  }

  #return(connection: Connection, isClean: boolean): void {
    const giveBack = this.#leased.get(connection)
    this.#leased.delete(connection)
    if (isClean && !this.#native) connection.client.release()
    else if (isClean) this.#keepWarm(connection)
    giveBack?.()
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

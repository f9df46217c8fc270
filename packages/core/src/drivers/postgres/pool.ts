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

/** pg's pool, with a line in front of it that is served in order and for a limited time. */
export class PostgresPool {
  readonly status: PoolStatus
  readonly #options: PoolOptions
  readonly #permits: Semaphore
  /** The connections in use, with what gives their place back. */
  readonly #leased = new Map<Connection, () => void>()
  readonly #connections = new WeakMap<NativeClient, Connection>()
  #native: NativePool | undefined

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
      const connection = this.#connectionOf(await outside.runInAsyncScope(() => native.connect()))
      this.#leased.set(connection, giveBack)
      connection.checkOut(() => this.#return(connection))
      return connection
    } catch (error) {
      giveBack()
      throw error instanceof DatabaseClosedError ? error : new ConnectionFailedError(name, error)
    }
  }

  #return(connection: Connection): void {
    const giveBack = this.#leased.get(connection)
    this.#leased.delete(connection)
    giveBack?.()
  }

  #connectionOf(client: NativeClient): Connection {
    let connection = this.#connections.get(client)
    if (!connection) this.#connections.set(client, (connection = new Connection(client)))
    return connection
  }
}

import type { Readable } from 'node:stream'
import type { RowForm } from '../driver.js'
import { within } from '../time-limit.js'

/** An error of mysql2, or of the socket below it. */
export interface NativeError extends Error {
  readonly code?: string
  readonly errno?: number
  /** Whether the connection is of no use any more. */
  readonly fatal?: boolean
}

/** A statement of mysql2 that is under way. */
interface NativeQuery {
  on(event: string, listener: (...parameters: never[]) => void): this
  once(event: string, listener: (...parameters: never[]) => void): this
  stream(): Readable
}

/** A column of rows, as mysql2 describes it. */
export interface NativeField {
  readonly name: string
  readonly columnType: number
  /** Digits after the point. */
  readonly decimals: number
}

/** The columns of rows; a procedure gives several lists of rows, and of their columns. */
export type NativeFields = readonly (NativeField | readonly NativeField[] | undefined)[]

/** What mysql2 calls when the answer has come. */
type Callback = (error: NativeError | null, result?: unknown, fields?: NativeFields) => void

/** Reads a value of a stream. */
type Cast = (field: { readonly type: string; string(): string | null }, next: () => unknown) => unknown

/** The part of mysql2's `Connection` that we use; its types are no dependency of ours. */
export interface NativeConnection {
  readonly stream: { destroy(): void }
  /** The server's number of the connection. */
  readonly threadId: number
  connect(callback: Callback): void
  query(
    options: { readonly sql: string; readonly values: readonly unknown[]; readonly typeCast?: Cast; readonly rowsAsArray?: boolean },
    callback?: Callback,
  ): NativeQuery
  /** The text that is sent. */
  format(sql: string, values: readonly unknown[]): string
  ping(callback: Callback): void
  reset(callback: Callback): void
  end(callback: Callback): void
  destroy(): void
  on(event: 'error' | 'end', listener: (error?: NativeError) => void): this
  off(event: 'error', listener: (error?: NativeError) => void): this
}

/** Errors after which the server closes the connection: shutdown, KILL, network, idle for too long. */
const ending = new Set([1053, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 4031])

/** One connection to the server, leased or idle. */
export class Connection {
  readonly native: NativeConnection
  readonly openedAt = performance.now()
  /** When it was last given back. */
  idleSince = performance.now()
  /** What is first known of why there is no server at the other end any more. */
  lost: Error | undefined
  readonly #waiting = new Set<(reason: Error) => void>()

  constructor(native: NativeConnection) {
    this.native = native
    // mysql2's own listeners listen once: an error more, of a connection that nobody uses, would end the process.
    native.on('error', (error) => {
      this.lost ??= error
    })
    native.on('end', () => {
      this.lost ??= new Error('The server closed the connection')
    })
  }

  /** Waits until the server has let us in. */
  async opened(): Promise<void> {
    await this.#answer((done) => this.native.connect(done))
  }

  /**
   * Sends one statement.
   *
   * @param describe Is told the columns of the rows.
   * @returns Rows, or the header of a statement without rows.
   */
  send(sql: string, values: readonly unknown[] = [], describe?: (fields: NativeFields) => void, form?: RowForm): Promise<unknown> {
    return this.#answer((done) =>
      this.native.query({ sql, values, rowsAsArray: form === 'lists' }, (error, result, fields) => {
        describe?.(fields ?? [])
        done(error, result)
      }),
    )
  }

  /** The rows of a statement of our own. @typeParam Row What its text asks for. */
  async rows<Row>(sql: string): Promise<Row[]> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the text knows its rows
    return (await this.send(sql)) as Row[]
  }

  /** Asks whether the server is still there. */
  async ping(): Promise<void> {
    await this.#answer((done) => this.native.ping(done))
  }

  /** Makes the server forget everything that was set on this connection. */
  async reset(): Promise<void> {
    await this.#answer((done) => this.native.reset(done))
  }

  /** Says goodbye to the server. */
  async end(): Promise<void> {
    await this.within(1_000, () => this.#answer((done) => this.native.end(done))).catch(() => undefined)
    this.destroy()
  }

  /** Closes the socket, whatever is under way; mysql2 would leave its caller waiting. */
  destroy(reason = new Error('The connection was closed')): void {
    this.lost ??= reason
    for (const reject of this.#waiting) reject(this.lost)
    this.#waiting.clear()
    this.native.destroy()
    this.native.stream.destroy()
  }

  /** Destroys the connection when `work` takes longer than `timeoutMs`. */
  within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    return within(timeoutMs, () => this.destroy(new Error(`The server did not answer within ${timeoutMs} ms`)), work)
  }

  #answer(ask: (done: Callback) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      const done: Callback = (error, result) => {
        this.#waiting.delete(reject)
        if (!error) return resolve(result)
        // mysql2 keeps the statement there, with its values.
        Reflect.deleteProperty(error, 'sql')
        if (error.fatal || (error.errno !== undefined && ending.has(error.errno))) this.lost ??= error
        reject(error)
      }
      try {
        ask(done)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }
}

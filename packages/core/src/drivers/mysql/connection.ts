import type { Readable } from 'node:stream'
import { isError } from '../../errors.js'
import type { Link } from '../../linked-list.js'
import type { RowForm } from '../driver.js'
import type { Lease } from '../loan.js'
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

/** What the server has answered. */
export interface NativeAnswer {
  /** Rows, or the header of a statement without rows. */
  readonly native: unknown
  /** The columns of the rows. */
  readonly fields: NativeFields
}

/** What mysql2 calls when the answer has come. */
type Callback = (error: NativeError | null, result?: unknown, fields?: NativeFields) => void

/** Reads a value of a stream. */
type Cast = (field: { readonly type: string; string(): string | null }, next: () => unknown) => unknown

/** The part of the package mysql2 that we use. */
export interface NativePackage {
  createConnection(options: object): NativeConnection
  /** A statement to give to `query`: its options need not be put together there. */
  createQuery(sql: string, values: readonly unknown[], callback: Callback, config: { readonly rowsAsArray: boolean }): NativeQuery
}

/** The part of mysql2's `Connection` that we use; its types are no dependency of ours. */
export interface NativeConnection {
  readonly stream: { destroy(): void }
  /** The server's number of the connection. */
  readonly threadId: number
  connect(callback: Callback): void
  query(statement: NativeQuery | { readonly sql: string; readonly values: readonly unknown[]; readonly typeCast?: Cast }): NativeQuery
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

const asLists = { rowsAsArray: true }
const asRecords = { rowsAsArray: false }

/** One connection to the server, leased or idle. */
export class Connection {
  readonly native: NativeConnection
  readonly openedAt = performance.now()
  /** When it was last given back. */
  idleSince = performance.now()
  /** Its use by somebody; `undefined` while it is idle. */
  lease: Link<Lease<Connection>> | undefined
  /** What is first known of why there is no server at the other end any more. */
  lost: Error | undefined
  readonly #mysql2: NativePackage
  /** Who waits for an answer, in the order of what they have sent. */
  readonly #waiting: ((reason: Error) => void)[] = []

  /** @param options Of `createConnection` of mysql2. */
  constructor(mysql2: NativePackage, options: object) {
    this.#mysql2 = mysql2
    const native = mysql2.createConnection(options)
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

  /** Sends one statement. */
  send(sql: string, values: readonly unknown[] = [], form?: RowForm): Promise<NativeAnswer> {
    const config = form === 'lists' ? asLists : asRecords
    return this.#answer((done) => this.native.query(this.#mysql2.createQuery(sql, values, done, config)))
  }

  /** The rows of a statement of our own. @typeParam Row What its text asks for. */
  async rows<Row>(sql: string): Promise<Row[]> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the text knows its rows
    return (await this.send(sql)).native as Row[]
  }

  /** Asks whether the server is still there. */
  async ping(): Promise<void> {
    await this.#answer((done) => this.native.ping(done))
  }

  /** Makes the server forget everything that was set on this connection. */
  async reset(): Promise<void> {
    await this.#answer((done) => this.native.reset(done))
  }

  /** Whether the server has not answered yet. */
  get isBusy(): boolean {
    return !this.lost && this.#waiting.length > 0
  }

  /** Says goodbye to the server, which rolls back what was open. @param reason What fails with it that comes later. */
  async end(reason?: Error): Promise<void> {
    await this.within(1_000, () => this.#answer((done) => this.native.end(done))).catch(() => undefined)
    this.destroy(reason)
  }

  /** Closes the socket, whatever is under way; mysql2 would leave its caller waiting. */
  destroy(reason = new Error('The connection was closed')): void {
    this.lost ??= reason
    for (const reject of this.#waiting.splice(0)) reject(this.lost)
    this.native.destroy()
    this.native.stream.destroy()
  }

  /** Destroys the connection when `work` takes longer than `timeoutMs`. */
  within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
    return within(timeoutMs, () => this.destroy(new Error(`The server did not answer within ${timeoutMs} ms`)), work)
  }

  #answer(ask: (done: Callback) => void): Promise<NativeAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(reject)
      const done: Callback = (error, native, fields = []) => {
        const place = this.#waiting.indexOf(reject)
        if (place !== -1) this.#waiting.splice(place, 1)
        if (!error) return resolve({ native, fields })
        // mysql2 keeps the statement there, with its values.
        Reflect.deleteProperty(error, 'sql')
        if (error.fatal || (error.errno !== undefined && ending.has(error.errno))) this.lost ??= error
        reject(error)
      }
      try {
        ask(done)
      } catch (error) {
        done(isError(error) ? error : new Error(String(error)))
      }
    })
  }
}

import { isError } from '../../errors.js'
import type { Link } from '../../linked-list.js'
import type { RowForm } from '../driver.js'
import type { Lease } from '../loan.js'
import { within } from '../time-limit.js'
import type { Callback, Cast, NativeAnswer, NativeConnection, NativePackage, NativeQuery } from './client.js'
import type { ExchangeClass } from './exchange.js'
import { castOf, hasOwnCast, type ReadOptions } from './reader.js'

/** Errors after which the server closes the connection: shutdown, KILL, network, idle for too long. */
const ending = new Set([1053, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 4031])

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
  readonly #Exchange: ExchangeClass
  readonly #cast: Cast | undefined
  /** Who waits for an answer, in the order of what they have sent. */
  readonly #waiting: ((reason: Error) => void)[] = []

  /** @param options Of `createConnection` of mysql2. */
  constructor(mysql2: NativePackage, options: ReadOptions, Exchange: ExchangeClass) {
    this.#Exchange = Exchange
    this.#cast = hasOwnCast(options) ? undefined : castOf(options)
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
  send(sql: string, values: readonly unknown[] = [], form: RowForm = 'records'): Promise<NativeAnswer> {
    return this.#answer((done) => this.native.query(new this.#Exchange({ sql, values, rowsAsArray: form === 'lists' }, done)))
  }

  /** Sends one statement whose rows come one after the other. */
  stream(sql: string, values: readonly unknown[]): NativeQuery {
    return this.native.query({ sql, values, ...(this.#cast ? { typeCast: this.#cast } : {}) })
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

import { AsyncResource } from 'node:async_hooks'
import { connect } from 'node:net'
import { isError } from '../../errors.js'
import type { Eventual } from '../../eventual.js'
import type { Link } from '../../linked-list.js'
import type { ConnectionStatus, RowForm } from '../driver.js'
import type { Lease } from '../loan.js'
import { within } from '../time-limit.js'
import type { NativeClient, SessionSettings } from './client.js'
import type { NativeResult } from './exchange.js'
import { opening, type PostgresStatement, type PostgresStatements } from './statements.js'

/**
 * Takes away what a session may have left behind, but for prepared statements: ours are to be kept. Behind a pooler a reset goes back
 * to the settings of the server, and not to those of the session, so they are said again.
 */
function resetText(settings: SessionSettings): string {
  return [
    'CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES',
    // The encoding is what pg itself tells.
    ...Object.entries({ ...settings, client_encoding: 'UTF8' }).map(([name, value]) => `SET ${name} = '${value}'`),
  ].join('; ')
}

/** A connection that died in the pool fails its first statement within so many milliseconds. */
const staleLimitMs = 1_000

/** What cuts idle connections off without a word does so after minutes. */
const warmLimitMs = 10_000

/** Sockets are opened in it, so that none keeps the context of the request that happened to need it first. */
export const outside = new AsyncResource('ActiveAlchemyPool')

/** A connection of the pool, for as long as it lives. */
export class Connection {
  /** Its use by somebody; `undefined` while nobody has it. */
  lease: Link<Lease<Connection>> | undefined
  readonly client: NativeClient
  /** Why there is no server at the other end any more. */
  lost: Error | undefined
  /** How often the pool has given it out. */
  checkouts = 0
  /** Whether its borrower has sent anything. */
  isUsed = false
  /** What its borrower may have left in the server's session. */
  dirt: PostgresStatement['dirties'] = 'nothing'
  /** Whether the server may have begun with what was sent last: it says so of what binds values, and of nothing else. */
  #hasBegun = false
  /** Whether the session waits for locks no longer than `limitLocks` has said. */
  #limitsLocks = false
  #sentAt = Number.NEGATIVE_INFINITY
  /** How many names had gone out of use when it was last freed of them. */
  #dropped = 0
  #onReturn: ((isClean: boolean) => void) | undefined
  #whenLost: (() => void) | undefined

  constructor(client: NativeClient) {
    this.client = client
    client.on('error', (error: Error) => {
      this.lost ??= error
      this.#whenLost?.()
    })
    client.connection.on('bindComplete', () => (this.#hasBegun = true))
  }

  /** Begins its use by one borrower. @param onReturn Called once, when that has ended; what is not clean has been destroyed. */
  checkOut(onReturn: (isClean: boolean) => void): void {
    this.#onReturn = onReturn
    this.isUsed = false
    this.dirt = 'nothing'
  }

  /** Whether it failed as one does that died in the pool: at once. A server that hangs up on a long statement means it. */
  get diedInPool(): boolean {
    if (!this.#onReturn) return false
    return this.lost !== undefined && this.checkouts > 1 && performance.now() - this.#sentAt < staleLimitMs
  }

  /** Whether a server that said goodbye had not yet begun with what was sent: it answers in the order in which it is asked. */
  get wasTurnedAway(): boolean {
    return !this.#hasBegun && this.lost !== undefined && 'code' in this.lost && String(this.lost.code).startsWith('57P')
  }

  /** Whether the server was there a moment ago. */
  get isWarm(): boolean {
    return performance.now() - this.#sentAt < warmLimitMs
  }

  /** Whether the server had begun with what was sent last, as far as is known. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** Whether BEGIN can travel with a statement: it is prepared, locks are waited for no longer than they may be, and the server is there. */
  get canOpen(): boolean {
    return this.#limitsLocks && this.isWarm && opening.name in this.client.connection.parsedStatements
  }

  /** Whether the server has not answered yet. */
  get isBusy(): boolean {
    return !this.lost && !this.client.readyForQuery
  }

  get status(): ConnectionStatus {
    if (this.lost) return 'lost'
    const status = this.client.getTransactionStatus()
    if (status === 'E') return 'failed'
    return status === 'T' ? 'transaction' : 'idle'
  }

  /** Lets the session wait for locks for so many milliseconds, from now on. */
  limitLocks(timeoutMs: number): Promise<void> | undefined {
    return this.#limitsLocks ? undefined : this.#setLimit(`SET lock_timeout = ${timeoutMs}`, true)
  }

  /** Lets the session wait for locks as long as the server says: what a query runner of the application sends is its own. */
  freeLocks(): Promise<void> | undefined {
    return this.#limitsLocks ? this.#setLimit('RESET lock_timeout', false) : undefined
  }

  async #setLimit(text: string, limitsLocks: boolean): Promise<void> {
    if (this.lost) return
    try {
      await this.client.query({ text })
      this.#limitsLocks = limitsLocks
    } catch (error) {
      if (isError(error)) await this.settle(error)
      if (!this.lost) throw error
    }
  }

  /** @param opens Whether it begins a transaction, too; then it has a name or binds values. */
  send({ text, name, dirties }: PostgresStatement, values: unknown[], form: RowForm, opens = false): Promise<NativeResult> {
    if (dirties !== 'nothing' && this.dirt !== 'everything') this.dirt = dirties
    this.isUsed = true
    this.#hasBegun = values.length === 0 && !opens
    this.#sentAt = performance.now()
    return this.client.send({ text, name, values, form, opens })
  }

  /** An error comes before the status that it leaves behind: waits for that status, or for the end of the connection. */
  async settle(error: Error): Promise<void> {
    // The server goes on with a statement that only the client gave up.
    if (error.message === 'Query read timeout') this.lost ??= error
    if (this.lost || this.client.readyForQuery) return
    await new Promise<void>((resolve) => {
      this.#whenLost = resolve
      this.client.once('drain', resolve)
    })
    // What the server said before it hung up tells more than that it did.
    if (this.lost) this.lost = error
  }

  /** Back to the pool, if the server says that it is idle, and without what was left in it; else destroyed. */
  release(timeoutMs: number, statements: PostgresStatements, settings: SessionSettings): Eventual<void> {
    if (!this.#onReturn) return
    const isClean = this.status === 'idle' && this.client.readyForQuery && this.dirt !== 'everything'
    if (!isClean) return this.#end(true)
    const texts = [...(this.dirt === 'session' ? [resetText(settings)] : []), ...this.#unprepare(statements)]
    if (this.dirt === 'session') this.#limitsLocks = false
    if (texts.length === 0) return this.#end(false)
    return this.#clean(texts.join('; '), timeoutMs).then((isDone) => this.#end(!isDone))
  }

  /** What frees the server's memory of statements whose names are out of use. */
  #unprepare(statements: PostgresStatements): string[] {
    if (this.#dropped === statements.dropped) return []
    this.#dropped = statements.dropped
    const { parsedStatements } = this.client.connection
    const old = Object.keys(parsedStatements).filter((name) => /^aa_\d+$/.test(name) && !statements.isNamed(name))
    for (const name of old) {
      Reflect.deleteProperty(parsedStatements, name)
      this.client.forget(name)
    }
    return old.map((name) => `DEALLOCATE ${name}`)
  }

  /** A server that does not answer must not keep the place in the pool. */
  async #clean(text: string, timeoutMs: number): Promise<boolean> {
    try {
      const expire = (): void => this.destroy(new Error(`The server did not answer within ${timeoutMs} ms`))
      await within(timeoutMs, expire, () => this.client.query({ text }))
      return !this.lost
    } catch {
      return false
    }
  }

  /** Ends it, and the statement that is under way on it. @param reason What that statement fails with. */
  destroy(reason = new Error('The connection was given up')): void {
    this.#end(true, reason)
  }

  #end(destroy: boolean, reason?: Error): void {
    const onReturn = this.#onReturn
    if (!onReturn) return
    this.#onReturn = undefined
    if (destroy) {
      if (this.isBusy) this.#cancel()
      this.lost ??= reason ?? new Error('The connection was given up')
      this.#whenLost?.()
      this.client.release(true)
    }
    onReturn(!destroy)
  }

  /** A server goes on with its statement, and keeps its locks, when the client has gone: it must be told. */
  #cancel(): void {
    const { host, port, processID, secretKey } = this.client
    if (processID === null || secretKey === null) return
    // https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST
    const request = Buffer.alloc(16)
    ;[16, 80_877_102, processID, secretKey].forEach((part, index) => request.writeInt32BE(part, index * 4))
    const socket = outside.runInAsyncScope(() => connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }))
    socket.on('error', () => undefined).end(request)
    socket.unref()
  }
}

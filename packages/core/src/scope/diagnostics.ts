import { type Channel as PlainChannel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import type { Eventual } from '../eventual.js'
import type { ReportEvent } from './report.js'

/** A statement. @since 0.2 */
export interface QueryTrace {
  /** The family of the database: `sqlite`, `postgres` or `mysql`. */
  readonly system: string
  /** Its name, as in messages. */
  readonly database: string
  /** As it is sent: values stand beside it, and are not told. */
  readonly text: string
  /** Its first word, in capitals. */
  readonly operation: string
  /** `id` of the scope that sent it; `undefined` where none did, or nobody listened as it began. */
  readonly scope?: number | undefined
  /** Where the application called, as a text by `String(site)`; in production not known. */
  readonly site?: { toString(): string } | undefined
  /** How many rows it gave or changed. */
  rows?: number
}

/** A transaction, from its beginning to its end. @since 0.2 */
export interface TransactionTrace {
  readonly database: string
  /** Whose it is: `POST /orders`. */
  readonly label: string
  /** `id` of its scope. */
  readonly scope?: number | undefined
  /** `undefined` where it is the database's own. */
  readonly isolation: string | undefined
  /** How it ended. */
  outcome?: 'commit' | 'rollback'
}

/** A unit of work: a request, a job, a verb by itself. @since 0.2 */
export interface ScopeTrace {
  /** Its number in this process. */
  readonly id: number
  /** `POST /orders/:id`, `db.run`, `User.create()`: with the route once it is known. */
  label: string
  /** How it ended. */
  outcome?: string
  /** Rows that it had written when it was asked to end. */
  written?: number
}

/** A wait for a connection, or for SQLite's one writer. @since 0.2 */
export interface PoolTrace {
  readonly database: string
  /** What it is to be used for. */
  readonly purpose: string
  /** How long it took. */
  waitedMs?: number
}

/** What each channel tells, by its name. A failure is told as `error`. @since 0.2 */
export interface Traces {
  readonly 'active-alchemy:query': QueryTrace
  readonly 'active-alchemy:transaction': TransactionTrace
  readonly 'active-alchemy:scope': ScopeTrace
  readonly 'active-alchemy:pool': PoolTrace
}

/** Where reports are told, beside whoever they are for: a plain channel. @since 0.2 */
export const reportChannel = 'active-alchemy:report'

/** Tells of the end of what was begun. @param how What is known of it by then. */
export type TellEnd<Trace> = (how: Partial<Trace> & { readonly error?: unknown }) => void

/** A channel of Node's, for one kind of work. */
class Channel<Trace extends object> {
  readonly #native: TracingChannel<unknown, object>

  constructor(name: keyof Traces) {
    this.#native = tracingChannel(name)
  }

  /** Whether anybody listens: where nobody does, nothing is made for it. */
  get isHeard(): boolean {
    return this.#native.hasSubscribers
  }

  /**
   * Does `work`, and tells who has subscribed of its beginning and end, also where it is done in the call.
   *
   * @param told Told at both, and meanwhile the work's to complete.
   */
  around<T>(told: Trace & { error?: unknown }, work: () => Eventual<T>): Eventual<T> {
    const fail = (error: unknown): never => {
      told.error = error
      this.#native.error.publish(told)
      throw error
    }
    return this.#native.start.runStores(told, () => {
      let done: Eventual<T>
      try {
        done = work()
      } catch (error) {
        return fail(error)
      } finally {
        this.#native.end.publish(told)
      }
      if (!(done instanceof Promise)) return done
      return done.catch(fail).finally(() => this.#ended(told))
    })
  }

  /** Tells of the beginning of what ends elsewhere. @returns Tells of its end. */
  begin(told: Trace): TellEnd<Trace> {
    this.#native.start.publish(told)
    this.#native.end.publish(told)
    return (how) => {
      Object.assign(told, how)
      if ('error' in how) this.#native.error.publish(told)
      this.#ended(told)
    }
  }

  #ended(told: object): void {
    this.#native.asyncStart.publish(told)
    this.#native.asyncEnd.publish(told)
  }
}

/** The channels of `node:diagnostics_channel` on which work is told of. */
export const channels = {
  query: new Channel<QueryTrace>('active-alchemy:query'),
  transaction: new Channel<TransactionTrace>('active-alchemy:transaction'),
  scope: new Channel<ScopeTrace>('active-alchemy:scope'),
  pool: new Channel<PoolTrace>('active-alchemy:pool'),
} as const

const reports: PlainChannel = channel(reportChannel)

/** Tells who has subscribed of a report. */
export function tellReport(event: ReportEvent): void {
  if (reports.hasSubscribers) reports.publish(event)
}

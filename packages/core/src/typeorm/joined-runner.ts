import type { ReadStream } from 'node:fs'
import { type QueryResult, TransactionNotStartedError } from 'typeorm'
import type { DriverRunner } from '../drivers/driver.js'
import { Broadcaster } from '../drivers/internals.js'
import type { Scope } from '../scope/scope.js'
import type { JoinedRunner, RunnerHost } from '../session/session-source.js'

/** A class of TypeORM query runners of one database. */
export type RunnerClass = new (...parameters: never[]) => DriverRunner

/** Listeners of a read may write, which no statement does that is marked as a read. */
class JoinedBroadcaster extends Broadcaster {
  readonly #session: RunnerHost

  constructor(runner: DriverRunner, session: RunnerHost) {
    super(runner)
    this.#session = session
  }

  override broadcastLoadEvent(...parameters: Parameters<Broadcaster['broadcastLoadEvent']>): void {
    this.#session.notAsRead(() => super.broadcastLoadEvent(...parameters))
  }
}

/**
 * Makes the class of query runners that run every statement in a session.
 *
 * TypeORM's own code calls `this.query` from inside its runners and hands runners to subscribers, so a wrapper around a
 * runner would be passed by: the class is a subclass of the database's own. It has no connection; the session has.
 */
export function joinedRunnerClass(Base: RunnerClass): new (session: RunnerHost) => JoinedRunner {
  // TypeScript wants a mixin's constructor to take any[]; ours is only ever called through the type above.
  const Joinable = Base as unknown as new (driver: unknown) => DriverRunner

  class JoinedQueryRunner extends Joinable implements JoinedRunner {
    readonly #session: RunnerHost
    readonly #savepoints: string[] = []

    constructor(session: RunnerHost) {
      super(session.dataSource.driver)
      this.#session = session
      // TypeORM asks this before it opens a transaction of its own: here there always is one.
      Object.assign(this, { isTransactionActive: true, broadcaster: new JoinedBroadcaster(this, session) })
    }

    get scope(): Scope {
      return this.#session.scope
    }

    /** A query runner of the session has no connection to give: every statement goes through `query`. */
    override connect(): Promise<void> {
      return Promise.resolve()
    }

    override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<QueryResult>
    override query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>
    override query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
      return this.#session.statement((runner) => (structured ? runner.query(sql, parameters, true) : runner.query(sql, parameters)))
    }

    override stream(sql: string, parameters?: unknown[], onEnd?: () => void, onError?: (error: Error) => void): Promise<ReadStream> {
      return this.#session.statement((runner) => runner.stream(sql, parameters, onEnd, onError))
    }

    asRead<T>(work: () => Promise<T>): Promise<T> {
      return this.#session.asRead(work)
    }

    /** A savepoint: the transaction itself belongs to the session. */
    override async startTransaction(): Promise<void> {
      this.#savepoints.push(await this.#session.savepoint())
    }

    override async commitTransaction(): Promise<void> {
      await this.#session.releaseSavepoint(this.#lastSavepoint())
    }

    override async rollbackTransaction(): Promise<void> {
      await this.#session.rollbackToSavepoint(this.#lastSavepoint())
    }

    #lastSavepoint(): string {
      const name = this.#savepoints.pop()
      if (name === undefined) throw new TransactionNotStartedError()
      return name
    }

    /** The session gives the connection back, when it ends. */
    override release(): Promise<void> {
      return Promise.resolve()
    }
  }
  return JoinedQueryRunner
}

import type { ReadStream } from 'node:fs'
import { type EntityMetadata, type ObjectLiteral, TransactionNotStartedError } from 'typeorm'
import type { DriverRunner, LeasePurpose, RunnerClass, StatementResult } from '../drivers/driver.js'
import { Broadcaster } from '../drivers/internals.js'
import type { Scope } from '../scope/scope.js'
import type { Frame, SubscriberData, TransactionEvent } from '../session/frame.js'
import type { Session } from '../session/session.js'

/** A query runner that has joined a session. */
export interface JoinedRunner extends DriverRunner {
  /** The scope of its session. */
  readonly scope: Scope
  /** The runner of the same session for statements that are known to be plain SELECTs. */
  readonly reader: DriverRunner
}

/** Tells the session what TypeORM has saved: it compares records with what it knows of their rows. */
class JoinedBroadcaster extends Broadcaster {
  readonly #session: Session
  /** Records that the event under way has been told of: those of a session may lead back to each other. */
  #told: Set<ObjectLiteral> | undefined

  constructor(runner: DriverRunner, session: Session) {
    super(runner)
    this.#session = session
  }

  override broadcastLoadEvent(...[result, metadata, entities]: Parameters<Broadcaster['broadcastLoadEvent']>): void {
    const isOutermost = this.#told === undefined
    const told = (this.#told ??= new Set())
    const fresh = entities.filter((entity) => !told.has(entity))
    for (const entity of fresh) told.add(entity)
    try {
      super.broadcastLoadEvent(result, metadata, fresh)
    } finally {
      if (isOutermost) this.#told = undefined
    }
  }

  override broadcastAfterInsertEvent(...parameters: Parameters<Broadcaster['broadcastAfterInsertEvent']>): void {
    this.#noteSaved(parameters[1], parameters[2])
    super.broadcastAfterInsertEvent(...parameters)
  }

  override broadcastAfterUpdateEvent(...parameters: Parameters<Broadcaster['broadcastAfterUpdateEvent']>): void {
    this.#noteSaved(parameters[1], parameters[2])
    super.broadcastAfterUpdateEvent(...parameters)
  }

  #noteSaved(metadata: EntityMetadata, entity: ObjectLiteral | undefined): void {
    if (entity) this.#session.records.noteSaved(metadata, entity)
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || value instanceof Map || value instanceof Set
}

/**
 * Makes the class of query runners that run every statement in a session.
 *
 * TypeORM's own code calls `this.query` from inside its runners and hands runners to subscribers, so a wrapper around a
 * runner would be passed by: the class is a subclass of the database's own. It has no connection; the session has.
 */
export function joinedRunnerClass(Base: RunnerClass): new (session: Session, purpose: LeasePurpose) => JoinedRunner {
  // TypeScript wants a mixin's constructor to take any[]; ours is only ever called through the type above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  const Joinable = Base as unknown as new (driver: unknown) => DriverRunner

  class JoinedQueryRunner extends Joinable implements JoinedRunner {
    readonly #session: Session
    readonly #purpose: LeasePurpose
    readonly #savepoints: string[] = []
    /** The objects at which subscribers keep something: one for each frame. */
    readonly #own = new WeakSet()
    /** What the application has put in its place. */
    #given: ObjectLiteral | undefined
    /** What an event under way is about. */
    #told: ObjectLiteral | undefined

    constructor(session: Session, purpose: LeasePurpose) {
      super(session.engine.driver)
      this.#session = session
      this.#purpose = purpose
      // What listeners of a read do may write: they get the session's other runner.
      const broadcaster = purpose === 'read' ? session.writer.broadcaster : new JoinedBroadcaster(this, session)
      // TypeORM asks whether one is active before it opens a transaction of its own: here there always is one.
      Object.assign(this, { isTransactionActive: true, broadcaster })
      // Only subscribers read it.
      if (session.engine.dataSource.subscribers.length > 0) {
        Object.defineProperty(this, 'data', {
          get: () => this.#dataHere(),
          set: (data: ObjectLiteral) => {
            this.#give(data)
          },
        })
      }
    }

    /** What subscribers keep between two events of a transaction: they hear of its end with the same, once that has come. */
    #dataHere(): ObjectLiteral {
      if (this.#told) return this.#told
      const { frame } = this.#session.connection
      const key = this.#given ?? this
      const known = frame.subscriberData?.get(key)
      if (known) return known.values
      const data: ObjectLiteral = this.#given ?? this.#begun(frame)
      ;(frame.subscriberData ??= new Map<object, SubscriberData>()).set(key, {
        values: data,
        announce: (event) => this.#announce(event, data),
      })
      return data
    }

    /** In a nested frame, which may be undone, what is said of the work holds, and its lists begin anew. */
    #begun(frame: Frame): ObjectLiteral {
      let { parent } = frame
      while (parent && !parent.subscriberData?.has(this)) ({ parent } = parent)
      const data = Object.fromEntries(Object.entries(parent?.subscriberData?.get(this)?.values ?? {}).filter(([, value]) => !isList(value)))
      this.#own.add(data)
      return data
    }

    #give(data: ObjectLiteral): void {
      const isOwn = this.#own.has(data)
      this.#given = isOwn ? undefined : data
      // TypeORM reads it before each save, and then puts back what it found: mostly nobody has kept anything.
      if (isOwn && Object.keys(data).length === 0) this.#session.connection.frame.subscriberData?.delete(this)
    }

    async #announce(event: TransactionEvent, data: ObjectLiteral): Promise<void> {
      this.#told = data
      try {
        await this.broadcaster.broadcast(event)
      } finally {
        this.#told = undefined
      }
    }

    get scope(): Scope {
      return this.#session.scope
    }

    /** A query runner of the session has no connection to give: every statement goes through `query`. */
    override connect(): Promise<void> {
      return Promise.resolve()
    }

    override query(sql: string, parameters: unknown[] | undefined, structured: true): Promise<StatementResult>
    override query<Raw = unknown>(sql: string, parameters?: unknown[], structured?: boolean): Promise<Raw>
    override query(sql: string, parameters?: unknown[], structured = false): Promise<unknown> {
      return this.#session.statement(this.#purpose, sql, (runner) =>
        structured ? runner.query(sql, parameters, true) : runner.query(sql, parameters),
      )
    }

    override stream(sql: string, parameters?: unknown[], onEnd?: () => void, onError?: (error: Error) => void): Promise<ReadStream> {
      return this.#session.statement(this.#purpose, sql, (runner) => runner.stream(sql, parameters, onEnd, onError))
    }

    get reader(): DriverRunner {
      return this.#session.reader
    }

    /** A savepoint: the transaction itself belongs to the session. */
    override async startTransaction(): Promise<void> {
      this.#savepoints.push(await this.#session.connection.savepoint())
    }

    override async commitTransaction(): Promise<void> {
      await this.#session.connection.releaseSavepoint(this.#lastSavepoint())
    }

    override async rollbackTransaction(): Promise<void> {
      const { connection } = this.#session
      await connection.rollbackToSavepoint(this.#lastSavepoint())
      if (this.#savepoints.length > 0) return
      const { frame } = connection
      const key = this.#given ?? this
      const kept = frame.subscriberData?.get(key)
      if (kept && frame.subscriberData?.delete(key)) await kept.announce('AfterTransactionRollback')
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

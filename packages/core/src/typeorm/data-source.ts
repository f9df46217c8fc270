import { inspect } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type EntityMetadata,
  type EntityTarget,
  type Migration,
  type ObjectLiteral,
  type QueryRunner,
  type SelectQueryBuilder,
} from 'typeorm'
import type { DatabaseDriver, DriverFactory, LeasePurpose } from '../drivers/driver.js'
import type { IsolationLevel } from '../drivers/internals.js'
import { DatabaseClosedError, NoScopeError } from '../errors.js'
import { StatementLogger } from '../logger.js'
import type { ModelRegistry } from '../mapping/registry.js'
import { CallSite } from '../scope/call-site.js'
import { printReport } from '../scope/report.js'
import { currentScope, detached, isStray, runInScope, type Scope } from '../scope/scope.js'
import { AlchemyEntityManager } from './entity-manager.js'
import { asOperations } from './operations.js'
import { joinedRunnerClass, type JoinedRunner } from './joined-runner.js'
import type { Session } from '../session/session.js'
import type { BeginHook, SessionSettings, SessionSource } from '../session/session-source.js'

/** TypeORM's metadata, in the two forms in which a data source holds them. */
export interface BuiltMetadata {
  readonly list: EntityMetadata[]
  readonly byTarget: Map<EntityMetadata['target'], EntityMetadata>
}

/** Where the metadata come from: the models, which stand above. */
export interface MetadataSource {
  /** Whether all that is known is built. */
  readonly isComplete: boolean
  /** Builds what is missing. @throws {ModelDefinitionError} A model cannot be built. */
  build(dataSource: AlchemyDataSource): BuiltMetadata
}

/** What an `AlchemyDataSource` is made of. */
export interface DataSourceParts {
  readonly options: DataSourceOptions
  readonly settings: SessionSettings
  readonly driver: DriverFactory
  readonly models: ModelRegistry
  readonly metadata: MetadataSource
  readonly beginHooks: readonly BeginHook[]
  /** Makes the session of a scope. */
  readonly createSession: (source: SessionSource, scope: Scope, isolation?: IsolationLevel) => Session
  /** Makes the query builder that plain TypeORM gets. */
  readonly createBuilder: (dataSource: DataSource, runner?: QueryRunner) => SelectQueryBuilder<ObjectLiteral>
}

/**
 * TypeORM's data source, with our driver, our metadata and our sessions.
 *
 * Inside a scope every path of TypeORM that needs a query runner gets one that has joined the scope's session. Outside it
 * is TypeORM's own, on our driver. It connects at first use.
 *
 * @since 0.2
 * @example
 * const users = await db.dataSource.getRepository(User).findBy({ location: 'Moon' })
 */
export class AlchemyDataSource extends DataSource implements SessionSource {
  declare driver: DatabaseDriver
  readonly settings: SessionSettings
  readonly models: ModelRegistry
  readonly beginHooks: readonly BeginHook[]
  readonly #createSession: DataSourceParts['createSession']
  readonly #createBuilder: DataSourceParts['createBuilder']
  readonly #Joined: new (
    session: Session,
    purpose: LeasePurpose,
  ) => JoinedRunner
  readonly #metadata: MetadataSource
  #opening: Promise<void> | undefined
  readonly #live = new Set<Scope>()
  #whenEmpty: (() => void) | undefined
  #closing = false
  #closed = false

  constructor(parts: DataSourceParts) {
    super(parts.options)
    this.settings = parts.settings
    this.models = parts.models
    this.#metadata = parts.metadata
    this.beginHooks = parts.beginHooks
    this.#createSession = parts.createSession
    this.#createBuilder = parts.createBuilder
    this.driver = parts.driver(this, parts.settings)
    // They may hold secrets, as a key or the password of a cache, and everything of TypeORM's leads to these two.
    for (const each of [this, this.driver]) Object.defineProperty(each, 'options', { enumerable: false })
    this.#Joined = joinedRunnerClass(this.driver.runnerClass)
  }

  /** Everything of TypeORM's leads here, and would be printed with it. */
  [inspect.custom](): string {
    return `AlchemyDataSource(${this.settings.name})`
  }

  /** Its name: without it JSON would hold all options. */
  toJSON(): string {
    return this.settings.name
  }

  // ------------------------------------------------------------------------------------------------ connecting

  /** Connects, once however many ask; a failure is forgotten, so that the next caller tries again. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new DatabaseClosedError(this.settings.name))
    if (this.isInitialized) return Promise.resolve()
    this.#opening ??= detached(() => this.initialize()).then(
      () => undefined,
      (error: unknown) => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }

  /** Refuses new sessions, waits for live ones as long as a transaction may last, and ends all connections for good. */
  async close(): Promise<void> {
    this.#closing = true
    const scope = currentScope()
    // Who closes from inside a scope cannot be waited for.
    if (scope) this.leave(scope)
    if (this.#live.size > 0) {
      const everyone = new Promise<void>((resolve) => (this.#whenEmpty = resolve))
      const limit = new AbortController()
      await Promise.race([everyone, sleep(this.settings.transactionTimeoutMs, undefined, { ref: false, signal: limit.signal })])
      limit.abort()
    }
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    if (this.isInitialized) await this.destroy()
  }

  /** @internal Takes a close back: the next use connects again. */
  reopen(): void {
    if (!this.#closed) return
    this.#closing = false
    this.#closed = false
    this.#opening = undefined
  }

  /** @internal Notes that a scope has begun to use the database. @throws {DatabaseClosedError} It closes. */
  enter(scope: Scope): void {
    if (this.#closing) throw new DatabaseClosedError(this.settings.name)
    this.#live.add(scope)
  }

  /** @internal Notes that a scope has ended. */
  leave(scope: Scope): void {
    this.#live.delete(scope)
    if (this.#live.size === 0) this.#whenEmpty?.()
  }

  /** Asks for a sign of life, if a connection is free to ask with. @returns Whether one was. */
  async ping(): Promise<boolean> {
    await this.ready()
    const { leased, size } = this.driver.pool
    if (leased >= size) return false
    const runner = await this.driver.lease('read')
    try {
      await runner.query('SELECT 1')
      return true
    } finally {
      await runner.release()
    }
  }

  // ------------------------------------------------------------------------------------------------ sessions

  /** The session of the current scope; `undefined` outside any. @throws {ScopeClosedError} The scope has settled. */
  session(): Session | undefined {
    const scope = currentScope()
    return scope && this.sessionOf(scope)
  }

  /** The session of `scope`, made at first use. @param isolation Of its transaction; only for the first use. */
  sessionOf(scope: Scope, isolation?: IsolationLevel): Session {
    return scope.member(this, () => this.#createSession(this, scope, isolation))
  }

  /** @throws {NoScopeError} There is no scope. @param what The call that needs one, for the message. */
  requireSession(what: string): Session {
    const session = this.session()
    if (!session) throw new NoScopeError(what)
    return session
  }

  /** Runs `work` with the session of the current scope, or in a short scope of its own that commits at the end. */
  withSession<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    const scope = currentScope()
    if (!scope) {
      if (this.settings.outsideScope !== 'allow') this.#noteStray(what)
      return runInScope({ label: what, isVerb: true }, (own) => work(this.sessionOf(own)))
    }
    return work(this.sessionOf(scope))
  }

  /** @throws {NoScopeError} The option says so, and the context of a request may have been lost. */
  #noteStray(what: string): void {
    if (!isStray() || ![...this.#live].some(({ isVerb }) => !isVerb)) return
    if (this.settings.outsideScope === 'refuse') throw new NoScopeError(what)
    const label = `${what} at ${new CallSite().toString()}`
    const message =
      `${label} ran outside any request while requests were open, and was committed by itself. ` +
      'Where a callback has lost its request, give it by db.bind(fn); where it is meant so, say db.run(fn) or db.detach(fn).'
    printReport({ kind: 'outside-scope', label, message })
  }

  /** @internal A query runner that has joined `session`. @param purpose What its statements are known to do. */
  joinedRunner(session: Session, purpose: LeasePurpose = 'write'): JoinedRunner {
    this.buildMetadata()
    const runner = new this.#Joined(session, purpose)
    return Object.assign(runner, { manager: purpose === 'read' ? session.manager : this.createEntityManager(runner) })
  }

  // ------------------------------------------------------------------------------------------------ TypeORM's hooks

  /** TypeORM's command line asks for its messages by `logging`, which a logger that is there already would not hear of. */
  override setOptions(options: Partial<DataSourceOptions>): this {
    const { logging, logger = this.logger } = options
    const isDeaf = logging !== undefined && logger instanceof StatementLogger
    return super.setOptions(isDeaf ? { ...options, logger: new StatementLogger(logging) } : options)
  }

  override createQueryRunner(mode: 'master' | 'slave' = 'master'): QueryRunner {
    const session = this.session()
    if (session) return this.joinedRunner(session)
    this.buildMetadata()
    const runner = this.driver.createQueryRunner(mode)
    return Object.assign(runner, { manager: this.createEntityManager(runner) })
  }

  /** On a connection of its own, also inside a scope: a schema change must not end with a request. */
  override synchronize(dropBeforeSync?: boolean): Promise<void> {
    return this.#aside(() => super.synchronize(dropBeforeSync))
  }

  /** On a connection of its own, also inside a scope. `db.migrate()` does the same under a lock. */
  override runMigrations(...options: Parameters<DataSource['runMigrations']>): Promise<Migration[]> {
    return this.#aside(() => super.runMigrations(...options))
  }

  /** On a connection of its own, also inside a scope. */
  override undoLastMigration(...options: Parameters<DataSource['undoLastMigration']>): Promise<void> {
    return this.#aside(() => super.undoLastMigration(...options))
  }

  async #aside<T>(work: () => Promise<T>): Promise<T> {
    await this.ready()
    return detached(work)
  }

  override createEntityManager(runner?: QueryRunner): EntityManager {
    return new AlchemyEntityManager(this, runner)
  }

  override createQueryBuilder<Entity extends ObjectLiteral>(
    entity: EntityTarget<Entity>,
    alias: string,
    runner?: QueryRunner,
  ): SelectQueryBuilder<Entity>
  override createQueryBuilder(runner?: QueryRunner): SelectQueryBuilder<ObjectLiteral>
  override createQueryBuilder(
    first?: EntityTarget<ObjectLiteral> | QueryRunner,
    alias?: string,
    runner?: QueryRunner,
  ): SelectQueryBuilder<ObjectLiteral> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without an alias it is a runner
    if (alias === undefined) return this.#createBuilder(this, first as QueryRunner | undefined)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- with an alias it is a model
    const metadata = this.getMetadata(first as EntityTarget<ObjectLiteral>)
    return this.#createBuilder(this, runner).select(alias).from(metadata.target, alias)
  }

  /** Nothing of it needs a connection, so that all is there already. */
  protected override async buildMetadatas(): Promise<void> {
    // TypeORM builds the subscribers and migrations; the entities are ours.
    const { entities } = this.options
    Object.assign(this.options, { entities: [] })
    await super.buildMetadatas()
    Object.assign(this.options, { entities })
    this.#takeMetadata()
  }

  /** Brings the metadata up to date with the models. */
  buildMetadata(): readonly EntityMetadata[] {
    if (!this.#metadata.isComplete) this.#takeMetadata()
    return this.entityMetadatas
  }

  #takeMetadata(): void {
    const { list, byTarget } = this.#metadata.build(this)
    Object.assign(this, { entityMetadatas: list, entityMetadatasMap: byTarget })
  }

  protected override findMetadata(target: EntityTarget<ObjectLiteral>): EntityMetadata | undefined {
    this.models.meet(target)
    this.buildMetadata()
    return super.findMetadata(target)
  }
}

asOperations(AlchemyDataSource, ['query', 'sql', 'transaction'], () => currentScope())

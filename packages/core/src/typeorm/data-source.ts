import { inspect } from 'node:util'
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
import type { DatabaseDriver, DriverFactory, DriverRunner, LeasePurpose } from '../drivers/driver.js'
import { ModelDefinitionError } from '../errors.js'
import type { Eventual } from '../eventual.js'
import { StatementLogger } from '../logger.js'
import type { ModelRegistry } from '../mapping/registry.js'
import { observationHere } from '../scope/observation.js'
import { currentScope, detached, type Scope } from '../scope/scope.js'
import { AlchemyEntityManager } from './entity-manager.js'
import { asOperations } from './operations.js'
import { joinedRunnerClass, type JoinedRunner } from './joined-runner.js'
import { observedRunnerClass } from './observed-runner.js'
import { Engine, type ScopeHook, type SessionSettings } from '../session/engine.js'
import { ScopedSessions } from '../session/scoped-sessions.js'
import type { JoinSession, Session } from '../session/session.js'
import type { ModelMetadata } from './metadata.js'

/** A class of sessions. */
export type SessionClass<S extends Session> = new (...parts: ConstructorParameters<typeof Session>) => S

/** What an `AlchemyDataSource` is made of. */
export interface DataSourceParts<S extends Session> {
  readonly options: DataSourceOptions
  readonly settings: SessionSettings
  readonly driver: DriverFactory
  readonly models: ModelRegistry
  readonly metadata: ModelMetadata
  readonly beginHooks: readonly ScopeHook[]
  /** Class of the sessions. */
  readonly sessionClass: SessionClass<S>
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
export class AlchemyDataSource<S extends Session = Session> extends DataSource {
  declare driver: DatabaseDriver
  /** @internal */
  readonly engine: Engine
  readonly models: ModelRegistry
  readonly #sessions: ScopedSessions<S>
  readonly #createBuilder: DataSourceParts<S>['createBuilder']
  readonly #Joined: new (
    session: Session,
    purpose: LeasePurpose,
  ) => JoinedRunner
  readonly #Observed: ReturnType<typeof observedRunnerClass>
  readonly #metadata: ModelMetadata

  constructor(parts: DataSourceParts<S>) {
    super(parts.options)
    this.models = parts.models
    this.#metadata = parts.metadata
    this.#createBuilder = parts.createBuilder
    this.driver = parts.driver(this, parts.settings, () => this.engine.ready())
    this.engine = new Engine(this, this.driver, parts.settings, parts.beginHooks, () => super.initialize())
    // They may hold secrets, as a key or the password of a cache, and everything of TypeORM's leads to these two.
    for (const each of [this, this.driver]) Object.defineProperty(each, 'options', { enumerable: false })
    this.#Joined = joinedRunnerClass(this.driver.runnerClass)
    this.#Observed = observedRunnerClass(this.driver.runnerClass)
    const { sessionClass: SessionClass } = parts
    const join: JoinSession = (session, purpose) => this.joinedRunner(session, purpose)
    this.#sessions = new ScopedSessions(this.engine, (scope) => new SessionClass(this.engine, scope, join))
  }

  /** Everything of TypeORM's leads here, and would be printed with it. */
  [inspect.custom](): string {
    return `AlchemyDataSource(${this.engine.settings.name})`
  }

  /** Its name: without it JSON would hold all options. */
  toJSON(): string {
    return this.engine.settings.name
  }

  // ------------------------------------------------------------------------------------------------ sessions

  /** Connects, once however many ask; a failure is forgotten, so that the next caller tries again. */
  ready(): Promise<void> {
    return this.engine.ready()
  }

  /** The same as `ready`: who calls it again, or beside a first use, waits for the same. */
  override async initialize(): Promise<this> {
    await this.ready()
    return this
  }

  /** The session of the current scope; `undefined` outside any. @throws {ScopeClosedError} The scope has settled. */
  session(): S | undefined {
    return this.#sessions.current()
  }

  /** The session of `scope`, made at first use. */
  sessionOf(scope: Scope): S {
    return this.#sessions.of(scope)
  }

  /** @throws {NoScopeError} There is no scope. @param what The call that needs one, for the message. */
  requireSession(what: string): S {
    return this.#sessions.require(what)
  }

  /** Runs `work` with the session of the current scope, or in a short scope of its own that commits at the end. */
  withSession<T>(what: string, work: (session: S) => Eventual<T>): Eventual<T> {
    return this.#sessions.with(what, work)
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

  override createQueryRunner(mode: 'master' | 'slave' = 'master'): DriverRunner {
    const session = this.session()
    if (session) return this.joinedRunner(session)
    this.buildMetadata()
    const runner = this.#ownRunner(mode)
    return Object.assign(runner, { manager: this.createEntityManager(runner) })
  }

  /** A query runner outside any session: of the open sandbox, of the request that is observed, or of the pool. */
  #ownRunner(mode: 'master' | 'slave'): DriverRunner {
    const { sandboxes, settings } = this.engine
    if (sandboxes.isOpen) return sandboxes.createQueryRunner()
    const observation = observationHere()
    return observation ? new this.#Observed(this.driver, observation.connection(settings.name)) : this.driver.createQueryRunner(mode)
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
    return new AlchemyEntityManager(this, () => this.session(), runner)
  }

  override createQueryBuilder<Entity extends ObjectLiteral>(
    entity: EntityTarget<Entity>,
    alias: string,
    runner?: QueryRunner,
  ): SelectQueryBuilder<Entity>
  override createQueryBuilder(runner?: QueryRunner): SelectQueryBuilder<ObjectLiteral>
  override createQueryBuilder(
    ...[first, alias, runner]:
      | [runner?: QueryRunner | undefined, alias?: undefined, none?: undefined]
      | [entity: EntityTarget<ObjectLiteral>, alias: string, runner?: QueryRunner | undefined]
  ): SelectQueryBuilder<ObjectLiteral> {
    if (alias === undefined) return this.#createBuilder(this, first)
    return this.#createBuilder(this, runner).select(alias).from(this.getMetadata(first).target, alias)
  }

  /** Nothing of it needs a connection, so that all is there already. */
  protected override async buildMetadatas(): Promise<void> {
    // TypeORM builds the subscribers and migrations; the entities are ours.
    await this.#metadata.importFiles(this.logger)
    const { entities } = this.options
    const early = this.subscribers
    Object.assign(this.options, { entities: [] })
    await super.buildMetadatas()
    Object.assign(this.options, { entities })
    // An application may have pushed its own before; of one class there is one.
    const known = new Set(early.map((each) => each.constructor))
    Object.assign(this, { subscribers: [...early, ...this.subscribers.filter((each) => !known.has(each.constructor))] })
    this.#takeMetadata()
  }

  /** Brings the metadata up to date with the models. */
  buildMetadata(): readonly EntityMetadata[] {
    if (!this.#metadata.isComplete) this.#takeMetadata()
    return this.entityMetadatas
  }

  #takeMetadata(): void {
    const { list, byTarget } = this.#metadata.build(this.engine)
    Object.assign(this, { entityMetadatas: list, entityMetadatasMap: byTarget })
  }

  protected override findMetadata(target: EntityTarget<ObjectLiteral>): EntityMetadata | undefined {
    this.models.meet(target)
    this.buildMetadata()
    const found = super.findMetadata(target)
    if (found || !this.#metadata.awaitsFiles) return found
    const name = typeof target === 'function' ? target.name : 'an entity'
    const remedy = 'Await dataSource.initialize() first.'
    throw new ModelDefinitionError(name, 'the files of the entities are imported as the database connects, which it has not yet', remedy)
  }
}

asOperations(AlchemyDataSource, ['query', 'sql', 'transaction'], () => currentScope())

import { inspect } from 'node:util'
import { DateTime as Luxon } from 'luxon'
import type { Migration, ObjectLiteral, Table } from 'typeorm'
import { clock } from './clock.js'
import { BaseModel, type WithQueries } from './model/base-model.js'
import { commitAll, inTurn } from './model/binds.js'
import { Database } from './model/database.js'
import type { ModelDoor, ViewDoor } from './model/definition.js'
import { door, viewDoor } from './model/door.js'
import { Model, withStamps } from './model/model.js'
import { ModelSession, refuseForeign } from './model/model-session.js'
import { EntityVerbs } from './model/entity-verbs.js'
import { View } from './model/view.js'
import * as vocabulary from './model/vocabulary.js'
import type { ActiveAlchemyOptions } from './options.js'
import type { Query } from './query/query.js'
import { detachWork, type SqlTag, sqlTag } from './query/sql.js'
import { type Health, type HealthOptions, health, healthOfAll } from './schema/health.js'
import { migrate, pendingMigrations } from './schema/migrations.js'
import type { Sandbox, SandboxOptions } from './sandbox/sandbox.js'
import { createAll, dropAll, reflect, truncateAll } from './schema/tables.js'
import { beginOperation } from './scope/operation.js'
import type { HookOptions } from './scope/hooks.js'
import { bound } from './scope/scope.js'
import type { AlchemyDataSource } from './typeorm/data-source.js'
import { type RunOptions, run, type TransactionOptions, transaction } from './typeorm/run-transaction.js'
import { type TransactionalDecorator, transactional } from './typeorm/transactional.js'

/**
 * A database: its models, its sessions, its connections. `db` in all examples.
 *
 * @typeParam App Application of the framework, in its adapter.
 * @typeParam Queries Queries of `queryClass`.
 * @typeParam Key Keys of `binds`.
 * @since 0.1
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 *
 * class User extends db.Model('User', { name: db.Column(db.String(25)) }) {}
 *
 * await db.createAll()
 * const user = await User.create({ name: 'Mardix' })
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- see the interface
export class ActiveAlchemy<App = never, Queries extends object = object, Key extends string = never> extends Database<App, ModelSession> {
  /** The databases of the option `binds`, by key, each a whole one: `db.binds.users.sql`, `db.binds.users.migrate()`. @since 0.2 */
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its keys are those of the option
  readonly binds = {} as Readonly<Record<Key, ActiveAlchemy<never, Queries>>>
  /** Base class of models with a key, stamps and soft delete; called with columns, it makes one. */
  readonly Model: ModelDoor<typeof Model & WithQueries<Queries>>
  /** Base class of models with nothing but their own columns; called with columns, it makes one. */
  readonly BaseModel: ModelDoor<typeof BaseModel & WithQueries<Queries>>
  /** Base class of views, which are read as models are, and never written; called with columns and a SELECT, it makes one. @since 0.2 */
  readonly View: ViewDoor<typeof View & WithQueries<Queries>>

  /**
   * @param uri `sqlite:///file.db`, `postgresql://user:password@host/name`, `mysql://…`; without it a database in memory.
   * @param options See `ActiveAlchemyOptions`.
   * @throws {InvalidUriError} The URI has another form, or is `undefined`: an environment variable that is not set.
   * @throws {InvalidOptionError} An option has a value that it cannot have.
   */
  constructor()
  constructor(uri: string, options?: ActiveAlchemyOptions<NoInfer<App>, Queries, Key>)
  constructor(...parameters: [uri?: string, options?: ActiveAlchemyOptions<App, Queries, Key>]) {
    super(ModelSession)
    this.BaseModel = door(this, class extends BaseModel {})
    this.Model = door(this, withStamps(class extends Model {}))
    this.View = viewDoor(this, class extends View {})
    Object.assign(this, vocabulary)
    if (parameters.length > 0) this.setUp(...parameters)
  }

  protected override makeBound(key: string): ActiveAlchemy {
    const bound = new ActiveAlchemy()
    Object.defineProperty(this.binds, key, { value: bound, enumerable: true })
    return bound
  }

  /** Itself, or that of its binds which has the table of a model. @throws {ModelDefinitionError} It is one of another database. */
  #homeOf(model: object): Database<never, ModelSession> {
    const home = this.all.find(({ registry }) => registry.has(model)) ?? this
    refuseForeign(model, home.dataSource)
    return home
  }

  /** The present, UTC. */
  utcnow(): Luxon<true> {
    return clock.now()
  }

  /** The session of the current scope. @throws {NoScopeError} There is no scope. */
  get session(): ModelSession {
    return this.dataSource.requireSession('db.session')
  }

  /** Puts records into the session, to be written with the next flush. @throws {NoScopeError} There is no scope. */
  add(...records: object[]): void {
    for (const record of records) this.#homeOf(record.constructor).dataSource.requireSession('db.add()').add(record)
  }

  /** Writes what was added, and every changed record. @throws {NoScopeError} There is no scope. */
  flush(): Promise<void> {
    return beginOperation(async () => {
      for (const session of this.#sessions('db.flush()')) await session.flush()
    })
  }

  /**
   * Commits at once; the next write opens a new transaction.
   *
   * @throws {NoScopeError} There is no scope.
   * @throws {CommitError} One of its `binds` has committed, or itself, and another has not.
   */
  commit(): Promise<void> {
    return beginOperation(async () => commitAll(this.#sessions('db.commit()')))
  }

  /** Drops what was written since the last commit. @throws {NoScopeError} There is no scope. */
  rollback(): Promise<void> {
    return beginOperation(async () => {
      for (const session of this.#sessions('db.rollback()')) await session.rollback()
    })
  }

  #sessions(what: string): readonly ModelSession[] {
    return this.all.map(({ dataSource }) => dataSource.requireSession(what))
  }

  /** A query of a model; deleted rows are left out, as in `Model.query()`. */
  query<T extends ObjectLiteral>(model: abstract new (...values: never[]) => T): Query<T> {
    const { dataSource, queryClass } = this.#homeOf(model)
    return queryClass.of<T>(dataSource, model)
  }

  /**
   * The verbs of a model, for an entity of plain TypeORM: those of its records take the record first.
   *
   * @since 0.2
   * @example
   * const user = await db.of(User).getOrError(req.params.id)
   * await db.of(User).update(user, { name: 'Ada' })
   */
  of<T extends ObjectLiteral>(entity: abstract new (...values: never[]) => T): EntityVerbs<T> {
    return new EntityVerbs(this.#homeOf(entity), entity)
  }

  /**
   * SQL whose values are bound: awaited, it is sent and gives its rows; inside a filter or an order, it is a part of it.
   *
   * @typeParam Row What a row holds, by the caller's word.
   * @example
   * const rows = await db.sql<{ n: number }>`select count(*) as n from ${User} where name = ${name}`
   */
  readonly sql: SqlTag = sqlTag(() => this.dataSource)

  /**
   * Runs `work` in a scope of its own: a job, a command, a message. Committed when it resolves, rolled back when it rejects.
   *
   * Functions that were given to `onCommit` have ended when it resolves, unless one takes longer than a transaction may last.
   *
   * @param options `transactionTimeoutMs`, for work that takes longer than the option of the database allows; `label`, its name in messages.
   * @throws {NestedScopeError} A scope around it holds what it would wait for.
   * @example
   * await db.run(() => importAll(rows), { transactionTimeoutMs: 600_000 })
   */
  run<T>(work: () => Promise<T>, options?: RunOptions): Promise<T> {
    return run(work, options)
  }

  /**
   * Runs `work` as one transaction: inside a scope a savepoint, whose failure loses nothing else; outside one of its own.
   *
   * @throws {ScopeClosedError} @throws {TransactionTimeoutError} The scope around it was rolled back before `work` had ended.
   * @example
   * await db.transaction(async () => {
   *   await from.decrement('balance', 10, { min: 0 })
   *   await to.increment('balance', 10)
   * })
   */
  transaction<T>(work: () => Promise<T>, options?: TransactionOptions): Promise<T> {
    return beginOperation(async () => transaction(this.#dataSources, work, options))
  }

  /**
   * Decorator of a method that runs as one transaction. See `transaction`.
   *
   * @example
   * class Orders {
   *   @db.Transactional()
   *   async place(number: number) {
   *     await AuditEntry.create({ text: `order ${number}` })
   *     return Order.create({ number })
   *   }
   * }
   */
  Transactional(options?: TransactionOptions): TransactionalDecorator {
    return transactional((call, label) => this.transaction(call, { label, ...options }))
  }

  /** Calls `hook` once what this code writes is committed. See `Session.onCommit`. @throws {NoScopeError} There is no scope. */
  onCommit(hook: () => unknown, options?: HookOptions): void {
    this.dataSource.requireSession('db.onCommit()').onCommit(hook, options)
  }

  /**
   * `work` bound to the current scope: whoever calls it, it runs there.
   *
   * A queue that requests share (p-queue, bottleneck, async.queue) runs a job in the context of the job before it, which may be
   * another request's: what the job writes would be committed or lost with that one.
   *
   * @example
   * await queue.add(db.bind(() => Order.create({ number: 7 })))
   */
  readonly bind = bound

  /** Runs `work` outside any scope: for what outlives the request, as a timer or a subscription. */
  readonly detach = detachWork

  get #dataSources(): readonly AlchemyDataSource[] {
    return this.all.map(({ dataSource }) => dataSource)
  }

  /** Creates the tables that are missing, in its `binds` too; never alters or drops one. */
  async createAll(): Promise<void> {
    for (const dataSource of this.#dataSources) await createAll(dataSource)
  }

  /** Drops the tables of all models, in its `binds` too, with everything in them. */
  async dropAll(): Promise<void> {
    for (const dataSource of this.#dataSources) await dropAll(dataSource)
  }

  /** Describes the tables that the database has, mapped or not; `db.binds.users.reflect()` those of a bind. */
  async reflect(): Promise<Table[]> {
    return reflect(this.dataSource)
  }

  /** Runs the migrations that have not run, under a lock. They are given by `typeorm: { migrations }`, also of each of its `binds`. */
  async migrate(): Promise<Migration[]> {
    return inTurn(this.#dataSources, (dataSource) => migrate(dataSource))
  }

  /** The migrations that have not run, oldest first: for a start that refuses an old schema. Changes nothing. @since 0.2 */
  async pendingMigrations(): Promise<Migration[]> {
    return inTurn(this.#dataSources, (dataSource) => pendingMigrations(dataSource))
  }

  /**
   * How the database is, for a route that others ask: whether it answers, how fast, and what its pool has left. What is wrong is told by
   * `ok: false` and `error`, and never thrown.
   *
   * @param options `timeoutMs` to wait for it, by default 1,000; `migrations` also holds it to have none that have not run.
   * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
   * @since 0.2
   * @example
   * app.get('/health', async (req, res) => {
   *   const health = await db.health()
   *   res.status(health.ok ? 200 : 503).json(health)
   * })
   */
  health(options?: HealthOptions): Promise<Health> {
    return healthOfAll(
      health(this.shownName, () => this.dataSource, options),
      this.binds,
      options,
    )
  }

  /**
   * Opens a sandbox for a test: every scope, also of a request that arrives over a socket, is a savepoint on its one connection, and all
   * is undone at its end. Commits, `onCommit`, held answers and vetoes are as in production.
   *
   * A database that a test before has closed with its application is opened again.
   *
   * @throws {SandboxError} Another was open for too long, where there can be one at a time: SQLite, MySQL and MariaDB.
   * @since 0.2
   * @example
   * await using box = await db.sandbox()
   * const answer = await fetch(`${url}/users`, { method: 'POST', headers: box.headers })
   */
  sandbox(options?: SandboxOptions): Promise<Sandbox> {
    this.reopen()
    const others = this.#dataSources.slice(1).map(({ engine }) => engine.sandboxes)
    return this.dataSource.engine.sandboxes.open(options, others)
  }

  /**
   * Empties the tables of all models, in its `binds` too, and lets their keys begin anew: for tests that cannot have a sandbox.
   *
   * @since 0.2
   */
  async truncateAll(): Promise<void> {
    for (const dataSource of this.#dataSources) await truncateAll(dataSource)
  }

  [inspect.custom](): string {
    return `ActiveAlchemy(${this.toJSON()})`
  }
}

/** The data types, the decorators and the functions: the words that models are defined with. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- assigned in the constructor
export interface ActiveAlchemy extends Readonly<typeof vocabulary> {}

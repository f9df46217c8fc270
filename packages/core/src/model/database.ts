import { DataSource, type DataSourceOptions, type EntityMetadata } from 'typeorm'
import { AlreadyConfiguredError, DatabaseClosedError, InvalidOptionError, InvalidUriError, ModelDefinitionError } from '../errors.js'
import type { ModelClass } from '../mapping/model-class.js'
import { ModelRegistry } from '../mapping/registry.js'
import { nearest } from '../nearest.js'
import { type ActiveAlchemyOptions, type AdoptOptions, readBinds } from '../options.js'
import type { Query } from '../query/query.js'
import { acceptHook } from '../scope/hooks.js'
import { detached } from '../scope/scope.js'
import type { ScopeHook } from '../session/engine.js'
import type { BeginHook, Session } from '../session/session.js'
import { adopt, optionsOf } from '../typeorm/adoption.js'
import type { AlchemyDataSource, SessionClass } from '../typeorm/data-source.js'
import { Configuration } from './configuration.js'

/** The databases by their data sources: that of ours, and one that was adopted. */
const databases = new WeakMap<DataSource, object>()

const unconfigured = 'sqlite://'
const inMemory = '[active-alchemy] A database without a URI lives in memory and ends with the process. Give it one, or call configure(uri).'

/**
 * What models know of their database: it is configured once, opened at first use and closed for good.
 *
 * @typeParam App Application of the framework, in its adapter.
 * @typeParam S Its sessions.
 * @since 0.2
 */
export class Database<App = never, S extends Session = Session> {
  /** @internal */
  readonly registry = new ModelRegistry()
  readonly #sessionClass: SessionClass<S>
  #configuration: Configuration | undefined
  #dataSource: AlchemyDataSource<S> | undefined
  #closed = false
  readonly #beginHooks: ScopeHook[] = []
  /** Databases that have some of its models, by the `bindKey` of these: they may be named before they are configured. */
  readonly #bound = new Map<string, Database<never, S>>()
  /** Of one of these: that nothing configures it. */
  #refusal: (() => Error) | undefined

  /** @param sessionClass Class of its sessions. */
  constructor(sessionClass: SessionClass<S>) {
    this.#sessionClass = sessionClass
  }

  /** Binds the application of the option `app`: each adapter knows how. */
  protected bindApp(_app: App): void {
    throw new InvalidOptionError('app', 'an application in the package of its framework, as @active-alchemy/express', 'unknown')
  }

  /**
   * Configures a database that was made without a URI; its models may be defined already.
   *
   * @throws {AlreadyConfiguredError} It has a URI, or has been used.
   */
  configure(uri: string, options?: ActiveAlchemyOptions<App>): this {
    if (this.#configuration) throw new AlreadyConfiguredError()
    this.setUp(uri, options)
    return this
  }

  /** @throws {InvalidUriError} The URI has another form, or is `undefined`: an environment variable that is not set. */
  protected setUp(uri: string | undefined, options?: ActiveAlchemyOptions<App>): void {
    this.#configuration = Configuration.ofUri(this.registry, uri, options)
    const binds = readBinds(options)
    for (const [key, bind] of binds) {
      try {
        this.#bind(key).setUp(bind.uri, bind.options)
      } catch (error) {
        throw error instanceof InvalidUriError ? error.of(`binds.${key}`) : error
      }
    }
    for (const each of this.#bound.values()) each.#refuseUnconfigured()
    if (options && Object.hasOwn(options, 'app') && options.app !== undefined) this.bindApp(options.app)
  }

  /**
   * Adopts an application of TypeORM as it is: its entities, names, subscribers, migrations, logging and connections stay as its data
   * source says them, and everything that it does inside a scope joins the session, also through repositories that were taken before.
   *
   * A database of SQLite is adopted by its options; `db.dataSource` is the data source then.
   *
   * @param given The data source, connected or not, or its options. Given again, it gives the same database. `undefined` compiles, since
   *   the `dataSourceFactory` of Nest may be given nothing, and is refused.
   * @param options See `ActiveAlchemyOptions`; the rest the data source says.
   * @throws {InvalidOptionError} An option of the data source cannot be honoured, as `replication`, or nothing was given.
   * @throws {UnsupportedError} It is a data source of SQLite.
   * @since 0.2
   * @example
   * import { ActiveAlchemy } from '@active-alchemy/express'
   *
   * const db = ActiveAlchemy.from(dataSource)
   * app.use(db.middleware())
   */
  static from<Db extends Database>(this: new () => Db, given: DataSource | DataSourceOptions | undefined, options?: AdoptOptions): Db {
    if (given === undefined) throw new InvalidOptionError('ActiveAlchemy.from was given nothing. Give a data source, or its options.')
    const isMade = given instanceof DataSource
    const known = isMade ? databases.get(given) : undefined
    if (known instanceof this) return known
    const db = new this()
    db.#configuration = Configuration.adopted(db.registry, isMade ? optionsOf(given) : given, options)
    if (isMade) {
      adopt(given, db.dataSource)
      databases.set(given, db)
    }
    return db
  }

  #configured(): Configuration {
    this.#refuseUnconfigured()
    if (!this.#configuration) console.warn(inMemory)
    return (this.#configuration ??= Configuration.ofUri(this.registry, unconfigured))
  }

  // ------------------------------------------------------------------------------------------------ binds

  /** Makes one of its binds. */
  protected makeBound(_key: string): Database<never, S> {
    return new Database(this.#sessionClass)
  }

  #bind(key: string): Database<never, S> {
    const known = this.#bound.get(key)
    if (known) return known
    const made = this.makeBound(key)
    made.registry.bind(this.registry, key)
    made.#refusal = () => this.#noBind(key, made.registry.entries[0]?.name)
    this.#bound.set(key, made)
    return made
  }

  #noBind(key: string, model = 'of no name'): Error {
    const keys = [...this.#bound].flatMap(([each, database]) => (database.#configuration ? each : []))
    const meant = nearest(key, keys)
    const there = keys.length === 0 ? 'It has none' : `It has ${keys.join(', ')}`
    return new ModelDefinitionError(
      model,
      `its bindKey '${key}' is none of the binds of its database`,
      `${meant === undefined ? '' : `Did you mean ${meant}? `}${there}: new ActiveAlchemy(uri, { binds: { ${key}: … } }).`,
    )
  }

  #refuseUnconfigured(): void {
    if (!this.#configuration && this.#refusal) throw this.#refusal()
  }

  /** @internal The database of a class of its own: itself, or the bind that the class names. @throws {ModelDefinitionError} There is none. */
  ofModel({ bindKey, name }: { readonly bindKey?: unknown; readonly name: string }): Database<never, S> {
    if (bindKey === undefined) return this
    const key = String(bindKey)
    if (this.#configuration && !this.#bound.has(key)) throw this.#noBind(key, name)
    return this.#bind(key)
  }

  /** @internal Itself, and its binds. */
  get all(): readonly Database<never, S>[] {
    return [this, ...this.#bound.values()]
  }

  /** Makes classes known that nothing else names: a model without a column of its own, used by no relation. */
  register(...models: readonly ModelClass[]): void {
    for (const { registry } of this.all) for (const model of models) registry.meet(model)
  }

  /** TypeORM's data source; inside a scope everything that it does joins the session. */
  get dataSource(): AlchemyDataSource<S> {
    if (this.#closed && !this.#dataSource) throw new DatabaseClosedError(this.#configuration?.name ?? unconfigured)
    if (!this.#dataSource) {
      this.#dataSource = this.#configured().open(this.#sessionClass, this.#beginHooks)
      databases.set(this.#dataSource, this)
    }
    return this.#dataSource
  }

  /** @internal Class of the queries. */
  get queryClass(): typeof Query {
    return this.#configured().queryClass
  }

  /** @internal What anybody may be told that it is called: its URI names a host. */
  protected get shownName(): string {
    return this.#configured().shownName
  }

  /** TypeORM's metadata of all models, without a connection. */
  get metadata(): readonly EntityMetadata[] {
    return this.dataSource.buildMetadata()
  }

  /**
   * Calls `hook` whenever a session has begun a transaction, before its first statement: to say for whom it runs, by
   * `session.setLocal`. It may send statements of its own; when it fails, so does the statement that began.
   *
   * Where the database knows such settings, reads begin a transaction too from then on, since what they may see can
   * depend on them. What TypeORM does outside any scope has no session, and calls nothing.
   *
   * @example
   * db.onBegin((session) => session.setLocal('app.tenant', tenants.getStore()?.id ?? ''))
   * // create policy own_rows on invoice using (tenant = current_setting('app.tenant'))
   */
  onBegin(hook: BeginHook): void {
    const call = acceptHook('onBegin', hook)
    this.#beginHooks.push((scope) => call(this.dataSource.sessionOf(scope)))
  }

  /**
   * Asks the database for a sign of life, without waiting in the line for connections.
   *
   * @returns Whether a connection was free to ask with; `false` says that all are busy.
   * @throws The error of the database, if it cannot be reached.
   */
  async ping(): Promise<boolean> {
    const free = await Promise.all(this.all.map(({ dataSource }) => detached(() => dataSource.engine.ping())))
    return free.every(Boolean)
  }

  /**
   * Refuses new scopes, waits for live ones as long as a transaction may last (`transactionTimeoutMs`), and ends all connections for good.
   *
   * A query runner that nobody released is not waited for: its transaction is rolled back, and a report (`unreleased-runner`) says where it
   * was made. The process may end then.
   *
   * @example
   * process.once('SIGTERM', () => void db.close())
   */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#dataSource?.engine.close(), ...Array.from(this.#bound.values(), (each) => each.close())])
  }

  /** @internal Takes a `close()` back: for an application that is started again after it had closed its database. */
  reopen(): void {
    this.#closed = false
    this.#dataSource?.engine.reopen()
    for (const each of this.#bound.values()) each.reopen()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The URI, without its password. */
  toJSON(): string {
    return String(this.#configuration?.uri ?? unconfigured)
  }
}

import type { EntityMetadata } from 'typeorm'
import { AlreadyConfiguredError, DatabaseClosedError, InvalidOptionError } from '../errors.js'
import type { ModelClass } from '../mapping/model-class.js'
import { ModelRegistry } from '../mapping/registry.js'
import type { ActiveAlchemyOptions } from '../options.js'
import type { Query } from '../query/query.js'
import { acceptHook } from '../scope/hooks.js'
import { detached } from '../scope/scope.js'
import type { ScopeHook } from '../session/engine.js'
import type { BeginHook, Session } from '../session/session.js'
import type { AlchemyDataSource, SessionClass } from '../typeorm/data-source.js'
import { Configuration } from './configuration.js'

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
    this.#configuration = new Configuration(this.registry, uri, options)
    if (options && Object.hasOwn(options, 'app') && options.app !== undefined) this.bindApp(options.app)
  }

  #configured(): Configuration {
    if (!this.#configuration) console.warn(inMemory)
    return (this.#configuration ??= new Configuration(this.registry, unconfigured))
  }

  /** Makes classes known that nothing else names: a model without a column of its own, used by no relation. */
  register(...models: readonly ModelClass[]): void {
    for (const model of models) this.registry.meet(model)
  }

  /** TypeORM's data source; inside a scope everything that it does joins the session. */
  get dataSource(): AlchemyDataSource<S> {
    if (this.#closed && !this.#dataSource) throw new DatabaseClosedError(this.#configuration?.name ?? unconfigured)
    this.#dataSource ??= this.#configured().open(this.#sessionClass, this.#beginHooks)
    return this.#dataSource
  }

  /** @internal Class of the queries. */
  get queryClass(): typeof Query {
    return this.#configured().queryClass
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
    return detached(() => this.dataSource.engine.ping())
  }

  /** Refuses new scopes, waits for live ones as long as a transaction may last, and ends all connections for good. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#dataSource?.engine.close()
  }

  /** @internal Takes a `close()` back: for an application that is started again after it had closed its database. */
  reopen(): void {
    this.#closed = false
    this.#dataSource?.engine.reopen()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The URI, without its password. */
  toJSON(): string {
    return String(this.#configuration?.uri ?? unconfigured)
  }
}

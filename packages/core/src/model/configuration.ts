import { type DataSourceOptions, DriverPackageNotInstalledError, type ObjectLiteral } from 'typeorm'
import { catalogue } from '../drivers/catalogue.js'
import { checkTypeormOptions } from '../drivers/typeorm-options.js'
import { InvalidOptionError, InvalidUriError, MissingDriverError } from '../errors.js'
import { StatementLogger } from '../logger.js'
import type { ModelRegistry } from '../mapping/registry.js'
import { type ActiveAlchemyOptions, type ResolvedOptions, resolveOptions } from '../options.js'
import { Cursors } from '../pagination/cursor.js'
import { Query } from '../query/query.js'
import type { ScopeHook } from '../session/engine.js'
import type { Session } from '../session/session.js'
import { AlchemyDataSource, type SessionClass } from '../typeorm/data-source.js'
import { ModelMetadata } from '../typeorm/metadata.js'
import { ModelNamingStrategy } from '../typeorm/naming-strategy.js'
import { Builder } from '../typeorm/select-builder.js'
import { type DatabaseUri, parseUri } from '../uri.js'

/** A URI with its options, read where they are given, so that what is wrong with them is told there. */
export class Configuration {
  readonly uri: DatabaseUri
  /** Class of the queries. */
  readonly queryClass: typeof Query
  readonly #options: ResolvedOptions
  readonly #models: ModelRegistry
  readonly #metadata: ModelMetadata

  /**
   * @throws {InvalidUriError} The URI has another form, or is `undefined`: an environment variable that is not set.
   * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
   */
  constructor(models: ModelRegistry, uri: string | undefined, options?: ActiveAlchemyOptions<unknown>) {
    if (uri === undefined) throw new InvalidUriError('it is undefined (is DATABASE_URL set?)')
    this.uri = parseUri(uri)
    catalogue[this.uri.kind].options(this.uri)
    this.#options = resolveOptions(options)
    const { typeorm, queryClass } = this.#options
    checkTypeormOptions(this.uri.kind, typeorm)
    this.queryClass = queryClassOf(queryClass)
    this.#models = models
    this.#metadata = new ModelMetadata(models, [...this.#options.models, ...Object.values(typeorm.entities ?? {})])
  }

  /** Name of the database in messages. */
  get name(): string {
    return this.#options.name ?? this.uri.toString()
  }

  /** @throws {MissingDriverError} The package that talks to the database is not installed. */
  open<S extends Session>(sessionClass: SessionClass<S>, beginHooks: readonly ScopeHook[]): AlchemyDataSource<S> {
    const entry = catalogue[this.uri.kind]
    const options = this.#options
    try {
      return new AlchemyDataSource({
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of a union by database cannot be told apart
        options: {
          ...entry.options(this.uri),
          namingStrategy: new ModelNamingStrategy(),
          logger: new StatementLogger(options.typeorm.logging ?? (options.echo ? ['query'] : [])),
          invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
          ...options.typeorm,
        } as DataSourceOptions,
        // One by one: TypeORM's options among the others may hold a password.
        settings: {
          name: this.name,
          poolSize: options.poolSize ?? entry.defaultPoolSize,
          poolTimeoutMs: options.poolTimeoutMs,
          poolRecycleMs: options.poolRecycleMs ?? entry.defaultPoolRecycleMs,
          transactionTimeoutMs: options.transactionTimeoutMs,
          commit: options.commit,
          outsideScope: options.outsideScope,
          cursors: new Cursors(options.cursorSecret),
        },
        driver: entry.create,
        models: this.#models,
        metadata: this.#metadata,
        beginHooks,
        sessionClass,
        createBuilder: (dataSource, runner) => new Builder<ObjectLiteral>(dataSource, runner),
      })
    } catch (error) {
      if (error instanceof DriverPackageNotInstalledError) throw new MissingDriverError(entry.packageName, error)
      throw error
    }
  }
}

function queryClassOf(given: unknown): typeof Query {
  if (given === undefined) return Query
  const extendsQuery = (value: unknown): value is typeof Query =>
    value === Query || (typeof value === 'function' && value.prototype instanceof Query)
  if (!extendsQuery(given)) throw new InvalidOptionError('queryClass', 'a class that extends Query', given)
  return given
}

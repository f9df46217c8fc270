import { type DataSourceOptions, DriverPackageNotInstalledError, type ObjectLiteral } from 'typeorm'
import { adoptedOptions } from '../drivers/adopted.js'
import { catalogue } from '../drivers/catalogue.js'
import { checkTypeormOptions } from '../drivers/typeorm-options.js'
import { InvalidUriError, MissingDriverError } from '../errors.js'
import { StatementLogger } from '../logger.js'
import type { ModelRegistry } from '../mapping/registry.js'
import { type ActiveAlchemyOptions, type AdoptOptions, resolveAdoptOptions, type ResolvedOptions, resolveOptions } from '../options.js'
import { Cursors } from '../pagination/cursor.js'
import type { Query } from '../query/query.js'
import type { ScopeHook } from '../session/engine.js'
import type { Session } from '../session/session.js'
import { AlchemyDataSource, type SessionClass } from '../typeorm/data-source.js'
import { ModelMetadata } from '../typeorm/metadata.js'
import { ModelNamingStrategy } from '../typeorm/naming-strategy.js'
import { Builder } from '../typeorm/select-builder.js'
import { type DatabaseUri, parseUri } from '../uri.js'
import { givenQueryClass } from './query-class.js'

/** How a database is opened, read where it is given, so that what is wrong with it is told there. */
export class Configuration {
  readonly uri: DatabaseUri
  /** Class of the queries. */
  readonly queryClass: typeof Query
  readonly #options: ResolvedOptions
  /** TypeORM's options. */
  readonly #typeorm: DataSourceOptions
  readonly #models: ModelRegistry
  readonly #metadata: ModelMetadata

  private constructor(
    uri: DatabaseUri,
    options: ResolvedOptions,
    typeorm: DataSourceOptions,
    models: ModelRegistry,
    metadata: ModelMetadata,
  ) {
    this.uri = uri
    this.#options = options
    this.#typeorm = typeorm
    this.queryClass = givenQueryClass(options.queryClass)
    this.#models = models
    this.#metadata = metadata
  }

  /**
   * By a URI.
   *
   * @throws {InvalidUriError} The URI has another form, or is `undefined`: an environment variable that is not set.
   * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
   */
  static ofUri(models: ModelRegistry, text: string | undefined, given?: ActiveAlchemyOptions<unknown>): Configuration {
    if (text === undefined) throw new InvalidUriError('it is undefined (is DATABASE_URL set?)')
    const uri = parseUri(text)
    const said = catalogue[uri.kind].options(uri)
    const options = resolveOptions(given)
    checkTypeormOptions(uri.kind, options.typeorm)
    const usual = { logger: loggerOf(options), invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' } }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of a union by database cannot be told apart
    const typeorm = { ...said, ...usual, ...options.typeorm } as DataSourceOptions
    const entities = [...options.models, ...Object.values(options.typeorm.entities ?? {})]
    return new Configuration(uri, options, typeorm, models, new ModelMetadata(models, entities))
  }

  /**
   * By the options of an application of TypeORM: all that it says stays, also how it logs.
   *
   * @throws {InvalidOptionError} An option is unknown, has a value that it cannot have, or cannot be honoured.
   */
  static adopted(models: ModelRegistry, dataSource: DataSourceOptions, given?: AdoptOptions): Configuration {
    const { uri, options: typeorm, pool } = adoptedOptions(dataSource)
    const options = resolveAdoptOptions(given, pool)
    const isSilent = typeorm.logger === undefined && typeorm.logging === undefined
    const logger = isSilent || options.echo ? { logger: loggerOf(options) } : {}
    const entities: unknown[] = [...options.models, ...Object.values(typeorm.entities ?? {})]
    const isPath = (each: unknown): each is string => typeof each === 'string'
    const classes = entities.filter((each) => !isPath(each))
    const metadata = new ModelMetadata(models, classes, entities.filter(isPath))
    return new Configuration(uri, options, { ...typeorm, ...logger }, models, metadata)
  }

  /** Its option `name`, or its kind: what tells nothing of the way to it. */
  get shownName(): string {
    return this.#options.name ?? this.uri.kind
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
        options: { namingStrategy: new ModelNamingStrategy(), ...this.#typeorm },
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
          slowMs: options.slowMs,
          keepsStatements: process.env['NODE_ENV'] !== 'production',
        },
        driver: entry.create,
        models: this.#models,
        metadata: this.#metadata,
        beginHooks,
        sessionClass,
        createBuilder: (dataSource, runner) => new Builder<ObjectLiteral>(dataSource, runner),
      })
    } catch (error) {
      if (error instanceof DriverPackageNotInstalledError) throw new MissingDriverError(entry.packageName, error, entry.otherwise)
      throw error
    }
  }
}

function loggerOf({ echo, typeorm }: ResolvedOptions): StatementLogger {
  return new StatementLogger(typeorm.logging ?? (echo ? ['query'] : []))
}

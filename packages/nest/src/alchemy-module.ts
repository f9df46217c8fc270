import { type ActiveAlchemy, InvalidOptionError, type ModelClass } from '@active-alchemy/core'
import {
  type DynamicModule,
  type FactoryProvider,
  Global,
  Inject,
  Module,
  type ModuleMetadata,
  type NestModule,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common'
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { Binding, type NestBindOptions, readNestOptions } from './binding.js'
import { ErrorFilter } from './error-filter.js'
import { AlchemyGuard } from './guard.js'
import { prepareHandlers } from './handlers.js'
import { AlchemyHealthIndicator } from './health-indicator.js'
import { currentSession, getAlchemyToken, getModelToken, getSessionToken } from './inject.js'
import { WitnessFilter } from './witness-filter.js'

/**
 * A database of the application, and how its requests are bound to sessions. One binding serves all databases: what a later one
 * says of it overrules, name by name, what an earlier one has said.
 *
 * @since 0.1
 */
export interface AlchemyOptions extends NestBindOptions {
  readonly db: ActiveAlchemy
  /**
   * Closes the database when the last application that was given it shuts down; the next application that is given it opens it
   * again. @default true
   */
  readonly close?: boolean | undefined
}

/** Options of `AlchemyModule.forRoot`. @since 0.1 */
export interface AlchemyModuleOptions extends AlchemyOptions {
  /** Name for `@InjectAlchemy(name)`, `@InjectSession(name)` and `forFeature(models, name)`: for a second database. @default none */
  readonly name?: string
}

/** Options of `AlchemyModule.forRootAsync`. @since 0.1 */
export interface AlchemyModuleAsyncOptions<Injected extends unknown[] = never[]> {
  /** See `AlchemyModuleOptions`. */
  readonly name?: string
  /** Modules that export what `useFactory` needs. @default none */
  readonly imports?: NonNullable<ModuleMetadata['imports']>
  /** What `useFactory` is called with. @default nothing */
  readonly inject?: NonNullable<FactoryProvider['inject']>
  /** Makes the options when the application starts. */
  readonly useFactory: (...injected: Injected) => AlchemyOptions | Promise<AlchemyOptions>
}

/** The databases of one application, by name. */
const databasesToken = Symbol('active-alchemy.databases')
type Databases = Map<string | undefined, AlchemyOptions>

/** Applications that were given a database and have not shut down. */
const users = new WeakMap<ActiveAlchemy, number>()

/** What is there once, however many databases the application has. */
@Global()
@Module({
  providers: [
    Binding,
    { provide: databasesToken, useFactory: (): Databases => new Map() },
    {
      provide: AlchemyHealthIndicator,
      useFactory: (databases: Databases) => new AlchemyHealthIndicator((name) => databases.get(name)?.db),
      inject: [databasesToken],
    },
  ],
  exports: [Binding, databasesToken, AlchemyHealthIndicator],
})
class AlchemyRootModule implements NestModule, OnApplicationShutdown {
  constructor(
    @Inject(Binding) private readonly binding: Binding,
    @Inject(databasesToken) private readonly databases: Databases,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    prepareHandlers(modules, binding)
  }

  /** Before the routes, and before the middleware of modules; the adapter is not known earlier in a test. */
  configure(): void {
    // Nest asks the last filter first.
    this.config.addGlobalFilter(new WitnessFilter())
    this.config.getGlobalFilters().unshift(new ErrorFilter(this.binding, this.host.httpAdapter))
    const othersHaveMiddleware = [...this.modules.values()].some(
      ({ instance }) => instance !== this && typeof Reflect.get(Object(instance), 'configure') === 'function',
    )
    this.binding.mount(this.host.httpAdapter, othersHaveMiddleware)
    // Before the guards of the application, which are all there by now.
    if (this.binding.needsGuard) this.config.getGlobalGuards().unshift(new AlchemyGuard(this.binding))
  }

  /** Requests under way have been answered by now. */
  async onApplicationShutdown(): Promise<void> {
    const databases = [...this.databases.values()]
    // An application may be closed twice.
    this.databases.clear()
    for (const { db, close = true } of databases) {
      const left = (users.get(db) ?? 1) - 1
      users.set(db, left)
      if (close && left === 0) await db.close()
    }
  }
}

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left. A message of a microservice or a WebSocket has one too.
 *
 * Import it in the root module, first; it is global. Providers stay singletons: what they use belongs to the request in which
 * they use it.
 *
 * @since 0.1
 * @example
 * @Module({ imports: [AlchemyModule.forRoot({ db })] })
 * export class AppModule {}
 */
@Module({})
export class AlchemyModule {
  /** @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have. */
  static forRoot({ name, ...options }: AlchemyModuleOptions): DynamicModule {
    return rootModule(name, { useFactory: () => options })
  }

  /**
   * Takes what a factory returns, which may be asynchronous and inject others.
   *
   * @example
   * AlchemyModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ db: db.configure(config.getOrThrow('DATABASE_URL')) }),
   * })
   */
  static forRootAsync<Injected extends unknown[] = never[]>(options: AlchemyModuleAsyncOptions<Injected>): DynamicModule {
    return rootModule(options.name, options)
  }

  /**
   * Makes models known to the database, so that `createAll()` and `metadata` have them, and to `@InjectModel`.
   *
   * @param name The database's, if it has one.
   * @throws {InvalidOptionError} A class is no model of the database, when the application starts.
   */
  static forFeature(models: readonly ModelClass[], name?: string): DynamicModule {
    const providers = models.map((model) => ({
      provide: getModelToken(model),
      inject: [getAlchemyToken(name)],
      useFactory: (db: ActiveAlchemy) => {
        if (!db.all.some((each) => each === Reflect.get(model, 'db'))) {
          const given = `forFeature was given ${model.name}, which is no model of ${getAlchemyToken(name)}.`
          throw new InvalidOptionError(`${given} Give models of it; those of plain TypeORM go by TypeOrmModule.forFeature.`)
        }
        db.register(model)
        return model
      },
    }))
    return { module: AlchemyModule, providers, exports: providers.map(({ provide }) => provide) }
  }
}

function rootModule(
  name: string | undefined,
  {
    imports = [],
    inject = [],
    useFactory,
  }: Pick<AlchemyModuleAsyncOptions, 'imports'> & Pick<FactoryProvider<AlchemyOptions>, 'inject' | 'useFactory'>,
): DynamicModule {
  const optionsToken = `${getAlchemyToken(name)} options`
  const providers: Provider[] = [
    { provide: optionsToken, inject, useFactory },
    {
      provide: getAlchemyToken(name),
      inject: [optionsToken, databasesToken, Binding],
      useFactory: (options: AlchemyOptions, databases: Databases, binding: Binding) => {
        const { db, close, ...bindOptions } = checked(options)
        binding.configure(readNestOptions(bindOptions))
        databases.set(name, { db, close })
        db.reopen()
        users.set(db, (users.get(db) ?? 0) + 1)
        return db
      },
    },
    { provide: getSessionToken(name), inject: [getAlchemyToken(name)], useFactory: currentSession },
  ]
  return {
    module: AlchemyModule,
    global: true,
    imports: [AlchemyRootModule, ...imports],
    providers,
    exports: [getAlchemyToken(name), getSessionToken(name)],
  }
}

function checked(options: AlchemyOptions): AlchemyOptions {
  const { db, close } = options
  if (typeof db !== 'object' || !('dataSource' in db)) throw new InvalidOptionError('db', 'a database: new ActiveAlchemy(uri)', db)
  if (close !== undefined && typeof close !== 'boolean') throw new InvalidOptionError('close', 'true or false', close)
  return options
}

import { type ActiveAlchemyOptions, ActiveAlchemy as Core } from '@active-alchemy/core'
import type { BindOptions } from '@active-alchemy/core/http'
import type { INestApplication } from '@nestjs/common'
import type { DataSource, DataSourceOptions } from 'typeorm'
import { initApp } from './init-app.js'

/** How a database is used, and by which application. */
export interface NestOptions extends ActiveAlchemyOptions {
  /** Application that is bound at once, as by `initApp`. @default none */
  readonly app?: INestApplication
}

/** Options of `TypeOrmModule.forRootAsync`. */
export interface TypeOrmModuleOptions {
  readonly useFactory: () => DataSourceOptions
  readonly dataSourceFactory: () => Promise<DataSource>
}

/**
 * A database whose sessions are bound to the requests of Nest.
 *
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 *
 * @Module({ imports: [AlchemyModule.forRoot({ db })] })
 * class AppModule {}
 */
export class ActiveAlchemy extends Core {
  /** @param uri See `ActiveAlchemy` of `@active-alchemy/core`. */
  constructor()
  constructor(uri: string, options?: NestOptions)
  constructor(...parameters: [uri?: string, options?: NestOptions]) {
    const [uri, { app, ...options } = {}] = parameters
    // Without parameters it is the database in memory; an undefined URI must stay an error.
    super(...((parameters.length === 0 ? [] : [uri, options]) as [string, ActiveAlchemyOptions]))
    if (app) this.initApp(app)
  }

  /** Binds an application that does not import `AlchemyModule`. See `initApp`. */
  initApp(app: INestApplication, options?: BindOptions): this {
    initApp(app, this, options)
    return this
  }

  /** Lets repositories of `@nestjs/typeorm` join the sessions. See `typeOrmOptions`. */
  typeOrmOptions(): TypeOrmModuleOptions {
    return typeOrmOptions(this)
  }
}

/**
 * Lets `TypeOrmModule` use a database: its repositories, and everything else that it provides, join the session of the request.
 *
 * The database knows its entities: name them in its option `models`.
 *
 * @example
 * TypeOrmModule.forRootAsync(typeOrmOptions(db))
 */
export function typeOrmOptions(db: Core): TypeOrmModuleOptions {
  return {
    useFactory: () => db.dataSource.options,
    async dataSourceFactory() {
      await db.dataSource.ready()
      return db.dataSource
    },
  }
}

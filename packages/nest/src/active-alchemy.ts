import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ActiveAlchemyOptions, ActiveAlchemy as Core, Inspector, type InspectorOptions } from '@active-alchemy/core'
import type { INestApplication } from '@nestjs/common'
import type { DataSource, DataSourceOptions } from 'typeorm'
import type { NestBindOptions } from './binding.js'
import { initApp } from './init-app.js'
import { getAlchemyToken } from './inject.js'

/** How a database is used; `app` is bound at once: as by `initApp`. @since 0.1 */
export type NestOptions = ActiveAlchemyOptions<INestApplication>

/** Options of `TypeOrmModule.forRootAsync`. @since 0.1 */
export interface TypeOrmModuleOptions {
  /** The database of `AlchemyModule`, if there is one: it may be configured there. */
  readonly inject: { readonly token: string; readonly optional: true }[]
  readonly useFactory: (ready?: unknown) => DataSourceOptions
  readonly dataSourceFactory: () => Promise<DataSource>
}

/**
 * A database whose sessions are bound to the requests of Nest.
 *
 * @since 0.1
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 *
 * @Module({ imports: [AlchemyModule.forRoot({ db })] })
 * class AppModule {}
 */
export class ActiveAlchemy<Queries extends object = object, Key extends string = never> extends Core<INestApplication, Queries, Key> {
  protected override bindApp(app: INestApplication): void {
    this.initApp(app)
  }

  /** Binds an application that does not import `AlchemyModule`. See `initApp`. */
  initApp(app: INestApplication, options?: NestBindOptions): this {
    initApp(app, this, options)
    return this
  }

  /**
   * A page for the time of development: open requests and transactions, the pool, the last requests with their statements, texts by the
   * time that they took, reports. See `Inspector`.
   *
   * @since 0.2
   * @example
   * app.use(db.inspector()) // http://localhost:3000/_alchemy
   */
  inspector(options?: InspectorOptions): (req: IncomingMessage, res: ServerResponse, next: () => void) => void {
    const inspector = new Inspector(this, options)
    return (req, res, next) => {
      if (!inspector.serve(req, res)) next()
    }
  }

  /** Lets repositories of `@nestjs/typeorm` join the sessions. See `typeOrmOptions`. */
  typeOrmOptions(name?: string): TypeOrmModuleOptions {
    return typeOrmOptions(this, name)
  }
}

/**
 * Lets `TypeOrmModule` use a database: its repositories, and everything else that it provides, join the session of the request.
 *
 * The database knows its entities: name them in its option `models`. It waits for `AlchemyModule`, which may configure it.
 *
 * @param name The database's in `AlchemyModule`, if it has one.
 * @since 0.1
 * @example
 * TypeOrmModule.forRootAsync(typeOrmOptions(db))
 */
export function typeOrmOptions(db: Core, name?: string): TypeOrmModuleOptions {
  return {
    inject: [{ token: getAlchemyToken(name), optional: true }],
    useFactory: () => db.dataSource.options,
    async dataSourceFactory() {
      await db.dataSource.ready()
      return db.dataSource
    },
  }
}

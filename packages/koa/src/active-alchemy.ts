import { type ActiveAlchemyOptions, ActiveAlchemy as Core } from '@active-alchemy/core'
import type { Middleware } from 'koa'
import { initApp, middleware, type MiddlewareOptions, type Mountable } from './middleware.js'

/** How a database is used, and by which application. */
export interface KoaOptions extends ActiveAlchemyOptions {
  /** Application that gets the middleware at once; its routes come after. @default none */
  readonly app?: Mountable
}

/**
 * A database whose sessions are bound to the requests of Koa.
 *
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 * app.use(db.middleware())
 */
export class ActiveAlchemy extends Core {
  /** @param uri See `ActiveAlchemy` of `@active-alchemy/core`. */
  constructor()
  constructor(uri: string, options?: KoaOptions)
  constructor(...parameters: [uri?: string, options?: KoaOptions]) {
    const [uri, { app, ...options } = {}] = parameters
    // Without parameters it is the database in memory; an undefined URI must stay an error.
    super(...((parameters.length === 0 ? [] : [uri, options]) as [string, ActiveAlchemyOptions]))
    if (app) this.initApp(app)
  }

  /** Gives every request its own session. See `middleware`. */
  middleware(options: MiddlewareOptions = {}): Middleware {
    return middleware(this, options)
  }

  /** Mounts the middleware, once for each application. See `initApp`. */
  initApp(app: Mountable, options?: MiddlewareOptions): this {
    initApp(app, this, options)
    return this
  }
}

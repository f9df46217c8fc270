import { type ActiveAlchemyOptions, ActiveAlchemy as Core } from '@active-alchemy/core'
import type { Middleware } from 'koa'
import { initApp, middleware, type MiddlewareOptions, type Mountable } from './middleware.js'

/** How a database is used; `app` is bound at once. @since 0.1 */
export type KoaOptions = ActiveAlchemyOptions<Mountable>

/**
 * A database whose sessions are bound to the requests of Koa.
 *
 * @since 0.1
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 * app.use(db.middleware())
 */
export class ActiveAlchemy<Queries extends object = object, Key extends string = never> extends Core<Mountable, Queries, Key> {
  protected override bindApp(app: Mountable): void {
    this.initApp(app)
  }

  /** Gives every request its own session. See `middleware`. */
  middleware(options: MiddlewareOptions = {}): Middleware {
    return middleware(options)
  }

  /** Mounts the middleware, once for each application. See `initApp`. */
  initApp(app: Mountable, options?: MiddlewareOptions): this {
    initApp(app, this, options)
    return this
  }
}

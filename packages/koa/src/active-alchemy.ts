import { type ActiveAlchemyOptions, ActiveAlchemy as Core, Inspector, type InspectorOptions } from '@active-alchemy/core'
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

  /**
   * A page for the time of development: open requests and transactions, the pool, the last requests with their statements, texts by the
   * time that they took, reports. See `Inspector`.
   *
   * @since 0.2
   * @example
   * app.use(db.inspector()) // http://localhost:3000/_alchemy
   */
  inspector(options?: InspectorOptions): Middleware {
    const inspector = new Inspector(this, options)
    return (context, next) => {
      const answer = inspector.answer(context.req)
      if (!answer) return next()
      context.status = answer.status
      context.set({ ...answer.headers })
      context.body = answer.body
      return Promise.resolve()
    }
  }

  /** Mounts the middleware, once for each application. See `initApp`. */
  initApp(app: Mountable, options?: MiddlewareOptions): this {
    initApp(app, this, options)
    return this
  }
}

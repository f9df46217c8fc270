import { type ActiveAlchemyOptions, ActiveAlchemy as Core, Inspector, type InspectorOptions } from '@active-alchemy/core'
import type { Application, ErrorRequestHandler, RequestHandler } from 'express'
import { errorHandler, type ErrorHandlerOptions } from './error-handler.js'
import { initApp, middleware, type MiddlewareOptions } from './middleware.js'

/** How a database is used; `app` is bound at once. @since 0.1 */
export type ExpressOptions = ActiveAlchemyOptions<Application>

/**
 * A database whose sessions are bound to the requests of Express.
 *
 * @since 0.1
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 * app.use(db.middleware())
 */
export class ActiveAlchemy<Queries extends object = object, Key extends string = never> extends Core<Application, Queries, Key> {
  protected override bindApp(app: Application): void {
    this.initApp(app)
  }

  /** Gives every request its own session. See `middleware`. */
  middleware(options: MiddlewareOptions = {}): RequestHandler {
    return middleware(options)
  }

  /** Rolls back requests in which something was thrown, and answers errors as JSON if told so. See `errorHandler`. */
  errorHandler(options?: ErrorHandlerOptions): ErrorRequestHandler {
    return errorHandler(options)
  }

  /**
   * A page for the time of development: open requests and transactions, the pool, the last requests with their statements, texts by the
   * time that they took, reports. See `Inspector`.
   *
   * @since 0.2
   * @example
   * app.use(db.inspector()) // http://localhost:3000/_alchemy
   */
  inspector(options?: InspectorOptions): RequestHandler {
    const inspector = new Inspector(this, options)
    return (req, res, next) => {
      if (!inspector.serve(req, res)) next()
    }
  }

  /** Mounts the middleware, once for each application. See `initApp`. */
  initApp(app: Application, options?: MiddlewareOptions): this {
    initApp(app, this, options)
    return this
  }
}

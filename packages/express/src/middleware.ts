import type { ActiveAlchemy } from '@active-alchemy/core'
import { bindHttp, type BindOptions, checkBindOptions, noteError, optionsIn, scopeOf } from '@active-alchemy/core/http'
import type { Application, ErrorRequestHandler, RequestHandler } from 'express'

/** How requests are bound to sessions. */
export type MiddlewareOptions = BindOptions

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left.
 *
 * Mount it before the routes. One mount serves every database; a second one, also in a router, joins the first.
 *
 * @param parameters Databases, for the reader only, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or is no function.
 * @example
 * app.use(middleware(db))
 */
export function middleware(...parameters: [...databases: ActiveAlchemy[], options: MiddlewareOptions] | ActiveAlchemy[]): RequestHandler {
  const options = checkBindOptions(optionsIn(parameters))
  return (req, res, next) => {
    if (options.skip?.(req)) next()
    else bindHttp(req, res, next, options).run(() => next())
  }
}

/**
 * Rolls back requests in which something was thrown, even if the application answers them with success: an error page that
 * redirects. Mount it after the routes, before the application's own error handler, which still does the answering.
 *
 * @example
 * app.use(errorHandler())
 */
export function errorHandler(): ErrorRequestHandler {
  return (error, req, res, next) => {
    noteError(req, error)
    const proceed = (): void => next(error)
    // Thrown behind an answer: Express ends the socket, and must not before the answer that is held has left.
    const settled = res.headersSent ? scopeOf(req)?.settled : undefined
    if (settled) settled.then(proceed, proceed)
    else proceed()
  }
}

/** The databases of an application. */
const databasesOf = new WeakMap<Application, Set<ActiveAlchemy>>()

/**
 * Mounts the middleware for a database, once for each application; many databases and many applications go together.
 *
 * @returns The application.
 */
export function initApp(app: Application, db: ActiveAlchemy, options: MiddlewareOptions = {}): Application {
  let databases = databasesOf.get(app)
  if (!databases) {
    databases = new Set()
    databasesOf.set(app, databases)
    app.locals['databases'] = databases
    app.use(middleware(options))
  }
  databases.add(db)
  return app
}

import type { ActiveAlchemy } from '@active-alchemy/core'
import { bindHttp, type BindOptions, checkBindOptions, noteError, scopeOf, settleHttp } from '@active-alchemy/core/http'
import type Application from 'koa'
import type { Middleware, ParameterizedContext } from 'koa'

/** How requests are bound to sessions. */
export type MiddlewareOptions = BindOptions

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left.
 *
 * Mount it just inside the application's own error handling, before the routes. One mount serves every database; a second
 * one, also in an inner application, joins the first.
 *
 * @param parameters Databases, for the reader only, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or is no function.
 * @example
 * app.use(middleware(db))
 */
export function middleware(...parameters: [...databases: ActiveAlchemy[], options: MiddlewareOptions] | ActiveAlchemy[]): Middleware {
  const options = checkBindOptions(optionsIn(parameters))
  return async (ctx, next) => {
    const { req, res } = ctx
    if (options.skip?.(req)) {
      await next()
      return
    }
    const isOutermost = scopeOf(req) === undefined
    try {
      await bindHttp(req, res, (error) => ctx.onerror(asError(error)), options).run(next)
    } catch (error) {
      // It settles with the answer, whose status the application is yet to choose.
      noteError(req, error)
      throw error
    }
    if (!isOutermost || !isWhole(ctx)) return
    try {
      await settleHttp(req, res)
    } catch (error) {
      ctx.body = null
      ctx.status = 500
      throw error
    }
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
    app.use(middleware(options))
  }
  databases.add(db)
  return app
}

/** Whether the answer is known; a stream may fail before its first byte, and what is written past Koa is seen there only. */
function isWhole({ body, headerSent, respond }: ParameterizedContext): boolean {
  if (respond === false || headerSent) return false
  return typeof body !== 'object' || body === null || !('pipe' in body || body instanceof ReadableStream || body instanceof Response)
}

function optionsIn(parameters: readonly object[]): MiddlewareOptions {
  const last = parameters.at(-1)
  return last && !('dataSource' in last) ? last : {}
}

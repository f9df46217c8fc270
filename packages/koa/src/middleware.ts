import { Stream } from 'node:stream'
import type { ActiveAlchemy } from '@active-alchemy/core'
import {
  bindHttp,
  type BindOptions,
  checkBindOptions,
  noteError,
  optionsIn,
  type Scope,
  scopeOf,
  settleHttp,
} from '@active-alchemy/core/http'
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
  return (ctx, next) => {
    const { req, res } = ctx
    if (options.skip?.(req)) return next()
    const joins = scopeOf(req) !== undefined
    const scope = bindHttp(req, res, (error) => ctx.onerror(asError(error)), options)
    const rethrow = (error: unknown): never => {
      // It rolls back with its answer, whose status the application is yet to choose.
      noteError(req, error)
      throw error
    }
    // Koa's `next` always gives a promise; one `then` costs half of what an async function does, and every request pays it.
    return scope.run(next).then(() => (joins || !scope.isPending ? undefined : commitAnswer(ctx, scope)), rethrow)
  }
}

/** Commits what Koa is about to answer, where the application can still see that it failed. */
async function commitAnswer(ctx: ParameterizedContext, scope: Scope): Promise<void> {
  if (!isWhole(ctx)) return
  const { req, res } = ctx
  try {
    // Koa says it after us, when it is too late to find that it cannot be said: a bigint, a circle.
    if (scope.holdsWork && isJson(ctx.body)) JSON.stringify(ctx.body)
  } catch (error) {
    noteError(req, error)
    throw error
  }
  try {
    await settleHttp(req, res)
  } catch (error) {
    // As if the handler had thrown: nothing of its answer is left.
    ctx.body = undefined
    ctx.status = 500
    throw error
  }
}

/** The applications that have the middleware through `initApp`. */
const mounted = new WeakSet<object>()

/**
 * Mounts the middleware, once for each application; many databases and many applications go together.
 *
 * @param _db For the reader: one mount serves every database.
 * @returns The application.
 */
export function initApp<App extends Mountable>(app: App, _db: ActiveAlchemy, options: MiddlewareOptions = {}): App {
  if (mounted.has(app)) return app
  app.use(middleware(options))
  mounted.add(app)
  return app
}

/** What `initApp` needs of an application, whatever its state and context. */
export type Mountable = Pick<Application, 'use'>

/** Whether the answer is known: a stream may fail before its first byte, and what passes Koa by is seen when it is written. */
function isWhole({ body, headerSent, respond }: ParameterizedContext): boolean {
  if (respond === false || headerSent) return false
  return !(body instanceof Stream || body instanceof ReadableStream || body instanceof Response)
}

/** What Koa turns into JSON. */
function isJson(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array) && !(body instanceof Blob)
}

/** Koa words everything that was thrown; its types ask for an `Error`. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('The commit failed.', { cause: error })
}

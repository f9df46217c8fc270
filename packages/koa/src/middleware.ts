import { Stream } from 'node:stream'
import type { ActiveAlchemy } from '@active-alchemy/core'
import {
  bindHttp,
  type BindOptions,
  flag,
  isHidden,
  isSkipped,
  noteError,
  observeHttp,
  optionsIn,
  problemOf,
  problemType,
  readBindOptions,
  type Scope,
  scopeOf,
  sendFailure,
  settleHttp,
} from '@active-alchemy/core/http'
import type Application from 'koa'
import type { Middleware, ParameterizedContext } from 'koa'

/** How requests are bound to sessions, and how errors are answered. @since 0.1 */
export interface MiddlewareOptions extends BindOptions {
  /**
   * Answers an error of the database as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, and where the
   * client may see it `detail` and `columns`. All other errors go on to the application. @default false: all of them do
   */
  readonly json?: boolean | undefined
}

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left.
 *
 * Mount it just inside the application's own error handling, before the routes. One mount serves every database; a second
 * one, also in an inner application, joins the first.
 *
 * @param parameters Databases, for the reader only, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
 * @since 0.1
 * @example
 * app.use(middleware(db))
 */
export function middleware(...parameters: [...databases: ActiveAlchemy[], options: MiddlewareOptions] | ActiveAlchemy[]): Middleware {
  return binding(optionsIn(parameters), 'first')
}

/** @param commits Which mount of a request commits its answer. */
function binding(given: unknown, commits: 'first' | 'never' | 'always'): Middleware {
  const options = readBindOptions(given, 'app.use(db.middleware())', { json: flag })
  const bind: Middleware = (ctx, next) => {
    const { req, res } = ctx
    if (isSkipped(options, req)) return next()
    if (options.mode === 'observe') return observeHttp(req, res, options, ctx).run(next)
    const leavesCommit = commits === 'never' || (commits === 'first' && scopeOf(req) !== undefined)
    const fail = (error: unknown): void => {
      if (options.json && problemOf(error)) {
        ctx.app.emit('error', error, ctx)
        sendFailure(res, error, true)
      } else ctx.onerror(asError(error))
    }
    const scope = bindHttp(req, res, fail, options, ctx)
    const rethrow = (error: unknown): void => {
      // It rolls back with its answer, whose status the application is yet to choose.
      noteError(req, error)
      if (!options.json || !answered(ctx, error)) throw error
    }
    // Koa's `next` always gives a promise; one `then` costs half of what an async function does, and every request pays it.
    return scope.run(next).then(() => {
      if (leavesCommit || !scope.isPending) return undefined
      const committed = commitAnswer(ctx, scope, ctx.app.middleware[0] === bind)
      return options.json ? committed.catch(rethrow) : committed
    }, rethrow)
  }
  return bind
}

/** Answers an error of the database. @returns Whether it is one, and an answer can be given. */
function answered(ctx: ParameterizedContext, error: unknown): boolean {
  const problem = problemOf(error)
  if (!problem || ctx.headerSent || ctx.respond === false) return false
  if (isHidden(error)) ctx.app.emit('error', error, ctx)
  ctx.status = problem.status
  ctx.set('content-type', problemType)
  ctx.body = JSON.stringify(problem)
  return true
}

/**
 * Commits what Koa is about to answer, where the application can still see that it failed.
 *
 * @param isOutermost Whether nobody looks at the body any more but Koa.
 */
async function commitAnswer(ctx: ParameterizedContext, scope: Scope, isOutermost: boolean): Promise<void> {
  if (!isWhole(ctx)) return
  const { req, res } = ctx
  try {
    // Koa says it after us, when it is too late to find that it cannot be said: a bigint, a circle.
    if (scope.holdsWork && isJson(ctx.body)) {
      const text = JSON.stringify(ctx.body)
      if (isOutermost) ctx.body = text
    }
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

/** The applications that are bound by `initApp`. */
const bound = new WeakSet<object>()

/**
 * Binds an application, whenever it is called: once for each application; many databases and many applications go together.
 *
 * What it had mounted before has a session too. What it mounts afterwards is committed inside of it, so that error handling that
 * stands before sees a commit that fails.
 *
 * @param _db For the reader: one mount serves every database.
 * @returns The application.
 * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
 * @since 0.1
 * @example
 * const app = new Koa()
 * initApp(app, db)
 */
export function initApp<App extends Mountable>(app: App, _db: ActiveAlchemy, options: MiddlewareOptions = {}): App {
  if (bound.has(app)) return app
  const hasMiddleware = app.middleware.length > 0
  app.use(binding(options, 'always'))
  // In place: who composed the list already calls what is in it now.
  if (hasMiddleware) app.middleware.unshift(binding(options, 'never'))
  bound.add(app)
  return app
}

/** What `initApp` needs of an application, whatever its state and context. @since 0.1 */
export type Mountable = Pick<Application, 'use'> & { readonly middleware: unknown[] }

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

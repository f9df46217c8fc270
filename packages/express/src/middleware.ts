import type { ActiveAlchemy } from '@active-alchemy/core'
import { bindHttp, type BindOptions, isSkipped, observeHttp, optionsIn, readBindOptions } from '@active-alchemy/core/http'
import type { Application, RequestHandler } from 'express'

/** How requests are bound to sessions. @since 0.1 */
export type MiddlewareOptions = BindOptions

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left.
 *
 * Mount it before the routes. One mount serves every database; a second one, also in a router, joins the first.
 *
 * @param parameters Databases, for the reader only, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or is no function.
 * @since 0.1
 * @example
 * app.use(middleware(db))
 */
export function middleware(...parameters: [...databases: ActiveAlchemy[], options: MiddlewareOptions] | ActiveAlchemy[]): RequestHandler {
  const options = readBindOptions(optionsIn(parameters), 'app.use(db.middleware())')
  return (req, res, next) => {
    if (isSkipped(options, req)) next()
    else if (options.mode === 'observe') observeHttp(req, res, options).run(() => next())
    else bindHttp(req, res, next, options).run(() => next())
  }
}

/** The databases of an application. */
const databasesOf = new WeakMap<Application, Set<ActiveAlchemy>>()

/**
 * Binds an application to a database, before all that it has mounted, whenever it is called: once for each application; many
 * databases and many applications go together.
 *
 * @returns The application.
 * @throws {InvalidOptionError} An option is unknown, or is no function.
 * @since 0.1
 * @example
 * const app = express()
 * initApp(app, db)
 */
export function initApp(app: Application, db: ActiveAlchemy, options: MiddlewareOptions = {}): Application {
  let databases = databasesOf.get(app)
  if (!databases) {
    const handler = middleware(options)
    databases = new Set()
    databasesOf.set(app, databases)
    app.locals['databases'] = databases
    app.use(handler)
    putFirst(app, handler)
  }
  databases.add(db)
  return app
}

/** What Express calls one after the other; version 4 calls it by another name, and its getter of the new one throws. */
interface Layer {
  readonly handle: (...parameters: never[]) => unknown
  readonly name?: string
}
interface Router {
  stack: readonly Layer[]
}

/** The router of an application. */
export function routerOf(app: Application): Router {
  const { _router }: { readonly _router?: Router } = app
  return _router ?? app.router
}

/** Routes may stand already: nothing of them may answer outside a session. */
function putFirst(app: Application, handler: RequestHandler): void {
  const router = routerOf(app)
  const others = router.stack.filter((layer) => layer.handle !== handler)
  const own = router.stack.filter((layer) => layer.handle === handler)
  // What Express 4 makes requests of its own by.
  const start = others.findIndex(({ name }) => name !== 'query' && name !== 'expressInit')
  const at = start < 0 ? others.length : start
  // A new list: requests under way go on in theirs.
  router.stack = [...others.slice(0, at), ...own, ...others.slice(at)]
}

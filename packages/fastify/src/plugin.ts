import type { ActiveAlchemy, Session } from '@active-alchemy/core'
import {
  bindHttp,
  type BindOptions,
  failReply,
  flag,
  isHidden,
  isSkipped,
  noteError,
  observeHttp,
  optionsIn,
  plainWords,
  problemOf,
  problemType,
  readBindOptions,
  readRouteOptions,
  type RouteOptions,
  scopeOf,
  text,
} from '@active-alchemy/core/http'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** How requests are bound to sessions, and under which names the application finds the database. @since 0.1 */
export interface PluginOptions extends BindOptions {
  /** Decorates `app` with the database and `request` with its session, under this name: for a second database. @default `app.alchemy` and `request.db` */
  readonly name?: string | undefined
  /** Closes the database with the application. @default false: it may serve others; true for the application given to `new ActiveAlchemy` */
  readonly close?: boolean | undefined
  /**
   * Answers an error of the database as `application/problem+json` (RFC 9457): `type`, `title`, `status`, `code`, and where the
   * client may see it `detail` and `columns`. @default false: Fastify words it, or the application's error handler
   */
  readonly json?: boolean | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The database of this context: the first that was registered without a name. */
    readonly alchemy: ActiveAlchemy
  }
  interface FastifyRequest {
    /** The session that `app.alchemy` has in this request. */
    readonly db: Session
  }
  interface FastifyContextConfig {
    /** Overrules the options of the plugin for this route. */
    readonly alchemy?: RouteOptions
  }
}

/**
 * Gives every request its own session: committed before the answer leaves, rolled back on an error, a status of 400 and
 * above, or a client that left.
 *
 * Register it first: it serves the context that registers it, with all contexts registered in it. One plugin serves every
 * database; a second one, also in an inner context, joins the first.
 *
 * @param parameters Databases, of which the first decorates the application, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
 * @since 0.1
 * @example
 * await app.register(plugin(db))
 */
export function plugin(...parameters: [...databases: ActiveAlchemy[], options: PluginOptions] | ActiveAlchemy[]): FastifyPluginAsync {
  const given: readonly (ActiveAlchemy | PluginOptions)[] = parameters
  const databases = given.filter(isDatabase)
  const options = readBindOptions(optionsIn(given), 'app.register(db.plugin())', { name: text, close: flag, json: flag })
  const { name, close = false, json = false } = options
  const register: FastifyPluginAsync = async (app) => {
    const [db] = databases
    if (db) decorate(app, db, name)
    // Where it is written, and not at its first request.
    app.addHook('onRoute', ({ config }) => void readRouteOptions(config?.alchemy, 'config.alchemy'))
    app.addHook('onRequest', (request, reply, next) => {
      const { raw: req } = request
      if (isSkipped(options, req)) {
        next()
        return
      }
      if (options.mode === 'observe') {
        observeHttp(req, reply.raw, options, request).run(() => next())
        return
      }
      const route = request.routeOptions.config.alchemy
      const fail = (error: unknown): void => failReply(reply, error, json)
      bindHttp(req, reply.raw, fail, route ? { ...options, ...route } : options, request).run(() => next())
    })
    // What a handler of the application answers with success was an error all the same.
    app.addHook('onError', (request, _reply, error, next) => {
      noteError(request.raw, error)
      if (problemOf(error)) thrown.set(request, error)
      next()
    })
    app.addHook('onSend', (request, reply, payload, next) => {
      const error = thrown.get(request)
      if (error === undefined) next()
      else next(null, reworded(reply, payload, error, json))
    })
    if (close) app.addHook('onClose', async () => void (await Promise.all(databases.map((each) => each.close()))))
  }
  return fp(register, { name: '@active-alchemy/fastify', fastify: '5.x' })
}

/** The databases of an application. */
const databasesOf = new WeakMap<object, Set<ActiveAlchemy>>()

/** A Fastify application, whatever its server, its logger and the types of its routes. @since 0.1 */
export interface Registrar {
  register(...parameters: never[]): unknown
}

/**
 * Registers the plugin for a database, once for each application; many databases and many applications go together.
 *
 * @returns The application.
 * @since 0.1
 * @example
 * const app = fastify()
 * initApp(app, db)
 */
export function initApp<App extends Registrar>(app: App, db: ActiveAlchemy, options: PluginOptions = {}): App {
  const databases = databasesOf.get(app) ?? new Set()
  databasesOf.set(app, databases)
  if (databases.has(db)) return app
  // Fastify types an application by its server and logger, and none of these types holds the others; the plugin serves them all.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  void (app as Registrar as FastifyInstance).register(plugin(db, options))
  databases.add(db)
  return app
}

function decorate(app: FastifyInstance, db: ActiveAlchemy, name: string | undefined): void {
  const key = name ?? 'alchemy'
  // An inner context may have a database of its own. In one context the first stays, and a name of something else is taken.
  if (!Object.hasOwn(app, key) || !isDatabase(Reflect.get(app, key))) app.decorate(key, db)
  const requestKey = name ?? 'db'
  if (app.hasRequestDecorator(requestKey)) return
  app.decorateRequest(requestKey, {
    getter(this: FastifyRequest) {
      const database: ActiveAlchemy = Reflect.get(this.server, key)
      const scope = scopeOf(this.raw)
      // The request's own, whatever context asks: callbacks of others may have lost it, or run in that of another request.
      return scope ? scope.run(() => database.session) : database.session
    },
  })
}

/** Errors of the database that Fastify is answering. */
const thrown = new WeakMap<FastifyRequest, Error>()

/** Fastify sends the message of every error; the application's own words it lets through, and so do we. */
function reworded(reply: FastifyReply, payload: unknown, error: Error, json: boolean): unknown {
  const problem = problemOf(error)
  if (!problem || !(json || isHidden(error)) || !isWordedByFastify(payload, error)) return payload
  reply.removeHeader('content-length')
  if (!json) return JSON.stringify({ ...plainWords(problem.status), ...(problem.code === undefined ? {} : { code: problem.code }) })
  reply.header('content-type', problemType)
  return JSON.stringify(problem)
}

function isWordedByFastify(payload: unknown, { message }: Error): boolean {
  if (typeof payload !== 'string') return false
  try {
    const words: unknown = JSON.parse(payload)
    return typeof words === 'object' && words !== null && 'message' in words && words.message === message
  } catch {
    return false
  }
}

function isDatabase(value: unknown): value is ActiveAlchemy {
  return typeof value === 'object' && value !== null && 'dataSource' in value
}

import { STATUS_CODES } from 'node:http'
import { type ActiveAlchemy, InvalidOptionError, type Session } from '@active-alchemy/core'
import { bindHttp, type BindOptions, checkBindOptions, noteError, scopeOf } from '@active-alchemy/core/http'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

/** How requests are bound to sessions, and under which names the application finds the database. */
export interface PluginOptions extends BindOptions {
  /** Decorates `app` and `request` with this name: for a second database. @default `app.alchemy` and `request.db` */
  readonly name?: string
  /** Closes the database with the application. @default false: it may serve others; true for the application given to `new ActiveAlchemy` */
  readonly close?: boolean
}

/** What a route decides for itself, in its `config`. */
export type RouteOptions = Pick<BindOptions, 'rollbackWhen'>

declare module 'fastify' {
  interface FastifyInstance {
    /** The database of this context: the first that was registered without a name. */
    readonly alchemy: ActiveAlchemy
  }
  interface FastifyRequest {
    /** The session of this request. */
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
 * Register it first: it serves the context that registers it, with all contexts registered in it later. One plugin serves
 * every database; a second one, also in an inner context, joins the first.
 *
 * @param parameters Databases, of which the first decorates the application, and last the options.
 * @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have.
 * @example
 * await app.register(plugin(db))
 */
export function plugin(...parameters: [...databases: ActiveAlchemy[], options: PluginOptions] | ActiveAlchemy[]): FastifyPluginCallback {
  const { name, close = false, ...rest } = optionsIn(parameters)
  if (name === '') throw new InvalidOptionError('name', 'a name that is not empty', name)
  const options = checkBindOptions(rest)
  const databases = parameters.filter((each): each is ActiveAlchemy => 'dataSource' in each)
  const register: FastifyPluginCallback = (app, _options, done) => {
    const [db] = databases
    if (db) decorate(app, db, name)
    app.addHook('onRequest', (request, reply, next) => {
      if (options.skip?.(request.raw)) {
        next()
        return
      }
      const route = request.routeOptions.config.alchemy
      bindHttp(request.raw, reply.raw, (error) => fail(reply, error), route ? { ...options, ...route } : options).run(() => next())
    })
    // Also what a handler of the application answers with success was an error.
    app.addHook('onError', (request, _reply, error, next) => {
      noteError(request.raw, error)
      next()
    })
    if (close) app.addHook('onClose', async () => void (await Promise.all(databases.map((each) => each.close()))))
    done()
  }
  return fp(register, { name: '@active-alchemy/fastify', fastify: '5.x' })
}

/** The databases of an application. */
const databasesOf = new WeakMap<object, Set<ActiveAlchemy>>()

/** What `initApp` needs of an application, whatever its server and logger. */
export interface Registrar {
  register(plugin: FastifyPluginCallback): unknown
}

/**
 * Registers the plugin for a database, once for each application; many databases and many applications go together.
 *
 * @returns The application.
 */
export function initApp<App extends Registrar>(app: App, db: ActiveAlchemy, options: PluginOptions = {}): App {
  const databases = databasesOf.get(app) ?? new Set()
  databasesOf.set(app, databases)
  if (!databases.has(db)) app.register(plugin(db, options))
  databases.add(db)
  return app
}

function decorate(app: FastifyInstance, db: ActiveAlchemy, name: string | undefined): void {
  const key = name ?? 'alchemy'
  const isOurs = name === undefined || Reflect.get(app, key) === db
  // An inner context may have a database of its own; in one context the first stays.
  if (Object.hasOwn(app, key) && isOurs) return
  app.decorate(key, db)
  // In the scope of the request, also where a callback of others has lost it.
  app.decorateRequest(name ?? 'db', {
    getter() {
      const scope = scopeOf(this.raw)
      return scope ? scope.run(() => db.session) : db.session
    },
  })
}

/** Headers of the dropped answer that Fastify keeps itself. */
const describesBody = /^(content-.*|etag|last-modified|cache-control|expires|location|accept-ranges|trailer|transfer-encoding)$/i

/** Answers in place of an answer whose commit failed. */
function fail(reply: FastifyReply, error: unknown): void {
  for (const name of Object.keys(reply.getHeaders())) if (describesBody.test(name)) reply.removeHeader(name)
  if (!reply.sent) {
    reply.send(error)
    return
  }
  // Hijacked: Fastify answers nothing any more.
  const body = JSON.stringify({ statusCode: 500, error: STATUS_CODES[500], message: STATUS_CODES[500] })
  reply.raw.writeHead(500, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length }).end(body)
}

function optionsIn(parameters: readonly object[]): PluginOptions {
  const last = parameters.at(-1)
  return last && !('dataSource' in last) ? last : {}
}

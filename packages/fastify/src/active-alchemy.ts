import { type ActiveAlchemyOptions, ActiveAlchemy as Core, Inspector, type InspectorOptions } from '@active-alchemy/core'
import { refuseUncalled } from '@active-alchemy/core/http'
import type { FastifyPluginAsync } from 'fastify'
import { initApp, plugin, type PluginOptions, type Registrar } from './plugin.js'

/** How a database is used; `app` is bound at once: it closes the database when it closes. @since 0.1 */
export type FastifyOptions = ActiveAlchemyOptions<Registrar>

/**
 * A database whose sessions are bound to the requests of Fastify.
 *
 * @since 0.1
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 * await app.register(db.plugin())
 */
export class ActiveAlchemy<Queries extends object = object, Key extends string = never> extends Core<Registrar, Queries, Key> {
  protected override bindApp(app: Registrar): void {
    this.initApp(app, { close: true })
  }

  /** Gives every request its own session. See `plugin`. */
  plugin(options: PluginOptions = {}): FastifyPluginAsync {
    refuseUncalled(options, 'app.register(db.plugin())')
    return plugin(this, options)
  }

  /**
   * A page for the time of development: open requests and transactions, the pool, the last requests with their statements, texts by the
   * time that they took, reports. See `Inspector`.
   *
   * @since 0.2
   * @example
   * await app.register(db.inspector()) // http://localhost:3000/_alchemy
   */
  inspector(options?: InspectorOptions): FastifyPluginAsync {
    const inspector = new Inspector(this, options)
    return async (app) => {
      app.get(inspector.path, ({ method, headers, raw: { socket } }, reply) => {
        // Its own path, whatever the prefix.
        const answer = inspector.answer({ url: inspector.path, method, headers, socket })
        if (!answer) return reply.callNotFound()
        return reply.code(answer.status).headers(answer.headers).send(answer.body)
      })
    }
  }

  /** Registers the plugin, once for each application. See `initApp`. */
  initApp(app: Registrar, options?: PluginOptions): this {
    initApp(app, this, options)
    return this
  }
}

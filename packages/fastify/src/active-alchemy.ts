import { type ActiveAlchemyOptions, ActiveAlchemy as Core } from '@active-alchemy/core'
import type { FastifyPluginAsync } from 'fastify'
import { initApp, plugin, type PluginOptions, type Registrar } from './plugin.js'

/** How a database is used, and by which application. */
export interface FastifyOptions extends ActiveAlchemyOptions {
  /** Application that gets the plugin at once, and closes the database when it closes. @default none */
  readonly app?: Registrar
}

/**
 * A database whose sessions are bound to the requests of Fastify.
 *
 * @example
 * const db = new ActiveAlchemy('sqlite:///shop.db')
 * await app.register(db.plugin())
 */
export class ActiveAlchemy extends Core {
  /** @param uri See `ActiveAlchemy` of `@active-alchemy/core`. */
  constructor()
  constructor(uri: string, options?: FastifyOptions)
  constructor(...parameters: [uri?: string, options?: FastifyOptions]) {
    const [uri, { app, ...options } = {}] = parameters
    // Without parameters it is the database in memory; an undefined URI must stay an error.
    super(...((parameters.length === 0 ? [] : [uri, options]) as [string, ActiveAlchemyOptions]))
    if (app) this.initApp(app, { close: true })
  }

  /** Gives every request its own session. See `plugin`. */
  plugin(options: PluginOptions = {}): FastifyPluginAsync {
    return plugin(this, options)
  }

  /** Registers the plugin, once for each application. See `initApp`. */
  initApp(app: Registrar, options?: PluginOptions): this {
    initApp(app, this, options)
    return this
  }
}

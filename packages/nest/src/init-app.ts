import type { ActiveAlchemy } from '@active-alchemy/core'
import type { INestApplication } from '@nestjs/common'
import { ApplicationConfig, ModulesContainer } from '@nestjs/core'
import { Binding, type NestBindOptions, readNestOptions } from './binding.js'
import { ErrorFilter } from './error-filter.js'
import { AlchemyGuard } from './guard.js'
import { prepareHandlers } from './handlers.js'
import { WitnessFilter } from './witness-filter.js'

/** The databases of applications that were bound without the module. */
const databasesOf = new WeakMap<INestApplication, Set<ActiveAlchemy>>()

/**
 * Binds an application from outside, once; many databases and many applications go together. `AlchemyModule` does the same, and
 * has more: injection, and the end of the database with that of the application.
 *
 * Call it right after `NestFactory.create()`: `app.use()` middleware that comes later finds the session, and filters that come
 * later are asked before it sees an error.
 *
 * @returns The application.
 * @since 0.1
 * @example
 * const app = await NestFactory.create(AppModule)
 * initApp(app, db)
 */
export function initApp<App extends INestApplication>(app: App, db: ActiveAlchemy, options: NestBindOptions = {}): App {
  const databases = databasesOf.get(app) ?? new Set()
  if (databases.size === 0) {
    databasesOf.set(app, databases)
    bind(app, readNestOptions(options))
  }
  databases.add(db)
  return app
}

function bind(app: INestApplication, options: NestBindOptions): void {
  const modules = app.get(ModulesContainer)
  const found = [...modules.values()].map(({ providers }) => providers.get(Binding)?.instance).find((each) => each instanceof Binding)
  const binding = found ?? new Binding()
  binding.configure(options)
  binding.mount(app.getHttpAdapter(), true)
  // The module has done the rest, or does it when the application starts.
  if (found) return
  prepareHandlers(modules, binding)
  if (binding.needsGuard) app.useGlobalGuards(new AlchemyGuard(binding))
  const config = app.get(ApplicationConfig)
  config.addGlobalFilter(new WitnessFilter())
  config.getGlobalFilters().unshift(new ErrorFilter(binding, app.getHttpAdapter()))
}

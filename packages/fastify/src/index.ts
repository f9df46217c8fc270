export * from '@active-alchemy/core'
export { ActiveAlchemy, type FastifyOptions } from './active-alchemy.js'
export { initApp, plugin, type PluginOptions, type Registrar, type RouteOptions } from './plugin.js'

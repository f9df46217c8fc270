export * from '@active-alchemy/core'
export { ActiveAlchemy, type FastifyOptions } from './active-alchemy.js'
export { initApp, plugin, type PluginOptions, type Registrar } from './plugin.js'
export type { RouteOptions } from '@active-alchemy/core/http'

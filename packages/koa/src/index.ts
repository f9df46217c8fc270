export * from '@active-alchemy/core'
export { ActiveAlchemy, type KoaOptions } from './active-alchemy.js'
export { initApp, middleware, type MiddlewareOptions, type Mountable } from './middleware.js'

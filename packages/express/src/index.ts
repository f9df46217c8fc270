export * from '@active-alchemy/core'
export { ActiveAlchemy, type ExpressOptions } from './active-alchemy.js'
export { errorHandler, initApp, middleware, type MiddlewareOptions } from './middleware.js'

export * from '@active-alchemy/core'
export { ActiveAlchemy, type ExpressOptions } from './active-alchemy.js'
export { errorHandler, type ErrorHandlerOptions } from './error-handler.js'
export { initApp, middleware, type MiddlewareOptions } from './middleware.js'

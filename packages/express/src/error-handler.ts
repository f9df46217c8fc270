import {
  flag,
  isHidden,
  noteError,
  problemOf,
  problemType,
  readOptions,
  refuseUncalled,
  scopeOf,
  sendText,
} from '@active-alchemy/core/http'
import type { Application, ErrorRequestHandler } from 'express'
import { routerOf } from './middleware.js'

/** How errors are answered. @since 0.2 */
export interface ErrorHandlerOptions {
  /**
   * Answers an error of the database that a client may see as `application/problem+json` (RFC 9457): `type`, `title`, `status`,
   * `detail`, `code`, `columns`. All other errors go on to the application's own handler. @default false: all of them do
   */
  readonly json?: boolean
}

/**
 * Rolls back requests in which something was thrown, even if the application answers them with success: an error page that
 * redirects. Mount it after the routes, before the application's own error handler, which goes on doing the answering.
 *
 * Where no other error handler comes after it, it answers the errors of the database that no client should see, since Express
 * would show their stack while developing: their status, its meaning, and nothing else; they are printed.
 *
 * @throws {InvalidOptionError} An option is unknown, or is no boolean.
 * @since 0.1
 * @example
 * app.use(errorHandler({ json: true }))
 */
export function errorHandler(options?: ErrorHandlerOptions): ErrorRequestHandler {
  refuseUncalled(options, 'app.use(db.errorHandler())')
  const { json = false } = readOptions({ json: flag }, options, 'errorHandler()')
  const handler: ErrorRequestHandler = (error: unknown, req, res, next) => {
    noteError(req, error)
    const proceed = (): void => {
      const problem = res.headersSent ? undefined : problemOf(error)
      const isNobodyElses = problem !== undefined && isHidden(error) && isLast(handler, req.app)
      if (isNobodyElses && req.app.get('env') !== 'test') console.error(error)
      if (problem && json && (isNobodyElses || !isHidden(error))) sendText(res, problem.status, problemType, JSON.stringify(problem))
      else if (problem && isNobodyElses) sendText(res, problem.status, 'text/plain; charset=utf-8', problem.title)
      else next(error)
    }
    // Thrown behind an answer: Express ends the socket, and must not before the answer that is held has left.
    const settled = res.headersSent ? scopeOf(req)?.settled : undefined
    if (settled) settled.then(proceed, proceed)
    else proceed()
  }
  return handler
}

/** Whether nobody else answers what it hands on; a sub-application hands on to the one that it is mounted in. */
function isLast(handler: ErrorRequestHandler, app: Application & { readonly parent?: Application }): boolean {
  if (app.parent) return false
  const { stack } = routerOf(app)
  const place = stack.findIndex((layer) => layer.handle === handler)
  return place >= 0 && !stack.slice(place + 1).some(({ handle }) => handle.length === 4)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '../scope/scope.js'
import type { BindOptions } from './bind-options.js'
import { describesBody, holdResponse } from './hold-response.js'
import { RequestScope, requestScopeOf } from './request-scope.js'

/**
 * Gives a request its scope, and holds its answer until the scope has settled.
 *
 * A request that has a scope already keeps it: mounting twice, in sub-applications or for several databases is one scope.
 *
 * @param fail The framework's way for errors; it gets that of a failed commit.
 * @param carrier What knows the route: the request of the framework, or its context.
 * @returns The scope, to run the rest of the request in.
 * @since 0.1
 */
export function bindHttp(
  req: IncomingMessage,
  res: ServerResponse,
  fail: (error: unknown) => void,
  options: BindOptions = {},
  carrier: object = req,
): Scope {
  const bound = requestScopeOf(req)
  if (bound) {
    if (options.rollbackWhen) bound.rollbackWhen = options.rollbackWhen
    if (options.isolation) bound.isolate(options.isolation)
    if (carrier !== req) bound.carrier = carrier
    return bound
  }
  const scope = new RequestScope(req, res, fail, options, carrier)
  holdResponse(res, scope)
  if (announcesBody(req)) runEventsIn(scope, req)
  return scope
}

/** The scope of a request, if it has one. @since 0.1 */
export function scopeOf(req: IncomingMessage): Scope | undefined {
  return requestScopeOf(req)
}

/**
 * Tells that something was thrown: the request rolls back, even if the application answers success.
 *
 * @param owner The request, or its scope where no more is known.
 * @since 0.1
 */
export function noteError(owner: IncomingMessage | Scope, error: unknown): void {
  requestScopeOf(owner)?.noteError(error)
}

/**
 * Commits before the framework sends its answer, so that a commit that fails can still be thrown where the application handles
 * errors. An answer that rolls back is left to the held response: it cannot fail, and its status may still change.
 *
 * @returns What to wait for; `undefined` when there is nothing. A rejection leaves the response without the head of the answer
 *   that was to be.
 * @since 0.1
 */
export function settleHttp(req: IncomingMessage, res: ServerResponse): Promise<void> | undefined {
  const scope = requestScopeOf(req)
  return scope?.commitAs(res.statusCode)?.catch((error: unknown) => {
    scope.hasThrown = true
    for (const name of res.getHeaderNames()) if (describesBody.test(name)) res.removeHeader(name)
    throw error
  })
}

function announcesBody({ headers, httpVersionMajor, method }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  if (headers['content-length'] !== undefined) return headers['content-length'] !== '0'
  return httpVersionMajor >= 2 && method !== 'GET' && method !== 'HEAD'
}

/** Events of a body run in the context of the socket, which may be that of another request. */
function runEventsIn(scope: Scope, req: IncomingMessage): void {
  const emit = req.emit.bind(req)
  const emitInScope = (...parameters: Parameters<typeof emit>): boolean => scope.run(() => emit(...parameters))
  Reflect.set(req, 'emit', emitInScope)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { InvalidOptionError } from '../errors.js'
import type { Reporter } from '../scope/report.js'
import { type Outcome, Scope } from '../scope/scope.js'
import { holdResponse } from './hold-response.js'

/** What `rollbackWhen` is asked about. */
export interface Answer {
  /** HTTP status that is about to leave. */
  readonly status: number
  readonly req: IncomingMessage
  /** What was thrown, if the framework told. */
  readonly error?: unknown
}

/** How requests are bound to sessions; the same in every adapter. */
export interface BindOptions {
  /** Whether an answer rolls back what its request wrote. @default status >= 400, or an error that became a success */
  readonly rollbackWhen?: (answer: Answer) => boolean
  /** Whether a request gets no scope at all. @default none is left out; one that uses no database costs nothing */
  readonly skip?: (req: IncomingMessage) => boolean
  /** Receives what an answer cannot tell. @default prints it */
  readonly report?: Reporter
}

/** One request and its answer. */
interface Exchange {
  readonly scope: Scope
  rollbackWhen: (answer: Answer) => boolean
  hasError: boolean
  error: unknown
}

/** On the raw request, so that every mount, framework and copy of this package finds the one exchange. */
const exchangeKey = Symbol.for('active-alchemy.exchange.v1')

const rollsBack = ({ status, error }: Answer): boolean => status >= 400 || error !== undefined

/** @throws {InvalidOptionError} An option is unknown, or is no function. */
export function checkBindOptions(options: BindOptions): BindOptions {
  for (const [name, value] of Object.entries(options)) {
    if (!['rollbackWhen', 'skip', 'report'].includes(name)) throw new InvalidOptionError(name, 'rollbackWhen, skip or report', 'unknown')
    if (value !== undefined && typeof value !== 'function') throw new InvalidOptionError(name, 'a function', value)
  }
  return options
}

/**
 * Gives a request its scope, and holds its answer until the scope has settled.
 *
 * A request that has a scope already keeps it: mounting twice, in sub-applications or for several databases is one scope.
 *
 * @param fail The framework's way for errors; it gets that of a failed commit.
 * @returns The scope, to run the rest of the request in.
 */
export function bindHttp(req: IncomingMessage, res: ServerResponse, fail: (error: unknown) => void, options: BindOptions = {}): Scope {
  const bound = exchangeOf(req)
  if (bound) {
    if (options.rollbackWhen) bound.rollbackWhen = options.rollbackWhen
    return bound.scope
  }
  const scope = new Scope({ label: labelOf(req), report: options.report })
  const exchange: Exchange = { scope, rollbackWhen: options.rollbackWhen ?? rollsBack, hasError: false, error: undefined }
  Reflect.set(req, exchangeKey, exchange)
  holdResponse(res, { before: (status) => scope.settle(outcomeOf(exchange, status, req)), fail })
  const abort = (): void => {
    void scope.settle({ commit: false, reason: 'abort' })
  }
  res.once('close', abort)
  // Who left before we listened sends no 'close' any more.
  if (res.closed || res.destroyed) abort()
  if (announcesBody(req)) runEventsIn(scope, req)
  return scope
}

/** The scope of a request, if it has one. */
export function scopeOf(req: IncomingMessage): Scope | undefined {
  return exchangeOf(req)?.scope
}

/** Tells that something was thrown: the request rolls back, even if the application answers success. */
export function noteError(req: IncomingMessage, error: unknown): void {
  const exchange = exchangeOf(req)
  if (!exchange) return
  exchange.hasError = true
  exchange.error ??= error ?? new Error('An error without a value was thrown')
}

function exchangeOf(req: IncomingMessage): Exchange | undefined {
  return Reflect.get(req, exchangeKey) as Exchange | undefined
}

function outcomeOf(exchange: Exchange, status: number, req: IncomingMessage): Outcome {
  const { error, hasError, rollbackWhen } = exchange
  if (!rollbackWhen({ status, req, ...(hasError ? { error } : {}) })) return { commit: true }
  return hasError ? { commit: false, reason: 'error', status, error } : { commit: false, reason: 'veto', status }
}

function labelOf({ method = 'GET', url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return `${method} ${query < 0 ? url : url.slice(0, query)}`
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

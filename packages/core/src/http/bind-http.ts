import type { IncomingMessage, ServerResponse } from 'node:http'
import { InvalidOptionError } from '../errors.js'
import type { Reporter } from '../scope/report.js'
import { type Outcome, Scope } from '../scope/scope.js'
import { describesBody, holdResponse } from './hold-response.js'

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
  /** Whether a failed commit was thrown, so that the application is answering it. */
  hasThrown: boolean
}

/** On the raw request and on its scope, so that every mount, framework and copy of this package finds the one exchange. */
const exchangeKey = Symbol.for('active-alchemy.exchange.v1')
type Bound = object & { [exchangeKey]?: Exchange }

const rollsBack = ({ status, error }: Answer): boolean => status >= 400 || error !== undefined

/** The options that stand last, after databases; none where there are only databases. */
export function optionsIn<Options extends BindOptions>(
  parameters: readonly (Options | { readonly dataSource: unknown })[],
): Partial<Options> {
  const last = parameters.at(-1)
  return last && !('dataSource' in last) ? last : {}
}

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
  const rollbackWhen = options.rollbackWhen ?? rollsBack
  const exchange: Exchange = { scope, rollbackWhen, hasError: false, error: undefined, hasThrown: false }
  const owners: readonly Bound[] = [req, scope]
  for (const owner of owners) owner[exchangeKey] = exchange
  const before = (status: number): Promise<void> | undefined =>
    exchange.hasThrown ? refuseSuccess(status, scope) : settleAs(exchange, status, req)
  holdResponse(res, { before, fail })
  const abort = (): void => {
    void scope.settle({ commit: false, reason: 'abort' })
  }
  res.on('close', abort)
  // Who left before we listened sends no 'close' any more.
  if (hasClosed(res)) abort()
  if (announcesBody(req)) runEventsIn(scope, req)
  return scope
}

/** The scope of a request, if it has one. */
export function scopeOf(req: IncomingMessage): Scope | undefined {
  return exchangeOf(req)?.scope
}

/**
 * Tells that something was thrown: the request rolls back, even if the application answers success.
 *
 * @param owner The request, or its scope where no more is known.
 */
export function noteError(owner: IncomingMessage | Scope, error: unknown): void {
  const exchange = exchangeOf(owner)
  if (!exchange) return
  exchange.hasError = true
  exchange.error ??= error ?? new Error('An error without a value was thrown')
}

/**
 * Commits before the framework sends its answer, so that a commit that fails can still be thrown where the application handles
 * errors. An answer that rolls back is left to the held response: it cannot fail, and its status may still change.
 *
 * @returns What to wait for; `undefined` when there is nothing. A rejection leaves the response without the head of the answer
 *   that was to be.
 */
export function settleHttp(req: IncomingMessage, res: ServerResponse): Promise<void> | undefined {
  const exchange = exchangeOf(req)
  if (!exchange) return undefined
  return settleAs(exchange, res.statusCode, req, 'commit only')?.catch((error: unknown) => {
    exchange.hasThrown = true
    for (const name of res.getHeaderNames()) if (describesBody.test(name)) res.removeHeader(name)
    throw error
  })
}

function settleAs(exchange: Exchange, status: number, req: IncomingMessage, which?: 'commit only'): Promise<void> | undefined {
  const { scope } = exchange
  let outcome: Outcome
  try {
    outcome = outcomeOf(exchange, status, req)
  } catch (error) {
    // A rollbackWhen that throws is answered like a commit that fails.
    return rolledBack(scope, error)
  }
  return outcome.commit || which === undefined ? scope.settle(outcome) : undefined
}

async function rolledBack(scope: Scope, error: unknown): Promise<void> {
  await scope.settle({ commit: false, reason: 'error', error })
  throw error
}

/** The application's answer to a failed commit leaves, unless it says success. */
function refuseSuccess(status: number, { label }: Scope): Promise<void> | undefined {
  if (status >= 400) return undefined
  return Promise.reject(new Error(`${label} was answered ${status} although its commit had failed. Answer what was thrown with an error.`))
}

/** An answer of HTTP/2 does not say it itself, its stream does. */
function hasClosed(res: ServerResponse & { readonly stream?: { readonly destroyed: boolean } }): boolean {
  return res.closed || res.destroyed || res.stream?.destroyed === true
}

function exchangeOf(owner: Bound): Exchange | undefined {
  return owner[exchangeKey]
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

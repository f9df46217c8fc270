import type { IncomingMessage } from 'node:http'
import { InvalidOptionError } from '../errors.js'
import { callback, type IsolationLevel, isolationLevel, type Option, type Options, oneWordOf, readOptions } from '../options.js'
import type { Reporter } from '../scope/report.js'

/** What `rollbackWhen` is asked about. @since 0.1 */
export interface Answer {
  /** HTTP status that is about to leave. */
  readonly status: number
  readonly req: IncomingMessage
  /** What was thrown, if the framework told. */
  readonly error?: unknown
}

/** How requests are bound to sessions; the same in every adapter. @since 0.1 */
export interface BindOptions {
  /** Whether an answer rolls back what its request wrote; decided at once, not by a promise. @default status >= 400, or an error that became a success */
  readonly rollbackWhen?: ((answer: Answer) => boolean) | undefined
  /** Whether a request gets no scope at all; decided at once, not by a promise. @default none is left out; one that uses no database costs next to nothing */
  readonly skip?: ((req: IncomingMessage) => boolean) | undefined
  /** Receives what an answer cannot tell. @default prints it */
  readonly report?: Reporter | undefined
  /**
   * Isolation level of the transactions of a request; a stricter one begins with the first read. @default that of each database,
   * `'READ COMMITTED'` where it knows levels
   */
  readonly isolation?: IsolationLevel | undefined
  /**
   * `'observe'` binds nothing and changes nothing: it reports for each route what a binding would have caught (`early-success`,
   * `undone-write`, `late-statement`, `unreleased-runner`, `idle-in-transaction`, `second-connection`). @default 'bind'
   */
  readonly mode?: 'bind' | 'observe' | undefined
  /**
   * Whether an answer tells in a header `Server-Timing` how long its request has waited for the database: `pool` for connections, `db`
   * for statements, with their number, and `commit` or `rollback` for the end of it; a function decides at once, for each request, not
   * by a promise. Times and numbers tell an outsider what a request does, whether an account exists for one: in production, say it for
   * whom you trust. Nothing is told where `mode` is `'observe'`.
   *
   * @default false
   * @since 0.2
   */
  readonly serverTiming?: boolean | ((req: IncomingMessage) => boolean) | undefined
}

const bindOptions = {
  skip: callback<NonNullable<BindOptions['skip']>>(),
  rollbackWhen: callback<NonNullable<BindOptions['rollbackWhen']>>(),
  report: callback<NonNullable<BindOptions['report']>>(),
  isolation: isolationLevel,
  mode: oneWordOf('bind', 'observe'),
  serverTiming: flagOrCallback<Exclude<BindOptions['serverTiming'], boolean | undefined>>(),
} satisfies Options

/** An option that is on or off, or decided for each request. */
function flagOrCallback<Callback extends (...parameters: never[]) => unknown>(): Option<boolean | Callback> {
  return {
    takes: 'true, false or a function',
    accepts: (value): value is boolean | Callback => typeof value === 'boolean' || typeof value === 'function',
  }
}

/** Options that were read: each is there, and `undefined` where it was not given. */
type Read<Known extends Options> = { readonly [Name in keyof Known]: Known[Name] extends Option<infer T> ? T | undefined : never }

/**
 * Reads the options of a binding.
 *
 * @param call How it is written where it is mounted, for messages: `app.use(db.middleware())`.
 * @param own What this adapter takes besides.
 * @throws {InvalidOptionError} An option is unknown or has a value that it cannot have, or the call itself was mounted instead of
 *   what it gives.
 * @since 0.2
 */
export function readBindOptions<const Own extends Options = Readonly<Record<never, never>>>(
  given: unknown,
  call: string,
  own?: Own,
): Read<typeof bindOptions & Own> {
  refuseUncalled(given, call)
  const known = { ...bindOptions, ...own }
  // Every request reads them: own properties all, in one shape.
  const absent = Object.fromEntries(Object.keys(known).map((name) => [name, undefined]))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the absent ones are undefined
  return { ...absent, ...readOptions(known, given) } as Read<typeof bindOptions & Own>
}

/** What a route may decide for itself. @since 0.2 */
export type RouteOptions = Pick<BindOptions, 'rollbackWhen' | 'isolation'>

/**
 * Reads what a route decides for itself.
 *
 * @param what How it is called where it is written, for messages: `config.alchemy`.
 * @returns What was given, and nothing else: it overrules the options of the binding name by name.
 * @throws {InvalidOptionError} An option is unknown or has a value that it cannot have.
 * @since 0.2
 */
export function readRouteOptions(given: unknown, what: string): RouteOptions {
  const { rollbackWhen, isolation } = bindOptions
  return readOptions({ rollbackWhen, isolation }, given, what)
}

/**
 * Looks whether options are what a framework calls its middleware and plugins with: the function that makes one was mounted then.
 *
 * @param call How it is written: `app.use(db.middleware())`.
 * @throws {InvalidOptionError} They are.
 * @since 0.2
 */
export function refuseUncalled(given: unknown, call: string): void {
  const isObject = typeof given === 'object' && given !== null
  if (typeof given === 'function' || (isObject && ['req', 'headers', 'addHook'].some((name) => name in given)))
    throw new InvalidOptionError(`What makes it was mounted in its place, without a call. Write ${call}.`)
}

/** Databases and, last, options, as the free functions take them; `undefined` where there are no options. @since 0.1 */
export function optionsIn(parameters: readonly unknown[]): unknown {
  const last = parameters.at(-1)
  return typeof last === 'object' && last !== null && 'dataSource' in last ? undefined : last
}

/**
 * Whether the application leaves this request out.
 *
 * @throws {InvalidOptionError} `skip` gave a promise, which every `if` takes for true.
 * @since 0.2
 */
export function isSkipped({ skip }: BindOptions, req: IncomingMessage): boolean {
  return skip !== undefined && decided('skip', skip(req))
}

/**
 * Whether the answer to this request tells its times.
 *
 * @throws {InvalidOptionError} `serverTiming` gave a promise, which every `if` takes for true.
 * @since 0.2
 */
export function tellsTimes({ serverTiming = false }: BindOptions, req: IncomingMessage): boolean {
  return typeof serverTiming === 'boolean' ? serverTiming : decided('serverTiming', serverTiming(req))
}

/** @throws {InvalidOptionError} A promise was given, which every `if` takes for true. */
export function decided(option: 'rollbackWhen' | 'skip' | 'serverTiming', decision: unknown): boolean {
  if (typeof decision === 'object' && decision !== null && 'then' in decision) {
    // Nobody awaits it, and it must not end the process.
    Promise.resolve(decision).catch(() => undefined)
    throw new InvalidOptionError(option, 'a function that returns true or false at once, without a promise', decision)
  }
  return Boolean(decision)
}

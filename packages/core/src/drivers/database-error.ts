import { inspect, type InspectOptions } from 'node:util'
import { QueryFailedError } from 'typeorm'
import type * as errors from '../errors.js'
import { errorBrand, type ErrorCode, errorJson, helpOf, printed } from '../errors.js'

/** Why a database refused a statement, in words that mean the same on every database. */
export type DatabaseFailure =
  | { readonly kind: 'unique'; readonly columns: readonly string[] }
  | { readonly kind: 'not-null'; readonly columns: readonly string[] }
  | { readonly kind: 'foreign-key' | 'check' | 'value' | 'deadlock' | 'serialization' | 'lock-timeout' | 'no-table' }

/**
 * A refusal of the database that the library understands: still TypeORM's `QueryFailedError`, with a `code` and the HTTP
 * status that answers it.
 *
 * Its message names columns, never values; the driver's error is `driverError`, which neither JSON nor `inspect` shows.
 *
 * @since 0.1
 * @example
 * try {
 *   await User.create({ name: 'Bob', email: 'ada@example.org' })
 * } catch (error) {
 *   if (error instanceof UniqueError) console.log(error.columns)  // [ 'email' ]
 * }
 */
export abstract class DatabaseError extends QueryFailedError {
  abstract readonly code: ErrorCode
  /** HTTP status of an answer that lets it through. */
  readonly status: number
  /** The same as `status`, for the frameworks that read this name. */
  readonly statusCode: number
  /** Whether the message may reach the client. */
  readonly expose: boolean

  /** @internal */
  get [errorBrand](): true {
    return true
  }

  /** Where the documentation tells of it: what has happened, and what to do. Printed with it, and never sent. @since 0.2 */
  get help(): string {
    return helpOf(this.code)
  }

  constructor(origin: QueryFailedError, message: string, status: number) {
    super(origin.query, origin.parameters, origin.driverError)
    reword(this, message)
    this.status = status
    this.statusCode = status
    this.expose = status < 500
    hideSecrets(this)
  }

  /** What `JSON.stringify` writes: the facts, and the message where a client may see it; never a statement. */
  toJSON(): Record<string, unknown> {
    return errorJson(this)
  }

  /** As Node.js prints an error, with its page. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return printed(this, depth, options)
  }
}

/** A row with the same unique columns exists. Status 409. @since 0.1 */
export class UniqueError extends DatabaseError {
  readonly code = 'UNIQUE'
  /** The columns that must be unique together, as the database names them. */
  readonly columns: readonly string[]

  constructor(origin: QueryFailedError, columns: readonly string[]) {
    super(origin, `A row with the same ${listed(columns)} exists. Choose another value.`, 409)
    this.columns = columns
  }
}

/** A row refers to one that does not exist, or is referred to. Status 409. @since 0.1 */
export class ForeignKeyError extends DatabaseError {
  readonly code = 'FOREIGN_KEY'
  constructor(
    origin: QueryFailedError,
    message = 'A row refers to a record that does not exist, or is still referred to. Save or delete that one first.',
  ) {
    super(origin, message, 409)
  }
}

/** A required column got no value. Status 422. @since 0.1 */
export class NotNullError extends DatabaseError {
  readonly code = 'NOT_NULL'
  /** The columns without a value, as the database names them. */
  readonly columns: readonly string[]

  constructor(origin: QueryFailedError, columns: readonly string[]) {
    super(origin, `${listed(columns)} must not be null. Give a value.`, 422)
    this.columns = columns
  }
}

/** A value breaks a CHECK constraint. Status 422. @since 0.1 */
export class CheckError extends DatabaseError {
  readonly code = 'CHECK'
  constructor(origin: QueryFailedError) {
    super(origin, 'A value breaks a check constraint of the table. Give one that the constraint allows.', 422)
  }
}

/** A value is out of range, too long, or of another form than its column. Status 422. @since 0.2 */
export class ValueError extends DatabaseError {
  readonly code = 'INVALID_VALUE'
  constructor(origin: QueryFailedError) {
    super(origin, 'A value does not fit its column: it is out of range, too long, or of another form. Give one that fits.', 422)
  }
}

/** Two transactions waited for each other, and this one was rolled back. Status 503. @since 0.1 */
export class DeadlockError extends DatabaseError {
  readonly code = 'DEADLOCK'
  constructor(origin: QueryFailedError) {
    super(origin, 'The transaction was rolled back to end a deadlock. Run it again, or use db.transaction(fn, { retries }).', 503)
  }
}

/** A concurrent transaction changed what this one had read. Status 503. @since 0.1 */
export class SerializationError extends DatabaseError {
  readonly code = 'SERIALIZATION'
  constructor(origin: QueryFailedError) {
    super(origin, 'A concurrent transaction changed what this one had read. Run it again, or use db.transaction(fn, { retries }).', 503)
  }
}

/** A lock was not free in time. Status 503. @since 0.1 */
export class LockTimeoutError extends DatabaseError {
  readonly code = 'LOCK_TIMEOUT'
  constructor(origin: QueryFailedError) {
    super(origin, 'A lock was not free in time. Run the transaction again, and keep transactions short.', 503)
  }
}

/** The classes of `errors.ts` that have a code of their own. */
type Coded<Class> = Class extends abstract new (
  ...parameters: never[]
) => { readonly code: infer Code } & infer Instance
  ? ErrorCode extends Code
    ? never
    : Instance
  : never

/** Every error of this library, told apart by its `code`. @since 0.2 */
export type AlchemyError =
  | Coded<(typeof errors)[keyof typeof errors]>
  | UniqueError
  | ForeignKeyError
  | NotNullError
  | CheckError
  | DeadlockError
  | SerializationError
  | LockTimeoutError

/**
 * Whether an error is one of this library, whatever its class extends, and from whichever copy of the package it comes.
 *
 * @since 0.2
 * @example
 * import type { ErrorRequestHandler } from 'express'
 *
 * const answer: ErrorRequestHandler = (error, req, res, next) => {
 *   if (!isAlchemyError(error) || !error.expose) return next(error)
 *   res.status(error.status ?? 500).json({ code: error.code, message: error.message })
 * }
 * app.use(answer)
 */
export function isAlchemyError(error: unknown): error is AlchemyError {
  return typeof error === 'object' && error !== null && errorBrand in error
}

/**
 * Turns what TypeORM threw into the error that names the reason.
 *
 * @param withoutValues Takes the values of the statement out of the database's words.
 * @returns One of the classes above, or `origin` itself, without its secrets, when the reason is none of them.
 */
export function databaseError(
  origin: QueryFailedError,
  failure: DatabaseFailure | undefined,
  withoutValues: (message: string) => string = (message) => message,
): QueryFailedError {
  const { driverError, parameters } = origin
  const wording = (message: string): string => withoutParameters(withoutValues(message), Object.values(parameters ?? {}))
  hideSecrets(origin)
  if (driverError) clean(driverError, wording)
  reword(origin, wording(origin.message))
  switch (failure?.kind) {
    case 'unique':
      return new UniqueError(origin, failure.columns)
    case 'not-null':
      return new NotNullError(origin, failure.columns)
    case 'foreign-key':
      return new ForeignKeyError(origin)
    case 'check':
      return new CheckError(origin)
    case 'value':
      return new ValueError(origin)
    case 'deadlock':
      return new DeadlockError(origin)
    case 'serialization':
      return new SerializationError(origin)
    case 'lock-timeout':
      return new LockTimeoutError(origin)
    case 'no-table':
      reword(origin, `${origin.message}. Make the tables by db.createAll() or db.migrate().`)
      return origin
    case undefined:
      return origin
  }
}

/** Changes the message of an error, also in its stack, which has it from the beginning. */
function reword(error: Error, message: string): void {
  const { message: before, stack } = error
  if (message === before) return
  error.message = message
  if (stack !== undefined) error.stack = stack.replace(before, () => message)
}

/** What is kept of a driver's error: names and numbers. Whatever else it has may quote a row, and loggers read a cause by its name. */
const keptOfCause =
  /^(?:name|message|stack|code|errno|syscall|fatal|sqlState|severity|routine|position|schema|table|column|constraint|dataType)$/

/** Takes what may quote a row out of a driver's error. */
function clean(cause: Error, wording: (message: string) => string): void {
  reword(cause, wording(cause.message))
  for (const key of Object.getOwnPropertyNames(cause)) if (!keptOfCause.test(key)) Reflect.deleteProperty(cause, key)
}

/** The shortest value that is hidden where it stands without quotes: shorter ones are words of every message. */
const tellingLength = 6

/** A net below the databases' own patterns: what was bound is a value, wherever a message has it. */
function withoutParameters(message: string, parameters: readonly unknown[]): string {
  let text = message
  for (const value of parameters.flat()) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') continue
    const shown = String(value)
    if (shown === '' || !text.includes(shown)) continue
    for (const [open, close] of ["''", '""', '``', '()', '«»', '„“', '“”'])
      text = text.replaceAll(`${open}${shown}${close}`, `${open}…${close}`)
    if (shown.length >= tellingLength) text = text.replaceAll(shown, '…')
  }
  return text
}

/** Statement, parameters and the driver's error stay readable by name, but no logger prints them; what TypeORM copied goes. */
function hideSecrets(error: QueryFailedError): void {
  const { driverError, parameters, query } = error
  for (const key of Object.keys(error)) {
    if (key in (driverError ?? {}) && key !== 'code') Reflect.deleteProperty(error, key)
  }
  Object.defineProperty(error, 'driverError', { value: driverError, enumerable: false, configurable: true })
  Object.defineProperty(error, 'query', { value: query, enumerable: false, configurable: true })
  Object.defineProperty(error, 'parameters', { value: parameters, enumerable: false, configurable: true })
  Object.defineProperty(error, 'cause', { value: driverError, enumerable: false, configurable: true })
}

function listed(columns: readonly string[]): string {
  return columns.length > 0 ? columns.join(', ') : 'value'
}

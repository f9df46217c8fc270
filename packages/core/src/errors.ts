import { inspect, type InspectOptions } from 'node:util'
import { nearest } from './nearest.js'
import { briefly, keyText, kindOf, shown } from './wording.js'

/** Every `code` that an error of this library can carry. @since 0.1 */
export type ErrorCode =
  | 'ALREADY_CONFIGURED'
  | 'CHECK'
  | 'COMMIT_FAILED'
  | 'COMMIT_UNKNOWN'
  | 'CONFLICT'
  | 'CONNECTION_FAILED'
  | 'CONNECTION_LOST'
  | 'DATABASE_CLOSED'
  | 'DDL_IN_SCOPE'
  | 'DEADLOCK'
  | 'DECRYPTION_FAILED'
  | 'FOREIGN_KEY'
  | 'FOREIGN_RECORD'
  | 'FOREIGN_SESSION'
  | 'INVALID_CURSOR'
  | 'INVALID_FILTER'
  | 'INVALID_IDENTIFIER'
  | 'INVALID_OPTION'
  | 'INVALID_PAGE'
  | 'INVALID_STATEMENT'
  | 'INVALID_URI'
  | 'INVALID_VALUE'
  | 'LOCK_TIMEOUT'
  | 'MISSING_DRIVER'
  | 'MISSING_PACKAGE'
  | 'MODEL_DEFINITION'
  | 'MULTIPLE_RECORDS'
  | 'NESTED_SCOPE'
  | 'NESTED_TRANSACTION_TIMEOUT'
  | 'NOT_NULL'
  | 'NO_SCOPE'
  | 'POOL_TIMEOUT'
  | 'PRECONDITION_FAILED'
  | 'PROTECTED_COLUMN'
  | 'RECORD_NOT_FOUND'
  | 'ROLLED_BACK'
  | 'SANDBOX'
  | 'SCOPE_CLOSED'
  | 'SERIALIZATION'
  | 'SESSION_FAILED'
  | 'STALE_RECORD'
  | 'TRANSACTION_CONTROL'
  | 'TRANSACTION_ENDED'
  | 'TRANSACTION_OPEN'
  | 'TRANSACTION_TIMEOUT'
  | 'UNIQUE'
  | 'UNKNOWN_COLUMN'
  | 'UNSUPPORTED'
  | 'WRITE_IGNORED'

/**
 * Whether something that was thrown is an error, of whatever realm: jest runs each file of tests in one of its own, where what Node and
 * native modules throw is no `instanceof Error`.
 *
 * @internal
 */
export function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true
  const { message, stack }: Partial<Record<string, unknown>> = Object(thrown)
  return typeof message === 'string' && typeof stack === 'string'
}

/** Where the documentation tells of the errors with a code: what has happened, and what to do. */
export function helpOf(code: ErrorCode): string {
  return `docs/reference/errors.md#${code}`
}

/** What every error of this library carries, also one of another copy of the package. */
export const errorBrand: unique symbol = Symbol.for('active-alchemy.error.v1')

/**
 * What every error of this library is, but for those that came from the database (they are TypeORM's `QueryFailedError`).
 *
 * The message states the fact with its value, then the remedy. `cause` never shows in JSON, since it may hold row values.
 *
 * @since 0.1
 * @example
 * try {
 *   await User.getOrError(1234)
 * } catch (error) {
 *   if (error instanceof ActiveAlchemyError) console.log(error.code)  // RECORD_NOT_FOUND
 * }
 */
export abstract class ActiveAlchemyError extends Error {
  /** Names the kind of error; it stays the same when the wording changes. */
  abstract readonly code: ErrorCode
  /** HTTP status of an answer that lets it through; an error for the programmer has none. */
  declare readonly status?: number
  /** The same as `status`, for the frameworks that read this name. */
  declare readonly statusCode?: number
  /** Whether the message may reach the client. */
  declare readonly expose?: boolean

  /** @internal */
  get [errorBrand](): true {
    return true
  }

  /** Where the documentation tells of it: what has happened, and what to do. Printed with it, and never sent. @since 0.2 */
  get help(): string {
    return helpOf(this.code)
  }

  constructor(message: string, cause?: unknown) {
    super(message)
    this.name = new.target.name
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, enumerable: false, configurable: true })
  }

  /** What `JSON.stringify` writes: the facts, and the message where a client may see it. */
  toJSON(): Record<string, unknown> {
    return errorJson(this)
  }

  /** As Node.js prints an error, but of a cause that is a driver's only its name and code: the rest may quote a row. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return printed(
      this,
      depth,
      options,
      this.cause === undefined ? {} : { cause: isVetted(this.cause) ? this.cause : new Origin(this.cause) },
    )
  }
}

/** An error as Node.js prints it, with its page. */
export function printed(error: Error & { readonly help: string }, depth: number, options: InspectOptions, more: object = {}): string {
  const { name, stack = '', help, ...facts } = error
  if (depth < 0) return `[${name}]`
  const page = stack.includes(help) ? {} : { help }
  return `${stack} ${inspect({ ...facts, ...more, ...page }, options)}`
}

/** Lets the stack of an error that no client sees end with its page: most loggers print the stack alone. */
export function tellPage(error: unknown): void {
  if (!(error instanceof Error) || !(errorBrand in error) || !('help' in error) || ('expose' in error && error.expose === true)) return
  const { stack = '', help } = error
  // One that is frozen keeps its own.
  if (!stack.includes(String(help))) Reflect.set(error, 'stack', `${stack}\n    See ${String(help)}`)
}

/** The facts of an error as JSON can say them: never its stack, its cause, a statement or a value. */
export function errorJson(error: Error & { readonly code: ErrorCode; readonly expose?: boolean }): Record<string, unknown> {
  const { name, message, expose } = error
  return { ...Object.fromEntries(Object.entries(error)), name, ...(expose ? { message } : {}) }
}

/** An error that knows the HTTP status of its answer, in the shape that Express, Koa, Fastify and Nest all read. @since 0.1 */
export abstract class AnsweredError extends ActiveAlchemyError {
  override readonly status: number
  override readonly statusCode: number
  override readonly expose: boolean

  constructor(status: number, message: string, cause?: unknown) {
    super(message, cause)
    this.status = status
    this.statusCode = status
    this.expose = status < 500
  }
}

// -------------------------------------------------------------------------------------------- for the programmer

/** A database URI cannot be read. @since 0.1 */
export class InvalidUriError extends ActiveAlchemyError {
  readonly code = 'INVALID_URI'
  readonly #reason: string
  constructor(reason: string) {
    super(
      `The database URI cannot be used: ${reason}. Write sqlite:///file.db, postgresql://user:password@host/name or mysql://user:password@host/name.`,
    )
    this.#reason = reason
  }

  /** @internal The same, which says whose URI it is. */
  of(whose: string): InvalidUriError {
    return new InvalidUriError(`${whose}: ${this.#reason}`)
  }
}

/** The package that talks to the database is not installed. @since 0.1 */
export class MissingDriverError extends ActiveAlchemyError {
  readonly code = 'MISSING_DRIVER'
  /** @param otherwise What to do without it: the end of the sentence. */
  constructor(packageName: string, cause?: unknown, otherwise = '') {
    super(`The package ${packageName} is not installed. Run: npm install ${packageName}${otherwise}`, cause)
  }
}

/** A package that a data type or a feature needs is not installed; none of them is needed otherwise. @since 0.2 */
export class MissingPackageError extends ActiveAlchemyError {
  readonly code = 'MISSING_PACKAGE'
  /** @param what What needs it: `PhoneNumberType()`. */
  constructor(packageName: string, what: string, cause?: unknown) {
    super(`${what} needs the package ${packageName}, which is not installed. Run: npm install ${packageName}`, cause)
  }
}

/** An option is unknown, or has a value that it cannot have. @since 0.1 */
export class InvalidOptionError extends ActiveAlchemyError {
  readonly code = 'INVALID_OPTION'

  /** @param expectation What it takes; without it `option` is the whole message. */
  constructor(option: string, expectation?: string, received?: unknown) {
    // A text is quoted only where it was to be one of several words: elsewhere it may be a client's, or a secret in the wrong place.
    const isChosen = typeof received !== 'string' || expectation?.includes("'")
    super(
      expectation === undefined
        ? option
        : `The option ${option} is ${isChosen ? shown(received) : kindOf(received)}. It takes ${expectation}.`,
    )
  }

  /** Of a parameter that a client may have chosen, so that its kind is told and not its value. Status 400. */
  static ofClient(option: string, expectation: string, received: unknown): InvalidOptionError {
    const error = new InvalidOptionError(`The option ${option} is ${kindOf(received)}. It takes ${expectation}.`)
    return Object.assign(error, { status: 400, statusCode: 400, expose: true })
  }

  /** @param what Whose options they are: `get()`. @param known The options that there are. */
  static noObject(received: unknown, what: string | undefined, known: readonly string[]): InvalidOptionError {
    return new InvalidOptionError(`The options${suffix(what)} are ${shown(received)}. Give an object of ${known.join(', ')}.`)
  }

  /** @param what Whose option it is: `get()`. @param known The options that there are. */
  static unknown(option: string, what: string | undefined, known: readonly string[]): InvalidOptionError {
    const meant = nearest(option, known)
    const question = meant === undefined ? '' : ` Did you mean ${meant}?`
    return new InvalidOptionError(
      `The option ${briefly(option)}${suffix(what)} is unknown.${question} ${what ?? 'It'} takes ${known.join(', ')}.`,
    )
  }
}

function suffix(what: string | undefined): string {
  return what === undefined ? '' : ` of ${what}`
}

/** `configure` was called a second time, or too late. @since 0.1 */
export class AlreadyConfiguredError extends ActiveAlchemyError {
  readonly code = 'ALREADY_CONFIGURED'
  constructor() {
    super('The database has been configured or used already. Call configure(uri) once, before the first use.')
  }
}

/** A model cannot be defined like this. @since 0.1 */
export class ModelDefinitionError extends ActiveAlchemyError {
  readonly code = 'MODEL_DEFINITION'
  constructor(model: string, reason: string, remedy: string) {
    super(`The model ${model} cannot be used: ${reason}. ${remedy}`)
  }
}

/** Something needs a scope, and there is none. @since 0.1 */
export class NoScopeError extends ActiveAlchemyError {
  readonly code = 'NO_SCOPE'
  constructor(what: string) {
    super(
      `${what} was called outside any request or job. Wrap the call in db.run(fn) or db.transaction(fn), or mount the middleware before the route.`,
    )
  }
}

/** Something ran in a scope whose outcome is decided. @since 0.1 */
export class ScopeClosedError extends ActiveAlchemyError {
  readonly code = 'SCOPE_CLOSED'
  /** @param cutOffBy What ended it early; a client that left is nobody's mistake. */
  constructor(label: string, state: string, cutOffBy?: 'abort' | 'timeout') {
    super(
      cutOffBy === 'abort'
        ? `The client of ${label} left before the answer, so its work was given up and nothing of it is kept. There is nothing to mend.`
        : `${label} is over (${state}), and its session takes no more statements. Await every call before the answer; for work after it use db.onCommit(fn), db.run(fn) or db.detach(fn).`,
    )
  }
}

/** A session was used by code that runs in another scope. @since 0.2 */
export class ForeignSessionError extends ActiveAlchemyError {
  readonly code = 'FOREIGN_SESSION'
  constructor(label: string, current: string) {
    super(
      `The session of ${label} was used in ${current}, whose work it would mix with its own. Use db.session there, and keep none in a variable that outlives its request.`,
    )
  }
}

/** A statement would open or end the transaction of a session behind its back. @since 0.2 */
export class TransactionControlError extends ActiveAlchemyError {
  readonly code = 'TRANSACTION_CONTROL'
  constructor(database: string, text: string) {
    super(
      `${text} was sent as a statement to ${database} inside a scope, whose transaction is the session's to open and to end. Call db.commit(), db.rollback() or db.transaction(fn).`,
    )
  }
}

/** A scope inside a scope would wait for what the outer one holds. @since 0.1 */
export class NestedScopeError extends ActiveAlchemyError {
  readonly code = 'NESTED_SCOPE'
  constructor(label: string) {
    super(
      `${label} holds the connection or lock that this scope inside it would wait for. Use db.transaction(fn), or db.commit() first, or db.onCommit(fn).`,
    )
  }
}

/** A sandbox of tests cannot do what it was asked for. @since 0.2 */
export class SandboxError extends ActiveAlchemyError {
  readonly code = 'SANDBOX'
  constructor(fact: string, remedy: string) {
    super(`${fact}. ${remedy}`)
  }
}

/** An earlier statement failed; what it was is `cause`. @since 0.1 */
export class SessionFailedError extends ActiveAlchemyError {
  readonly code = 'SESSION_FAILED'
  constructor(cause: unknown, label: string) {
    const first = isError(cause) ? cause.message : String(cause)
    super(
      `An earlier statement of ${label} failed (${first}), so nothing of its transaction can be kept. Call db.rollback(), or put what may fail into db.transaction(fn).`,
      cause,
    )
  }
}

/** A record belongs to a session that is still open elsewhere. @since 0.1 */
export class ForeignRecordError extends ActiveAlchemyError {
  readonly code = 'FOREIGN_RECORD'
  constructor(model: string, label: string) {
    super(`A record of ${model} belongs to another session that is still open, and was given to ${label}. Load it again here, by its key.`)
  }
}

/** A statement came after its `db.transaction` had ended. @since 0.1 */
export class TransactionEndedError extends ActiveAlchemyError {
  readonly code = 'TRANSACTION_ENDED'
  constructor() {
    super('A statement came after the db.transaction that it belongs to had ended. Await every call inside it.')
  }
}

/** Commit or rollback was called inside `db.transaction`. @since 0.1 */
export class TransactionOpenError extends ActiveAlchemyError {
  readonly code = 'TRANSACTION_OPEN'
  constructor(verb: string) {
    super(
      `${verb}() was called inside db.transaction(fn), whose outcome is not yet decided. Return from it to keep its work, or throw to drop it.`,
    )
  }
}

/** A schema change inside a scope, where the database would commit the open transaction. @since 0.1 */
export class DdlInScopeError extends ActiveAlchemyError {
  readonly code = 'DDL_IN_SCOPE'
  constructor(database: string) {
    super(`A schema change would commit the open transaction of ${database}. Run it outside, or in db.detach(fn).`)
  }
}

/** The database has been closed. @since 0.1 */
export class DatabaseClosedError extends ActiveAlchemyError {
  readonly code = 'DATABASE_CLOSED'
  constructor(database: string) {
    super(
      `The database ${database} has been closed. Make a new ActiveAlchemy to use it again; an application that closes it at its own end keeps it open by close: false.`,
    )
  }
}

/** A value of an encrypted column was written with another key, or was changed since. @since 0.2 */
export class DecryptionError extends ActiveAlchemyError {
  readonly code = 'DECRYPTION_FAILED'
  constructor() {
    super('A value of an encrypted column cannot be read: none of its keys fits. Add the key that it was written with to the list.')
  }
}

/** The database has no such thing. @since 0.1 */
export class UnsupportedError extends ActiveAlchemyError {
  readonly code = 'UNSUPPORTED'
  constructor(what: string, remedy: string) {
    super(`${what} is not supported. ${remedy}`)
  }
}

// -------------------------------------------------------------------------------------------- for the caller of the application

/** There is no such record. Status 404. @since 0.1 */
export class RecordNotFoundError extends AnsweredError {
  readonly code = 'RECORD_NOT_FOUND'
  constructor(model: string, id?: unknown) {
    super(404, `${model}${id === undefined ? '' : ` ${keyText(id)}`} was not found. It may have been deleted.`)
  }
}

/** More records match than the one that was asked for: there is no such one record. Status 404. @since 0.1 */
export class MultipleRecordsError extends AnsweredError {
  readonly code = 'MULTIPLE_RECORDS'
  constructor(model: string) {
    super(404, `More than one ${model} matches. Narrow the filter, or use first().`)
  }
}

/** A key is not of the key's kind. Status 400. @since 0.1 */
export class InvalidIdentifierError extends AnsweredError {
  readonly code = 'INVALID_IDENTIFIER'
  constructor(model: string, received: unknown) {
    const kind = kindOf(received)
    super(400, `${kind.charAt(0).toUpperCase()}${kind.slice(1)} is no key of ${model}. Give the value of its primary key.`)
  }
}

/** A filter cannot be applied. Status 400. @since 0.1 */
export class InvalidFilterError extends AnsweredError {
  readonly code = 'INVALID_FILTER'
  /**
   * @param key What was asked by.
   * @param why What is wrong with it.
   * @param remedy What to write instead, where `why` does not say it already.
   */
  constructor(model: string, key: string, why: string, remedy?: string) {
    super(400, `${model} cannot be filtered by ${keyText(key)}: ${why}.${remedy === undefined ? '' : ` ${remedy}`}`)
  }

  /** Of a value that its column does not take. @param why What the column takes, and what it got. */
  static ofValue(model: string, key: string, why: string): InvalidFilterError {
    return new InvalidFilterError(model, key, `it ${why}`, "Give a value of the column's kind.")
  }
}

/** A page cannot be asked for so. Status 400. @since 0.2 */
export class InvalidPageError extends AnsweredError {
  readonly code = 'INVALID_PAGE'
  constructor(why: string) {
    super(400, why)
  }
}

/** A cursor cannot be gone on from: it was changed, cut or made by hand, or belongs to another order. Status 400. @since 0.2 */
export class InvalidCursorError extends AnsweredError {
  readonly code = 'INVALID_CURSOR'
  constructor(why: string) {
    super(400, `The cursor cannot be used: ${why}. Begin at the start, without one.`)
  }
}

/** A statement cannot be sent: no database takes what it is made of, or not this one. Status 400. @since 0.2 */
export class InvalidStatementError extends AnsweredError {
  readonly code = 'INVALID_STATEMENT'
  constructor(why: string) {
    super(400, `The statement cannot be sent: ${why}. Give other values, or fewer.`)
  }
}

/**
 * Why a value was refused: it is of another kind (`type`), missing (`required`), `null` where the column is never; beyond a limit of
 * the column (`min`, `max`, `length`, `pattern`); refused by a `check`, which may say a word of its own; or `invalid` in another way.
 *
 * @since 0.2
 */
export type ValueFaultCode = 'type' | 'required' | 'null' | 'min' | 'max' | 'length' | 'pattern' | 'check' | 'invalid'

/** One value that was refused. @since 0.2 */
export interface ValueFault {
  /** The column; `*` where it is the whole that was refused, or a column that no client is told of. */
  readonly column: string
  /** What is wrong with it, without the value: `must be at least 18`. */
  readonly message: string
  /** A word for programs. */
  readonly code: ValueFaultCode | (string & Record<never, never>)
  /** Where in a value of many parts, from the column on; only of one that lies deeper. */
  readonly path?: readonly (string | number)[]
}

/**
 * Values do not fit their columns: all that is wrong with them at once, in `errors`. Status 422.
 *
 * @since 0.1
 * @example
 * Post.before('save', (post) => {
 *   if (post.words === 0) throw new InvalidValueError('Post', 'words', 'must be counted')
 * })
 */
export class InvalidValueError extends AnsweredError {
  readonly code = 'INVALID_VALUE'
  /** The first column that refused its value. */
  readonly column: string
  /** All that is wrong, in the order of the columns. @since 0.2 */
  readonly errors: readonly ValueFault[]

  /**
   * @param model Name of the model.
   * @param columnOrErrors The column that refused its value; or all that is wrong, one at least.
   * @param why What is wrong with it, as the sentence goes on: `must be at least 18`.
   * @param code A word for programs. @default 'invalid'
   */
  constructor(model: string, columnOrErrors: string | readonly ValueFault[], why = 'is refused', code: ValueFault['code'] = 'invalid') {
    const errors = typeof columnOrErrors === 'string' ? [{ column: columnOrErrors, message: why, code }] : columnOrErrors
    const told = errors.map(({ column, message }) => `${model}.${column} ${message}`).join('; ')
    super(422, `${told}. ${errors.length > 1 ? 'Give values that fit their columns.' : 'Give a value that fits the column.'}`)
    this.column = errors[0]?.column ?? '*'
    this.errors = errors
  }
}

/** A model has no such column. Status 422. @since 0.1 */
export class UnknownColumnError extends AnsweredError {
  readonly code = 'UNKNOWN_COLUMN'
  /** The key that is no column. */
  readonly column: string
  /** @param known The columns that values may set. */
  constructor(model: string, key: string, known: readonly string[]) {
    const meant = nearest(key, known)
    const question = meant === undefined ? '' : ` Did you mean ${meant}?`
    super(422, `${model} has no column ${keyText(key)}.${question} It has ${known.join(', ') || 'none that values may set'}.`)
    this.column = keyText(key)
  }
}

/** A column that values from outside may not set. Status 422. @since 0.1 */
export class ProtectedColumnError extends AnsweredError {
  readonly code = 'PROTECTED_COLUMN'
  /** The column that may not be set. */
  readonly column: string
  constructor(model: string, key: string, why: string) {
    super(422, `${model}.${key} cannot be set: ${why}. Leave it out, or pass { unguarded: true } with values you trust.`)
    this.column = key
  }
}

/** A change conflicts with the row as it is now. Status 409. @since 0.1 */
export class ConflictError extends AnsweredError {
  readonly code = 'CONFLICT'
  constructor(fact: string) {
    super(409, `${fact} Read the record again, and decide anew.`)
  }
}

/** The row was changed by another since the record was read, and its model has an `optimisticLock`. Status 409. @since 0.2 */
export class StaleRecordError extends AnsweredError {
  readonly code = 'STALE_RECORD'
  constructor(model: string, id: unknown) {
    super(409, `${model} ${keyText(id)} was changed by another since it was read. Read it again, by reload(), and decide anew.`)
  }
}

/** The row is not in the state that the client's `If-Match` names. Status 412. @since 0.2 */
export class PreconditionFailedError extends AnsweredError {
  readonly code = 'PRECONDITION_FAILED'
  constructor(model: string, id: unknown) {
    super(412, `${model} ${keyText(id)} is not in the state that If-Match names. Get it again, with its ETag, and decide anew.`)
  }
}

// -------------------------------------------------------------------------------------------- for who runs the service

/** No connection, or no turn to write, came free in time. Status 503. @since 0.1 */
export class PoolTimeoutError extends AnsweredError {
  readonly code = 'POOL_TIMEOUT'
  constructor(database: string, timeoutMs: number) {
    super(503, `No connection of ${database} came free within ${timeoutMs} ms. Raise poolSize, or hold transactions for a shorter time.`)
  }
}

/** A `db.transaction` waited too long for one beside it. Status 503. @since 0.1 */
export class NestedTransactionTimeoutError extends AnsweredError {
  readonly code = 'NESTED_TRANSACTION_TIMEOUT'
  constructor(timeoutMs: number) {
    super(
      503,
      `A statement waited ${timeoutMs} ms for a db.transaction beside it to end. Transactions of one session must not wait for each other.`,
    )
  }
}

/** A scope held its transaction for too long, and was rolled back; or a read took as long, and was cancelled. Status 503. @since 0.1 */
export class TransactionTimeoutError extends AnsweredError {
  readonly code = 'TRANSACTION_TIMEOUT'
  /** @param what Took too long: a transaction, or one statement that is waited for outside any or at its end. */
  constructor(timeoutMs: number, what: 'transaction' | 'statement' = 'transaction') {
    super(
      503,
      what === 'transaction'
        ? `A transaction was open for ${timeoutMs} ms and was rolled back. Do slow work before the first write, commit now and then by db.commit(), or raise transactionTimeoutMs, also for one db.run(fn, { transactionTimeoutMs }).`
        : `A statement took longer than ${timeoutMs} ms and was cancelled. Look for a missing index or a silent network, or raise transactionTimeoutMs.`,
    )
  }
}

/** No connection could be opened; why is `cause`. Status 503. @since 0.1 */
export class ConnectionFailedError extends AnsweredError {
  readonly code = 'CONNECTION_FAILED'
  constructor(database: string, cause: unknown, remedy = 'Look whether the server runs, and whether the URI is right.') {
    super(503, `No connection to ${database} could be opened (${isError(cause) ? cause.message : String(cause)}). ${remedy}`, cause)
  }
}

/** The connection was lost; nothing of the transaction was kept. Status 503. @since 0.1 */
export class ConnectionLostError extends AnsweredError {
  readonly code = 'CONNECTION_LOST'
  constructor(database: string, cause: unknown) {
    super(503, `The connection to ${database} was lost, and its transaction with it. Try again.`, cause)
  }
}

/** The connection was lost while a commit was under way: whether it was kept is not known. Status 503. @since 0.1 */
export class CommitUnknownError extends AnsweredError {
  readonly code = 'COMMIT_UNKNOWN'
  constructor(database: string, cause: unknown) {
    super(
      503,
      `The connection to ${database} was lost before its commit was answered, so the work may or may not be kept. Look before you try again.`,
      cause,
    )
  }
}

/** The server had turned the transaction into a rollback. Status 500. @since 0.1 */
export class RolledBackError extends AnsweredError {
  readonly code = 'ROLLED_BACK'
  constructor(database: string, cause?: unknown) {
    super(500, `${database} rolled the transaction back instead of committing it. Look for a statement whose error was swallowed.`, cause)
  }
}

/** The database took a write, and did not do it. Status 500. @since 0.2 */
export class WriteIgnoredError extends AnsweredError {
  readonly code = 'WRITE_IGNORED'
  constructor(model: string, verb: string) {
    super(500, `The ${verb} of ${model} was accepted and changed no row: a trigger or a rule of the table swallowed it. Look at them.`)
  }
}

/** One of several databases could not commit after others had. Status 500. @since 0.1 */
export class CommitError extends AnsweredError {
  readonly code = 'COMMIT_FAILED'
  /** Names of the databases whose work is kept. */
  readonly committed: readonly string[]
  /** Names of the databases whose work is lost. */
  readonly failed: readonly string[]
  constructor(committed: readonly string[], failed: readonly string[], cause: unknown) {
    super(
      500,
      `${committed.join(', ')} committed, but ${failed.join(', ')} did not. Repair the difference by hand; commit the database that may refuse first.`,
      cause,
    )
    this.committed = committed
    this.failed = failed
  }
}

/** Whether an error shows no values: one of ours, or a refusal whose driver's error was hidden. */
function isVetted(error: unknown): boolean {
  if (error instanceof ActiveAlchemyError) return true
  return typeof error === 'object' && error !== null && Object.getOwnPropertyDescriptor(error, 'driverError')?.enumerable === false
}

/** What is shown of an error that is not ours. */
class Origin {
  readonly #shown: string

  constructor(cause: unknown) {
    const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
    const name = isError(cause) ? cause.name : 'Cause'
    this.#shown = typeof code === 'string' || typeof code === 'number' ? `[${name}: ${code}]` : `[${name}]`
  }

  [inspect.custom](): string {
    return this.#shown
  }
}

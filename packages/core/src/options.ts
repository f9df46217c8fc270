import type { DataSourceOptions } from 'typeorm'
import { InvalidOptionError } from './errors.js'

// -------------------------------------------------------------------------------------------- how any options are read

/** What one option takes. */
export interface Option<T> {
  /** In words, as a message says them: `true or false`. */
  readonly takes: string
  readonly accepts: (value: unknown) => value is T
  /** Whether applications give it what a client sent: then a wrong one is answered 400. @default false */
  readonly isOfClient?: true
}

/** Options by name, as `readOptions` takes them. @since 0.2 */
export type Options = Readonly<Record<string, Option<unknown>>>

/** What `readOptions` gives: only what was given, and only what it may be. */
export type Given<Known extends Options> = { readonly [Name in keyof Known]?: Known[Name] extends Option<infer T> ? T : never }

/** An option that is on or off. @since 0.2 */
export const flag: Option<boolean> = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' }

/** An option that is a text with something in it. @since 0.2 */
export const text: Option<string> = { takes: 'a text', accepts: (value): value is string => typeof value === 'string' && value !== '' }

/** An option that any number but NaN and Infinity is good for. */
export const finiteNumber: Option<number> = { takes: 'a finite number', accepts: (value): value is number => Number.isFinite(value) }

/** An option that its reader looks at. */
export const anything: Option<unknown> = { takes: 'anything', accepts: (_value): _value is unknown => true }

/** An option that is a whole number from `smallest` to `largest`. */
export function wholeNumber(smallest: number, largest = Number.MAX_SAFE_INTEGER): Option<number> {
  const takes = largest === Number.MAX_SAFE_INTEGER ? `a whole number from ${smallest}` : `a whole number from ${smallest} to ${largest}`
  return {
    takes,
    accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= smallest && Number(value) <= largest,
  }
}

/** An option that is one of a few words. */
export function oneWordOf<const Word extends string>(...words: readonly Word[]): Option<Word> {
  const quoted = words.map((word) => `'${word}'`)
  const takes = [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ')
  return { takes, accepts: (value): value is Word => words.some((word) => word === value) }
}

/** The isolation levels of the SQL standard, which every database takes; it may give a stricter one. @since 0.2 */
export type IsolationLevel = 'READ UNCOMMITTED' | 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE'

/** An option that is one of them. */
export const isolationLevel: Option<IsolationLevel> = oneWordOf('READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')

/** An option that is a function. */
export function callback<Callback extends (...parameters: never[]) => unknown>(): Option<Callback> {
  return { takes: 'a function', accepts: (value): value is Callback => typeof value === 'function' }
}

/** Whether `value` is an object, and no list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const nothing: object = Object.freeze(Object.create(null))

/**
 * Reads an object of options: the one way in for all of them.
 *
 * Only what the object has itself counts, so that nothing which another package has put on `Object.prototype` switches a guard
 * off; the result has no prototype for the same reason. `undefined` means not given.
 *
 * @param known The options that there are.
 * @param given What the caller gave; `undefined` is no options.
 * @param what Whose options they are, as a message names them: `get()`.
 * @throws {InvalidOptionError} An option is unknown or has a value that it cannot have, or `given` is no object.
 * @since 0.2
 * @example
 * const { forUpdate = false } = readOptions({ forUpdate: flag }, { forUpdate: true }, 'get()')
 */
export function readOptions<const Known extends Options>(known: Known, given: unknown, what?: string): Given<Known> {
  if (given === undefined) return nothing
  if (!isObject(given)) {
    throw InvalidOptionError.noObject(given, what, Object.keys(known))
  }
  const read: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(known, name)) throw InvalidOptionError.unknown(name, what, Object.keys(known))
    if (value === undefined) continue
    const option = known[name]
    if (option && !option.accepts(value)) {
      const shown = what === undefined ? name : `${name} of ${what}`
      throw option.isOfClient ? InvalidOptionError.ofClient(shown, option.takes, value) : new InvalidOptionError(shown, option.takes, value)
    }
    read[name] = value
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each has been accepted by its option
  return read as Given<Known>
}

// -------------------------------------------------------------------------------------------- those of a database

/**
 * How a database is used.
 *
 * @typeParam App Application of the framework, in its adapter.
 * @typeParam Queries Queries of `queryClass`.
 * @typeParam Key Keys of `binds`.
 * @since 0.1
 */
export interface ActiveAlchemyOptions<App = never, Queries extends object = object, Key extends string = string> {
  /** Application that is bound at once, as by `initApp` of the adapters. @default none */
  readonly app?: App
  /** Prints every statement, without its values. @default false */
  readonly echo?: boolean
  /** Connections that may be open at once, 1 to 1,000. @default 10; SQLite 4, in memory always 1 */
  readonly poolSize?: number
  /** Milliseconds to wait for a connection, a lock or a turn. @default 5000 */
  readonly poolTimeoutMs?: number
  /** Milliseconds after which an idle connection is replaced; 0 keeps it. @default 0; MySQL and MariaDB 7,200,000 */
  readonly poolRecycleMs?: number
  /** Milliseconds for which a scope may hold an open transaction. @default 30000 */
  readonly transactionTimeoutMs?: number
  /** `'request'`: the commit belongs to the scope; `'save'`: each verb commits by itself, as the Python original did. @default 'request' */
  readonly commit?: 'request' | 'save'
  /**
   * What to do with a verb that runs in no scope while requests of this database are open: a lost context looks so (a callback
   * pool, an old emitter), and what it writes is committed behind the request's back. `'report'` tells each call site once,
   * `'refuse'` throws `NoScopeError`. What `db.detach` runs is meant so.
   *
   * @default 'report'; in production 'allow'
   */
  readonly outsideScope?: 'allow' | 'report' | 'refuse'
  /**
   * What makes the cursors of `paginateByCursor` nobody else's: a long random text, the same in all processes of the application. Then
   * none can be made by hand, and the values that they hold cannot be read.
   *
   * @default none: a cursor that was damaged is told from others, and an order by a hidden column is refused
   */
  readonly cursorSecret?: string
  /**
   * Milliseconds from which on a statement is reported as `slow-statement`: its time, its request, the place of the call and its text,
   * without values; 0 tells of each. What TypeORM sends outside any scope has `typeorm: { maxQueryExecutionTime }`.
   *
   * @default none is told
   */
  readonly slowMs?: number
  /**
   * Databases beside this one that have some of its models, by the `bindKey` of these: a URI, or an object with it and with options.
   * Options that are not said there are those of this database, but for the pool, `models`, `name` and `typeorm`.
   *
   * @default none
   * @since 0.2
   * @example
   * new ActiveAlchemy('postgresql://localhost/shop', { binds: { users: 'sqlite:///users.db' } })
   */
  readonly binds?: Readonly<Record<Key, string | BoundOptions>>
  /** Models that nothing else names, and entities of plain TypeORM. @default none */
  readonly models?: readonly object[]
  /** Class of the queries, with methods of your own: it extends `Query`. @default Query */
  readonly queryClass?: QueryClass<Queries>
  /** Name in messages. @default the URI, without its password */
  readonly name?: string
  /** TypeORM's own options, for what has none here. @default none */
  readonly typeorm?: Partial<DataSourceOptions>
}

/** How a database is used that `ActiveAlchemy.from` adopts: the rest its data source says. @since 0.2 */
export type AdoptOptions = Omit<ActiveAlchemyOptions, 'app' | 'binds' | 'typeorm'>

/** How one of `binds` is used. @since 0.2 */
export interface BoundOptions extends Omit<ActiveAlchemyOptions, 'app' | 'binds' | 'queryClass'> {
  /** As the first parameter of `ActiveAlchemy`. */
  readonly uri: string
}

/** A class of queries; that it extends `Query` is looked at where queries are known. */
type QueryClass<Queries extends object = object> = abstract new (...parameters: never[]) => Queries

/** The options with their defaults. */
export interface ResolvedOptions
  extends Required<
    Omit<ActiveAlchemyOptions, 'app' | 'binds' | 'poolSize' | 'poolRecycleMs' | 'queryClass' | 'name' | 'cursorSecret' | 'slowMs'>
  > {
  readonly poolSize: number | undefined
  readonly poolRecycleMs: number | undefined
  readonly queryClass: QueryClass | undefined
  readonly name: string | undefined
  readonly cursorSecret: string | undefined
  readonly slowMs: number | undefined
}

const milliseconds = 2 ** 31 - 1

const known = {
  app: anything,
  echo: flag,
  poolSize: wholeNumber(1, 1_000),
  poolTimeoutMs: wholeNumber(1, milliseconds),
  poolRecycleMs: wholeNumber(0, milliseconds),
  transactionTimeoutMs: wholeNumber(1, milliseconds),
  commit: oneWordOf('request', 'save'),
  outsideScope: oneWordOf('allow', 'report', 'refuse'),
  cursorSecret: text,
  slowMs: wholeNumber(0, milliseconds),
  binds: { takes: 'an object of URIs by key', accepts: isObject },
  models: { takes: 'a list of classes', accepts: (value): value is readonly object[] => Array.isArray(value) },
  queryClass: { takes: 'a class that extends Query', accepts: (value): value is QueryClass => typeof value === 'function' },
  name: { takes: 'a string', accepts: (value): value is string => typeof value === 'string' },
  typeorm: { takes: "an object of TypeORM's options", accepts: (value): value is Partial<DataSourceOptions> => isObject(value) },
} satisfies Record<keyof ActiveAlchemyOptions, Option<unknown>>

/** @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have. */
export function resolveOptions(options?: ActiveAlchemyOptions<unknown>): ResolvedOptions {
  return resolved(readOptions(known, options))
}

/** The same for a database that is adopted. @param usual What its data source says of the pool. */
export function resolveAdoptOptions(
  options: AdoptOptions | undefined,
  usual: Pick<AdoptOptions, 'poolSize' | 'poolTimeoutMs'>,
): ResolvedOptions {
  const { app: _app, binds: _binds, typeorm: _typeorm, ...adopting } = known
  return resolved({ ...usual, ...readOptions(adopting, options, 'from()') })
}

/** One of `binds`: its URI, and its options. */
export interface Bind {
  readonly uri: string | undefined
  readonly options: ActiveAlchemyOptions
}

/**
 * The databases of `binds`, by key.
 *
 * @throws {InvalidOptionError} What one is given is no URI and no object of options, or an option is unknown.
 */
export function readBinds(given: ActiveAlchemyOptions<unknown> | undefined): Map<string, Bind> {
  const {
    app: _app,
    binds: all,
    models: _models,
    name: _name,
    typeorm: _typeorm,
    poolSize: _size,
    poolRecycleMs: _age,
    ...usual
  } = given ?? {}
  const { app: _noApp, binds: _noBinds, queryClass: _noClass, ...own } = known
  const read = new Map<string, Bind>()
  for (const [key, value] of Object.entries(all ?? {})) {
    const said: unknown = typeof value === 'object' ? value : { uri: value }
    const { uri, ...options } = readOptions({ ...own, uri: text }, said, `binds.${key}`)
    read.set(key, { uri, options: { name: key, ...usual, ...options } })
  }
  return read
}

function resolved(given: Given<typeof known>): ResolvedOptions {
  return Object.freeze({
    echo: given.echo ?? false,
    poolSize: given.poolSize,
    poolTimeoutMs: given.poolTimeoutMs ?? 5_000,
    poolRecycleMs: given.poolRecycleMs,
    transactionTimeoutMs: given.transactionTimeoutMs ?? 30_000,
    commit: given.commit ?? 'request',
    outsideScope: given.outsideScope ?? (process.env['NODE_ENV'] === 'production' ? 'allow' : 'report'),
    slowMs: given.slowMs,
    models: given.models ?? [],
    queryClass: given.queryClass,
    name: given.name,
    cursorSecret: given.cursorSecret,
    typeorm: given.typeorm ?? {},
  })
}

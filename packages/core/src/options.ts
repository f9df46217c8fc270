import type { DataSourceOptions } from 'typeorm'
import { InvalidOptionError } from './errors.js'
import { Query } from './query/query.js'

/**
 * How a database is used.
 *
 * @typeParam App Application of the framework, in its adapter.
 */
export interface ActiveAlchemyOptions<App = never> {
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
  /** Models that nothing else names, and entities of plain TypeORM. @default none */
  readonly models?: readonly object[]
  /** Class of the queries, with methods of your own. @default Query */
  readonly queryClass?: typeof Query
  /** Name in messages. @default the URI, without its password */
  readonly name?: string
  /** TypeORM's own options, for what has none here. @default none */
  readonly typeorm?: Partial<DataSourceOptions>
}

/** The options with their defaults. */
export interface ResolvedOptions extends Required<Omit<ActiveAlchemyOptions, 'app' | 'poolSize' | 'poolRecycleMs' | 'name'>> {
  readonly poolSize: number | undefined
  readonly poolRecycleMs: number | undefined
  readonly name: string | undefined
}

const defaults = {
  echo: false,
  poolSize: undefined,
  poolTimeoutMs: 5_000,
  poolRecycleMs: undefined,
  transactionTimeoutMs: 30_000,
  commit: 'request',
  models: [],
  queryClass: Query,
  name: undefined,
  typeorm: {},
} as const satisfies ResolvedOptions

/** @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have. */
export function resolveOptions(options: ActiveAlchemyOptions<unknown> = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw new InvalidOptionError('options', 'an object', options)
  // The application is bound, not kept.
  const { app: _app, ...own } = options
  for (const name of Object.keys(own)) {
    if (!Object.hasOwn(defaults, name)) throw new InvalidOptionError(name, `another name: ${Object.keys(defaults).join(', ')}`, 'unknown')
  }
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  const resolved: ResolvedOptions = { ...defaults, ...given }
  wholeNumber('poolSize', resolved.poolSize, 1, 1_000)
  wholeNumber('poolTimeoutMs', resolved.poolTimeoutMs, 1, 2 ** 31 - 1)
  wholeNumber('poolRecycleMs', resolved.poolRecycleMs, 0, 2 ** 31 - 1)
  wholeNumber('transactionTimeoutMs', resolved.transactionTimeoutMs, 1, 2 ** 31 - 1)
  if (resolved.commit !== 'request' && resolved.commit !== 'save')
    throw new InvalidOptionError('commit', "'request' or 'save'", resolved.commit)
  if (resolved.queryClass !== Query && !(resolved.queryClass?.prototype instanceof Query))
    throw new InvalidOptionError('queryClass', 'a class that extends Query', resolved.queryClass)
  if (typeof resolved.echo !== 'boolean') throw new InvalidOptionError('echo', 'true or false', resolved.echo)
  if (!Array.isArray(resolved.models)) throw new InvalidOptionError('models', 'a list of classes', resolved.models)
  if (resolved.name !== undefined && typeof resolved.name !== 'string') throw new InvalidOptionError('name', 'a string', resolved.name)
  if (typeof resolved.typeorm !== 'object' || resolved.typeorm === null)
    throw new InvalidOptionError('typeorm', "an object of TypeORM's options", resolved.typeorm)
  return Object.freeze(resolved)
}

function wholeNumber(name: string, value: number | undefined, smallest: number, largest: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= smallest && value <= largest)) return
  throw new InvalidOptionError(name, `a whole number from ${smallest} to ${largest}`, value)
}

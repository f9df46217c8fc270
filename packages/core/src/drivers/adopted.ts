import type { DataSourceOptions } from 'typeorm'
import { InvalidOptionError } from '../errors.js'
import { isObject } from '../options.js'
import { type DatabaseKind, DatabaseUri, parseUri } from '../uri.js'
import { catalogue } from './catalogue.js'
import { checkAdoptedOptions } from './typeorm-options.js'

/** How an application of TypeORM opens its database, as we open it from now on. */
export interface Adopted {
  /** The database, for messages. */
  readonly uri: DatabaseUri
  readonly options: DataSourceOptions
  /** What it says of its pool. */
  readonly pool: { readonly poolSize?: number; readonly poolTimeoutMs?: number }
}

const kinds: Readonly<Record<string, DatabaseKind>> = {
  'better-sqlite3': 'sqlite',
  mariadb: 'mysql',
  mysql: 'mysql',
  postgres: 'postgres',
}

/**
 * Reads the options of a data source of TypeORM. All that it says of entities, names, subscribers, migrations, logging and the way
 * to the server stays.
 *
 * @throws {InvalidOptionError} It is another database, or one of them cannot be honoured; the message never holds its value.
 */
export function adoptedOptions(given: DataSourceOptions): Adopted {
  const kind = Object.hasOwn(kinds, given.type) ? kinds[given.type] : undefined
  if (kind === undefined) throw new InvalidOptionError('type', `'better-sqlite3', 'postgres', 'mysql' or 'mariadb'`, given.type)
  checkAdoptedOptions(kind, given)
  const { poolSize, extra, acquireTimeout, timeout }: Record<string, unknown> = { ...given }
  const ofClient: Record<string, unknown> = isObject(extra) ? { ...extra } : {}
  return {
    uri: uriOf(kind, given),
    options: catalogue[kind].adopt(withoutHoles(given)),
    pool: {
      ...whole('poolSize', poolSize ?? ofClient['max'] ?? ofClient['connectionLimit']),
      ...whole('poolTimeoutMs', acquireTimeout ?? timeout ?? ofClient['connectionTimeoutMillis']),
    },
  }
}

function whole(name: 'poolSize' | 'poolTimeoutMs', value: unknown): Adopted['pool'] {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? { [name]: value } : {}
}

function uriOf(kind: DatabaseKind, given: DataSourceOptions): DatabaseUri {
  const { database, url, host, port, username, password }: Record<string, unknown> = { ...given }
  if (kind === 'sqlite') return new DatabaseUri('sqlite', {}, String(database))
  // What follows is the client's own.
  if (typeof url === 'string') return parseUri(url.replace(/\?.*$/s, ''))
  return new DatabaseUri(given.type === 'mariadb' ? 'mariadb' : kind, {}, undefined, {
    host: textOf(host) ?? 'localhost',
    port: typeof port === 'number' ? port : undefined,
    username: textOf(username),
    // A function is one as well.
    password: password === undefined ? undefined : '',
    database: textOf(database),
  })
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Without what is undefined: it would hide what holds otherwise. */
function withoutHoles(options: DataSourceOptions): DataSourceOptions {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left was given
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as unknown as DataSourceOptions
}

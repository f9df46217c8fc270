import { inspect } from 'node:util'
import { InvalidUriError } from './errors.js'

/** Families of databases, by the schemes of the URIs that name them. */
const families = {
  sqlite: 'sqlite',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
} as const

/** A family of databases. @since 0.2 */
export type DatabaseKind = (typeof families)[keyof typeof families]

/** Where a server listens, and as whom to log in. */
export interface ServerAddress {
  readonly host: string
  readonly port: number | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
}

/**
 * A database URI, read: `postgresql://user:password@host:5432/name?sslmode=require`.
 *
 * Neither printing, inspecting nor JSON shows the password.
 */
export class DatabaseUri {
  readonly kind: DatabaseKind
  /** As it was written, without a `+driver`. */
  readonly scheme: string
  /** File of an SQLite database, relative to the working directory; `:memory:` for none. */
  readonly file: string | undefined
  readonly options: Readonly<Record<string, string>>
  readonly #server: ServerAddress | undefined

  constructor(scheme: keyof typeof families, options: Readonly<Record<string, string>>, file?: string, server?: ServerAddress) {
    this.kind = families[scheme]
    this.scheme = scheme
    this.file = file
    this.options = options
    this.#server = server
  }

  /** The server of a database that has one; it holds the password. */
  get server(): ServerAddress | undefined {
    return this.#server
  }

  /** The URI with `***` for the password. */
  toString(): string {
    const query = Object.keys(this.options).length > 0 ? `?${Object.keys(this.options).join('&')}` : ''
    if (!this.#server) return this.file === ':memory:' ? `${this.scheme}://` : `${this.scheme}:///${this.file ?? ''}${query}`
    const { host, port, username, password, database } = this.#server
    const login = username === undefined ? '' : `${encodeURIComponent(username)}${password === undefined ? '' : ':***'}@`
    return `${this.scheme}://${login}${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}/${encodeURIComponent(database ?? '')}${query}`
  }

  /** The URI with `***` for the password. */
  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/**
 * Reads a database URI.
 *
 * Our own parser: the error of `new URL` holds the password, and drivers read forms that nobody meant.
 *
 * @throws {InvalidUriError} It has another form. The message never holds the password.
 * @example
 * parseUri('sqlite:///shop.db').file  // 'shop.db'
 */
export function parseUri(uri: string): DatabaseUri {
  if (typeof uri !== 'string' || uri.trim() === '') {
    throw new InvalidUriError(`it is ${typeof uri === 'string' ? 'empty' : typeof uri} (is DATABASE_URL set?)`)
  }
  if (/\p{Cc}/u.test(uri)) throw new InvalidUriError('it has a line break or another control character in it')
  const [, name = '', rest] = /^([a-z][a-z\d]*)(?:\+[a-z\d_]+)?:\/\/(.*)$/is.exec(uri) ?? []
  if (rest === undefined) throw new InvalidUriError('it does not begin with a scheme and ://')
  const scheme = name.toLowerCase()
  if (!isScheme(scheme)) throw new InvalidUriError(`the scheme ${scheme} is not known`)
  const mark = rest.indexOf('?')
  const [before, query] = mark < 0 ? [rest, ''] : [rest.slice(0, mark), rest.slice(mark + 1)]
  // What stands before it may be a part of the password, and would be shown as the host.
  if (families[scheme] !== 'sqlite' && query.includes('@')) {
    throw new InvalidUriError('an @ follows a question mark (write %3F for ? in a password, and %40 for @ in an option)')
  }
  const options = parseOptions(query)
  return families[scheme] === 'sqlite'
    ? new DatabaseUri(scheme, options, sqliteFile(before))
    : new DatabaseUri(scheme, options, undefined, serverAddress(before))
}

function isScheme(scheme: string): scheme is keyof typeof families {
  return Object.hasOwn(families, scheme)
}

function sqliteFile(path: string): string {
  if (path === '' || path === '/' || path === '/:memory:') return ':memory:'
  if (!path.startsWith('/')) throw new InvalidUriError('an SQLite file is written after three slashes (sqlite:///shop.db)')
  const file = decoded(path.slice(1))
  if (file.startsWith('file:')) throw new InvalidUriError('SQLite reads no file: URIs here')
  return file
}

function serverAddress(text: string): ServerAddress {
  const slash = text.lastIndexOf('/', text.length) < text.lastIndexOf('@') ? -1 : text.indexOf('/', text.lastIndexOf('@') + 1)
  const authority = slash < 0 ? text : text.slice(0, slash)
  const name = slash < 0 ? '' : decoded(text.slice(slash + 1))
  if (name.includes('/')) throw new InvalidUriError('the database name has a slash in it')
  const at = authority.lastIndexOf('@')
  const login = at < 0 ? undefined : authority.slice(0, at)
  const colon = login?.indexOf(':') ?? -1
  const [, ipv6, plain, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]@/]+))(?::(\d+))?$/i.exec(authority.slice(at + 1)) ?? []
  const host = ipv6 ?? plain
  if (host === undefined) throw new InvalidUriError('it names no host, or a port that is no number')
  // Without its number: where the host was forgotten, it is the password.
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw new InvalidUriError('the port is not from 1 to 65535')
  return {
    host: decoded(host),
    port: port === undefined ? undefined : Number(port),
    username: login === undefined ? undefined : decoded(colon < 0 ? login : login.slice(0, colon)),
    password: login === undefined || colon < 0 ? undefined : decoded(login.slice(colon + 1)),
    database: name === '' ? undefined : name,
  }
}

function parseOptions(query: string): Record<string, string> {
  const options: Record<string, string> = {}
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 1) throw new InvalidUriError('an option is written key=value')
    options[decoded(pair.slice(0, equals))] = decoded(pair.slice(equals + 1).replaceAll('+', ' '))
  }
  return options
}

function decoded(text: string): string {
  let plain: string
  try {
    plain = decodeURIComponent(text)
  } catch {
    throw new InvalidUriError('a percent sign in it is not followed by two hexadecimal digits (write %25 for %)')
  }
  // It would end the name of the file, or a field of the server's protocol.
  if (plain.includes('\0')) throw new InvalidUriError('it has a NUL character in it')
  return plain
}

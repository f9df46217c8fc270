import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { DataSourceOptions } from 'typeorm'
import { InvalidUriError } from '../../errors.js'
import type { DatabaseUri } from '../../uri.js'
import type { MysqlDataSourceOptions } from '../internals.js'

/** TypeORM's options, and ours. */
export interface MysqlOptions extends MysqlDataSourceOptions {
  /** Whether a session keeps the time zone of its server: rows that an application has already were written so. @default false */
  readonly keepsServerZone?: boolean
}

/** The options of an application of TypeORM. A day has no time zone, and would get one as a Date. */
export function adoptedMysqlOptions(given: DataSourceOptions): DataSourceOptions {
  return Object.assign({ ...given }, { dateStrings: ['DATE'], keepsServerZone: true })
}

/** TypeORM's options for a URI of MySQL or MariaDB. */
export function mysqlOptions(uri: DatabaseUri): MysqlDataSourceOptions {
  const { host = '127.0.0.1', port, username, password, database } = uri.server ?? {}
  const socketPath = uri.options['unix_socket']
  const ssl = tlsOptions(uri.options, host)
  const options: MysqlDataSourceOptions = {
    type: uri.scheme === 'mariadb' ? 'mariadb' : 'mysql',
    host,
    ...(port === undefined ? {} : { port }),
    ...(username === undefined ? {} : { username }),
    ...(database === undefined ? {} : { database }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(ssl === undefined ? {} : { ssl }),
    charset: 'utf8mb4_unicode_ci',
    timezone: 'Z',
    // A day has no time zone, and would get one as a Date.
    dateStrings: ['DATE'],
  }
  return password === undefined ? options : Object.assign(options, { password: () => password })
}

/**
 * TLS by the options that clients of MySQL know: `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key` (also with `_`), `ssl=true`.
 *
 * @throws {InvalidUriError} It is none of them: a misspelt option must not turn TLS off.
 */
function tlsOptions(options: Readonly<Record<string, string>>, host: string): object | undefined {
  const given = new Map<string, string>()
  for (const [key, value] of Object.entries(options)) {
    if (key.toLowerCase().startsWith('ssl')) given.set(key.toLowerCase().replace(/^ssl[-_]?/, ''), value)
  }
  if (given.size === 0) return undefined
  for (const key of given.keys()) {
    if (!['', 'mode', 'ca', 'cert', 'key'].includes(key))
      throw new InvalidUriError(`it has no option ssl-${key} (it takes ssl-mode, ssl-ca, ssl-cert, ssl-key)`)
  }
  const file = (key: string): object => {
    const path = given.get(key)
    return path === undefined ? {} : { [key]: readFileSync(path, 'utf8') }
  }
  const mode = (given.get('mode') ?? given.get('') ?? 'true').toLowerCase().replaceAll('-', '_')
  // The key is hidden from what prints the options.
  const secured = (more: object): object => {
    const tls = { ...file('ca'), ...file('cert'), ...more }
    return given.has('key')
      ? Object.defineProperty(tls, 'key', { value: readFileSync(given.get('key') ?? '', 'utf8'), enumerable: false })
      : tls
  }
  switch (mode) {
    case 'disabled':
    case 'disable':
    case 'false':
    case '0':
      return undefined
    // Encrypted, to whoever answers; a given authority is checked all the same, as by MySQL's own clients.
    case 'required':
    case 'require':
      return secured({ rejectUnauthorized: given.has('ca') })
    case 'verify_ca':
    case 'true':
    case '1':
      return secured({ rejectUnauthorized: true })
    case 'verify_identity':
    case 'verify_full':
      // mysql2 would look for the name localhost in the certificate.
      if (isIP(host)) throw new InvalidUriError(`ssl-mode ${mode} needs the name of the host, not its address`)
      return secured({ rejectUnauthorized: true, verifyIdentity: true })
    default:
      throw new InvalidUriError(`ssl-mode is ${mode} (it takes disabled, required, verify_ca or verify_identity)`)
  }
}

import { readFileSync } from 'node:fs'
import type { DataSourceOptions } from 'typeorm'
import { InvalidUriError } from '../../errors.js'
import type { DatabaseUri } from '../../uri.js'
import type { PostgresDataSourceOptions } from '../internals.js'

/** Options of a URI, by their names in libpq and in the Python original. */
const uriOptions = [
  'application_name',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
  'options',
  'ssl',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
]

/** TypeORM's options, and ours. */
export interface PostgresOptions extends PostgresDataSourceOptions {
  /**
   * Whether times without a zone are the process's local ones and the zone of a session is the server's, as pg has it: the rows of
   * an application were written so.
   *
   * @default false
   */
  readonly hasLocalTimes?: boolean
}

/** The options of an application of TypeORM. The native client does not tell the status of its transaction. */
export function adoptedPostgresOptions(given: DataSourceOptions): DataSourceOptions {
  return Object.assign({ ...given }, { nativeDriver: false, hasLocalTimes: true })
}

/** TypeORM's options for a PostgreSQL URI. @throws {InvalidUriError} An option is unknown, or has a value that it cannot have. */
export function postgresOptions(uri: DatabaseUri): PostgresDataSourceOptions {
  const { server, options } = uri
  for (const name of Object.keys(options)) {
    if (!uriOptions.includes(name)) throw new InvalidUriError(`PostgreSQL has no option ${name} here, but ${uriOptions.join(', ')}`)
  }
  const { application_name: applicationName, connect_timeout: timeout, keepalives, keepalives_idle: idle } = options
  const password = server?.password
  return given({
    type: 'postgres',
    host: server?.host,
    port: server?.port,
    username: server?.username,
    // As a function, so that nothing that prints the options can print it.
    password: password === undefined ? undefined : () => password,
    database: server?.database,
    ssl: tlsOptions(options),
    applicationName,
    connectTimeoutMS: timeout === undefined ? undefined : seconds('connect_timeout', timeout),
    // In the server since version 13; nothing is to be installed.
    uuidExtension: 'pgcrypto',
    // The native client does not tell the status of its transaction.
    nativeDriver: false,
    extra: given({
      options: options['options'],
      sslnegotiation: options['sslnegotiation'],
      keepAlive: keepalives === undefined ? undefined : keepalives !== '0',
      keepAliveInitialDelayMillis: idle === undefined ? undefined : seconds('keepalives_idle', idle),
    }),
  })
}

/** TLS as libpq understands it: `require` encrypts, `verify-ca` knows the issuer as well, `verify-full` also the host. */
function tlsOptions(options: DatabaseUri['options']): PostgresDataSourceOptions['ssl'] {
  const { sslmode = options['ssl'], sslrootcert, sslcert, sslkey } = options
  if (sslmode === undefined || sslmode === 'disable' || sslmode === 'false' || sslmode === '0') {
    // Nothing said is what the variable PGSSLMODE says.
    if (sslrootcert ?? sslcert ?? sslkey) throw new InvalidUriError('certificates need sslmode=require, verify-ca or verify-full')
    return sslmode === undefined ? undefined : false
  }
  const ca = sslrootcert === undefined || sslrootcert === 'system' ? undefined : certificate('sslrootcert', sslrootcert)
  const tls = given({
    ca,
    cert: sslcert === undefined ? undefined : certificate('sslcert', sslcert),
  })
  // Hidden, as pg hides it, from what prints the options.
  if (sslkey !== undefined) Object.defineProperty(tls, 'key', { value: certificate('sslkey', sslkey), enumerable: false })
  switch (sslmode) {
    case 'no-verify':
      return Object.assign(tls, { rejectUnauthorized: false })
    case 'require':
      return Object.assign(tls, ca === undefined ? { rejectUnauthorized: false } : { checkServerIdentity: () => undefined })
    case 'verify-ca':
      return Object.assign(tls, { rejectUnauthorized: true, checkServerIdentity: () => undefined })
    case 'verify-full':
    case 'true':
    case '1':
      return Object.assign(tls, { rejectUnauthorized: true })
    default:
      throw new InvalidUriError(`sslmode is ${sslmode}, and can be disable, require, verify-ca or verify-full`)
  }
}

function certificate(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new InvalidUriError(`${option} names the file ${path}, which cannot be read`)
  }
}

function seconds(option: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidUriError(`${option} is a number of seconds`)
  return Number(text) * 1_000
}

/** Without what is undefined. */
function given<Options extends object>(options: Options): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the parameter
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

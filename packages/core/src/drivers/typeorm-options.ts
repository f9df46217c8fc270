import type { DataSourceOptions } from 'typeorm'
import { InvalidOptionError } from '../errors.js'
import type { DatabaseKind } from '../uri.js'

/** Whether an option of TypeORM's is taken; else why it cannot be, and what to do. */
type Verdict = true | string

type OptionsOf<Type extends DataSourceOptions['type']> = keyof Extract<DataSourceOptions, { readonly type: Type }>

const theUri = 'the URI says it'

const common = {
  cache: true,
  dropSchema: true,
  entities: true,
  entityPrefix: true,
  entitySkipConstructor: 'models are made by their constructors',
  extra: true,
  invalidWhereValuesBehavior: true,
  isolateWhereStatements: true,
  isolationLevel: 'give db.transaction(fn, { isolation }) where it matters',
  logger: true,
  logging: true,
  maxQueryExecutionTime: true,
  metadataTableName: true,
  migrations: true,
  migrationsRun: true,
  migrationsTableName: true,
  migrationsTransactionMode: 'db.migrate() runs all migrations in one transaction, under a lock',
  namingStrategy: true,
  poolSize: 'give the option poolSize of the database itself',
  relationLoadStrategy: true,
  subscribers: true,
  synchronize: true,
  type: theUri,
  typename: true,
} as const satisfies Record<string, Verdict>

const ofServers = {
  database: theUri,
  driver: true,
  host: theUri,
  // As a function too, for a password that changes.
  password: true,
  port: theUri,
  replication: 'reads on replicas are not supported, all would go to the one server of the URI',
  ssl: true,
  url: theUri,
  username: theUri,
} as const satisfies Record<string, Verdict>

/** All options that TypeORM has for each family; the compiler finds the one that is missing. */
const verdicts: Readonly<Record<DatabaseKind, Readonly<Record<string, Verdict>>>> = {
  sqlite: {
    ...common,
    database: theUri,
    driver: true,
    enableWAL: 'a file is always opened with WAL, so that readers and writers do not wait for one another',
    extra: 'better-sqlite3 takes nothing more',
    fileMustExist: true,
    key: true,
    nativeBinding: true,
    prepareDatabase: true,
    readonly: true,
    statementCacheSize: 'prepared statements are kept by themselves',
    timeout: 'give the option poolTimeoutMs of the database itself: a native wait would stop the whole process',
    verbose: true,
  } satisfies Record<OptionsOf<'better-sqlite3'>, Verdict>,
  postgres: {
    ...common,
    ...ofServers,
    applicationName: true,
    connectTimeoutMS: true,
    extensions: true,
    installExtensions: true,
    logNotifications: true,
    nativeDriver: 'statements are sent by pg itself',
    parseInt8: 'a BigInteger keeps all its digits',
    poolErrorHandler: true,
    schema: true,
    useUTC: 'times are always sent in UTC',
    uuidExtension: true,
  } satisfies Record<OptionsOf<'postgres'>, Verdict>,
  mysql: {
    ...common,
    ...ofServers,
    acquireTimeout: 'give the option poolTimeoutMs of the database itself',
    bigNumberStrings: 'a BigInteger keeps all its digits',
    charset: true,
    connectTimeout: true,
    dateStrings: 'the types of columns read their values',
    debug: true,
    enableQueryTimeout: 'give the option transactionTimeoutMs of the database itself',
    flags: 'the count of rows and the state of the transaction depend on the flags',
    insecureAuth: true,
    legacySpatialSupport: true,
    multipleStatements: 'each statement is sent by itself, so that what it does to the transaction is known',
    socketPath: true,
    supportBigNumbers: 'a BigInteger keeps all its digits',
    timezone: 'times are always sent in UTC',
    trace: true,
  } satisfies Record<OptionsOf<'mysql'>, Verdict>,
}

/** Values that say what is done anyway, so that an application that has them may keep them. */
const sameAnyway: Readonly<Record<string, readonly unknown[]>> = {
  bigNumberStrings: [true],
  dateStrings: [false],
  enableWAL: [true],
  entitySkipConstructor: [false],
  isolationLevel: ['READ COMMITTED'],
  migrationsTransactionMode: ['all'],
  multipleStatements: [false],
  nativeDriver: [false],
  parseInt8: [false],
  supportBigNumbers: [true],
}

/** What says how to reach the server or the file, and options that have one of ours to go to. */
const adopted = new Set(['acquireTimeout', 'poolSize', 'timeout', 'timezone', 'useUTC'])

/**
 * Holds the options of an application against what the library can honour, when it adopts them whole.
 *
 * @throws {InvalidOptionError} One cannot be honoured; the message never holds its value.
 */
export function checkAdoptedOptions(kind: DatabaseKind, given: object): void {
  const known = verdicts[kind]
  for (const [name, value] of Object.entries(given)) {
    const verdict = Object.hasOwn(known, name) ? known[name] : true
    if (verdict === undefined || verdict === true || verdict === theUri || adopted.has(name)) continue
    if (value === undefined || sameAnyway[name]?.includes(value)) continue
    throw new InvalidOptionError(`The option ${name} of the data source cannot be honoured: ${verdict}. Take it away.`)
  }
}

/**
 * Holds the option `typeorm` against what the library can honour, so that none is ignored in silence.
 *
 * Honoured on every database: `cache`, `dropSchema`, `entities` (classes and schemas), `entityPrefix`, `invalidWhereValuesBehavior`,
 * `isolateWhereStatements`, `logger`, `logging`, `maxQueryExecutionTime`, `metadataTableName`, `migrations`, `migrationsRun`,
 * `migrationsTableName`, `namingStrategy`, `relationLoadStrategy`, `subscribers`, `synchronize`, `typename`; on servers `driver`, `extra`,
 * `password`, `ssl`; and what belongs to one database, but for what the messages name.
 *
 * @throws {InvalidOptionError} One cannot be honoured, or TypeORM has none of that name for the database; the message never holds its value.
 */
export function checkTypeormOptions(kind: DatabaseKind, given: object): void {
  const known = verdicts[kind]
  for (const name of Object.keys(given)) {
    const verdict = Object.hasOwn(known, name) ? known[name] : undefined
    if (verdict === undefined)
      throw InvalidOptionError.unknown(
        name,
        'typeorm',
        Object.keys(known).filter((each) => known[each] === true),
      )
    if (verdict !== true) throw new InvalidOptionError(`The option typeorm.${name} cannot be honoured: ${verdict}. Take it away.`)
  }
}

import type { DataSourceOptions } from 'typeorm'
import type { DatabaseKind, DatabaseUri } from '../uri.js'
import type { DriverFactory } from './driver.js'
import { PostgresDriver } from './postgres/driver.js'
import { adoptedPostgresOptions, postgresOptions } from './postgres/options.js'
import { MysqlDriver } from './mysql/driver.js'
import { adoptedMysqlOptions, mysqlOptions } from './mysql/options.js'
import { mysqlDatabases, postgresDatabases, type ServerDatabases } from './server-databases.js'
import { SqliteDriver } from './sqlite/driver.js'
import { adoptedSqliteOptions, sqliteOptions } from './sqlite/options.js'

/** How a family of databases is opened. */
export interface DriverEntry {
  /** Package that talks to the database. */
  readonly packageName: string
  /** What to do without it: the end of a sentence. */
  readonly otherwise?: string
  /** Connections that may be open at once, unless the options say otherwise. */
  readonly defaultPoolSize: number
  /** Milliseconds after which an idle connection is replaced, unless the options say otherwise. */
  readonly defaultPoolRecycleMs: number
  /** TypeORM's options for a URI. */
  readonly options: (uri: DatabaseUri) => DataSourceOptions
  /** TypeORM's options of an application, with what we rely upon. */
  readonly adopt: (given: DataSourceOptions) => DataSourceOptions
  readonly create: DriverFactory
  /** The databases of its servers; of SQLite each is a file. */
  readonly databases: ServerDatabases | undefined
}

/** The databases that the library knows. */
export const catalogue: Readonly<Record<DatabaseKind, DriverEntry>> = {
  sqlite: {
    packageName: 'better-sqlite3',
    otherwise: ', or take the SQLite of Node.js, from 24 on: sqlite:///file.db?driver=node',
    defaultPoolSize: 4,
    defaultPoolRecycleMs: 0,
    options: sqliteOptions,
    adopt: adoptedSqliteOptions,
    create: (...parts) => new SqliteDriver(...parts),
    databases: undefined,
  },
  mysql: {
    packageName: 'mysql2',
    defaultPoolSize: 10,
    defaultPoolRecycleMs: 7_200_000,
    options: mysqlOptions,
    adopt: adoptedMysqlOptions,
    create: (...parts) => new MysqlDriver(...parts),
    databases: mysqlDatabases,
  },
  postgres: {
    packageName: 'pg',
    defaultPoolSize: 10,
    defaultPoolRecycleMs: 0,
    options: postgresOptions,
    adopt: adoptedPostgresOptions,
    create: (...parts) => new PostgresDriver(...parts),
    databases: postgresDatabases,
  },
}

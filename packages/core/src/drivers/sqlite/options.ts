import type { DataSourceOptions } from 'typeorm'
import { InvalidUriError } from '../../errors.js'
import type { DatabaseUri } from '../../uri.js'
import { NodeDatabase } from './node-database.js'
import type { BetterSqlite3DataSourceOptions } from '../internals.js'

/** When a commit is safe on the disk, https://www.sqlite.org/pragma.html#pragma_synchronous */
const synchronousModes = ['full', 'normal', 'off'] as const

/** What talks to SQLite: the package, or what Node.js has itself, from 24 on. */
const drivers = ['better-sqlite3', 'node'] as const

/** TypeORM's options, and ours. */
export interface SqliteOptions extends BetterSqlite3DataSourceOptions {
  /**
   * `full`: a commit outlives a loss of power. `normal`: it may be undone by one, the file stays whole. `off`: the file may be lost.
   *
   * @default 'full'
   */
  readonly synchronous?: (typeof synchronousModes)[number]
}

/**
 * TypeORM's options for an SQLite URI.
 *
 * @throws {InvalidUriError} An option is none of SQLite's, or has a value that it cannot have.
 * @example
 * sqliteOptions(parseUri('sqlite:///shop.db?synchronous=normal'))
 */
export function sqliteOptions(uri: DatabaseUri): SqliteOptions {
  const { synchronous = 'full', driver = 'better-sqlite3', ...others } = uri.options
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new InvalidUriError(`SQLite has no option ${unknown} here, but synchronous and driver`)
  const mode = synchronousModes.find((each) => each === synchronous.toLowerCase())
  if (!mode) throw new InvalidUriError(`synchronous is ${synchronous}, and can be ${synchronousModes.join(', ')}`)
  const library = drivers.find((each) => each === driver)
  if (!library) throw new InvalidUriError(`driver is ${driver}, and can be ${drivers.join(', ')}`)
  const database = uri.file ?? ':memory:'
  // No native busy wait: it would block the event loop, and the holder of the lock with it.
  const options = { type: 'better-sqlite3', database, timeout: 0, enableWAL: database !== ':memory:', synchronous: mode } as const
  return library === 'node' ? { ...options, driver: NodeDatabase } : options
}

/** The options of an application of TypeORM: the pool waits in place of SQLite, which would block the event loop. */
export function adoptedSqliteOptions(given: DataSourceOptions): DataSourceOptions {
  return Object.assign({ ...given }, { timeout: 0, enableWAL: given.database !== ':memory:' })
}

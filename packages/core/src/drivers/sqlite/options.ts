import type { DatabaseUri } from '../../uri.js'
import type { BetterSqlite3DataSourceOptions } from '../internals.js'

/** TypeORM's options for an SQLite URI. */
export function sqliteOptions(uri: DatabaseUri): BetterSqlite3DataSourceOptions {
  const database = uri.file ?? ':memory:'
  // No native busy wait: it would block the event loop, and the holder of the lock with it.
  return { type: 'better-sqlite3', database, timeout: 0, enableWAL: database !== ':memory:' }
}

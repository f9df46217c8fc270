// How every contender reaches a database: the same settings for all.
import Database from 'better-sqlite3'
import { createPool } from 'mysql2'
import { Pool } from 'pg'

export const poolSize = 10

/** The path in a URI of SQLite. */
export const fileOf = (uri) => uri.replace('sqlite:///', '').replace(/\?.*/, '')

/** What every connection to SQLite is told: `synchronous=normal`, as the URI asks for. */
export const pragmas = ['journal_mode = WAL', 'synchronous = NORMAL']

export function sqlite(uri) {
  const db = new Database(fileOf(uri))
  for (const pragma of pragmas) db.pragma(pragma)
  return db
}

export const postgres = (uri) => new Pool({ connectionString: uri, max: poolSize })

export const mariadbOptions = (uri) => {
  const { hostname, port, username, password, pathname } = new URL(uri)
  return { host: hostname, port: Number(port || 3306), user: username, password, database: pathname.slice(1), timezone: 'Z' }
}

export const mariadb = (uri) => createPool({ ...mariadbOptions(uri), connectionLimit: poolSize })

/** A moment as our SQLite tables hold it, and back. */
export const toText = (date) => `${date.toISOString().replace('T', ' ').slice(0, -1)}000`
export const fromText = (text) => (text === null ? null : new Date(`${text.slice(0, 23).replace(' ', 'T')}Z`))

/** Lists of rows for one statement each. */
export const batches = (rows, size = 1_000) =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => rows.slice(at * size, (at + 1) * size))

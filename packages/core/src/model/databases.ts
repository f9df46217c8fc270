import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { catalogue } from '../drivers/catalogue.js'
import type { ServerDatabases } from '../drivers/server-databases.js'
import { InvalidUriError } from '../errors.js'
import { ModelRegistry } from '../mapping/registry.js'
import { detached } from '../scope/scope.js'
import { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { type DatabaseUri, parseUri } from '../uri.js'
import { Configuration } from './configuration.js'

/**
 * Whether there is a database of this URI: on its server, or as a file. One in memory always is.
 *
 * @throws {InvalidUriError} The URI has another form.
 * @throws {ConnectionFailedError} The server cannot be reached.
 * @since 0.2
 * @example
 * const uri = process.env['DATABASE_URL'] ?? 'sqlite:///shop.db'
 * if (!(await db.utils.databaseExists(uri))) await db.utils.createDatabase(uri)
 */
export async function databaseExists(uri: string): Promise<boolean> {
  const { file, server } = placeOf(uri)
  if (!server) return file === ':memory:' || existsSync(file)
  return onServer(uri, server, exists)
}

/**
 * Makes the database of a URI, in UTF-8, if there is none; of its tables it makes none.
 *
 * @returns Whether it was made.
 * @throws {InvalidUriError} The URI has another form.
 * @throws {ConnectionFailedError} The server cannot be reached.
 * @since 0.2
 * @example
 * await db.utils.createDatabase('sqlite:///shop.db') // true: it was not there
 */
export async function createDatabase(uri: string): Promise<boolean> {
  const { file, server } = placeOf(uri)
  if (server) {
    return onServer(uri, server, async (found) => {
      if (await exists(found)) return false
      await found.dataSource.query(found.databases.create(found.name))
      return true
    })
  }
  if (file === ':memory:' || existsSync(file)) return false
  // An empty file is a database of SQLite.
  await (await open(file, 'a')).close()
  return true
}

/**
 * Drops the database of a URI with everything in it, if it is there. PostgreSQL ends the connections that others have to it.
 *
 * @returns Whether it was there.
 * @throws {InvalidUriError} The URI has another form.
 * @throws {ConnectionFailedError} The server cannot be reached.
 * @since 0.2
 * @example
 * await db.utils.dropDatabase('sqlite:///test.db') // false: there was none
 */
export async function dropDatabase(uri: string): Promise<boolean> {
  const { file, server } = placeOf(uri)
  if (server) {
    return onServer(uri, server, async (found) => {
      const isThere = await exists(found)
      if (isThere) await found.dataSource.query(found.databases.drop(found.name))
      return isThere
    })
  }
  if (file === ':memory:' || !existsSync(file)) return false
  for (const path of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) await rm(path, { force: true })
  return true
}

interface Place {
  readonly file: string
  readonly server: { readonly databases: ServerDatabases; readonly name: string } | undefined
}

/** A database on its server, seen from another one. */
interface Found {
  readonly dataSource: AlchemyDataSource
  readonly databases: ServerDatabases
  readonly name: string
}

function placeOf(text: string): Place {
  const uri: DatabaseUri = parseUri(text)
  const { databases } = catalogue[uri.kind]
  if (!databases) return { file: uri.file ?? ':memory:', server: undefined }
  const name = uri.server?.database
  if (name === undefined) throw new InvalidUriError('it names no database')
  return { file: '', server: { databases, name } }
}

/** Works from a database that is there, outside any scope: a database cannot be made within a transaction. */
function onServer<T>(text: string, server: NonNullable<Place['server']>, work: (found: Found) => Promise<T>): Promise<T> {
  return detached(async () => {
    const home = text.replace(/^([^:]+:\/\/[^/?]*)[^?]*/, `$1/${server.databases.home}`)
    const dataSource = Configuration.ofUri(new ModelRegistry(), home, { poolSize: 1 }).open(Session, [])
    try {
      return await work({ dataSource, ...server })
    } finally {
      await dataSource.engine.close()
    }
  })
}

async function exists({ dataSource, databases, name }: Found): Promise<boolean> {
  const rows: unknown = await dataSource.query(databases.exists, [name])
  return Array.isArray(rows) && rows.length > 0
}

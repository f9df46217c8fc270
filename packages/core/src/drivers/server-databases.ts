/** How a server tells of its databases, makes and drops them. */
export interface ServerDatabases {
  /** A database that every server of the family has: from it the others are seen. */
  readonly home: string
  /** The SELECT that gives a row where there is a database of the bound name. */
  readonly exists: string
  create(name: string): string
  /** Whoever is connected to it is sent away. */
  drop(name: string): string
}

export const postgresDatabases: ServerDatabases = {
  home: 'postgres',
  exists: 'SELECT datname FROM pg_database WHERE datname = $1',
  create: (name) => `CREATE DATABASE ${quoted(name, '"')} ENCODING 'UTF8' TEMPLATE template0`,
  drop: (name) => `DROP DATABASE IF EXISTS ${quoted(name, '"')} WITH (FORCE)`,
}

export const mysqlDatabases: ServerDatabases = {
  home: 'information_schema',
  exists: 'SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?',
  create: (name) => `CREATE DATABASE ${quoted(name, '`')} CHARACTER SET utf8mb4`,
  drop: (name) => `DROP DATABASE IF EXISTS ${quoted(name, '`')}`,
}

function quoted(name: string, quote: string): string {
  return quote + name.replaceAll(quote, quote + quote) + quote
}

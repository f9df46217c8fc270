import { fileOf, mariadbOptions, poolSize, pragmas } from '../peers/clients.mjs'

const pool = { min: 0, max: poolSize }

/** How many rows it can insert at once: for SQLite it writes a SELECT for each, and 500 is the limit. */
export const rowsOfInsert = { sqlite: 500, postgres: 1_000, mariadb: 1_000 }

/** Settings of Knex, which Objection and Lucid stand on. */
export const knexOptions = {
  sqlite: (uri) => ({
    client: 'better-sqlite3',
    connection: { filename: fileOf(uri) },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection, done) {
        for (const pragma of pragmas) connection.pragma(pragma)
        done(null, connection)
      },
    },
  }),
  postgres: (uri) => ({ client: 'pg', connection: { connectionString: uri }, pool }),
  mariadb: (uri) => ({ client: 'mysql2', connection: mariadbOptions(uri), pool }),
}

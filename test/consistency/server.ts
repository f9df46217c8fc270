import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { Pool } from 'pg'
import type { Dice } from '../../examples/adopted/src/storm/dice.ts'

/** The server under the bank, past every layer of ours: it does harm, and tells what is open. */
export interface Server {
  /** The rows of a query, as somebody sees them who is no part of the bank. */
  rows<Row extends object>(sql: string): Promise<Row[]>
  /** Ends one of the bank's connections, or takes the lock that it needs. */
  harm(dice: Dice): Promise<void>
  /** Transactions of the bank that are still open. */
  openTransactions(): Promise<number>
  close(): Promise<void>
}

/** The part of better-sqlite3 that we use: it has no types. */
interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): { all(): unknown[] }
  close(): void
}
/** The one by which the bank has it open: two in one process take each other's locks away. */
const Sqlite = (
  process.env['SQLITE_DRIVER'] === 'node'
    ? Object(process.getBuiltinModule('node:sqlite')).DatabaseSync
    : createRequire(import.meta.url)('better-sqlite3')
) as new (
  file: string,
  options: object,
) => SqliteDatabase

async function postgresServer(uri: string): Promise<Server> {
  const client = new Pool({ connectionString: uri, application_name: 'watch', max: 2 })
  const own = `datname = current_database() and application_name <> 'watch'`
  // New connections of the bank find deadlocks sooner than they run into their time limit.
  await client.query(`do $$ begin execute format('alter database %I set deadlock_timeout = ''40ms''', current_database()); end $$`)
  return {
    rows: async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows,
    async harm() {
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${own} order by random() limit 1`)
    },
    async openTransactions() {
      const { rows } = await client.query<{ n: string }>(
        `select count(*) as n from pg_stat_activity where ${own} and backend_type = 'client backend' and xact_start is not null`,
      )
      return Number(rows[0]?.n)
    },
    close: () => client.end(),
  }
}

async function mariadbServer(uri: string): Promise<Server> {
  const connection = await createConnection(uri)
  const own = 'select id from information_schema.processlist where db = database() and id <> connection_id()'
  const ids = async (sql: string): Promise<number[]> => {
    const [rows] = await connection.query(sql)
    return (rows as { id: number }[]).map(({ id }) => id)
  }
  return {
    rows: async <Row extends object>(sql: string) => (await connection.query(sql))[0] as Row[],
    async harm(dice) {
      const running = await ids(own)
      // It may have ended by itself.
      if (running.length > 0) await connection.query(`kill ${dice.pick(running)}`).catch(() => undefined)
    },
    openTransactions: async () =>
      (await ids(`select trx_mysql_thread_id as id from information_schema.innodb_trx where trx_mysql_thread_id in (${own})`)).length,
    close: () => connection.end(),
  }
}

/** It has no connections to end; another process that writes is all that can happen to it. */
function sqliteServer(uri: string): Server {
  const other = new Sqlite(uri.replace(/^sqlite:\/\/\/|\?.*/g, ''), { timeout: 0 })
  const locked = (): boolean => {
    try {
      other.exec('begin immediate')
      return true
    } catch {
      return false
    }
  }
  return {
    rows: async <Row extends object>(sql: string) => other.prepare(sql).all() as Row[],
    async harm(dice) {
      if (!locked()) return
      await sleep(1 + dice.below(15))
      other.exec('rollback')
    },
    async openTransactions() {
      if (!locked()) return 1
      other.exec('rollback')
      return 0
    },
    close: async () => other.close(),
  }
}

/** @param name Of the database, as the matrix has it. */
export async function serverOf(name: string, uri: string): Promise<Server> {
  if (name === 'postgres') return postgresServer(uri)
  return name === 'mariadb' ? mariadbServer(uri) : sqliteServer(uri)
}

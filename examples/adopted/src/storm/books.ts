import { DataSource, type DataSourceOptions } from 'typeorm'
import { databaseOptions } from '../bank/database-options.js'

/** The payment that a client was told of, as it stands in the database. */
interface BookedPayment {
  readonly reference: string
  readonly amount: number
  readonly payerId: number | null
  readonly payeeId: number | null
}

/** The bank's database as a stranger reads it: on a connection of its own, which sees what is committed and nothing else. */
export interface Books {
  has(reference: string): Promise<boolean>
  payments(): Promise<BookedPayment[]>
  balances(): Promise<{ id: number; balance: number }[]>
  /** Transactions that are open on the server: SQLite has none. */
  openTransactions(): Promise<number>
  close(): Promise<void>
}

const openTransactions = {
  postgres: `select count(*) as n from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null`,
  mysql: `select count(*) as n from information_schema.innodb_trx where trx_mysql_thread_id in
    (select id from information_schema.processlist where db = database() and id <> connection_id())`,
  sqlite: 'select 0 as n',
}

/** Opens the books of the bank whose database this is. */
export async function openBooks(url: string): Promise<Books> {
  const options = databaseOptions(url) as DataSourceOptions
  const source = await new DataSource(options).initialize()
  const name = (text: string): string => source.driver.escape(text)
  const server = options.type === 'postgres' || options.type === 'mysql' ? options.type : 'sqlite'
  const payments = `select reference, amount, ${name('payerId')}, ${name('payeeId')} from payment`
  return {
    has: async (reference) => (await source.query<unknown[]>(`${payments} where reference = '${reference}'`)).length > 0,
    payments: () => source.query(payments),
    balances: () => source.query('select id, balance from account order by id'),
    openTransactions: async () => Number((await source.query<{ n: unknown }[]>(openTransactions[server]))[0]?.n),
    close: () => source.destroy(),
  }
}

/** Connections of the bank that are out, or left in a transaction, as its pool has it. */
export function busyConnections({ driver }: DataSource): number {
  const { pool, master, databaseConnection } = driver as {
    readonly pool?: { readonly leased?: number }
    readonly master?: { readonly totalCount: number; readonly idleCount: number }
    readonly databaseConnection?: { readonly inTransaction: boolean }
  }
  if (pool?.leased !== undefined) return pool.leased
  if (master) return master.totalCount - master.idleCount
  if (databaseConnection) return databaseConnection.inTransaction ? 1 : 0
  const countOf = (list: string): number => (Reflect.get(pool ?? {}, list) as unknown[] | undefined)?.length ?? 0
  return countOf('_allConnections') - countOf('_freeConnections')
}

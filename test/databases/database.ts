import { ActiveAlchemy, type ActiveAlchemyOptions } from '@active-alchemy/core'

/** A leased connection, as the driver gives it. */
type DriverRunner = Awaited<ReturnType<ActiveAlchemy['dataSource']['driver']['lease']>>

/** One kind of database that the suites run on. */
export interface TestDatabase {
  readonly name: string
  /** A new, empty database. */
  create(): Promise<FreshDatabase>
  /** What it cannot do, and why; the suites assert the other behaviour where there is one. */
  readonly lacks: Readonly<Partial<Record<Lack, string>>>
  /** SQL that makes the commit of its transaction fail, after `create table note (id …)` exists. */
  readonly breakCommit: readonly string[]
  /** Ends the connection of a session on the server, as an administrator or a crash does. */
  readonly kill?: (query: (sql: string) => Promise<unknown>) => Promise<void>
  /** SQL that `breakCommit` needs once. */
  readonly prepareBreak: readonly string[]
  /** SQL that empties tables whatever refers to what, quicker than TRUNCATE, which makes new files of them: once before, and each time. */
  readonly emptying?: (tables: readonly string[]) => readonly [once: string, each: string]
  /** How it would answer a SELECT. @param explain Sends the statement behind these words. */
  plan(explain: (words: string) => Promise<unknown>): Promise<Plan>
}

/** How a database answers a SELECT. */
interface Plan {
  /** The index that is entered at a place, and read from there. */
  readonly soughtIn: string | undefined
  /** Whether rows are sorted that no index has in order. */
  readonly sorts: boolean
}

/** Something that not every database has. */
export type Lack =
  | 'a connection for each session'
  | 'a server'
  | 'concurrent writers'
  | 'exact decimals'
  | 'histograms of indexes'
  | 'deferred constraints'
  | 'transactional DDL'
  | 'returning'

/** A database of one test. */
export interface FreshDatabase {
  readonly uri: string
  drop(): Promise<void>
}

/** Counts of connections: each that was leased must have been given back, once. */
export interface LeaseCount {
  leased: number
  released: number
}

/** Opens `fresh`, and counts its connections. The class decides which adapter's `ActiveAlchemy` it is. */
export function open<Database extends ActiveAlchemy>(
  Class: new (uri: string, options?: ActiveAlchemyOptions) => Database,
  fresh: FreshDatabase,
  options: ActiveAlchemyOptions = {},
): { db: Database; leases: LeaseCount; statements: string[] } {
  const statements: string[] = []
  const db = new Class(fresh.uri, {
    name: 'test',
    ...options,
    typeorm: { ...options.typeorm, logger: recorder(statements) } as NonNullable<ActiveAlchemyOptions['typeorm']>,
  })
  const leases: LeaseCount = { leased: 0, released: 0 }
  const { driver } = db.dataSource
  const lease = driver.lease.bind(driver)
  const counted = (runner: DriverRunner): DriverRunner => {
    leases.leased += 1
    const giveBack = runner.giveBack.bind(runner)
    runner.giveBack = () => {
      leases.released += 1
      return giveBack()
    }
    return runner
  }
  // One that is there at once stays so: what waits for nothing takes another way.
  driver.lease = (purpose, limitMs) => {
    const runner = lease(purpose, limitMs)
    return runner instanceof Promise ? runner.then(counted) : counted(runner)
  }
  return { db, leases, statements }
}

function recorder(statements: string[]): object {
  return {
    logQuery: (sql: string) => statements.push(sql),
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
    logSchemaBuild: () => undefined,
    logMigration: () => undefined,
    log: () => undefined,
  }
}

/** Statements that do something: what opens and closes a transaction is not counted. */
export function work(statements: readonly string[]): string[] {
  return statements.filter((sql) => !/^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION)/i.test(sql))
}

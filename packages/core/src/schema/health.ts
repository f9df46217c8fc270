import { setTimeout as sleep } from 'node:timers/promises'
import { flag, readOptions, wholeNumber } from '../options.js'
import { detached } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { pendingMigrations } from './migrations.js'

/** How the health of a database is asked. @since 0.2 */
export interface HealthOptions {
  /** Milliseconds after which it counts as ill. @default 1_000 */
  readonly timeoutMs?: number
  /** Whether migrations that have not run make it ill: for a readiness check. It reads the table of migrations. @default false */
  readonly migrations?: boolean
}

/** How a database is. Whoever asks may be anybody: no host, no user, no path and no message of the database is in it. @since 0.2 */
export interface Health {
  /** Whether it answers, or is at work; and has no pending migrations, where that was asked. */
  readonly ok: boolean
  /** Its option `name`, or its kind: `'postgres'`, `'mysql'`, `'sqlite'`. */
  readonly database: string
  /** Milliseconds that it took to answer; `null` where it was not asked, since it is busy, or has not answered. */
  readonly latencyMs: number | null
  /** Whether all connections were in use, so that it was not asked: it does not wait in their line. */
  readonly busy: boolean
  readonly pool: {
    /** Connections that may be open at once. */
    readonly size: number
    /** Those in use. */
    readonly used: number
    /** Callers that wait for one. */
    readonly waiting: number
  }
  /** Version of the server, or of SQLite; `null` until it was met. */
  readonly version: string | null
  /** Number of migrations that have not run, where that was asked. */
  readonly pendingMigrations?: number
  /** How each of its `binds` is: `ok` speaks for all of them. @since 0.2 */
  readonly binds?: Readonly<Record<string, Health>>
  /** Why it is not `ok`: the `code` of the error, `'TIMEOUT'` or `'PENDING_MIGRATIONS'`. */
  readonly error?: string
}

const known = { timeoutMs: wholeNumber(1, 2 ** 31 - 1), migrations: flag }

/** What is found out by asking. */
type Found = Pick<Health, 'busy' | 'latencyMs'> & Partial<Pick<Health, 'pendingMigrations' | 'error'>>

/**
 * Asks a database how it is; what is wrong is told, and never thrown.
 *
 * @param name What it is called.
 * @param open Gives its data source, if it is not closed.
 */
export async function health(name: string, open: () => AlchemyDataSource, options?: HealthOptions): Promise<Health> {
  const { timeoutMs = 1_000, migrations = false } = readOptions(known, options, 'health()')
  let dataSource: AlchemyDataSource
  try {
    dataSource = open()
  } catch (error) {
    return { ok: false, database: name, ...nothing, pool: { size: 0, used: 0, waiting: 0 }, version: null, error: codeOf(error) }
  }
  const limit = new AbortController()
  const late = sleep(timeoutMs, { ...nothing, error: 'TIMEOUT' }, { signal: limit.signal }).catch(() => nothing)
  const found: Found = await Promise.race([ask(dataSource, migrations), late])
  limit.abort()
  const { pool, version = null } = dataSource.driver
  const { size, leased: used, waiting } = pool
  return { ok: found.error === undefined, database: name, ...found, pool: { size, used, waiting }, version }
}

/** The same with its binds, which are asked beside it. */
export async function healthOfAll(
  own: Promise<Health>,
  binds: Readonly<Record<string, { health(options?: HealthOptions): Promise<Health> }>>,
  options: HealthOptions | undefined,
): Promise<Health> {
  const asked = Object.entries(binds).map(async ([key, each]) => [key, await each.health(options)] as const)
  const found = await Promise.all(asked)
  const health = await own
  if (found.length === 0) return health
  return { ...health, ok: health.ok && found.every(([, { ok }]) => ok), binds: Object.fromEntries(found) }
}

const nothing: Found = { busy: false, latencyMs: null }

async function ask(dataSource: AlchemyDataSource, migrations: boolean): Promise<Found> {
  const startedAt = performance.now()
  try {
    const wasFree = await detached(() => dataSource.engine.ping())
    if (!wasFree) return { busy: true, latencyMs: null }
    const latencyMs = Math.round((performance.now() - startedAt) * 100) / 100
    if (!migrations) return { busy: false, latencyMs }
    const { length } = await pendingMigrations(dataSource)
    return { busy: false, latencyMs, pendingMigrations: length, ...(length > 0 ? { error: 'PENDING_MIGRATIONS' } : {}) }
  } catch (error) {
    return { ...nothing, error: codeOf(error) }
  }
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'UNKNOWN'
}

import { createHash } from 'node:crypto'
import { QueryFailedError } from 'typeorm'
import { databaseError } from '../database-error.js'
import type { DriverRunner } from '../driver.js'

/** How long a process waits for another that changes the schema, in seconds. */
const schemaLockSeconds = 60

/** Runs `work` while no other process changes the schema of `database`. @param drops It drops tables, in any order. */
export async function holdingSchemaLock<T>(runner: DriverRunner, database: string, work: () => Promise<T>, drops: boolean): Promise<T> {
  await lineUp(runner, [database], schemaLockSeconds)
  try {
    // A schema change waits for the transactions that use the table.
    await runner.query(`SET lock_wait_timeout = ${schemaLockSeconds}`)
    if (drops) await runner.query('SET FOREIGN_KEY_CHECKS = 0')
    return await work()
  } finally {
    // If the connection is lost, so are the lock and the setting.
    if (runner.connectionStatus !== 'lost') {
      if (drops) await runner.query('SET FOREIGN_KEY_CHECKS = 1')
      await runner.query('DO RELEASE_LOCK(?)', [lockName(database)])
    }
  }
}

/** Waits for locks, in their order, that end with the loan of the connection. @throws {LockTimeoutError} One was not free within so many seconds. */
export async function lineUp(runner: DriverRunner, names: readonly string[], seconds: number): Promise<void> {
  // What is added up is asked from the left to the right.
  const sql = `SELECT ${names.map(() => 'GET_LOCK(?, ?)').join(' + ')} AS ours`
  const [row]: { ours: unknown }[] = await runner.query(
    sql,
    names.flatMap((name) => [lockName(name), seconds]),
  )
  if (Number(row?.ours) === names.length) return
  throw databaseError(new QueryFailedError(sql, [], new Error('Another transaction holds it')), { kind: 'lock-timeout' })
}

/** Takes the lock of the one sandbox that `database` can have, without waiting. @returns Whether it was free. */
export async function lockSandbox(runner: DriverRunner, database: string): Promise<boolean> {
  const [row]: { isOurs: unknown }[] = await runner.query('SELECT GET_LOCK(?, 0) AS isOurs', [lockName(`sandbox of ${database}`)])
  return Number(row?.isOurs) === 1
}

/** Names of locks are the server's, and end at 64 characters. */
function lockName(name: string): string {
  return `active_alchemy_${createHash('sha1').update(name).digest('hex')}`
}

/** The collation that tells texts apart by their code points, spaces at the end included where the server can. */
export function textCollation(version: string, isMariadb: boolean): string {
  if (isMariadb) return isAtLeast(version, [10, 2]) ? 'utf8mb4_nopad_bin' : 'utf8mb4_bin'
  return isAtLeast(version, [8, 0, 17]) ? 'utf8mb4_0900_bin' : 'utf8mb4_bin'
}

/** The collation of a column of a table that exists; `undefined` where there is none. */
export async function collationOf(runner: DriverRunner, table: string, column: string | undefined): Promise<string | undefined> {
  const [name, database] = table.split('.').reverse()
  const sql =
    'SELECT COLLATION_NAME AS name FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND COLUMN_NAME = ?'
  const [row]: { name: string | null }[] = await runner.query(sql, [database ?? null, name, column])
  return row?.name ?? undefined
}

/** `CURRENT_TIMESTAMP(6)` with the digits of its column. */
export function withPrecision(text: string | undefined, precision: number | null | undefined): string | undefined {
  if (precision === undefined || precision === null) return text
  return text?.replace(/^CURRENT_TIMESTAMP(?:\(\d*\))?$/i, precision > 0 ? `CURRENT_TIMESTAMP(${precision})` : 'CURRENT_TIMESTAMP')
}

export function isAtLeast(version: string, needed: readonly number[]): boolean {
  const own = version.split('.').map(Number)
  for (const [index, least] of needed.entries()) {
    const part = own[index] ?? 0
    if (part !== least) return part > least
  }
  return true
}

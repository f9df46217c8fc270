import { setTimeout as sleep } from 'node:timers/promises'
import { DeadlockError, LockTimeoutError, SerializationError } from '../drivers/database-error.js'
import type { DatabaseDriver } from '../drivers/driver.js'
import { InvalidOptionError, SessionFailedError } from '../errors.js'
import { type IsolationLevel, isolationLevel, readOptions, text, wholeNumber } from '../options.js'
import { currentScope, runInScope } from '../scope/scope.js'
import type { AlchemyDataSource } from './data-source.js'

/** How `db.run` runs. @since 0.2 */
export interface RunOptions {
  /** Milliseconds for which the scope may hold an open transaction. @default the option of the database */
  readonly transactionTimeoutMs?: number
  /** What it is called in messages and reports. @default 'db.run' */
  readonly label?: string
}

const runOptions = { label: text, transactionTimeoutMs: wholeNumber(1, 2 ** 31 - 1) }

/** Runs `work` in a scope of its own. @throws {InvalidOptionError} An option is unknown, or has a value that it cannot have. */
export async function run<T>(work: () => Promise<T>, given?: RunOptions): Promise<T> {
  const { transactionTimeoutMs, label = 'db.run' } = readOptions(runOptions, given, 'db.run()')
  return runInScope({ label, transactionTimeoutMs }, async () => work())
}

/** How `db.transaction` runs; `isolation` and `retries` need a transaction of its own, outside any scope. @since 0.1 */
export interface TransactionOptions {
  /** Isolation level of the transaction. @default 'READ COMMITTED', where the database knows levels */
  readonly isolation?: IsolationLevel
  /** How often the whole function is run again after a deadlock or a serialization failure, 0 to 20. @default 0 */
  readonly retries?: number
  /** What it is called in messages and reports, where it is no savepoint. @default 'db.transaction', of a `@db.Transactional()` method `Orders.place` */
  readonly label?: string
}

const transactionOptions = {
  label: text,
  isolation: isolationLevel,
  retries: wholeNumber(0, 20),
}

/**
 * Runs `work` as one transaction: a savepoint inside a scope, a scope of its own outside.
 *
 * @param dataSources Those whose sessions it undoes when it fails.
 * @throws {InvalidOptionError} `isolation` is none of the SQL standard, `retries` is no whole number from 0 to 20, or an option was
 *   given inside a scope.
 */
export async function transaction<T>(
  dataSources: readonly AlchemyDataSource[],
  work: () => Promise<T>,
  given?: TransactionOptions,
): Promise<T> {
  const options = readOptions(transactionOptions, given, 'db.transaction()')
  const { isolation, retries = 0, label = 'db.transaction' } = options
  if (currentScope()) {
    if (isolation ?? options.retries) {
      throw new InvalidOptionError('isolation, retries', 'none inside a scope, where db.transaction is a savepoint', options)
    }
    return dataSources.reduceRight<() => Promise<T>>(
      (inner, dataSource) => () => dataSource.requireSession('db.transaction()').transaction(inner),
      work,
    )()
  }
  for (let attempt = 0; ; attempt++) {
    try {
      return await runInScope({ label, isolation }, async () => work())
    } catch (error) {
      if (attempt >= retries || !dataSources.some(({ driver }) => isTransient(error, driver))) throw error
    }
    // Full jitter, so that those who met once do not meet again: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    await sleep(Math.random() * Math.min(1_000, 10 * 2 ** attempt))
  }
}

/** Failures after which the database has undone everything, so that the whole function may run again. */
function isTransient(error: unknown, driver: DatabaseDriver): boolean {
  const cause = error instanceof SessionFailedError ? error.cause : error
  if (cause instanceof DeadlockError || cause instanceof SerializationError) return true
  return cause instanceof LockTimeoutError && driver.endsTransaction(cause)
}

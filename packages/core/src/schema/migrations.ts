import { MigrationExecutor, type Migration } from 'typeorm'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { onOwnConnection, underSchemaLock } from './schema-lock.js'

/** Runs the migrations that have not run, under a lock, so that only one process runs them. */
export function migrate(dataSource: AlchemyDataSource): Promise<Migration[]> {
  return underSchemaLock(dataSource, 'migrate', (runner) => {
    const executor = new MigrationExecutor(dataSource, runner)
    // The lock is the transaction.
    executor.transaction = 'none'
    return executor.executePendingMigrations()
  })
}

/** The migrations that have not run, oldest first; nothing is changed. */
export function pendingMigrations(dataSource: AlchemyDataSource): Promise<Migration[]> {
  return onOwnConnection(dataSource, (runner) => new MigrationExecutor(dataSource, runner).getPendingMigrations())
}

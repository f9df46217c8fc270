import { MigrationExecutor, type Migration, type QueryRunner } from 'typeorm'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { onOwnConnection, underSchemaLock } from './schema-lock.js'

/** What has been done with the migrations. */
export interface MigrationHistory {
  /** Those that have run, oldest first, and whether the application still has them. */
  readonly ran: readonly { readonly name: string; readonly isKnown: boolean }[]
  /** Those that have not run, oldest first. */
  readonly pending: readonly Migration[]
}

/** TypeORM's, which tells of each migration as it has run, and undoes one as part of the transaction around it. */
class Executor extends MigrationExecutor {
  // The lock is the transaction.
  override transaction = 'none' as const
  onRun: ((migration: Migration) => void) | undefined

  protected override async insertExecutedMigration(runner: QueryRunner, migration: Migration): Promise<void> {
    await super.insertExecutedMigration(runner, migration)
    this.onRun?.(migration)
  }

  async history(): Promise<MigrationHistory> {
    const known = new Set(this.getMigrations().map(({ name }) => name))
    const ran = (await this.getExecutedMigrations()).toReversed()
    return { ran: ran.map(({ name }) => ({ name, isKnown: known.has(name) })), pending: await this.getPendingMigrations() }
  }

  /** TypeORM's `undoLastMigration` would end the watch over rows that refer to none before the commit. */
  async undo(runner: QueryRunner, name: string): Promise<void> {
    const migration = this.getMigrations().find((each) => each.name === name)
    await migration?.instance?.down(runner)
    if (migration) await this.deleteExecutedMigration(runner, migration)
  }
}

/** Who follows migrations as they run. */
export interface MigrationWatch {
  /** Those that are about to run, oldest first: nobody else runs them now. */
  begin(migrations: readonly Migration[]): void
  /** One has run; those after it may still undo it. */
  ran(migration: Migration): void
}

/** Runs the migrations that have not run, under a lock, so that only one process runs them. */
export function migrate(dataSource: AlchemyDataSource, watch?: MigrationWatch): Promise<Migration[]> {
  return underSchemaLock(dataSource, 'migrate', async (runner) => {
    const executor = new Executor(dataSource, runner)
    if (watch) {
      watch.begin(await executor.getPendingMigrations())
      executor.onRun = (migration) => watch.ran(migration)
    }
    return executor.executePendingMigrations()
  })
}

/** The migrations that have not run, oldest first; nothing is changed. */
export function pendingMigrations(dataSource: AlchemyDataSource): Promise<Migration[]> {
  return onOwnConnection(dataSource, (runner) => new Executor(dataSource, runner).getPendingMigrations())
}

/** Which migrations have run, and which have not; nothing is changed. */
export function migrationHistory(dataSource: AlchemyDataSource): Promise<MigrationHistory> {
  return onOwnConnection(dataSource, (runner) => new Executor(dataSource, runner).history())
}

/** Undoes the migration that ran last, under the same lock. @returns It; one that the application has no more is left as it is. */
export function revertMigration(dataSource: AlchemyDataSource): Promise<MigrationHistory['ran'][number] | undefined> {
  return underSchemaLock(dataSource, 'migrate', async (runner) => {
    const executor = new Executor(dataSource, runner)
    const last = (await executor.history()).ran.at(-1)
    if (last?.isKnown) await executor.undo(runner, last.name)
    return last
  })
}

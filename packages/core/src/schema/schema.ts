import { type EntityMetadata, MigrationExecutor, type Migration, type QueryRunner, Table, TableForeignKey } from 'typeorm'
import type { DriverRunner } from '../drivers/driver.js'
import { detached } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'

/**
 * Creates the tables that are missing, with their indexes, checks and foreign keys. It never alters or drops anything.
 *
 * It runs under a lock of the database, outside any scope, so that processes that start together do not meet.
 */
export function createAll(dataSource: AlchemyDataSource): Promise<void> {
  return locked(dataSource, async (runner) => {
    const { capabilities } = dataSource.alchemy
    const created: Table[] = []
    for (const table of tablesOf(dataSource)) {
      if (await runner.hasTable(table)) continue
      await runner.createTable(table, false, capabilities.inlineForeignKeys, true)
      await dataSource.alchemy.addChecks(runner, table)
      created.push(table)
    }
    dataSource.models.noteTables()
    if (capabilities.inlineForeignKeys) return
    for (const table of created) {
      // A copy: TypeORM adds each to the table while it walks through them.
      if (table.foreignKeys.length > 0) await runner.createForeignKeys(table, [...table.foreignKeys])
    }
  })
}

/** Drops the tables of all models, with everything in them. */
export function dropAll(dataSource: AlchemyDataSource): Promise<void> {
  const drop = async (runner: DriverRunner): Promise<void> => {
    for (const table of tablesOf(dataSource)) await dataSource.alchemy.dropTable(runner, table)
  }
  return locked(dataSource, drop, true)
}

/** Describes the tables that the database has, mapped or not. */
export function reflect(dataSource: AlchemyDataSource): Promise<Table[]> {
  return outside(dataSource, async (runner) => {
    const tables = await runner.getTables()
    return tables.filter(({ name }) => !dataSource.alchemy.isSystemTable(name))
  })
}

/** Runs the migrations that have not run, under a lock, so that only one process runs them. */
export function migrate(dataSource: AlchemyDataSource): Promise<Migration[]> {
  return locked(dataSource, (runner) => {
    const executor = new MigrationExecutor(dataSource, runner)
    // The lock is the transaction.
    executor.transaction = 'none'
    return executor.executePendingMigrations()
  })
}

function locked<T>(dataSource: AlchemyDataSource, work: (runner: DriverRunner) => Promise<T>, drops = false): Promise<T> {
  return outside(dataSource, (runner) => dataSource.alchemy.withSchemaLock(runner, () => work(runner), drops))
}

/** On a connection of its own: a schema change must not end with a request. */
async function outside<T>(dataSource: AlchemyDataSource, work: (runner: DriverRunner) => Promise<T>): Promise<T> {
  return detached(async () => {
    await dataSource.ready()
    const runner: QueryRunner = dataSource.createQueryRunner()
    try {
      return await work(runner as DriverRunner)
    } finally {
      await runner.release()
    }
  })
}

/** Tables of the models, each once: two models may share one by an explicit name. */
function tablesOf(dataSource: AlchemyDataSource): Table[] {
  const tables = new Map<string, Table>()
  for (const metadata of dataSource.buildMetadata()) {
    if (!isTable(metadata) || tables.has(metadata.tablePath)) continue
    const table = Table.create(metadata, dataSource.driver)
    table.foreignKeys = metadata.foreignKeys.map((key) => TableForeignKey.create(key, dataSource.driver))
    tables.set(metadata.tablePath, table)
  }
  return [...tables.values()]
}

function isTable({ tableType, synchronize }: EntityMetadata): boolean {
  return synchronize && tableType !== 'view' && tableType !== 'entity-child'
}

import type { DriverRunner, SchemaChange } from '../drivers/driver.js'
import { detached } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'

/** Runs `work` under a lock of the database, outside any scope, so that processes that start together do not meet. */
export function underSchemaLock<T>(
  dataSource: AlchemyDataSource,
  change: SchemaChange,
  work: (runner: DriverRunner) => Promise<T>,
): Promise<T> {
  return onOwnConnection(dataSource, (runner) => dataSource.driver.withSchemaLock(runner, () => work(runner), change))
}

/** Runs `work` on a connection of its own: a schema change must not end with a request. */
export async function onOwnConnection<T>(dataSource: AlchemyDataSource, work: (runner: DriverRunner) => Promise<T>): Promise<T> {
  return detached(async () => {
    await dataSource.ready()
    const runner = dataSource.createQueryRunner()
    try {
      return await work(runner)
    } finally {
      await runner.release()
    }
  })
}

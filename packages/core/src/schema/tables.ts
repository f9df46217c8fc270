import { type EntityMetadata, type QueryRunner, Table, TableForeignKey, TableIndex, View } from 'typeorm'
import { RdbmsSchemaBuilder } from '../drivers/internals.js'
import type { DatabaseDriver, DriverRunner } from '../drivers/driver.js'
import { placeOf } from '../mapping/column-place.js'
import { columnType } from '../mapping/mapped-column.js'
import type { TypeDefinition } from '../types/column-type.js'
import { detached } from '../scope/scope.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { onOwnConnection, underSchemaLock } from './schema-lock.js'

/**
 * Creates the tables and views that are missing, with their indexes, checks and foreign keys. It never alters or drops anything.
 *
 * It runs under a lock of the database, outside any scope, so that processes that start together do not meet.
 */
export function createAll(dataSource: AlchemyDataSource): Promise<void> {
  return underSchemaLock(dataSource, 'create', async (runner) => {
    const { capabilities } = dataSource.driver
    const tables = tablesOf(dataSource)
    // Where TypeORM keeps the texts of views and of generated columns, to compare them with the models.
    await new RdbmsSchemaBuilder(dataSource).createMetadataTableIfNecessary(runner)
    await dataSource.queryResultCache?.synchronize(runner)
    const created: Table[] = []
    for (const { table, definitions } of tables) {
      if (await runner.hasTable(table)) continue
      for (const { create } of definitions) await runner.query(create)
      await runner.createTable(table, false, capabilities.inlineForeignKeys, true)
      for (const sql of dataSource.driver.checksOf(table)) await runner.query(sql)
      created.push(table)
    }
    dataSource.models.noteTables()
    if (!capabilities.inlineForeignKeys) {
      for (const table of created) {
        // A copy: TypeORM adds each to the table while it walks through them.
        if (table.foreignKeys.length > 0) await runner.createForeignKeys(table, [...table.foreignKeys])
      }
    }
    const { missing } = await viewsOf(dataSource, runner)
    await createViews(missing, dataSource, runner)
  })
}

/** The statements by which `createAll` makes the tables and views of a new database; nothing is made. */
export function createAllText(dataSource: AlchemyDataSource): Promise<string[]> {
  return onOwnConnection(dataSource, async (runner) => {
    const { driver } = dataSource
    const { inlineForeignKeys } = driver.capabilities
    const texts: string[] = []
    const take = (): void => {
      for (const { query, parameters = [] } of runner.getMemorySql().upQueries) texts.push(withLiterals(query.trim(), parameters, driver))
      runner.clearSqlMemory()
    }
    runner.enableSqlMemory()
    const tables = tablesOf(dataSource)
    await new RdbmsSchemaBuilder(dataSource).createMetadataTableIfNecessary(runner)
    take()
    for (const { table, definitions } of tables) {
      texts.push(...definitions.map(({ create }) => create))
      await runner.createTable(table, false, inlineForeignKeys, true)
      take()
      texts.push(...driver.checksOf(table))
    }
    for (const { table } of inlineForeignKeys ? [] : tables) await runner.createForeignKeys(table, [...table.foreignKeys])
    const { present, missing } = await viewsOf(dataSource, runner)
    await createViews([...present, ...missing], dataSource, runner)
    take()
    return texts
  })
}

/** A statement with the values in its text: only TypeORM's own records have any. */
function withLiterals(sql: string, values: readonly unknown[], driver: DatabaseDriver): string {
  let place = 0
  return values.length === 0 ? sql : sql.replace(/\$\d+|\?/g, () => driver.literal(String(values[place++])))
}

/** How the database differs from the models: the statements that would end it, and those that would undo these, in their order. */
export interface SchemaDifference {
  readonly up: readonly MigrationStatement[]
  readonly down: readonly MigrationStatement[]
}

/** A statement of a migration. */
export interface MigrationStatement {
  readonly query: string
  readonly parameters?: readonly unknown[] | undefined
}

/** What would make the database's tables what the models say, and what would undo that; nothing is changed. */
export function schemaDifference(dataSource: AlchemyDataSource): Promise<SchemaDifference> {
  return detached(async () => {
    await dataSource.ready()
    const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log()
    // What the columns of a changed table need, made where it is missing.
    const isChanged = ({ name }: Table): boolean => {
      const quoted = dataSource.driver.escape(name.split('.').at(-1) ?? name)
      return upQueries.some(({ query }) => /^(?:CREATE|ALTER) TABLE/.test(query) && query.includes(quoted))
    }
    const tables = tablesOf(dataSource)
    const needed = tables.flatMap(({ table, definitions }) => (isChanged(table) ? definitions : []))
    const changes = await onOwnConnection(dataSource, async (runner) =>
      dataSource.driver.typeChanges?.(
        runner,
        tables.flatMap(({ definitions }) => definitions),
      ),
    )
    const { first, last, undoFirst, undoLast } = changes ?? { first: [], last: [], undoFirst: [], undoLast: [] }
    const statements = (texts: Iterable<string>): MigrationStatement[] => Array.from(texts, (query) => ({ query }))
    const create = new Set(needed.map((each) => each.create))
    return {
      up: [...statements(create), ...statements(first), ...upQueries, ...statements(last)],
      down: [...statements(undoFirst), ...downQueries.toReversed(), ...statements(undoLast)],
    }
  })
}

/** Drops the tables and views of all models, with everything in them. */
export function dropAll(dataSource: AlchemyDataSource): Promise<void> {
  return underSchemaLock(dataSource, 'drop', async (runner) => {
    const tables = tablesOf(dataSource)
    const { present } = await viewsOf(dataSource, runner)
    for (const { view } of present.reverse()) await runner.dropView(view)
    for (const { table } of tables) await dataSource.driver.dropTable(runner, table)
    // Two tables may have columns of one type, and a type may be made of those before it.
    const drops = new Set(tables.flatMap(({ definitions }) => definitions.flatMap(({ drop }) => (drop === undefined ? [] : [drop]))))
    for (const drop of [...drops].reverse()) await runner.query(drop)
  })
}

/** Empties the tables of all models, in whatever order they refer to each other. */
export function truncateAll(dataSource: AlchemyDataSource): Promise<void> {
  return underSchemaLock(dataSource, 'drop', async (runner) => {
    const tables = tablesOf(dataSource).map(({ table }) => table.name)
    if (tables.length > 0) await dataSource.driver.emptyTables(runner, tables)
  })
}

/** Describes the tables that the database has, mapped or not. */
export function reflect(dataSource: AlchemyDataSource): Promise<Table[]> {
  return onOwnConnection(dataSource, async (runner) => {
    const tables = await runner.getTables()
    return tables.filter(({ name }) => !dataSource.driver.isSystemTable(name))
  })
}

/** A table of a model, with what the types of its columns need. */
interface ModelTable {
  readonly table: Table
  readonly definitions: readonly TypeDefinition[]
}

/** Tables of the models, each once: two models may share one by an explicit name. */
function tablesOf(dataSource: AlchemyDataSource): ModelTable[] {
  const tables = new Map<string, ModelTable>()
  for (const metadata of dataSource.buildMetadata()) {
    if (!isTable(metadata) || tables.has(metadata.tablePath)) continue
    const table = Table.create(metadata, dataSource.driver)
    table.foreignKeys = metadata.foreignKeys.map((key) => TableForeignKey.create(key, dataSource.driver))
    const definitions = metadata.columns.flatMap((column) => columnType(column).definitions?.(placeOf(column)) ?? [])
    tables.set(metadata.tablePath, { table, definitions })
  }
  return [...tables.values()]
}

function isTable({ tableType, synchronize }: EntityMetadata): boolean {
  return synchronize && tableType !== 'view' && tableType !== 'entity-child'
}

/** A view of a model, as it is there or is to be made. */
interface ModelView {
  readonly view: View
  readonly metadata: EntityMetadata
}

async function createViews(views: readonly ModelView[], { driver }: AlchemyDataSource, runner: DriverRunner): Promise<void> {
  for (const { view, metadata } of views) {
    await runner.createView(view, true)
    if (!view.materialized) continue
    const indexes = metadata.indices.filter(({ synchronize }) => synchronize).map((index) => TableIndex.create(index))
    await driver.materializedViews?.createIndexes(runner, view, indexes)
  }
}

/** Views of the models, each after those that it reads from. */
async function viewsOf(dataSource: AlchemyDataSource, runner: QueryRunner): Promise<{ present: ModelView[]; missing: ModelView[] }> {
  const ordered = new Set<EntityMetadata>()
  const views = dataSource.entityMetadatas.filter(({ tableType, synchronize }) => synchronize && tableType === 'view')
  const place = (metadata: EntityMetadata): void => {
    const { dependsOn } = metadata
    for (const other of views) if (other !== metadata && [...(dependsOn ?? [])].some((named) => isCalled(other, named))) place(other)
    ordered.add(metadata)
  }
  views.forEach(place)
  const present: ModelView[] = []
  const missing: ModelView[] = []
  for (const metadata of ordered) {
    const [found] = await runner.getViews([metadata.tablePath])
    if (found) present.push({ view: found, metadata })
    else missing.push({ view: View.create(metadata, dataSource.driver), metadata })
  }
  return { present, missing }
}

/** Whether a view is the one that another names: by its class, by that which was made from its columns, or by its name. */
function isCalled({ target, name }: EntityMetadata, named: unknown): boolean {
  if (named === target || named === name) return true
  return typeof named === 'function' && typeof target === 'function' && target.prototype instanceof named
}

import type { EntityMetadata, ObjectLiteral, QueryBuilder, QueryRunner } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { cascadedFrom, keptBy, rowsWith } from '../plan/kept.js'
import { refuseView } from '../plan/read-only.js'
import { plannedColumn } from '../plan/planned-column.js'
import { KeptColumns, type RowsWritten } from '../session/kept-columns.js'
import { AlchemyDataSource } from './data-source.js'
import { isJoined } from './operations.js'

/** Rows that are looked up by their keys; of more, all owners are looked at. */
const mostRows = 2_000

/** What a builder of TypeORM is about to do. */
interface BuilderWrite<R> {
  /** Looks up, by a runner, which rows it writes. */
  readonly rows: (runner: QueryRunner) => Promise<RowsWritten>
  /** Writes them. */
  readonly write: () => Promise<R>
}

/** Lets a builder write, and what is kept of the rows with them: in the session, or in one transaction of a runner. */
export async function writeKept<R>(
  builder: QueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata | undefined,
  { rows, write }: BuilderWrite<R>,
): Promise<R> {
  if (metadata) refuseView(metadata)
  if (!metadata || (keptBy(metadata).length === 0 && cascadedFrom(metadata).length === 0)) return write()
  const { dataSource } = builder
  const given = runnerOf(builder)
  const runner = given ?? dataSource.createQueryRunner()
  const work = async (): Promise<R> => keptColumns(dataSource, runner).around(metadata, await rows(runner), write)
  try {
    if (!given) builder.setQueryRunner(runner)
    if (runner.isTransactionActive) return await work()
    await runner.startTransaction()
    try {
      const result = await work()
      await runner.commitTransaction()
      return result
    } catch (error) {
      await runner.rollbackTransaction()
      throw error
    }
  } finally {
    if (!given) await runner.release()
  }
}

function runnerOf(builder: object): QueryRunner | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeORM shows its own to subclasses alone
  return (builder as { readonly queryRunner?: QueryRunner }).queryRunner
}

function keptColumns(dataSource: QueryBuilder<ObjectLiteral>['dataSource'], runner: QueryRunner): KeptColumns {
  if (!(dataSource instanceof AlchemyDataSource)) throw new TypeError('A builder of another data source')
  if (isJoined(runner)) return dataSource.sessionOf(runner.scope).records.kept
  return new KeptColumns(dataSource.driver, {
    send: (_purpose, sql, values) => runner.query(sql, [...values], true),
    hasRecords: () => false,
    tell: () => undefined,
  })
}

/** The rows that a builder is about to change or delete, as its conditions say. @param columns See `RowsWritten`. */
export async function rowsMeant(
  builder: QueryBuilder<ObjectLiteral>,
  runner: QueryRunner,
  columns?: readonly ColumnMetadata[],
): Promise<RowsWritten> {
  const copy = builder.clone().setQueryRunner(runner)
  copy.expressionMap.withDeleted = true
  const { metadata } = copy.expressionMap.mainAlias ?? {}
  if (!metadata) return { to: () => undefined }
  const select = copy.select([])
  for (const [index, { databaseName }] of metadata.primaryColumns.entries()) {
    select.addSelect(`${select.escape(select.alias)}.${select.escape(databaseName)}`, `k${index}`)
  }
  const found = await select.getRawMany<ObjectLiteral>()
  if (found.length === 0) return { columns: [] }
  if (found.length > mostRows) return { columns, rows: [], to: () => undefined }
  const keys = found.map((row) =>
    metadata.primaryColumns.map((column, index) => {
      const { decode, encode } = plannedColumn(column)
      return encode(decode(row[`k${index}`]))
    }),
  )
  return { columns, rows: rowsWith(metadata, keys), isFollowed: true }
}

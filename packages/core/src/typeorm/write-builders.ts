import {
  DeleteQueryBuilder,
  type EntityMetadata,
  InsertQueryBuilder,
  type ObjectLiteral,
  type QueryBuilder,
  RelationQueryBuilder,
  type UpdateResult,
  UpdateQueryBuilder,
} from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { clock } from '../clock.js'
import { SoftDeleteQueryBuilder } from '../drivers/internals.js'
import type { AlchemyDataSource } from './data-source.js'
import { asOperations, scopeOfRunner } from './operations.js'

/**
 * TypeORM's builders for writes, with soft delete in step and the application's clock.
 *
 * Every write of plain TypeORM ends in one of these, also `repository.save`, so no path is left out; a subscriber could be
 * skipped by `listeners: false`.
 */

/** The two columns that say that a row is deleted: the time is the truth, the flag follows. */
interface DeletionColumns {
  readonly time: ColumnMetadata
  readonly flag: ColumnMetadata
}

/** The deletion columns of a `db.Model`; other entities may have a time without a flag. */
function deletionColumns(metadata: EntityMetadata | undefined): DeletionColumns | undefined {
  const time = metadata?.deleteDateColumn
  const flag = metadata?.columns.find((column) => column.propertyName === 'isDeleted')
  return time && flag ? { time, flag } : undefined
}

function metadataOf(builder: QueryBuilder<ObjectLiteral>): EntityMetadata | undefined {
  const { mainAlias } = builder.expressionMap
  return mainAlias?.hasMetadata ? mainAlias.metadata : undefined
}

/** Brings time and flag into step in values that are about to be written. */
function mirrorDeletion(values: ObjectLiteral, { time, flag }: DeletionColumns): void {
  const deletedAt: unknown = values[time.propertyName]
  const isDeleted: unknown = values[flag.propertyName]
  if (typeof deletedAt === 'function') values[flag.propertyName] = () => `(${String(deletedAt())}) IS NOT NULL`
  else if (deletedAt !== undefined) values[flag.propertyName] = deletedAt !== null
  else if (isDeleted === true) values[time.propertyName] = clock.now()
  else if (isDeleted === false) values[time.propertyName] = null
}

/** UPDATE that stamps `updatedAt` by the application's clock. */
export class UpdateBuilder<T extends ObjectLiteral> extends UpdateQueryBuilder<T> {
  static {
    asOperations(UpdateBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  #values: { readonly given: object; readonly completed: ObjectLiteral } | undefined

  protected override getValueSet(): ObjectLiteral {
    const given = super.getValueSet()
    // The text is made more than once for one statement; the time must be the same in each.
    if (this.#values?.given === given) return this.#values.completed
    const metadata = metadataOf(this)
    const completed = { ...given }
    const columns = deletionColumns(metadata)
    if (columns) mirrorDeletion(completed, columns)
    const stamp = metadata?.updateDateColumn
    if (stamp && completed[stamp.propertyName] === undefined) completed[stamp.propertyName] = clock.now()
    this.#values = { given, completed }
    return completed
  }
}

/** INSERT that stamps `createdAt` and `updatedAt`, and applies the models' defaults. */
export class InsertBuilder<T extends ObjectLiteral> extends InsertQueryBuilder<T> {
  static {
    asOperations(InsertBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  protected override getValueSets(): ObjectLiteral[] {
    const rows = super.getValueSets()
    const metadata = metadataOf(this)
    if (!metadata) return rows
    const { models } = this.dataSource as AlchemyDataSource
    const columns = deletionColumns(metadata)
    const now = clock.now()
    for (const row of rows) {
      if (columns && row[columns.time.propertyName] !== undefined) mirrorDeletion(row, columns)
      for (const column of metadata.columns) {
        if (column.getEntityValue(row) !== undefined) continue
        if (column.isCreateDate || column.isUpdateDate) column.setEntityValue(row, now)
        else {
          const value = models.defaultValue(column)
          if (value !== undefined) column.setEntityValue(row, value)
        }
      }
    }
    return rows
  }

  /** An upsert that changes a row changes its stamp, and time and flag of its deletion together. */
  override orUpdate(
    first: string[] | { columns?: string[]; overwrite?: string[]; conflict_target?: string | string[] },
    conflictTarget?: string | string[],
    options?: Parameters<InsertQueryBuilder<T>['orUpdate']>[2],
  ): this {
    if (!Array.isArray(first)) return super.orUpdate(first as never)
    const metadata = metadataOf(this)
    const columns = deletionColumns(metadata)
    const overwrite = new Set(first)
    const pair = columns && [columns.time.databaseName, columns.flag.databaseName]
    if (pair?.some((name) => overwrite.has(name))) for (const name of pair) overwrite.add(name)
    if (metadata?.updateDateColumn) overwrite.add(metadata.updateDateColumn.databaseName)
    return super.orUpdate([...overwrite], conflictTarget, options)
  }
}

/** Soft delete and restore: one UPDATE that sets flag, time and stamp, bound from the application's clock. */
export class SoftDeleteBuilder<T extends ObjectLiteral> extends SoftDeleteQueryBuilder<T> {
  static {
    asOperations(SoftDeleteBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  readonly #now = clock.now()

  protected override createUpdateExpression(): string {
    const conditions = this.expressionMap.wheres.length
    const sql = super.createUpdateExpression()
    // TypeORM adds its condition each time the text is made.
    this.expressionMap.wheres.splice(conditions)
    const metadata = metadataOf(this)
    if (!metadata) return sql
    // Texts that TypeORM has just made from these columns; the first occurrence is in SET, before any condition.
    let text = sql
    for (const column of [metadata.deleteDateColumn, metadata.updateDateColumn]) {
      if (!column) continue
      const stock = `${this.escape(column.databaseName)} = CURRENT_TIMESTAMP`
      if (text.includes(stock)) text = text.replace(stock, () => `${this.escape(column.databaseName)} = ${this.#bind(this.#now, column)}`)
    }
    const flag = deletionColumns(metadata)?.flag
    if (!flag) return text
    return text.replace(' SET ', () => ` SET ${this.escape(flag.databaseName)} = ${this.#bind(this.#isDeleting, flag)}, `)
  }

  get #isDeleting(): boolean {
    return this.expressionMap.queryType === 'soft-delete'
  }

  #bind(value: unknown, column: ColumnMetadata): string {
    return this.createParameter(this.dataSource.driver.preparePersistentValue(value, column))
  }

  /** The objects get what was written; TypeORM would read it back by another statement. */
  override async execute(): Promise<UpdateResult> {
    const metadata = metadataOf(this)
    const followsByItself = metadata !== undefined && !metadata.versionColumn
    if (followsByItself) this.expressionMap.updateEntity = false
    const result = await super.execute()
    if (!followsByItself) return result
    const written = new Map<ColumnMetadata, Date | null>()
    if (metadata.deleteDateColumn) written.set(metadata.deleteDateColumn, this.#isDeleting ? this.#now.toJSDate() : null)
    if (metadata.updateDateColumn) written.set(metadata.updateDateColumn, this.#now.toJSDate())
    const { whereEntities } = this.expressionMap
    // `softRemove` and `recover` take what was written from here, as the database would have given it.
    result.generatedMaps = whereEntities.map(() => {
      const values: ObjectLiteral = {}
      for (const [column, value] of written) column.setEntityValue(values, value)
      return values
    })
    for (const entity of whereEntities) {
      for (const [column, value] of written) {
        column.setEntityValue(entity, value && this.dataSource.driver.prepareHydratedValue(value, column))
      }
    }
    return result
  }
}

/** DELETE for which its scope waits. */
export class DeleteBuilder<T extends ObjectLiteral> extends DeleteQueryBuilder<T> {
  static {
    asOperations(DeleteBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }
}

/** Sets relations through the builders above. */
export class RelationBuilder<T extends ObjectLiteral> extends RelationQueryBuilder<T> {
  static {
    asOperations(RelationBuilder, ['execute', 'set', 'add', 'remove', 'addAndRemove', 'loadOne', 'loadMany'], ({ queryRunner }) =>
      scopeOfRunner(queryRunner),
    )
  }

  override update(...parameters: never[]): UpdateBuilder<T> {
    return asUpdate(this, () => super.update(...(parameters as [])))
  }

  override insert(): InsertBuilder<T> {
    super.insert()
    return new InsertBuilder<T>(this)
  }
}

/** Lets TypeORM note the target and the values, and gives our builder in place of its own. */
export function asUpdate<T extends ObjectLiteral>(builder: QueryBuilder<T>, note: () => unknown): UpdateBuilder<T> {
  note()
  return new UpdateBuilder<T>(builder)
}

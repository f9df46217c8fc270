import {
  DeleteQueryBuilder,
  type DeleteResult,
  type EntityMetadata,
  type EntityTarget,
  InsertQueryBuilder,
  type InsertResult,
  type ObjectLiteral,
  type QueryBuilder,
  type QueryDeepPartialEntity,
  type QueryRunner,
  RelationQueryBuilder,
  type UpdateResult,
  UpdateQueryBuilder,
} from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { clock } from '../clock.js'
import { SoftDeleteQueryBuilder } from '../drivers/internals.js'
import { defaultOf, momentOf } from '../mapping/mapped-column.js'
import { isObject } from '../options.js'
import { type DeletionColumns, deletionColumns, deletionValues, mirrorDeletion, unmarked } from '../plan/deletion.js'
import { blindIndexOf, mirrorBlindIndexes, prepareValues } from '../plan/secrets.js'
import { type Kept, ownerKey } from '../plan/kept.js'
import type { RowsWritten } from '../session/kept-columns.js'
import type { AlchemyDataSource } from './data-source.js'
import { rowsMeant, writeKept } from './kept-writes.js'
import { asOperations, scopeOfRunner } from './operations.js'
import { knowingSecrets } from './secret-conditions.js'

/**
 * TypeORM's builders for writes, with soft delete in step and the application's clock.
 *
 * Every write of plain TypeORM ends in one of these, also `repository.save`, so no path is left out; a subscriber could be
 * skipped by `listeners: false`.
 */

/** What `orUpdate` takes after the columns. */
type OrUpdateRest<T extends ObjectLiteral> = Parameters<InsertQueryBuilder<T>['orUpdate']> extends [unknown, ...infer Rest] ? Rest : never

/** What is known of what a builder is of. */
export function metadataOf(builder: QueryBuilder<ObjectLiteral>): EntityMetadata | undefined {
  const { mainAlias } = builder.expressionMap
  return mainAlias?.hasMetadata ? mainAlias.metadata : undefined
}

/** UPDATE that stamps `updatedAt` by the application's clock. */
export class UpdateBuilder<T extends ObjectLiteral> extends UpdateQueryBuilder<T> {
  static {
    asOperations(UpdateBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  protected override getPredicates(where: ObjectLiteral): Generator<unknown[], void> {
    return super.getPredicates(knowingSecrets(where, metadataOf(this)))
  }

  #values: { readonly given: object; readonly completed: ObjectLiteral } | undefined

  protected override getValueSet(): ObjectLiteral {
    const given = super.getValueSet()
    // The text is made more than once for one statement; the time must be the same in each.
    if (this.#values?.given === given) return this.#values.completed
    const metadata = metadataOf(this)
    const completed = { ...given }
    mirrorDeletion(completed, deletionColumns(metadata))
    if (metadata) mirrorBlindIndexes(completed, metadata)
    const stamp = metadata?.updateDateColumn
    if (stamp && completed[stamp.propertyName] === undefined) completed[stamp.propertyName] = momentOf(stamp, clock.now())
    this.#values = { given, completed }
    return completed
  }

  /** Passwords are hashed before the statement is made; what the caller has given stays as it is. */
  override async execute(): Promise<UpdateResult> {
    const metadata = metadataOf(this)
    const { valuesSet } = this.expressionMap
    if (metadata && isObject(valuesSet)) {
      const values: ObjectLiteral = Object.assign({}, valuesSet)
      const prepared = prepareValues(metadata, [values])
      if (prepared) {
        await prepared
        this.expressionMap.valuesSet = values
      }
    }
    return writeKept(this, metadata, {
      rows: (runner) => rowsMeant(this, runner, metadata && writtenColumns(metadata, this.expressionMap.valuesSet)),
      write: () => super.execute(),
    })
  }
}

/** The columns that an UPDATE of TypeORM sets. */
function writtenColumns({ columns }: EntityMetadata, values: unknown): ColumnMetadata[] {
  const names = new Set(Object.keys(isObject(values) ? values : {}))
  return columns.filter(
    ({ propertyName, relationMetadata }) => names.has(propertyName) || names.has(relationMetadata?.propertyName ?? propertyName),
  )
}

/** INSERT that stamps `createdAt` and `updatedAt`, and applies the models' defaults. */
export class InsertBuilder<T extends ObjectLiteral> extends InsertQueryBuilder<T> {
  declare readonly dataSource: AlchemyDataSource

  static {
    asOperations(InsertBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  protected override getValueSets(): ObjectLiteral[] {
    const rows = super.getValueSets()
    const metadata = metadataOf(this)
    if (!metadata) return rows
    const columns = deletionColumns(metadata)
    const now = clock.now()
    for (const row of rows) {
      mirrorDeletion(row, columns)
      mirrorBlindIndexes(row, metadata)
      for (const column of metadata.columns) {
        if (column.getEntityValue(row) !== undefined) continue
        if (column.isCreateDate || column.isUpdateDate) column.setEntityValue(row, momentOf(column, now))
        else {
          const value = defaultOf(column)
          if (value !== undefined) column.setEntityValue(row, value)
        }
      }
    }
    return rows
  }

  /** An upsert that changes a row changes its stamp, and time and flag of its deletion together. */
  override orUpdate(overwrite: string[], ...rest: OrUpdateRest<T>): this {
    const metadata = metadataOf(this)
    const columns = deletionColumns(metadata)
    const written = new Set(overwrite)
    const pair = columns?.flag ? [columns.time.databaseName, columns.flag.databaseName] : []
    if (pair.some((name) => written.has(name))) for (const name of pair) written.add(name)
    if (metadata?.updateDateColumn) written.add(metadata.updateDateColumn.databaseName)
    for (const column of metadata?.columns ?? []) {
      const blind = written.has(column.databaseName) && blindIndexOf(column)
      if (blind) written.add(blind.column.databaseName)
    }
    return super.orUpdate([...written], ...rest)
  }

  /** Passwords are hashed before the statement is made. */
  override async execute(): Promise<InsertResult> {
    const metadata = metadataOf(this)
    if (metadata) await prepareValues(metadata, super.getValueSets())
    return writeKept(this, metadata, { rows: () => Promise.resolve(this.#rows()), write: () => super.execute() })
  }

  /** One that changes rows which are there may take them from wherever they belong. */
  #rows(): RowsWritten {
    const { onUpdate, valuesSet } = this.expressionMap
    const isReckoned = (kept: Kept): boolean =>
      super.getValueSets().some((row) => ownerKey(kept, row).some((value) => typeof value === 'function'))
    if (onUpdate || typeof valuesSet === 'function') return { to: () => undefined }
    return { to: (kept) => (isReckoned(kept) ? undefined : super.getValueSets().map((row) => ownerKey(kept, row))) }
  }
}

/** Soft delete and restore: one UPDATE that sets flag, time and stamp, bound from the application's clock. */
export class SoftDeleteBuilder<T extends ObjectLiteral> extends SoftDeleteQueryBuilder<T> {
  static {
    asOperations(SoftDeleteBuilder, ['execute'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  protected override getPredicates(where: ObjectLiteral): Generator<unknown[], void> {
    return super.getPredicates(knowingSecrets(where, metadataOf(this)))
  }

  readonly #now = clock.now()

  /** What is written: values by column. */
  #values(metadata: EntityMetadata, columns: DeletionColumns): Map<ColumnMetadata, unknown> {
    const at = this.expressionMap.queryType === 'restore' ? null : momentOf(columns.time, this.#now)
    const values = new Map<ColumnMetadata, unknown>(deletionValues(columns, at))
    const stamp = metadata.updateDateColumn
    return stamp ? values.set(stamp, momentOf(stamp, this.#now)) : values
  }

  /** Written whole: TypeORM's own text knows no flag, and takes the time from the database. */
  protected override createUpdateExpression(): string {
    const metadata = metadataOf(this)
    const columns = deletionColumns(metadata)
    // It says what is missing.
    if (!metadata || !columns) return super.createUpdateExpression()
    const { driver } = this.dataSource
    const name = (column: ColumnMetadata): string => this.escape(column.databaseName)
    const sets = [...this.#values(metadata, columns)].map(([column, value]) => {
      return `${name(column)} = ${this.createParameter(driver.preparePersistentValue(value, column))}`
    })
    if (metadata.versionColumn) sets.push(`${name(metadata.versionColumn)} = ${name(metadata.versionColumn)} + 1`)
    const table = this.getTableName(this.getMainTableName())
    const returning = this.createReturningExpression('update')
    return `UPDATE ${table} SET ${sets.join(', ')}${this.#condition(columns)}${returning && ` RETURNING ${returning}`}`
  }

  /** Only rows that are not as wanted are touched, whatever the other conditions are. */
  #condition(columns: DeletionColumns): string {
    const { expressionMap } = this
    const { wheres, queryType } = expressionMap
    const given = this.createWhereClausesExpression(wheres)
    const marker = unmarked(columns, queryType !== 'restore')
    expressionMap.wheres = [{ type: 'simple', condition: given ? `(${given}) AND ${marker}` : marker }]
    const condition = this.createWhereExpression()
    expressionMap.wheres = wheres
    return condition
  }

  /** The objects get what was written; TypeORM would read it back by another statement. */
  override async execute(): Promise<UpdateResult> {
    const metadata = metadataOf(this)
    const columns = deletionColumns(metadata)
    const write = (): Promise<UpdateResult> => {
      return writeKept(this, metadata, { rows: (runner) => rowsMeant(this, runner), write: () => super.execute() })
    }
    if (!metadata || !columns || metadata.versionColumn) return write()
    this.expressionMap.updateEntity = false
    const result = await write()
    const { driver } = this.dataSource
    const written = [...this.#values(metadata, columns)].map(([column, value]) => {
      return [column, driver.preparePersistentValue(value, column)] as const
    })
    const { whereEntities } = this.expressionMap
    // `softRemove` and `recover` take what was written from here, as the database would have given it.
    result.generatedMaps = whereEntities.map(() => {
      const row: ObjectLiteral = {}
      for (const [column, value] of written) if (column !== columns.flag) column.setEntityValue(row, value)
      return row
    })
    for (const entity of whereEntities) {
      for (const [column, value] of written) {
        if (column !== columns.flag) column.setEntityValue(entity, driver.prepareHydratedValue(value, column))
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

  protected override getPredicates(where: ObjectLiteral): Generator<unknown[], void> {
    return super.getPredicates(knowingSecrets(where, metadataOf(this)))
  }

  override async execute(): Promise<DeleteResult> {
    const rows = async (runner: QueryRunner): Promise<RowsWritten> => {
      const meant = await rowsMeant(this, runner)
      return { ...meant, deletes: meant.rows !== undefined }
    }
    return writeKept(this, metadataOf(this), { rows, write: () => super.execute() })
  }
}

/** Sets relations through the builders above. */
export class RelationBuilder<T extends ObjectLiteral> extends RelationQueryBuilder<T> {
  static {
    const calls = ['execute', 'set', 'add', 'remove', 'addAndRemove', 'loadOne', 'loadMany'] as const
    asOperations(RelationBuilder, calls, ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  override update(): UpdateBuilder<T>
  override update<E extends ObjectLiteral>(entity: EntityTarget<E>, set?: QueryDeepPartialEntity<E>): UpdateBuilder<E>
  override update(set: QueryDeepPartialEntity<T> | string): UpdateBuilder<T>
  override update(...parameters: unknown[]): UpdateBuilder<ObjectLiteral> {
    // oxlint-disable-next-line typescript/unbound-method -- applied to this builder
    Reflect.apply(super.update, this, parameters)
    return new UpdateBuilder(this)
  }

  override insert(): InsertBuilder<T> {
    super.insert()
    return new InsertBuilder<T>(this)
  }

  override delete(): DeleteBuilder<T> {
    super.delete()
    return new DeleteBuilder<T>(this)
  }
}

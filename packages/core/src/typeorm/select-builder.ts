import {
  type EntityMetadata,
  type EntityTarget,
  type FindManyOptions,
  FindOperator,
  type ObjectLiteral,
  type QueryDeepPartialEntity,
  type QueryRunner,
  SelectQueryBuilder,
} from 'typeorm'
import type { AlchemyDataSource } from './data-source.js'
import { isObject } from '../options.js'
import { snapshot } from '../plan/record-state.js'
import { asOperations, isJoined, scopeOfRunner } from './operations.js'
import { knowingSecrets } from './secret-conditions.js'
import { metadataOf, DeleteBuilder, InsertBuilder, RelationBuilder, SoftDeleteBuilder, UpdateBuilder } from './write-builders.js'

/**
 * The query builder that plain TypeORM gets: its writes keep soft delete in step, and its plain reads hold no connection.
 */
export class Builder<T extends ObjectLiteral> extends SelectQueryBuilder<T> {
  static {
    const reads = [
      'getCount',
      'getExists',
      'getMany',
      'getManyAndCount',
      'getOne',
      'getOneOrFail',
      'getRawAndEntities',
      'getRawMany',
    ] as const
    asOperations(Builder, [...reads, 'getRawOne', 'execute', 'stream'], ({ queryRunner }) => scopeOfRunner(queryRunner))
  }

  declare readonly dataSource: AlchemyDataSource

  override update(): UpdateBuilder<T>
  override update<E extends ObjectLiteral>(entity: EntityTarget<E>, set?: QueryDeepPartialEntity<E>): UpdateBuilder<E>
  override update(set: QueryDeepPartialEntity<T> | string): UpdateBuilder<T>
  override update(...parameters: unknown[]): UpdateBuilder<ObjectLiteral> {
    // TypeORM notes the target and the values; ours goes on from there.
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

  override softDelete(): SoftDeleteBuilder<T> {
    super.softDelete()
    return new SoftDeleteBuilder<T>(this)
  }

  override restore(): SoftDeleteBuilder<T> {
    super.restore()
    return new SoftDeleteBuilder<T>(this)
  }

  override relation(path: string): RelationBuilder<T>
  override relation<E extends ObjectLiteral>(target: EntityTarget<E>, path: string): RelationBuilder<E>
  override relation(...parameters: unknown[]): RelationBuilder<ObjectLiteral> {
    // oxlint-disable-next-line typescript/unbound-method -- applied to this builder
    Reflect.apply(super.relation, this, parameters)
    return new RelationBuilder(this)
  }

  /**
   * Whether the SELECT is known to change and lock nothing: it was made from find options without raw SQL.
   *
   * What is not known may call a function that writes, so it runs in the transaction.
   */
  protected get isPlainRead(): boolean {
    const { lockMode, commonTableExpressions } = this.expressionMap
    return lockMode === undefined && commonTableExpressions.length === 0 && isPlainFind(this.findOptions, this.conditions)
  }

  /** The conditions of `find`. */
  protected override buildWhere(...[where, metadata, alias, path]: BuildWhere): string {
    return super.buildWhere(knowingSecrets(where, metadata, path === undefined ? '' : `${path}.`), metadata, alias, path)
  }

  /** Those of `where({ … })`. */
  protected override getPredicates(where: ObjectLiteral): Generator<unknown[], void> {
    return super.getPredicates(knowingSecrets(where, metadataOf(this)))
  }

  protected override async loadRawResults(runner: QueryRunner): Promise<ObjectLiteral[]> {
    if (this.dataSource.session()?.hasWritten) this.expressionMap.cache = false
    return super.loadRawResults(this.isPlainRead && isJoined(runner) ? runner.reader : runner)
  }

  protected override async executeEntitiesAndRawResults(runner: QueryRunner): Promise<{ entities: T[]; raw: ObjectLiteral[] }> {
    const found = await super.executeEntitiesAndRawResults(runner)
    const metadata = this.expressionMap.mainAlias?.hasMetadata ? this.expressionMap.mainAlias.metadata : undefined
    if (metadata) for (const entity of found.entities) snapshotTree(metadata, entity)
    return found
  }
}

/** What `buildWhere` takes. */
type BuildWhere = [where: ObjectLiteral | ObjectLiteral[], metadata: EntityMetadata, alias: string, path?: string]

/** Remembers the values of a loaded object and of what was loaded with it, so that its verbs need no SELECT. */
function snapshotTree(metadata: EntityMetadata, entity: ObjectLiteral): void {
  snapshot(metadata, entity)
  for (const relation of metadata.relations) {
    if (relation.isLazy || !Object.hasOwn(entity, relation.propertyName)) continue
    const related: unknown = entity[relation.propertyName]
    for (const each of Array.isArray(related) ? related : [related]) {
      if (isObject(each)) snapshotTree(relation.inverseEntityMetadata, each)
    }
  }
}

/** Find options that TypeORM turned into conditions by itself; `Raw` is SQL text of the caller. */
function isPlainFind(options: FindManyOptions, conditions: string): boolean {
  const made = Object.keys(options).length > 0
  return made && (options.where === undefined || (conditions !== '' && !hasRaw(options.where)))
}

function hasRaw(where: unknown): boolean {
  if (where instanceof FindOperator) return where.type === 'raw' || hasRaw(where.child) || hasRaw(where.value)
  if (Array.isArray(where)) return where.some(hasRaw)
  if (typeof where !== 'object' || where === null || Object.getPrototypeOf(where) !== Object.prototype) return false
  return Object.values(where).some(hasRaw)
}

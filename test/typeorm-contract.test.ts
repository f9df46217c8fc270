import { readdirSync, readFileSync } from 'node:fs'
import * as typeorm from 'typeorm'
import { DataSource, EntityManager, Repository, SelectQueryBuilder, TreeRepository } from 'typeorm'
import { describe, expect, it } from 'vitest'
import * as internals from '../packages/core/src/drivers/internals.ts'
import { AlchemyDataSource } from '../packages/core/src/typeorm/data-source.ts'
import { AlchemyEntityManager } from '../packages/core/src/typeorm/entity-manager.ts'
import { AlchemyRepository, AlchemyTreeRepository } from '../packages/core/src/typeorm/repository.ts'
import { Builder } from '../packages/core/src/typeorm/select-builder.ts'
import * as writes from '../packages/core/src/typeorm/write-builders.ts'

/**
 * What the library relies on that is no public promise of TypeORM, one by one. A version of TypeORM that changes one of them fails
 * here, by name, before anything fails in a way that is hard to read. `docs/decisions/003` says why.
 */

/** Any class, as these tests look at it. */
type AnyClass = abstract new (...parameters: never[]) => object

/** Methods that a class of TypeORM must have, because we override or call them. */
const methods: readonly (readonly [string, AnyClass, readonly string[]])[] = [
  ['DataSource', DataSource, ['findMetadata', 'buildMetadatas', 'setOptions', 'createQueryRunner', 'createQueryBuilder']],
  ['DataSource', DataSource, ['createEntityManager', 'initialize', 'synchronize', 'runMigrations', 'undoLastMigration']],
  ['EntityManager', EntityManager, ['transaction', 'getRepository', 'getTreeRepository']],
  ['SelectQueryBuilder', SelectQueryBuilder, ['loadRawResults', 'executeEntitiesAndRawResults', 'buildWhere']],
  ['SelectQueryBuilder', SelectQueryBuilder, ['update', 'insert', 'delete', 'softDelete', 'restore', 'relation']],
  ['QueryBuilder', SelectQueryBuilder, ['createParameter', 'createWhereExpression', 'createWhereClausesExpression']],
  ['QueryBuilder', SelectQueryBuilder, ['createReturningExpression', 'getTableName', 'getMainTableName', 'getPredicates', 'escape']],
  ['UpdateQueryBuilder', typeorm.UpdateQueryBuilder, ['getValueSet', 'createUpdateExpression', 'getPredicates', 'execute']],
  ['InsertQueryBuilder', typeorm.InsertQueryBuilder, ['getValueSets', 'orUpdate', 'execute']],
  ['SoftDeleteQueryBuilder', internals.SoftDeleteQueryBuilder, ['createUpdateExpression', 'getPredicates', 'execute']],
  ['DeleteQueryBuilder', typeorm.DeleteQueryBuilder, ['getPredicates', 'execute']],
  ['RelationQueryBuilder', typeorm.RelationQueryBuilder, ['update', 'insert', 'delete', 'add', 'set', 'remove', 'loadMany']],
  ['EntityMetadataBuilder', internals.EntityMetadataBuilder, ['build', 'createEntityMetadata', 'computeEntityMetadataStep2']],
  ['EntityMetadataBuilder', internals.EntityMetadataBuilder, ['computeInverseProperties']],
  ['EntityMetadataValidator', internals.EntityMetadataValidator, ['validateMany']],
  ['MetadataArgsStorage', internals.MetadataArgsStorage, ['filterJoinColumns', 'findJoinTable']],
  ['EntitySchemaTransformer', internals.EntitySchemaTransformer, ['transform']],
  ['DefaultNamingStrategy', typeorm.DefaultNamingStrategy, ['tableName', 'columnName', 'joinColumnName', 'joinTableColumnName']],
  ['AbstractLogger', typeorm.AbstractLogger, ['logQuerySlow', 'prepareLogMessages']],
  ['Broadcaster', internals.Broadcaster, ['broadcast', 'broadcastLoadEvent', 'broadcastAfterQueryEvent']],
  ['Broadcaster', internals.Broadcaster, ['broadcastAfterInsertEvent', 'broadcastAfterUpdateEvent']],
  ['BetterSqlite3Driver', internals.BetterSqlite3Driver, ['connect', 'disconnect', 'createQueryRunner', 'createDatabaseConnection']],
  ['BetterSqlite3Driver', internals.BetterSqlite3Driver, ['attachDatabases', 'createDatabaseDirectory', 'escapeQueryWithParameters']],
  ['BetterSqlite3Driver', internals.BetterSqlite3Driver, ['preparePersistentValue', 'prepareHydratedValue']],
  ['BetterSqlite3QueryRunner', internals.BetterSqlite3QueryRunner, ['connect', 'release', 'query', 'loadPragmaRecords']],
  ['BetterSqlite3QueryRunner', internals.BetterSqlite3QueryRunner, ['beforeMigration', 'afterMigration']],
  ['BetterSqlite3QueryRunner', internals.BetterSqlite3QueryRunner, ['startTransaction', 'commitTransaction', 'rollbackTransaction']],
  ['PostgresDriver', internals.PostgresDriver, ['connect', 'disconnect', 'createQueryRunner', 'createPool', 'findChangedColumns']],
  ['PostgresQueryRunner', internals.PostgresQueryRunner, ['connect', 'release', 'query', 'stream', 'getTables']],
  ['MysqlDriver', internals.MysqlDriver, ['connect', 'disconnect', 'createQueryRunner', 'createConnectionOptions']],
  ['MysqlDriver', internals.MysqlDriver, ['isReturningSqlSupported', 'createFullType', 'normalizeDefault', 'findChangedColumns']],
  ['MysqlQueryRunner', internals.MysqlQueryRunner, ['connect', 'release', 'query', 'stream', 'createTable', 'createTableSql']],
  ['MysqlQueryRunner', internals.MysqlQueryRunner, ['loadTables', 'buildCreateColumnSql']],
  ['MysqlQueryRunner', internals.MysqlQueryRunner, ['startTransaction', 'commitTransaction', 'rollbackTransaction']],
]

describe('TypeORM has what is overridden or called', () => {
  for (const [name, Class, members] of methods) {
    it.each(members)(`${name}.%s`, (member) => {
      expect(Reflect.get(Class.prototype, member)).toBeTypeOf('function')
    })
  }

  it.each(Object.entries(internals))('the deep export %s', (_name, value) => {
    expect(value).toBeTypeOf('function')
  })

  it('and the list above names every member that a subclass overrides', () => {
    const known = new Set(methods.flatMap(([, , members]) => members))
    const root = new URL('../packages/core/src/', import.meta.url)
    const files = ['drivers/sqlite', 'drivers/postgres', 'drivers/mysql', 'typeorm', 'model'].flatMap((room) =>
      readdirSync(new URL(room, root)).map((file) => `${room}/${file}`),
    )
    const own = new Set([
      'then',
      'add',
      'get',
      'query',
      'delete',
      'restore',
      'scope',
      'pool',
      'toString',
      // Of pg's client, and of mysql2's command of a statement.
      'getStartupConf',
      'readField',
      'row',
      'prepare',
      'handleCommandComplete',
    ])
    const overridden = files
      .filter((file) => file.endsWith('.ts') && !/model\/(?!metadata|naming)/.test(file))
      .flatMap((file) => [...readFileSync(new URL(file, root), 'utf8').matchAll(/\boverride (?:readonly )?(?:async )?(\w+)/g)])
      .map(([, member = '']) => member)
    expect(overridden.length).toBeGreaterThan(50)
    expect(overridden.filter((member) => !known.has(member) && !own.has(member))).toEqual([])
  })
})

describe('every call of TypeORM that gives a promise enters the scope at once', () => {
  const named = (Class: AnyClass): string[] => Object.getOwnPropertyNames(Class.prototype)
  const isAsync = (Class: AnyClass) => (name: string) => {
    const method: unknown = Object.getOwnPropertyDescriptor(Class.prototype, name)?.value
    return typeof method === 'function' && method.constructor.name === 'AsyncFunction'
  }

  it('of an entity manager', () => {
    const inTheCall = ['constructor', 'connection', 'createQueryBuilder', 'hasId', 'getId', 'create', 'merge', 'withRepository']
    const repositories = ['getRepository', 'getTreeRepository', 'getMongoRepository']
    // These are not for the application, end in others of the list, or give the query runner back.
    const inner = ['normalizeAndValidateWhereCriteria', 'callAggregateFun', 'incrementOrDecrementBy', 'release']
    const left = new Set([...inTheCall, ...repositories, ...inner])
    const own = new Set(named(AlchemyEntityManager))
    expect(named(EntityManager).filter((name) => !own.has(name) && !left.has(name))).toEqual([])
  })

  it.each([
    ['a repository', Repository, AlchemyRepository],
    ['a repository of trees', TreeRepository, AlchemyTreeRepository],
  ] as const)('of %s, where it is no call of the manager', (_name, Class, Ours) => {
    const own = new Set(named(Ours))
    expect(named(Class).filter((name) => isAsync(Class)(name) && !own.has(name))).toEqual([])
  })

  it.each([
    ['a SELECT', SelectQueryBuilder, Builder],
    ['an UPDATE', typeorm.UpdateQueryBuilder, writes.UpdateBuilder],
    ['an INSERT', typeorm.InsertQueryBuilder, writes.InsertBuilder],
    ['a DELETE', typeorm.DeleteQueryBuilder, writes.DeleteBuilder],
    ['a soft delete', internals.SoftDeleteQueryBuilder, writes.SoftDeleteBuilder],
    ['relations', typeorm.RelationQueryBuilder, writes.RelationBuilder],
  ] as const)('of the builder of %s', (_name, Class, Ours) => {
    const inner = new Set(['executeCountQuery', 'executeExistsQuery', 'executeEntitiesAndRawResults', 'loadRawResults'])
    const own = new Set(named(Ours))
    expect(named(Class).filter((name) => isAsync(Class)(name) && !own.has(name) && !inner.has(name))).toEqual([])
  })

  it('of a data source', () => {
    const own = new Set(named(AlchemyDataSource))
    // Those that live and die with the application are no part of a request.
    const life = new Set(['initialize', 'destroy', 'dropDatabase', 'showMigrations'])
    expect(named(DataSource).filter((name) => isAsync(DataSource)(name) && !own.has(name) && !life.has(name))).toEqual([])
  })
})

describe('TypeORM behaves as is relied on', () => {
  const opened = (): DataSource => new DataSource({ type: 'better-sqlite3', database: ':memory:', entities: [Plain] })
  class Plain {
    declare id: number
    declare text: string
    declare deletedAt: Date | null
  }
  typeorm.Entity()(Plain)
  typeorm.PrimaryGeneratedColumn()(Plain.prototype, 'id')
  typeorm.Column('text')(Plain.prototype, 'text')
  typeorm.DeleteDateColumn()(Plain.prototype, 'deletedAt')

  it('metadata may be assigned, and are found by their target', async () => {
    const dataSource = await opened().initialize()
    const { entityMetadatas, entityMetadatasMap } = dataSource
    Object.assign(dataSource, { entityMetadatas: [], entityMetadatasMap: new Map() })
    expect(dataSource.hasMetadata(Plain)).toBe(false)
    Object.assign(dataSource, { entityMetadatas, entityMetadatasMap })
    expect(dataSource.getMetadata(Plain).target).toBe(Plain)
    await dataSource.destroy()
  })

  it('metadata make records of the target that they have, also of one that was put in its place', async () => {
    const dataSource = await opened().initialize()
    const metadata = dataSource.getMetadata(Plain)
    class Extended extends Plain {}
    metadata.target = Extended
    expect(metadata.create()).toBeInstanceOf(Extended)
    await dataSource.destroy()
  })

  it('a builder that is made from another one goes on from its target, conditions and values', async () => {
    const dataSource = await opened().initialize()
    const from = dataSource.createQueryBuilder(Plain, 'plain').where('text = :old', { old: 'old' })
    from.update({ text: 'new' })
    const [sql, values] = new typeorm.UpdateQueryBuilder(from).getQueryAndParameters()
    expect(sql).toMatch(/^UPDATE "plain" SET "text" = \? WHERE /)
    expect(values).toEqual(['new', 'old'])
    await dataSource.destroy()
  })

  it('a soft delete and its way back are told apart by the type of the query', async () => {
    const dataSource = await opened().initialize()
    const builder = dataSource.createQueryBuilder(Plain, 'plain')
    expect(builder.softDelete().expressionMap.queryType).toBe('soft-delete')
    expect(builder.restore().expressionMap.queryType).toBe('restore')
    await dataSource.destroy()
  })

  it('a soft delete asks once for its UPDATE, and adds orders and limits to it', async () => {
    const dataSource = await opened().initialize()
    let asked = 0
    class Whole extends internals.SoftDeleteQueryBuilder<Plain> {
      protected override createUpdateExpression(): string {
        asked += 1
        return `UPDATE ${this.getTableName(this.getMainTableName())} SET x${this.createWhereExpression()}`
      }
    }
    const from = dataSource.createQueryBuilder(Plain, 'plain').where({ id: 7 })
    from.softDelete()
    expect(new Whole(from).getQuery()).toMatch(/^UPDATE "plain" SET x WHERE /)
    expect(asked).toBe(1)
    await dataSource.destroy()
  })

  it('a query runner lets its state be assigned: broadcaster, manager, whether a transaction is active', () => {
    const runner = opened().createQueryRunner()
    const broadcaster = new internals.Broadcaster(runner)
    Object.assign(runner, { isTransactionActive: true, broadcaster })
    expect([runner.isTransactionActive, runner.broadcaster]).toEqual([true, broadcaster])
    expect(runner).toHaveProperty('transactionDepth', 0)
    expect(runner).toHaveProperty('isReleased', false)
  })

  it('the driver of a data source may be replaced before it connects', async () => {
    const dataSource = opened()
    const { driver } = dataSource
    dataSource.driver = Object.create(driver) as typeof driver
    await dataSource.initialize()
    expect(dataSource.driver).not.toBe(driver)
    await dataSource.destroy()
  })

  it('join columns are asked for before they are named, so that names may depend on whose they are', () => {
    const asked: unknown[] = []
    class Storage extends internals.MetadataArgsStorage {
      override filterJoinColumns(...parameters: Parameters<internals.MetadataArgsStorage['filterJoinColumns']>) {
        asked.push(parameters[1])
        return super.filterJoinColumns(...parameters)
      }
    }
    class Naming extends typeorm.DefaultNamingStrategy {
      override joinColumnName(...parameters: [string, string]): string {
        expect(asked).toContain(parameters[0])
        return super.joinColumnName(...parameters)
      }
    }
    class Child {
      declare id: number
      declare parent: Child
    }
    const storage = new Storage()
    storage.tables.push({ target: Child, name: 'child', type: 'regular' })
    storage.columns.push({ target: Child, propertyName: 'id', mode: 'regular', options: { type: 'integer', primary: true } })
    storage.relations.push({
      target: Child,
      propertyName: 'parent',
      isLazy: false,
      relationType: 'many-to-one',
      type: () => Child,
      options: {},
    })
    const dataSource = new DataSource({ type: 'better-sqlite3', database: ':memory:', namingStrategy: new Naming() })
    const [metadata] = new internals.EntityMetadataBuilder(dataSource, storage).build()
    expect(metadata?.columns.map(({ databaseName }) => databaseName)).toEqual(['id', 'parentId'])
  })
})

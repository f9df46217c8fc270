/**
 * The only file that reaches below TypeORM's public entry point.
 *
 * TypeORM exports no driver, runner or metadata builder from its root; its package exports allow these paths. They are
 * subclassed, never changed.
 */
export { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js'
export { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js'
export type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions.js'
export { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js'
export { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js'
export type { MysqlDataSourceOptions } from 'typeorm/driver/mysql/MysqlDataSourceOptions.js'
export { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js'
export { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js'
export type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js'
export { Query } from 'typeorm/driver/Query.js'
export type { Driver } from 'typeorm/driver/Driver.js'
export type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel.js'
export type { ReplicationMode } from 'typeorm/driver/types/ReplicationMode.js'
export { EntityMetadataBuilder } from 'typeorm/metadata-builder/EntityMetadataBuilder.js'
export { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js'
export { EntityMetadataValidator } from 'typeorm/metadata-builder/EntityMetadataValidator.js'
export { MetadataArgsStorage } from 'typeorm/metadata-args/MetadataArgsStorage.js'
export { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js'
export { EntitySchemaTransformer } from 'typeorm/entity-schema/EntitySchemaTransformer.js'
export { importClassesFromDirectories } from 'typeorm/util/DirectoryExportedClassesLoader.js'
export { Broadcaster } from 'typeorm/subscriber/Broadcaster.js'
export { BroadcasterResult } from 'typeorm/subscriber/BroadcasterResult.js'
export { CheckMetadata } from 'typeorm/metadata/CheckMetadata.js'
export type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js'
export type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js'

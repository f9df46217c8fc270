import { DefaultNamingStrategy } from 'typeorm'
import { tableName } from '../mapping/table-name.js'

/**
 * Names in the database as the Python original makes them, for models: snake case, never in the plural. Entities of plain
 * TypeORM keep the names that they have without this library.
 */
export class ModelNamingStrategy extends DefaultNamingStrategy {
  /** Whether what is named belongs to a model; set while metadata are built. */
  isModel = true

  override tableName(className: string, customName: string | undefined): string {
    return this.isModel ? (customName ?? tableName(className)) : super.tableName(className, customName)
  }

  override columnName(propertyName: string, customName: string | undefined, prefixes: string[]): string {
    if (!this.isModel) return super.columnName(propertyName, customName ?? '', prefixes)
    return customName ?? tableName([...prefixes, propertyName].join('_'))
  }

  override joinColumnName(relationName: string, referencedColumnName: string): string {
    return this.isModel ? tableName(`${relationName}_${referencedColumnName}`) : super.joinColumnName(relationName, referencedColumnName)
  }

  override joinTableColumnName(table: string, propertyName: string, columnName?: string): string {
    return this.isModel ? tableName(`${table}_${columnName ?? propertyName}`) : super.joinTableColumnName(table, propertyName, columnName)
  }
}

import { DefaultNamingStrategy } from 'typeorm'
import { tableName } from './table-name.js'

/** Names in the database as the Python original makes them: snake case, never in the plural. */
export class SnakeNamingStrategy extends DefaultNamingStrategy {
  override tableName(className: string, customName: string | undefined): string {
    return customName ?? tableName(className)
  }

  override columnName(propertyName: string, customName: string | undefined, prefixes: string[]): string {
    return customName ?? tableName([...prefixes, propertyName].join('_'))
  }

  override joinColumnName(relationName: string, referencedColumnName: string): string {
    return tableName(`${relationName}_${referencedColumnName}`)
  }

  override joinTableColumnName(table: string, propertyName: string, columnName?: string): string {
    return tableName(`${table}_${columnName ?? propertyName}`)
  }
}

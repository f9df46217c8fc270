import { driverOf } from '../drivers/driver.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { ModelDefinitionError } from '../errors.js'
import type { ColumnPlace } from '../types/column-type.js'

/** Where a column stands, for the SQL of its type. */
export function placeOf(column: ColumnMetadata): ColumnPlace {
  const { entityMetadata, propertyName } = column
  const driver = driverOf(entityMetadata.dataSource)
  return {
    database: driver.kind,
    column: driver.escape(column.databaseName),
    columnOf(property) {
      const other = entityMetadata.columns.find((each) => each.propertyName === property && !each.isVirtual)
      if (!other) {
        const reason = `its column ${propertyName} is computed of ${property}, which is no column`
        throw new ModelDefinitionError(entityMetadata.name, reason, 'Name columns of the same model.')
      }
      return driver.escape(other.databaseName)
    },
    quoted: (name) => driver.escape(name),
    literal: (text) => driver.literal(text),
  }
}

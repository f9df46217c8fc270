import type { EntityMetadata } from 'typeorm'
import { driverOf } from '../drivers/driver.js'
import { CheckMetadata } from '../drivers/internals.js'
import { placeOf } from '../mapping/column-place.js'
import { columnType, isDefined } from '../mapping/mapped-column.js'
import { columnChecks } from './column-checks.js'

/** Gives a table what belongs to its columns: the checks of their types and of their limits, and the SQL of what the database computes. */
export function describeTypes(metadata: EntityMetadata): void {
  const { namingStrategy } = metadata.dataSource
  const { capabilities } = driverOf(metadata.dataSource)
  for (const column of metadata.columns) {
    if (!isDefined(column)) continue
    const type = columnType(column)
    const limits = columnChecks(column)
    for (const expression of [type.check?.(placeOf(column)), limits.length > 0 ? limits.join(' AND ') : undefined]) {
      if (expression === undefined) continue
      const check = new CheckMetadata({ entityMetadata: metadata, args: { target: metadata.target, expression } })
      metadata.checks.push(check.build(namingStrategy))
    }
    if (type.computed) {
      const asExpression = type.computed(placeOf(column))
      const generatedType = type.kind === 'search' && capabilities.virtualColumns ? 'VIRTUAL' : 'STORED'
      Object.assign(column, { asExpression, generatedType, isInsert: false, isUpdate: false })
    }
  }
}

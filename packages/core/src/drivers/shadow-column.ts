import type { ColumnMetadata } from './internals.js'

/**
 * A shadow is a column for an index alone, where no index can be of some rows only: it holds what another column does while its row
 * is live, and NULL once it is deleted, so that its unique index is one among live rows. Records have none of it.
 */
const suffix = '_while_live'

/** The name of the shadow of a column or property. */
export function shadowName(name: string): string {
  return `${name}${suffix}`
}

/** Whether a column is a shadow. */
export function isShadow({ isVirtual, asExpression }: ColumnMetadata): boolean {
  return isVirtual && asExpression !== undefined
}

/** The column that a shadow belongs to; any other column itself. */
export function unshadowed(column: ColumnMetadata): ColumnMetadata {
  if (!isShadow(column)) return column
  return column.entityMetadata.columns.find(({ propertyName }) => shadowName(propertyName) === column.propertyName) ?? column
}

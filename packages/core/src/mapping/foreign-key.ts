import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'

/**
 * Foreign keys that are no columns of the model's own: a record tells them beside their relation, `authorId` beside `author`.
 */

const keysOf = new WeakMap<EntityMetadata, ReadonlyMap<string, ColumnMetadata>>()

/** The foreign keys that are no columns of the model's own, by their names on its records. */
export function foreignKeys(metadata: EntityMetadata): ReadonlyMap<string, ColumnMetadata> {
  let keys = keysOf.get(metadata)
  if (!keys) {
    const taken = new Set([...metadata.ownColumns.filter(({ isVirtual }) => !isVirtual), ...metadata.relations].map(nameOf))
    keys = new Map(
      metadata.columns
        .filter(isForeignKey)
        .map((column) => [foreignKeyName(column), column] as const)
        .filter(([name]) => !taken.has(name)),
    )
    keysOf.set(metadata, keys)
  }
  return keys
}

function nameOf({ propertyName }: { readonly propertyName: string }): string {
  return propertyName
}

/** Whether a column is a foreign key that is no column of the model's own. */
export function isForeignKey({ isVirtual, relationMetadata, referencedColumn, entityMetadata }: ColumnMetadata): boolean {
  return (
    isVirtual &&
    relationMetadata !== undefined &&
    referencedColumn !== undefined &&
    !relationMetadata.embeddedMetadata &&
    !entityMetadata.isJunction
  )
}

/** Its name on records: `authorId` of `author`. */
export function foreignKeyName({ propertyName, referencedColumn }: ColumnMetadata): string {
  const { propertyName: key } = referencedColumn ?? { propertyName: '' }
  return `${propertyName}${key.charAt(0).toUpperCase()}${key.slice(1)}`
}

/** The column that a name means, a foreign key beside its relation included. */
export function columnCalled(metadata: EntityMetadata, name: string): ColumnMetadata | undefined {
  return metadata.columns.find(({ propertyPath, isVirtual }) => propertyPath === name && !isVirtual) ?? foreignKeys(metadata).get(name)
}

/** The column whose values a column holds: of a foreign key, the key that it refers to. */
export function keyColumn(column: ColumnMetadata): ColumnMetadata {
  return column.isVirtual && column.referencedColumn ? keyColumn(column.referencedColumn) : column
}

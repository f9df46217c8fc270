import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import type { ModelSource } from '../session/model-source.js'

/**
 * The column that a text may name in `query`, `func`, `orderBy` and `groupBy`, where clients choose: a mapped, visible one.
 *
 * The keys of a filter reach hidden columns too, since there the application holds the value.
 */
export function namedColumn(metadata: EntityMetadata | undefined, name: string, models: ModelSource): ColumnMetadata | undefined {
  return metadata?.columns.find((column) => column.propertyPath === name && isVisible(column, models))
}

/** The refusal of a name, which tells those that there are. */
export function unknownName(metadata: EntityMetadata, name: string, models: ModelSource): InvalidFilterError {
  const names = metadata.columns.filter((column) => isVisible(column, models)).map(({ propertyPath }) => propertyPath)
  return new InvalidFilterError(metadata.name, name, 'it is no column', `It has ${names.join(', ')}.`)
}

function isVisible(column: ColumnMetadata, models: ModelSource): boolean {
  return !column.isVirtual && !models.isHidden(column)
}

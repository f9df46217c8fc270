import type { ColumnMetadata } from './internals.js'

/** Reads a value of the database client as the application sees it. */
export type Decoder = (raw: unknown) => unknown

/** Types whose values every database client gives as the application sees them. */
const plainTypes: ReadonlySet<unknown> = new Set(['varchar', 'text', 'integer', 'int', 'double', 'double precision', String])

const same: Decoder = (raw) => raw

/** The decoder of a column whose values need none; of another, `read`. */
export function decoder(column: ColumnMetadata, read: (raw: unknown, column: ColumnMetadata) => unknown): Decoder {
  if (plainTypes.has(column.type) && !column.transformer && !column.isArray) return same
  return (raw) => (raw === null && !column.transformer ? null : read(raw, column))
}

import type { ColumnMetadata } from './internals.js'

/** Makes of a value of the application what the database client binds, or of what the client gives a value of the application. */
export type Codec = (value: unknown) => unknown

/** Types whose values every database client takes and gives as the application has them. */
const plainTypes: ReadonlySet<unknown> = new Set(['varchar', 'text', 'integer', 'int', 'double', 'double precision', String])

const same: Codec = (value) => value

function isPlain({ type, transformer, isArray }: ColumnMetadata): boolean {
  return plainTypes.has(type) && !transformer && !isArray
}

/** The decoder of a column whose values need none; of another, `read`. */
export function decoder(column: ColumnMetadata, read: Codec): Codec {
  if (isPlain(column)) return same
  return (raw) => (raw === null && !column.transformer ? null : read(raw))
}

/** The encoder of a column whose values need none; of another, `write`. */
export function encoder(column: ColumnMetadata, write: Codec): Codec {
  return isPlain(column) ? same : write
}

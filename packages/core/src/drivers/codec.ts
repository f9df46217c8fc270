import type { ColumnMetadata } from './internals.js'

/** Makes of a value of the application what the database client binds, or of what the client gives a value of the application. */
export type Codec = (value: unknown) => unknown

/** Types whose values every database client takes and gives as the application has them. */
const plainTypes: ReadonlySet<unknown> = new Set(['varchar', 'text', 'integer', 'int', 'double', 'double precision', String])

const same: Codec = (value) => value

function isPlain({ type, transformer, isArray }: ColumnMetadata): boolean {
  return plainTypes.has(type) && !transformer && !isArray
}

/** Types of moments, which every database client gives as a `Date`, and TypeORM leaves as they are. */
const momentTypes: ReadonlySet<unknown> = new Set([
  'datetime',
  'timestamp',
  'timestamptz',
  'timestamp with time zone',
  'timestamp without time zone',
])

/** The decoder of a column whose values need none; of another, `read`. */
export function decoder(column: ColumnMetadata, read: Codec): Codec {
  if (isPlain(column)) return same
  const { type, transformer, isArray } = column
  if (momentTypes.has(type) && transformer && !Array.isArray(transformer) && !isArray)
    return (raw) => (raw instanceof Date || raw === null ? (transformer.from(raw) as unknown) : read(raw))
  if ((type === 'boolean' || type === Boolean) && !transformer && !isArray)
    return (raw) => (typeof raw === 'boolean' || raw === null ? raw : typeof raw === 'number' ? raw !== 0 : read(raw))
  return (raw) => (raw === null && !transformer ? null : read(raw))
}

/** The encoder of a column whose values need none; of another, `write`. */
export function encoder(column: ColumnMetadata, write: Codec): Codec {
  return isPlain(column) ? same : write
}

import type { ColumnStorage, DatabaseKind } from './column-type.js'

/** A text that is a code and no word of a language: it sorts by its code points on every database. @param length In characters; without it, any. */
export function codeText(database: DatabaseKind, length?: number): ColumnStorage {
  const order = database === 'postgres' ? { collation: 'C' } : {}
  if (length !== undefined) return { type: 'varchar', length, ...order }
  return { type: database === 'mysql' ? 'longtext' : 'text', ...order }
}

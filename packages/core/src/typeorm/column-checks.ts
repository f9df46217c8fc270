import { driverOf } from '../drivers/driver.js'
import { patternText } from '../drivers/pattern.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import type { LengthLimit } from '../mapping/limits.js'
import { columnType, rulesOf } from '../mapping/mapped-column.js'
import type { ColumnKind } from '../types/column-type.js'
import { plainDigits } from '../types/decimal.js'

/** Kinds whose bounds every database writes alike. */
const bounded: ReadonlySet<ColumnKind> = new Set(['integer', 'bigint', 'number', 'decimal', 'date'])

/**
 * What the database itself refuses in a column, as conditions of SQL: the limits of the column that it can say. It never refuses
 * what the application takes.
 */
export function columnChecks(metadata: ColumnMetadata): string[] {
  const { min, max, length, pattern } = rulesOf(metadata) ?? {}
  const type = columnType(metadata)
  const driver = driverOf(metadata.entityMetadata.dataSource)
  const column = driver.escape(metadata.databaseName)
  const { dialect, kind: database } = driver
  const checks: string[] = []
  const { transformer, precision } = type.storage(database)
  // A decimal of many digits is a text there, which is no smaller and no larger than a number.
  const isText = type.kind === 'decimal' && database === 'sqlite' && (precision ?? 0) > 15
  if (bounded.has(type.kind) && !isText) {
    const literal = (bound: unknown): string => (typeof bound === 'string' && type.kind === 'date' ? driver.literal(bound) : digits(bound))
    if (min !== undefined) checks.push(`${column} >= ${literal(min)}`)
    if (max !== undefined) checks.push(`${column} <= ${literal(max)}`)
  }
  // What is transformed is stored as another text than that which has the length.
  if (type.kind !== 'string' || transformer !== undefined) return checks
  if (length !== undefined) checks.push(...lengthChecks(length, dialect.length([column]).join('')))
  const { regularExpressions } = dialect
  const text = pattern && regularExpressions && metadata.collation === undefined ? patternText(pattern, regularExpressions) : undefined
  if (regularExpressions && text !== undefined) checks.push(`${column} ${regularExpressions.operator} ${driver.literal(text)}`)
  return checks
}

function digits(bound: unknown): string {
  return typeof bound === 'number' ? plainDigits(bound) : String(bound)
}

function lengthChecks(limit: LengthLimit, size: string): string[] {
  if (typeof limit === 'number') return [`${size} = ${limit}`]
  const { min, max } = limit
  return [...(min === undefined ? [] : [`${size} >= ${min}`]), ...(max === undefined ? [] : [`${size} <= ${max}`])]
}

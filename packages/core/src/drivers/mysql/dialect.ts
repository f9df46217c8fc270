import type { ColumnKind } from '../../types/column-type.js'
import { call, type Dialect, Parameter, type Pieces, pieces } from '../dialect.js'

/** Names of types in a CAST; other kinds are kept as text. */
const castTypes: Partial<Record<ColumnKind, string>> = {
  integer: 'SIGNED',
  bigint: 'SIGNED',
  boolean: 'SIGNED',
  number: 'DOUBLE',
  decimal: 'DECIMAL(65, 30)',
  date: 'DATE',
  time: 'TIME(6)',
  datetime: 'DATETIME(3)',
  bytes: 'BINARY',
}

/** More rows than any table has: the family knows no OFFSET without a LIMIT. */
const everyRow = '18446744073709551615'

/** How MySQL and MariaDB write expressions. */
export const mysqlDialect: Dialect = {
  concat: (parts) => call('CONCAT', ...parts),
  // A decimal would be cut after four digits.
  divide: (dividend, divisor) => pieces`((${dividend} + 0e0) / NULLIF(${divisor}, 0))`,
  average: (value) => pieces`AVG(${value} + 0e0)`,
  // A text that meets a number would be a double.
  addDecimal: (value, amount, scale) => pieces`${value} + CAST(${amount} AS DECIMAL(65, ${String(scale)}))`,
  decimal: (value, scale) => pieces`CAST(${value} AS DECIMAL(65, ${String(scale)}))`,
  sortsDecimals: true,
  orderOfDecimal: (value, scale) => pieces`CAST(${value} AS DECIMAL(65, ${String(scale)}))`,
  sumOfDecimals: (value) => call('SUM', value),
  length: (value) => call('CHAR_LENGTH', value),
  round: (value, digits) => pieces`ROUND(CAST(${value} AS DECIMAL(65, 20)), ${digits})`,
  lower: (value) => call('LOWER', value),
  upper: (value) => call('UPPER', value),
  cast: (value, kind) => pieces`CAST(${value} AS ${castTypes[kind] ?? 'CHAR'})`,
  like: (value, pattern) => pieces`(${value} LIKE ${new Parameter(pattern)} COLLATE utf8mb4_bin)`,
  ilike: (value, pattern) => pieces`(LOWER(${value}) LIKE LOWER(${new Parameter(pattern)}) COLLATE utf8mb4_bin)`,
  jsonText: (value, path) => {
    const at = new Parameter(`$${path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `."${step}"`)).join('')}`)
    // JSON's null is the text null otherwise.
    return pieces`JSON_UNQUOTE(NULLIF(JSON_EXTRACT(${value}, ${at}), 'null'))`
  },
  order: (value, direction, nulls) => {
    if (!nulls) return [...value, ` ${direction}`]
    return pieces`(${value} IS NULL) ${nulls === 'last' ? 'ASC' : 'DESC'}, ${value} ${direction}`
  },
  nulls: 'first',
  // A choice sorts by its number, and compares with a text as a text.
  ordinal: (value) => pieces`(${value} + 0)`,
  exact(value, kind): Pieces {
    if (kind === 'number') return pieces`(${value} + 0e0)`
    return kind === 'datetime' || kind === 'date' || kind === 'time' ? pieces`CAST(${value} AS CHAR)` : value
  },
  window(limit, offset): Pieces {
    if (offset !== undefined) return [' LIMIT ', limit === undefined ? everyRow : new Parameter(limit), ' OFFSET ', new Parameter(offset)]
    return limit === undefined ? [] : [' LIMIT ', new Parameter(limit)]
  },
  lock: ({ skipLocked, noWait }) => [` FOR UPDATE${skipLocked ? ' SKIP LOCKED' : noWait ? ' NOWAIT' : ''}`],
  materialized: (subquery) => pieces`SELECT * FROM (${subquery}) AS _rows`,
}

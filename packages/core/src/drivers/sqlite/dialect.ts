import type { ColumnKind } from '../../types/column-type.js'
import { decimalSum } from './decimals.js'
import { call, type Dialect, joined, onConflict, Parameter, patternParts, type Pieces, pieces } from '../dialect.js'

/** Names of types in a CAST; other kinds are kept as text. */
const castTypes: Partial<Record<ColumnKind, string>> = {
  integer: 'INTEGER',
  bigint: 'INTEGER',
  boolean: 'INTEGER',
  number: 'REAL',
  decimal: 'NUMERIC',
  bytes: 'BLOB',
}

/** LIKE does not see case here, and GLOB does: it has other signs for the same. */
function globOf(pattern: string): string {
  let glob = ''
  for (const { kind, text } of patternParts(pattern)) {
    if (kind === 'any') glob += '*'
    else if (kind === 'one') glob += '?'
    else glob += /[*?[]/.test(text) ? `[${text}]` : text
  }
  return glob
}

/** How SQLite writes expressions. Functions that begin with `alchemy_` are given to each connection. */
export const sqliteDialect: Dialect = {
  ...onConflict,
  concat: (parts) => pieces`(${joined(parts, ' || ')})`,
  divide: (dividend, divisor) => pieces`(CAST(${dividend} AS REAL) / NULLIF(${divisor}, 0))`,
  average: (value) => call('AVG', value),
  sumOfDecimals: (value) => call(decimalSum.name, value),
  addDecimal: (value, amount, scale) => call('decimal_add', value, amount, [String(scale)]),
  decimal: (value) => value,
  sortsDecimals: false,
  orderOfDecimal: (value) => call('decimal_order', value),
  length: (value) => call('LENGTH', value),
  regularExpressions: undefined,
  round: (value, digits) => call('ROUND', value, digits),
  lower: (value) => call('alchemy_lower', value),
  upper: (value) => call('alchemy_upper', value),
  cast: (value, kind) => pieces`CAST(${value} AS ${castTypes[kind] ?? 'TEXT'})`,
  like: (value, pattern) => pieces`(${value} GLOB ${new Parameter(globOf(pattern))})`,
  ilike: (value, pattern) => pieces`(alchemy_lower(${value}) GLOB ${new Parameter(globOf(pattern.toLowerCase()))})`,
  row: (value) => value,
  rangePart(value, end): Pieces {
    const lower = pieces`SUBSTR(${value}, 1, INSTR(${value}, '|') - 1)`
    if (end === 'lower') return lower
    const rest = pieces`SUBSTR(${value}, INSTR(${value}, '|') + 1)`
    return pieces`SUBSTR(${rest}, 1, INSTR(${rest}, '|') - 1)`
  },
  pathMatches: (value, levels) => pieces`alchemy_path_matches(${value}, ${new Parameter(JSON.stringify(levels))})`,
  search: undefined,
  jsonText: (value, path) => {
    const at = new Parameter(`$${path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `."${step}"`)).join('')}`)
    // A truth value is a number to json_extract; the other databases give its name.
    return pieces`CASE json_type(${value}, ${at}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(json_extract(${value}, ${at}) AS TEXT) END`
  },
  order: (value, direction, nulls) => [...value, ` ${direction}${nulls ? ` NULLS ${nulls.toUpperCase()}` : ''}`],
  nulls: 'first',
  ordinal: (value) => value,
  exact: (value) => value,
  window(limit, offset): Pieces {
    if (offset !== undefined) return [' LIMIT ', new Parameter(limit ?? -1), ' OFFSET ', new Parameter(offset)]
    return limit === undefined ? [] : [' LIMIT ', new Parameter(limit)]
  },
  lock: () => [],
  materialized: (subquery) => subquery,
}

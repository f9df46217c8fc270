import type { ColumnKind } from '../../types/column-type.js'
import { call, type Dialect, joined, onConflict, Parameter, type Pieces, pieces } from '../dialect.js'

/** Names of types in a CAST; other kinds are kept as text. */
const castTypes: Partial<Record<ColumnKind, string>> = {
  integer: 'integer',
  bigint: 'bigint',
  boolean: 'boolean',
  number: 'double precision',
  decimal: 'numeric',
  date: 'date',
  time: 'time',
  datetime: 'timestamptz',
  json: 'jsonb',
  uuid: 'uuid',
  bytes: 'bytea',
}

/** How PostgreSQL writes expressions. */
export const postgresDialect: Dialect = {
  ...onConflict,
  // Values whose type is not known here need one.
  concat: (parts) => [
    '(',
    ...joined(
      parts.map((part) => ['CAST(', ...part, ' AS text)']),
      ' || ',
    ),
    ')',
  ],
  divide: (dividend, divisor) => pieces`(CAST(${dividend} AS double precision) / NULLIF(${divisor}, 0))`,
  average: (value) => call('AVG', value),
  addDecimal: (value, amount) => pieces`${value} + ${amount}`,
  decimal: (value) => value,
  sortsDecimals: true,
  orderOfDecimal: (value) => value,
  sumOfDecimals: (value) => call('SUM', value),
  length: (value) => call('LENGTH', value),
  regularExpressions: { operator: '~', end: '$' },
  round: (value, digits) => pieces`ROUND(CAST(${value} AS numeric), CAST(${digits} AS integer))`,
  lower: (value) => call('LOWER', value),
  upper: (value) => call('UPPER', value),
  cast: (value, kind) => pieces`CAST(${value} AS ${castTypes[kind] ?? 'text'})`,
  like: (value, pattern) => pieces`(${value} LIKE ${new Parameter(pattern)})`,
  ilike: (value, pattern) => pieces`(${value} ILIKE ${new Parameter(pattern)})`,
  rangePart: undefined,
  pathMatches: undefined,
  search: (value, config, text) =>
    pieces`(${value} @@ plainto_tsquery(CAST(${new Parameter(config)} AS regconfig), ${new Parameter(text)}))`,
  row: (value, type) => pieces`CAST(${value} AS ${type})`,
  jsonText: (value, path) => pieces`(${value} #>> CAST(${new Parameter(`{${path.map((step) => `"${step}"`).join(',')}}`)} AS text[]))`,
  order: (value, direction, nulls) => [...value, ` ${direction}${nulls ? ` NULLS ${nulls.toUpperCase()}` : ''}`],
  nulls: 'last',
  ordinal: (value) => value,
  exact: (value) => pieces`CAST(${value} AS text)`,
  window: (limit, offset): Pieces => [
    ...(limit === undefined ? [] : [' LIMIT ', new Parameter(limit)]),
    ...(offset === undefined ? [] : [' OFFSET ', new Parameter(offset)]),
  ],
  lock: ({ skipLocked, noWait, of, isReferable }) => [
    isReferable ? ' FOR NO KEY UPDATE' : ' FOR UPDATE',
    ...(of ? [' OF ', of] : []),
    ...(skipLocked ? [' SKIP LOCKED'] : noWait ? [' NOWAIT'] : []),
  ],
  materialized: (subquery) => subquery,
}

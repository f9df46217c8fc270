import { isObject } from '../../options.js'
import type { ColumnKind } from '../../types/column-type.js'
import { call, type Dialect, Parameter, type PathLevel, type Pieces, pieces } from '../dialect.js'

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

/** What an INSERT tells as its key when it stored nothing: beyond all keys that are given out, and within what a number can say. */
const noKey = Number.MAX_SAFE_INTEGER

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
  regularExpressions: { operator: 'REGEXP', end: '\\z' },
  round: (value, digits) => pieces`ROUND(CAST(${value} AS DECIMAL(65, 20)), ${digits})`,
  lower: (value) => call('LOWER', value),
  upper: (value) => call('UPPER', value),
  cast: (value, kind) => pieces`CAST(${value} AS ${castTypes[kind] ?? 'CHAR'})`,
  like: (value, pattern) => pieces`(${value} LIKE ${new Parameter(pattern)} COLLATE utf8mb4_bin)`,
  ilike: (value, pattern) => pieces`(LOWER(${value}) LIKE LOWER(${new Parameter(pattern)}) COLLATE utf8mb4_bin)`,
  row: (value) => value,
  rangePart: (value, end) =>
    end === 'lower' ? pieces`SUBSTRING_INDEX(${value}, '|', 1)` : pieces`SUBSTRING_INDEX(SUBSTRING_INDEX(${value}, '|', 2), '|', -1)`,
  // Its case is seen, whatever the collation says.
  pathMatches: (value, levels) => pieces`(${value} REGEXP ${new Parameter(`(?-i)^${levels.map(levelExpression).join('')}$`)})`,
  search: undefined,
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
  // A plain INSERT that fails locks the row for readers: two who then write it would wait for each other. This one locks it for a writer.
  unlessTaken: (key) => ` ON DUPLICATE KEY UPDATE ${key} = ${untouched(key)}`,
  orUpdate({ key, set, version, deletedAt }) {
    // Which key it was that clashed is not said, so that each row is looked at.
    const isMeant = key.map((column) => `${column} <=> VALUES(${column})`)
    if (deletedAt !== undefined) isMeant.unshift(`${deletedAt} IS NULL`)
    const sets = set.map((column) => `${column} = IF(${isMeant.join(' AND ')}, VALUES(${column}), ${untouched(column)})`)
    if (version !== undefined) sets.push(`${version} = IF(${isMeant.join(' AND ')}, ${version} + 1, ${version})`)
    return ` ON DUPLICATE KEY UPDATE ${sets.join(', ')}`
  },
  wasTaken: ({ raw }) => isObject(raw) && Reflect.get(raw, 'insertId') === noKey,
}

/** A column as it is; that it was left so is told as the statement's key. */
function untouched(column: string): string {
  return `IF(LAST_INSERT_ID(${noKey}), ${column}, ${column})`
}

/** A level of a pattern of paths, each label with the point after it; what was read of a label is not read in another way. */
function levelExpression({ label, isNot, least, most }: PathLevel): string {
  const end = '(?:\\.|$)'
  const any = `[^.]++${end}`
  const one = label === undefined ? any : isNot ? `(?!(?:${label})${end})${any}` : `(?:${label})${end}`
  return `(?:${one}){${least},${Number.isFinite(most) ? most : ''}}`
}

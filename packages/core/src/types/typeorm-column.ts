import type { EntityMetadata, ValueTransformer } from 'typeorm'
import { Boolean as BooleanType } from './boolean.js'
import { type ColumnKind, type ColumnType, type DatabaseKind, type NumberRange, refuse } from './column-type.js'
import { acceptMoment, isMoment } from './date-time.js'
import { Date as DateType } from './date.js'
import { plainDigits } from './decimal.js'
import { Float } from './float.js'
import { JSONType } from './json.js'
import { Numeric } from './numeric.js'
import { acceptText } from './string.js'
import { Time } from './time.js'
import { UUID } from './uuid.js'

/** A column as TypeORM describes it. */
type PlainColumn = EntityMetadata['columns'][number]

/** What is known of values by the name of a type. */
interface Values {
  readonly kind: ColumnKind
  readonly range?: NumberRange
  readonly mutable?: boolean
  readonly accept: (value: unknown) => unknown
}

/**
 * The data type of a column that decorators of plain TypeORM define: it takes what the column can hold, as strictly as a type of
 * `db.Column` does, and gives values as TypeORM has them (a `Date`, a `bigint` as text).
 */
export function columnTypeOf(column: PlainColumn): ColumnType<unknown> {
  const single = ofName(column, familyOf(column))
  const values = column.isArray ? listOf(single) : single
  const { transformer } = column
  return {
    ...values,
    // A column of a view, which is only read, may have none.
    typeName: typeof column.type === 'function' ? column.type.name : column.type,
    storage: () => ({ type: column.type }),
    accept: transformer ? (value) => acceptTransformed(value, [transformer].flat(), values) : values.accept,
  }
}

function familyOf({ entityMetadata }: PlainColumn): DatabaseKind {
  const { type } = entityMetadata.dataSource.options
  if (type === 'postgres') return 'postgres'
  return type === 'mysql' || type === 'mariadb' ? 'mysql' : 'sqlite'
}

/** The application's value is the transformer's affair; what it makes of it must fit the column. */
function acceptTransformed(value: unknown, transformers: readonly ValueTransformer[], { accept }: Values): unknown {
  let stored = value
  try {
    for (const transformer of transformers) stored = transformer.to(stored) as unknown
  } catch {
    refuse('a value that its transformer understands', value)
  }
  if (stored !== null && stored !== undefined) accept(stored)
  return value
}

function ofName(column: PlainColumn, database: DatabaseKind): Values {
  const { type, enum: choices, generationStrategy } = column
  if (choices) return type === 'set' ? listOf(oneOf(choices)) : oneOf(choices)
  if (generationStrategy === 'uuid') return UUID
  const name = nameOf(type)
  const family = families.find(({ names }) => names.has(name))
  return family ? family.values(column, name, database) : other
}

function nameOf(type: PlainColumn['type']): string {
  if (typeof type === 'string') return type
  if (type === Number) return 'int'
  if (type === String) return 'varchar'
  if (type === Boolean) return 'boolean'
  if (type === Date) return 'datetime'
  return typeof type === 'function' && type.prototype instanceof Uint8Array ? 'blob' : ''
}

const families: readonly {
  readonly names: ReadonlySet<string>
  values(column: PlainColumn, name: string, database: DatabaseKind): Values
}[] = [
  {
    names: words(
      'varchar, char, character varying, varying character, char varying, nvarchar, nchar, character, native character, national varchar, national char, string, text, tinytext, mediumtext, longtext, citext, clob, ntext, xml',
    ),
    values: textOf,
  },
  {
    names: words('int, integer, int2, int4, int8, tinyint, smallint, mediumint, bigint, unsigned big int, year'),
    values: wholeOf,
  },
  { names: words('decimal, numeric, dec, fixed, number'), values: decimalOf },
  { names: words('float, float4, float8, double, double precision, real'), values: () => Float },
  { names: words('boolean, bool'), values: () => BooleanType },
  {
    names: words('datetime, timestamp, timestamptz, timestamp with time zone, timestamp without time zone'),
    values: (_column, name, database) => momentOf(name === 'timestamp' && database === 'mysql'),
  },
  {
    names: words('date'),
    values: () => ({ kind: 'date', accept: (value) => (value instanceof Date ? dateOf(value) : DateType.accept(value)) }),
  },
  { names: words('time, time without time zone'), values: () => ({ kind: 'time', accept: (value) => Time.accept(value) }) },
  { names: words('uuid'), values: () => UUID },
  { names: words('json, jsonb, simple-json'), values: () => JSONType },
  { names: words('simple-array'), values: () => listOf({ kind: 'string', accept: acceptItem }) },
  {
    names: words('blob, tinyblob, mediumblob, longblob, bytea, binary, varbinary'),
    values: (column) => ({ kind: 'bytes', mutable: true, accept: (value) => acceptBytes(value, lengthOf(column)) }),
  },
  {
    names: words(
      'point, line, lseg, box, circle, path, polygon, geometry, geography, linestring, multipoint, multilinestring, multipolygon, geometrycollection, hstore, interval, cube, vector, halfvec',
    ),
    values: () => ({ kind: 'json', mutable: true, accept: (value) => (isSingle(value) ? value : JSONType.accept(value)) }),
  },
]

function words(names: string): ReadonlySet<string> {
  return new Set(names.split(', '))
}

/** Such types are compared by their database alone, which takes many forms of them: a value, but nothing that holds others. */
const other: Values = {
  kind: 'other',
  accept: (value) => (isSingle(value) ? value : refuse('a single value', value)),
}

function isSingle(value: unknown): boolean {
  if (typeof value === 'string') return acceptText(value) === value
  if (value instanceof Date) return dateOf(value) === value
  return typeof value === 'boolean' || typeof value === 'bigint' || Number.isFinite(value) || value instanceof Uint8Array || isMoment(value)
}

function oneOf(choices: readonly unknown[]): Values {
  const shown = choices.slice(0, 10).map(String).join(', ') + (choices.length > 10 ? ', …' : '')
  return { kind: 'string', accept: (value) => (choices.includes(value) ? value : refuse(`one of ${shown}`, value)) }
}

function listOf({ accept }: Values): Values {
  return {
    // Lists are compared by the functions of their database.
    kind: 'json',
    mutable: true,
    accept: (value) => (Array.isArray(value) ? value.map((each) => (each === null ? null : accept(each))) : refuse('a list', value)),
  }
}

/** Items of a list that is kept as one text, with commas between them. */
function acceptItem(value: unknown): unknown {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return acceptText(value).includes(',') ? refuse('texts without commas', value) : value
}

function acceptBytes(value: unknown, length: number): unknown {
  if (!(value instanceof Uint8Array)) refuse('bytes (a Buffer or Uint8Array)', value)
  if (value.length > length) throw new TypeError(`takes at most ${length} bytes, and received ${value.length}`)
  return value
}

function textOf(column: PlainColumn): Values {
  const length = lengthOf(column)
  return { kind: 'string', accept: (value) => acceptText(value, length) }
}

/** The length of the metadata, or that which the database gives a column without one. */
function lengthOf(column: PlainColumn): number {
  return Number(column.entityMetadata.dataSource.driver.getColumnLength(column)) || Number.POSITIVE_INFINITY
}

const bits: Readonly<Record<string, number>> = {
  tinyint: 8,
  int2: 16,
  smallint: 16,
  mediumint: 24,
  int8: 64,
  bigint: 64,
  'unsigned big int': 64,
}

function wholeOf({ unsigned }: PlainColumn, name: string, database: DatabaseKind): Values {
  // An integer of SQLite has 64 bits.
  const size = bits[name] ?? (database === 'sqlite' ? 64 : 32)
  const half = 2n ** BigInt(size - 1)
  const [smallest, largest] = unsigned ? [0n, half * 2n - 1n] : [-half, half - 1n]
  const range = { scale: 0, smallest, largest }
  const isIn = (number: bigint): boolean => number >= smallest && number <= largest
  return {
    // TypeORM has one of SQLite as a number, which `get` may give all digits of.
    kind: size === 64 && database !== 'sqlite' ? 'bigint' : 'integer',
    range,
    accept(value) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && isIn(BigInt(value))) return value
      // TypeORM has what is beyond a number as its digits.
      if (bits[name] === 64 && typeof value === 'string' && /^-?\d{1,20}$/.test(value) && isIn(BigInt(value))) return value
      if (size === 64 && typeof value === 'bigint' && isIn(value)) return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`
      if (name === 'tinyint' && typeof value === 'boolean') return value
      return refuse(`a whole number from ${smallest} to ${largest}`, value)
    },
  }
}

function decimalOf(column: PlainColumn, _name: string, database: DatabaseKind): Values {
  const { driver } = column.entityMetadata.dataSource
  const defaults = database === 'sqlite' ? undefined : driver.dataTypeDefaults[driver.normalizeType(column)]
  const precision = column.precision ?? defaults?.precision
  if (typeof precision === 'number') {
    const sized = Numeric(precision, column.scale ?? defaults?.scale ?? 0)
    const { range } = sized
    return { kind: 'decimal', ...(range ? { range } : {}), accept: (value) => (sized.accept(value) === undefined ? undefined : value) }
  }
  return {
    kind: 'decimal',
    accept(value) {
      const text = typeof value === 'number' && Number.isFinite(value) ? plainDigits(value) : value
      if (typeof text !== 'string' || !/^-?\d{1,1000}(\.\d{1,1000})?$/.test(text)) refuse('a decimal number', value)
      return value
    },
  }
}

/** @param isShort A `TIMESTAMP` of MySQL, which counts seconds from 1970 on in 32 bits. */
function momentOf(isShort: boolean): Values {
  return {
    kind: 'datetime',
    mutable: true,
    accept(value) {
      const moment = acceptMoment(value)
      if (isShort && (moment.toMillis() < 1_000 || moment.toSeconds() >= 2 ** 31)) throw new TypeError('takes a moment from 1970 to 2038')
      // As TypeORM reads text without a zone.
      return typeof value === 'string' ? new Date(value) : value instanceof Date ? value : moment.toJSDate()
    },
  }
}

function dateOf(value: Date): Date {
  acceptMoment(value)
  return value
}

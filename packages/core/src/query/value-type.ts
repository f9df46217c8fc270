import { DateTime } from 'luxon'
import type { ColumnMetadata } from '../drivers/internals.js'
import { foreignKeyName, isForeignKey } from '../mapping/foreign-key.js'
import { columnType } from '../mapping/mapped-column.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import type { ColumnKind } from '../types/column-type.js'

/** The kind of an expression's values: what may be compared with it, and how its results are read. */
export interface ValueType {
  readonly kind: ColumnKind | 'unknown'
  /** Name of the column, for messages. */
  readonly name?: string
  /** Digits after the point, of decimal numbers. */
  readonly scale?: number
  /** Whether a decimal may have more digits than a double. */
  readonly isWide?: boolean
  /** Whether values are neither compared nor sorted by. @default false */
  readonly isOpaque?: boolean
  /** What values are where they are no scalars. */
  readonly shape?: 'list' | 'object'
  /** The configuration of text search, of a column that is searched. */
  readonly searchConfig?: string
  /** The database's name of the type that the column has. */
  readonly storedAs?: string
  /** Whether it is a choice of an enumeration, which some databases sort by its number. */
  readonly isChoice?: boolean
  /** Checks a value. @throws {TypeError} It is of another kind. */
  accept(value: unknown): unknown
  /** A checked value as the driver binds it. */
  encode(value: unknown): unknown
  /** A value of the driver as the application sees it; NULL stays `null`. */
  decode(raw: unknown): unknown
}

/** A type of results that are as the driver gives them. */
function plain(kind: ValueType['kind'], accept: (value: unknown) => unknown, decode: (raw: unknown) => unknown = (raw) => raw): ValueType {
  return { kind, accept, encode: (value) => value, decode: (raw) => (raw === null || raw === undefined ? null : decode(raw)) }
}

function refuse(expected: string): never {
  throw new TypeError(`takes ${expected}`)
}

/** Numbers as the application knows them. */
export const numberType = plain(
  'number',
  (value) => (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value)) ? value : refuse('a finite number')),
  Number,
)

/** Whole numbers of 64 bits. */
export const bigintType = plain(
  'bigint',
  (value) => (typeof value === 'bigint' || Number.isSafeInteger(value) ? value : refuse('a whole number')),
  (raw) => (typeof raw === 'bigint' ? raw : BigInt(String(raw).replace(/\.0*$/, ''))),
)

/** Texts. */
export const textType = plain(
  'string',
  (value) => (typeof value === 'string' && !value.includes('\0') ? value : refuse('a string without NUL characters')),
  String,
)

/** Truth values. */
export const booleanType = plain(
  'boolean',
  (value) => (typeof value === 'boolean' ? value : refuse('true or false')),
  (raw) => raw === true || raw === 1 || raw === 1n || raw === '1' || raw === 't',
)

/** Values of which nothing is known: a function that the application names. */
export const unknownType = plain('unknown', (value) => {
  const isScalar = ['string', 'bigint', 'boolean'].includes(typeof value) || Number.isFinite(value)
  if (isScalar || value instanceof Date || value instanceof Uint8Array || DateTime.isDateTime(value)) return value
  refuse('a single value')
})

/** Exact decimal numbers, as texts of at least `scale` digits after the point. */
export function decimalType(scale: number): ValueType {
  const accept = (value: unknown): unknown => {
    const isNumber = typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))
    if (!isNumber && !(typeof value === 'string' && /^-?\d{1,65}(\.\d{1,65})?$/.test(value))) refuse('a decimal number')
    return value
  }
  return { ...plain('decimal', accept, (raw) => decimalText(raw, scale)), scale }
}

/** The same text on every database: some give more zeros than others, and one a double. */
function decimalText(raw: unknown, scale: number): string {
  const exact = typeof raw === 'number' ? withoutExponent(raw) : String(raw)
  const [whole = '0', fraction = ''] = exact.split('.')
  const digits = fraction.replace(/0+$/, '').padEnd(scale, '0')
  return digits === '' ? whole : `${whole}.${digits}`
}

/** The shortest text of fifteen digits, which hides what a double cannot say. */
function withoutExponent(value: number): string {
  const short = Number(value.toPrecision(15))
  return Math.abs(short) < 1e21 && Math.abs(short) >= 1e-6 ? `${short}` : BigInt(Math.round(short)).toString()
}

/** So many digits come back from a number of double precision as they went in. */
const digitsOfDouble = 15

const columnTypes = new WeakMap<ColumnMetadata, ValueType>()

/** The type of a column's values. */
export function columnValueType(dataSource: AlchemyDataSource, column: ColumnMetadata): ValueType {
  let known = columnTypes.get(column)
  if (!known) columnTypes.set(column, (known = typeOf(dataSource, column)))
  return known
}

function typeOf(dataSource: AlchemyDataSource, column: ColumnMetadata): ValueType {
  const target = column.referencedColumn && column.isVirtual ? column.referencedColumn : column
  const type = columnType(target)
  return {
    kind: type.kind,
    ...(type.shape === undefined ? {} : { shape: type.shape }),
    ...(type.searchConfig === undefined ? {} : { searchConfig: type.searchConfig }),
    isOpaque: type.opaque ?? type.kind === 'json',
    name: isForeignKey(column) ? foreignKeyName(column) : column.propertyPath,
    ...(column.scale === undefined ? {} : { scale: column.scale }),
    ...(typeof column.type === 'string' ? { storedAs: column.type } : {}),
    isChoice: column.enum !== undefined,
    isWide: type.kind === 'decimal' && (column.precision ?? 0) > digitsOfDouble,
    accept: (value) => type.accept(value),
    encode: (value) => dataSource.driver.preparePersistentValue(value, column) as unknown,
    decode: (raw) => (raw === null || raw === undefined ? null : (dataSource.driver.prepareHydratedValue(raw, column) as unknown)),
  }
}

import { DateTime } from 'luxon'
import { InvalidOptionError } from '../errors.js'
import { isObject } from '../options.js'
import type { ColumnKind, ColumnStorage, ColumnType } from './column-type.js'

/** One column of a composite value; NULL is `null` in each form. */
export interface CompositeField {
  readonly name: string
  readonly type: ColumnType<unknown>
  readonly isNullable: boolean
  /** Its type in a definition of PostgreSQL. */
  readonly declaration: string
  /** What JSON keeps of a value. */
  toStored(value: unknown): unknown
  ofStored(stored: unknown): unknown
  /** A value as PostgreSQL takes it in a row. */
  toRow(value: unknown): string | null
  /** The value of what PostgreSQL shows of it. */
  ofRow(text: string | null): unknown
  toJSON(value: unknown): unknown
  readonly jsonSchema: unknown
}

/** @throws {InvalidOptionError} The name cannot be one, or values of the type are not compared. */
export function fieldOf(name: string, given: unknown, isNullable: boolean): CompositeField {
  if (!/^[A-Za-z_]\w{0,62}$/.test(name) || name === '__proto__') {
    throw new InvalidOptionError('the columns of CompositeType()', 'names of letters, digits and _', name)
  }
  if (!isType(given)) throw new InvalidOptionError(`${name} of CompositeType()`, 'a type of a column', given)
  const type = given
  if (type.kind === 'json' || type.kind === 'secret' || type.opaque || type.computed || type.prepare) {
    throw new InvalidOptionError(`${name} of CompositeType()`, 'a type whose values can be compared', type.typeName)
  }
  // One form of a value for all databases: that which PostgreSQL has.
  const storage = type.storage('postgres')
  const transformers = [storage.transformer ?? []].flat()
  const kept = (value: unknown): unknown => transformers.reduce((each, transform): unknown => transform.to(each), value)
  const read = (value: unknown): unknown => transformers.reduceRight((each, transform): unknown => transform.from(each), value)
  // Another composite stands in JSON as JSON.
  const nested = type.kind === 'composite' ? [type.storage('sqlite').transformer ?? []].flat() : []
  const unlessNull = <T>(value: unknown, make: () => T): T | null => (value === null || value === undefined ? null : make())
  return {
    name,
    type,
    isNullable,
    declaration: declared(storage),
    toStored: (value) =>
      unlessNull(value, () => {
        const [inner] = nested
        return inner ? (JSON.parse(String(inner.to(value))) as unknown) : storedOf(kept(value))
      }),
    ofStored: (stored) =>
      unlessNull(stored, () => {
        const [inner] = nested
        return inner ? (inner.from(JSON.stringify(stored)) as unknown) : read(ofStored(stored, type.kind))
      }),
    toRow: (value) => unlessNull(value, () => rowTextOf(kept(value))),
    ofRow: (text) => unlessNull(text, () => read(ofRowText(String(text), type.kind))),
    toJSON: (value) => unlessNull(value, () => (type.toJSON ? type.toJSON(value) : value)),
    jsonSchema: type.jsonSchema ?? {},
  }
}

function isType(value: unknown): value is ColumnType<unknown> {
  return (isObject(value) || typeof value === 'function') && 'accept' in value && 'storage' in value && 'kind' in value
}

/** `varchar(20)`, `numeric(12,2)`, `timestamptz(3)`, as TypeORM writes the type of a column. */
function declared({ type, length, precision, scale, collation }: ColumnStorage): string {
  const sizes = [length, precision, scale].filter((size) => size !== undefined && size !== null && size !== '')
  const order = collation === undefined ? '' : ` COLLATE "${collation}"`
  return `${String(type)}${sizes.length > 0 ? `(${sizes.join(',')})` : ''}${order}`
}

function storedOf(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value)
}

function ofStored(stored: unknown, kind: ColumnKind): unknown {
  if (typeof stored !== 'string') return stored
  if (kind === 'datetime') return new Date(stored)
  return kind === 'bytes' ? Buffer.from(stored, 'base64') : stored
}

function rowTextOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}

function ofRowText(text: string, kind: ColumnKind): unknown {
  if (kind === 'boolean') return text === 't'
  if (kind === 'integer' || kind === 'number') return Number(text)
  if (kind === 'datetime') return DateTime.fromSQL(text, { zone: 'utc' }).toJSDate()
  return kind === 'bytes' ? Buffer.from(text.slice(2), 'hex') : text
}

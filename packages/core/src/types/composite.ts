import { InvalidOptionError } from '../errors.js'
import { isObject, readOptions } from '../options.js'
import { type ColumnPlace, type ColumnStorage, type ColumnType, type DatabaseKind, refuse, type TypeDefinition } from './column-type.js'
import { type CompositeField, fieldOf } from './composite-field.js'
import { isReservedType, rowFields, rowText } from './composite-row.js'

/** Types by name of the fields of a composite value. @since 0.2 */
export type CompositeColumns = Readonly<Record<string, ColumnType<unknown>>>

type FieldValue<Type> = Type extends { accept(value: unknown): infer Value } ? Value : never
type FieldInput<Type> = Type extends ColumnType<infer Value, infer Also> ? Value | Also : never

/** A composite value, as the application reads it. @since 0.2 */
export type Composite<Columns, Nullable extends PropertyKey = never> = {
  -readonly [Name in keyof Columns]: FieldValue<Columns[Name]> | (Name extends Nullable ? null : never)
}

/** What may be written in place of a composite value: whatever its columns take; a nullable one may be left out. @since 0.2 */
export type CompositeInput<Columns, Nullable extends PropertyKey = never> = {
  readonly [Name in Exclude<keyof Columns, Nullable>]: FieldInput<Columns[Name]>
} & { readonly [Name in keyof Columns & Nullable]?: FieldInput<Columns[Name]> | null | undefined }

/** How a composite value is made. @since 0.2 */
export interface CompositeOptions<Nullable extends string = string> {
  /** Names of the columns that may be `null`, or left out; not all of them. @default none */
  readonly nullable?: readonly Nullable[]
}

/** What of it is kept where it is a text: MySQL makes no index of more. */
const longest = 768

/**
 * An object of a few columns that are one value: an amount with its currency, a point, an address. A change in place is seen, and equal
 * values are found; it has no order. On PostgreSQL it is a composite type, which `createAll` makes and `dropAll` drops with the table;
 * elsewhere it is kept as JSON, of at most 768 characters.
 *
 * @param name Name of the type on PostgreSQL: small letters, digits and `_`. One that PostgreSQL has itself, like `money`, gets
 *   `_composite` added there.
 * @param columns Types of its columns by name, each with values that can be compared.
 * @throws {InvalidOptionError} The name cannot be one, a column is of a type whose values are not compared, or all are nullable.
 * @since 0.2
 * @example
 * const Money = db.CompositeType('money', { currency: db.CurrencyType(), amount: db.Numeric(12, 2) })
 * class Product extends db.Model('Product', { price: db.Column(Money) }) {}
 * await Product.create({ price: { currency: 'eur', amount: 9.5 } })
 * await Product.filter({ price: { currency: 'EUR', amount: '9.50' } }).all()
 */
export function CompositeType<const Columns extends CompositeColumns, Nullable extends keyof Columns & string = never>(
  name: string,
  columns: Columns,
  options?: CompositeOptions<Nullable>,
): ColumnType<Composite<Columns, Nullable>, CompositeInput<Columns, Nullable>> {
  const fields = fieldsOf(name, columns, options)
  const typeName = isReservedType(name) ? `${name}_composite` : name
  const accept = (value: unknown): Record<string, unknown> => {
    const accepted = acceptFields(fields, value)
    if (Array.from(jsonText(fields, accepted)).length > longest)
      throw new TypeError(`takes an object whose JSON has at most ${longest} characters`)
    return accepted
  }
  const type: ColumnType<Record<string, unknown>> = {
    kind: 'composite',
    typeName: `CompositeType('${name}')`,
    mutable: true,
    shape: 'object',
    storage: (database) => storageOf(database, typeName, fields),
    accept,
    toJSON: (value) => Object.fromEntries(fields.map((field) => [field.name, field.toJSON(value[field.name])])),
    jsonSchema: {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.name, field.jsonSchema])),
      required: fields.filter(({ isNullable }) => !isNullable).map((field) => field.name),
      additionalProperties: false,
    },
    check: (place) => checkOf(fields, place),
    definitions: (place) => (place.database === 'postgres' ? definitionsOf(typeName, fields, place) : []),
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each of its fields is checked by the type that it is named with
  return type as ColumnType<Composite<Columns, Nullable>, CompositeInput<Columns, Nullable>>
}

function fieldsOf(name: string, columns: unknown, options: unknown): readonly CompositeField[] {
  if (!/^[a-z_][a-z0-9_]{0,51}$/.test(name) || name.startsWith('pg_')) {
    throw new InvalidOptionError('CompositeType(name)', 'a name of small letters, digits and _, not of pg_', name)
  }
  const { nullable = [] } = readOptions(
    {
      nullable: {
        takes: 'a list of names of its columns',
        accepts: (value): value is readonly unknown[] =>
          Array.isArray(value) && value.every((each) => typeof each === 'string' && isObject(columns) && Object.hasOwn(columns, each)),
      },
    },
    options,
    'CompositeType()',
  )
  const entries: readonly (readonly [string, unknown])[] = isObject(columns) ? Object.entries(columns) : []
  const fields = entries.map(([key, type]) => fieldOf(key, type, nullable.includes(key)))
  // PostgreSQL takes an object of nothing but NULL for NULL.
  if (fields.every(({ isNullable }) => isNullable)) {
    throw new InvalidOptionError('CompositeType(columns)', 'one column at least that is not nullable', columns)
  }
  return fields
}

/** @throws {TypeError} It is no object of these fields, or one of them is refused; the message names it. */
function acceptFields(fields: readonly CompositeField[], value: unknown): Record<string, unknown> {
  if (!isObject(value) || Object.prototype.toString.call(value) !== '[object Object]') refuse('an object', value)
  const names = fields.map(({ name }) => name)
  const stranger = Object.keys(value).find((key) => !names.includes(key))
  if (stranger !== undefined) {
    throw new TypeError(`takes an object of ${names.join(', ')}, and received one with ${JSON.stringify(stranger.slice(0, 40))}`)
  }
  const given = new Map<string, unknown>(Object.entries(value))
  return Object.fromEntries(fields.map((field) => [field.name, acceptField(field, given.get(field.name))]))
}

function acceptField({ name, type, isNullable }: CompositeField, value: unknown): unknown {
  if (value === null || value === undefined) {
    if (isNullable) return null
    throw new TypeError(`takes an object with ${name}, and received ${value === null ? 'null there' : 'none'}`)
  }
  try {
    return type.accept(value)
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`takes an object whose ${name} ${error.message}`, { cause: error })
    throw error
  }
}

// ------------------------------------------------------------------------------------------------ how databases keep it

function jsonText(fields: readonly CompositeField[], value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.toStored(value[field.name])])))
}

function storageOf(database: DatabaseKind, name: string, fields: readonly CompositeField[]): ColumnStorage {
  const isRow = database === 'postgres'
  return {
    ...(isRow ? { type: name } : { type: 'varchar', length: longest }),
    transformer: {
      to(value: unknown) {
        if (!isRecord(value)) return value
        return isRow ? rowText(fields.map((field) => field.toRow(value[field.name]))) : jsonText(fields, value)
      },
      from(value: unknown) {
        if (typeof value !== 'string') return value
        if (!isRow) return readJson(fields, value)
        const texts = rowFields(value)
        // A type that has been given other columns since: what is read then is what there is.
        if (texts?.length !== fields.length) return value
        return Object.fromEntries(fields.map((field, index) => [field.name, field.ofRow(texts[index] ?? null)]))
      },
    },
  }
}

function readJson(fields: readonly CompositeField[], text: string): unknown {
  let stored: unknown
  try {
    stored = JSON.parse(text)
  } catch {
    return text
  }
  if (!isRecord(stored)) return text
  const record = stored
  return Object.fromEntries(fields.map((field) => [field.name, field.ofStored(record[field.name] ?? null)]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.prototype.toString.call(value) === '[object Object]'
}

/** What the types of its columns check; elsewhere a field has no SQL. */
function checkOf(fields: readonly CompositeField[], place: ColumnPlace): string | undefined {
  if (place.database !== 'postgres') return undefined
  const checks = fields.flatMap(({ name, type }) => type.check?.({ ...place, column: `(${place.column}).${place.quoted(name)}` }) ?? [])
  return checks.length === 0 ? undefined : checks.map((check) => `(${check})`).join(' AND ')
}

function definitionsOf(name: string, fields: readonly CompositeField[], place: ColumnPlace): readonly TypeDefinition[] {
  const columns = fields.map((field) => `${place.quoted(field.name)} ${field.declaration}`).join(', ')
  const isMade = `SELECT FROM pg_class WHERE relkind = 'c' AND relname = ${place.literal(name)} AND relnamespace = current_schema()::regnamespace`
  return [
    ...fields.flatMap(({ type }) => type.definitions?.(place) ?? []),
    {
      // What has the name already and is no such type, a table, is an error.
      create: `DO $$ BEGIN IF NOT EXISTS (${isMade}) THEN CREATE TYPE ${place.quoted(name)} AS (${columns}); END IF; END $$`,
      drop: `DROP TYPE IF EXISTS ${place.quoted(name)}`,
      composite: { name: place.quoted(name), columns },
    },
  ]
}

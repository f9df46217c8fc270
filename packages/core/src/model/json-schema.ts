import type { EntityMetadata } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { foreignKeys, keyColumn } from '../mapping/foreign-key.js'
import type { Limits } from '../mapping/limits.js'
import { columnType, defaultOf, hasDefault, isHidden, rulesOf } from '../mapping/mapped-column.js'
import { InvalidOptionError } from '../errors.js'
import { oneWordOf, readOptions } from '../options.js'
import { settableColumns } from '../plan/assignment.js'
import { isRequired } from '../plan/values.js'
import { follow, paths } from '../query/loading.js'
import type { Loadings } from '../query/query-state.js'
import type { ColumnType } from '../types/column-type.js'

/** A schema of JSON, as an object of its keywords. @since 0.2 */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** Which JSON of a model a schema is of. @typeParam P Paths of relations. @since 0.2 */
export interface JsonSchemaOptions<P extends string = string> {
  /** What `create` takes, what `update` takes, or what `toJSON()` gives of a record. @default 'row' */
  readonly for?: 'create' | 'update' | 'row'
  /** Relations that a row may have with it, as `with` loads them; of a row alone. @default none */
  readonly with?: readonly P[]
}

const jsonSchemaOptions = { for: oneWordOf('create', 'update', 'row'), with: paths }

/**
 * The JSON of a model as JSON Schema says it (draft 2020-12). It has no `$schema`, so that validators of older drafts, which know all
 * that stands in it, take it as well.
 *
 * @throws {InvalidOptionError} There is no such option, or what may be set was asked for with relations.
 * @throws {InvalidFilterError} A name is no relation.
 */
export function jsonSchema(metadata: EntityMetadata, options?: JsonSchemaOptions): JsonSchema {
  const { for: use = 'row', with: relations = [] } = readOptions(jsonSchemaOptions, options, 'jsonSchema()')
  if (use !== 'row' && relations.length > 0) throw new InvalidOptionError('with of jsonSchema()', "nothing but for 'row'", relations)
  const loadings: Loadings = new Map()
  for (const path of relations) follow(metadata, loadings, path, 'jsonSchema()')
  return use === 'row' ? rowSchema(metadata, loadings) : valuesSchema(metadata, use)
}

function valuesSchema(metadata: EntityMetadata, use: 'create' | 'update'): JsonSchema {
  const columns = settableColumns(metadata, use)
  const title = `${metadata.name}${use === 'create' ? 'Create' : 'Update'}`
  return objectSchema(title, columns, use, ([, column]) => use === 'create' && isRequired(column) && !hasDefault(column))
}

/** Of a row; a key of a relation may not be known, and a relation not be loaded. */
function rowSchema(metadata: EntityMetadata, loadings: Loadings): JsonSchema {
  const schema = objectSchema(metadata.name, rowColumns(metadata), 'row', ([, column]) => !column.isVirtual)
  const related = metadata.relations.flatMap(({ propertyName, isOneToMany, isManyToMany, inverseEntityMetadata }) => {
    const loading = loadings.get(propertyName)
    if (!loading) return []
    const other = rowSchema(inverseEntityMetadata, loading.further)
    return [[propertyName, isOneToMany || isManyToMany ? { type: 'array', items: other } : { anyOf: [other, { type: 'null' }] }] as const]
  })
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(related) } }
}

type Named = readonly [name: string, column: ColumnMetadata]

function objectSchema(
  title: string,
  columns: readonly Named[],
  use: 'create' | 'update' | 'row',
  isAlways: (column: Named) => boolean,
): JsonSchema & { readonly properties: object } {
  // Embedded columns of plain TypeORM have no properties of their own.
  const own = columns.filter(([, column]) => !column.embeddedMetadata)
  const required = own.filter(isAlways).map(([name]) => name)
  return {
    title,
    type: 'object',
    properties: Object.fromEntries(own.map(([name, column]) => [name, propertySchema(column, use)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

function rowColumns(metadata: EntityMetadata): Named[] {
  const own = metadata.columns.filter(({ isVirtual }) => !isVirtual).map((column): Named => [column.propertyName, column])
  return [...own, ...foreignKeys(metadata)].filter(([, column]) => !isHidden(column))
}

function propertySchema(column: ColumnMetadata, use: 'create' | 'update' | 'row'): JsonSchema {
  const type = columnType(keyColumn(column))
  const schema = {
    ...kindSchema(type, use === 'row' ? 'output' : 'input'),
    ...(use === 'row' ? {} : limitSchema(type, rulesOf(column) ?? {})),
  }
  return {
    ...(column.isNullable ? orNull(schema) : schema),
    ...(use === 'create' ? defaultSchema(column, type) : {}),
    ...(use !== 'row' && isHidden(column) ? { writeOnly: true } : {}),
  }
}

const decimal = { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' }

/** What values of a type are in JSON; more is taken than is given. */
function kindSchema(type: ColumnType<unknown>, way: 'input' | 'output'): JsonSchema {
  const { kind, range } = type
  if (type.jsonSchema) return type.jsonSchema
  const { length } = type.storage('postgres')
  switch (kind) {
    case 'string':
      return { type: 'string', ...(length === undefined || length === '' ? {} : { maxLength: Number(length) }) }
    case 'integer':
      return { type: 'integer', ...(range ? { minimum: Number(range.smallest), maximum: Number(range.largest) } : {}) }
    case 'bigint':
      return way === 'input' ? { type: 'integer' } : { type: 'string', pattern: '^-?\\d+$' }
    case 'number':
      return { type: 'number' }
    case 'decimal':
      return way === 'input' ? { anyOf: [decimal, { type: 'number' }] } : decimal
    case 'boolean':
      return { type: 'boolean' }
    case 'date':
      return { type: 'string', format: 'date' }
    case 'time':
      return { type: 'string', pattern: '^\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?$' }
    case 'datetime':
      return { type: 'string', format: 'date-time' }
    case 'uuid':
      return { type: 'string', format: 'uuid' }
    default:
      return {}
  }
}

/** The limits that JSON Schema can say. */
function limitSchema({ kind }: ColumnType<unknown>, { min, max, length, pattern }: Limits): JsonSchema {
  const schema: Record<string, unknown> = {}
  if (kind === 'integer' || kind === 'bigint' || kind === 'number') {
    if (min !== undefined) schema['minimum'] = Number(min)
    if (max !== undefined) schema['maximum'] = Number(max)
  }
  if (length !== undefined && kind !== 'bytes') {
    const { min: least, max: most } = typeof length === 'number' ? { min: length, max: length } : length
    const unit = kind === 'string' ? 'Length' : 'Items'
    if (kind !== 'string') schema['type'] = 'array'
    if (least !== undefined) schema[`min${unit}`] = least
    if (most !== undefined) schema[`max${unit}`] = most
  }
  if (pattern && isPortable(pattern)) schema['pattern'] = pattern.source
  return schema
}

/** Whether an expression means the same without its flags, and as one of Unicode, which validators make of it. */
function isPortable({ source, flags }: RegExp): boolean {
  if (flags !== '' && flags !== 'u') return false
  try {
    return new RegExp(source, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf, enum: choices } = schema
  if (typeof type === 'string')
    return { ...schema, type: [type, 'null'], ...(Array.isArray(choices) ? { enum: [...(choices as unknown[]), null] } : {}) }
  return Array.isArray(anyOf) ? { ...schema, anyOf: [...(anyOf as unknown[]), { type: 'null' }] } : schema
}

/** The application's default, where it is a value that JSON can say. */
function defaultSchema(column: ColumnMetadata, type: ColumnType<unknown>): JsonSchema {
  if (column.isVirtual || typeof column.default === 'function' || column.default === undefined) return {}
  const value = defaultOf(column)
  if (value === undefined || value === null) return {}
  const said = type.toJSON ? type.toJSON(type.accept(value)) : value
  return ['string', 'number', 'boolean'].includes(typeof said) ? { default: said } : {}
}

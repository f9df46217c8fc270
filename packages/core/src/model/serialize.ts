import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidOptionError } from '../errors.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { columnType, isHidden } from '../mapping/mapped-column.js'
import { isObject, type Option, readOptions } from '../options.js'
import { foreignKeyOf } from '../plan/record-state.js'
import type { ColumnKey, ForeignKeys, RecordShape } from '../query/columns.js'
import type { ColumnType } from '../types/column-type.js'

/** Names of the columns of a record, foreign keys beside relations included. @since 0.2 */
export type DictKey<T> = ColumnKey<T> | (keyof ForeignKeys<T> & string)

/**
 * What a dictionary of a record has.
 *
 * @typeParam Key Names of columns. @typeParam Only Those that it has. @typeParam Include Properties that it has beside them.
 * @since 0.2
 */
export interface DictOptions<Key extends string = string, Only extends Key = Key, Include extends string = string> {
  /** The columns that it has. @default all that are not hidden */
  readonly only?: readonly Only[]
  /** Columns that it does not have. @default none but the hidden ones */
  readonly except?: readonly Key[]
  /** What it has beside columns: properties that the class computes, relations that are loaded. @default none */
  readonly include?: readonly Include[]
}

/** A dictionary of a record; of one without `only` more is known at run time. @since 0.2 */
export type Dict<T, Only, Include> = ([Only] extends [never]
  ? Record<string, unknown>
  : { [K in Only & keyof T]: T[K] } & KeysOf<T, Only>) & {
  [K in Include & keyof T]: T[K] extends RecordShape | readonly RecordShape[] | null | undefined ? unknown : T[K]
}

type KeysOf<T, Only> = { [K in Only & keyof ForeignKeys<T>]: ForeignKeys<T>[K] | null }

const listOfNames: Option<readonly string[]> = {
  takes: 'a list of names',
  accepts: (value): value is readonly string[] => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  isOfClient: true,
}
const dictOptions = { only: listOfNames, except: listOfNames, include: listOfNames }

/**
 * The values of a record by property, without hidden columns and relations.
 *
 * @throws {InvalidOptionError} A name is no column that is shown, or nothing that can be included. Status 400.
 */
export function toDict(record: ObjectLiteral, metadata: EntityMetadata, options?: DictOptions): Record<string, unknown> {
  const { only, except, include } = readOptions(dictOptions, options, 'toDict()')
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    values[column.propertyName] = column.getEntityValue(record)
  }
  for (const [name, key] of keysOf(record, metadata)) values[name] = key.value
  const known = only || except ? shownNames(metadata) : []
  for (const [option, names = []] of [
    ['only', only],
    ['except', except],
  ] as const) {
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined) throw InvalidOptionError.ofClient(`${option} of toDict()`, `names of ${known.join(', ')}`, unknown)
  }
  const chosen = only ? Object.fromEntries(only.map((name) => [name, values[name]])) : values
  for (const name of except ?? []) Reflect.deleteProperty(chosen, name)
  for (const name of include ?? []) chosen[name] = included(record, metadata, name)
  return chosen
}

function shownNames(metadata: EntityMetadata): string[] {
  const own = metadata.columns.filter((column) => !column.isVirtual && !isHidden(column)).map(({ propertyName }) => propertyName)
  return [...own, ...[...foreignKeys(metadata)].filter(([, column]) => !isHidden(column)).map(([name]) => name)]
}

/** A property that the class computes, or a relation that is loaded. */
function included(record: ObjectLiteral, metadata: EntityMetadata, name: string): unknown {
  const relation = metadata.relations.find(({ propertyName }) => propertyName === name)
  if (relation && Object.hasOwn(record, name) && !relation.isLazy) return asDict(record[name])
  if (!relation && isComputed(record, metadata, name)) return record[name] as unknown
  const takes = relation
    ? 'relations that are loaded: call load() first'
    : 'properties that the class computes, and relations that are loaded'
  throw InvalidOptionError.ofClient('include of toDict()', takes, name)
}

/** Whether a getter gives it, of the class of the application or of the library; no column. */
function isComputed(record: object, metadata: EntityMetadata, name: string): boolean {
  if (metadata.columns.some(({ propertyName }) => propertyName === name)) return false
  for (
    let owner: unknown = Object.getPrototypeOf(record);
    isObject(owner) && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    const property = Object.getOwnPropertyDescriptor(owner, name)
    if (property) return property.get !== undefined
  }
  return false
}

function asDict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asDict)
  return isObject(value) && 'toDict' in value && typeof value.toDict === 'function' ? value.toDict() : value
}

/** The foreign keys beside the relations of a record, as far as they are known. */
function* keysOf(
  record: ObjectLiteral,
  metadata: EntityMetadata,
): Generator<readonly [name: string, key: { readonly column: ColumnMetadata; readonly value: unknown }], void, undefined> {
  for (const [name, column] of foreignKeys(metadata)) {
    const value = isHidden(column) ? undefined : foreignKeyOf(column, record)
    if (value !== undefined) yield [name, { column, value }]
  }
}

/** Records whose JSON is being made, outermost first: one that leads back to itself is left out there. */
const path: object[] = []

/** The same as JSON can say it, with the relations that are loaded. */
export function toJson(record: ObjectLiteral, metadata: EntityMetadata): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const column of metadata.columns) {
    if (column.isVirtual || isHidden(column)) continue
    const value: unknown = column.getEntityValue(record)
    if (value !== undefined) values[column.propertyName] = asColumnJson(value, columnType(column))
  }
  for (const [name, { column, value }] of keysOf(record, metadata)) values[name] = asColumnJson(value, columnType(column))
  for (const { propertyName, isLazy } of metadata.relations) {
    if (isLazy || !Object.hasOwn(record, propertyName)) continue
    const value: unknown = record[propertyName]
    path.push(record)
    try {
      if (Array.isArray(value)) values[propertyName] = value.filter((each) => !path.includes(each)).map(asJson)
      else if (!path.some((each) => each === value)) values[propertyName] = asJson(value)
    } finally {
      path.pop()
    }
  }
  return values
}

function asColumnJson(value: unknown, type: ColumnType<unknown>): unknown {
  return value === null || !type.toJSON ? value : type.toJSON(value)
}

/** Made at once, while the path is known. */
function asJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value
}

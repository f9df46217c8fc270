import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidValueError, ProtectedColumnError, UnknownColumnError, type ValueFault } from '../errors.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { aggregateOf, isUnheardOf } from '../mapping/mapped-column.js'
import { refuseFaults } from '../mapping/check.js'
import { flag, isObject, readOptions } from '../options.js'
import { tellsDeletion } from './deletion.js'
import { setKey } from './foreign-key.js'
import { noteNamed } from './rules.js'
import { isBlindIndex } from './secrets.js'
import { accept, completeValues } from './values.js'

/** What is being done with the values: a key may be given to a new record, never changed. */
export type Assignment = 'create' | 'update'

/** How values are taken. @since 0.1 */
export interface AssignOptions {
  /** Takes every mapped column, also keys, stamps and guarded ones: for values that no client chose. @default false */
  readonly unguarded?: boolean
}

/** The trusted way. */
export interface TrustOptions extends AssignOptions {
  readonly unguarded: true
}

const assignOptions = { unguarded: flag }

/** The model's word on what may be set. */
interface Guards {
  readonly fillable?: readonly string[]
  readonly guarded?: readonly string[]
}

/** What a key of values stands for. */
interface Assignable {
  readonly relation: EntityMetadata['relations'][number] | undefined
  readonly column: EntityMetadata['columns'][number] | undefined
}

/** Why a column takes no values from outside, if it does not. */
function protection(column: ColumnMetadata, assignment: Assignment, key: string): string | undefined {
  // A client would choose another's row: the application says that it may.
  const isOffered = !column.isVirtual || guardsOf(column.entityMetadata).fillable?.includes(key)
  if (!isOffered) return `set ${column.propertyName} to a record, or list it in fillable`
  if (column.isGenerated || column.asExpression !== undefined) return 'the database makes it'
  if (column.isPrimary && assignment === 'update') return 'it is the key'
  if (column.isCreateDate || column.isUpdateDate || column.isVersion) return 'it is written with the row'
  if (aggregateOf(column)) return 'it is kept by what it is of'
  if (isBlindIndex(column)) return 'it is written with what it finds'
  if (tellsDeletion(column)) return 'delete() and restore() write it'
  return undefined
}

function guardsOf({ target }: EntityMetadata): Guards {
  return isClass(target) ? target : {}
}

/** Whether what metadata are of is a class: its statics may be those of a model. */
function isClass(target: EntityMetadata['target']): target is Extract<EntityMetadata['target'], object> & Guards {
  return typeof target === 'function'
}

/** Why the model's own word keeps a column or relation from values, if it does. */
function guard(key: string, metadata: EntityMetadata): string | undefined {
  const { fillable, guarded } = guardsOf(metadata)
  if (fillable && !fillable.includes(key)) return 'it is not among the fillable columns'
  return guarded?.includes(key) ? 'it is guarded' : undefined
}

/** What there is to say of values before any is set. */
export interface Examined {
  /** Those that fit, as they are kept. */
  readonly accepted: readonly (readonly [key: string, value: unknown])[]
  /** Those that do not. */
  readonly faults: ValueFault[]
  /** Keys that are no columns, or may not be set, each with its error. */
  readonly refused: readonly (readonly [key: string, error: UnknownColumnError | ProtectedColumnError])[]
}

/**
 * Looks at values: each must be of a column that may be set, and fit it.
 *
 * @throws {InvalidValueError} They are no object.
 * @throws {InvalidOptionError} An option is unknown.
 */
export function examine(values: unknown, metadata: EntityMetadata, assignment: Assignment, options?: AssignOptions): Examined {
  const how = readOptions(assignOptions, options, 'a write')
  // A request without a body, or whose body is JSON of another kind.
  if (!isObject(values)) throw new InvalidValueError(metadata.name, '*', 'takes an object of values by column', 'type')
  const mayBeEmpty = assignment === 'create' || how.unguarded
  const accepted: [string, unknown][] = []
  const faults: ValueFault[] = []
  const refused: [string, UnknownColumnError | ProtectedColumnError][] = []
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    try {
      accepted.push([key, acceptedValue(metadata, assignable(key, metadata, assignment, how), key, value, mayBeEmpty)])
    } catch (error) {
      if (error instanceof InvalidValueError) faults.push(...error.errors)
      else if (error instanceof UnknownColumnError || error instanceof ProtectedColumnError) refused.push([key, error])
      else throw error
    }
  }
  return { accepted, faults, refused }
}

/** Puts values on a record that fit its columns. */
export function put(record: ObjectLiteral, metadata: EntityMetadata, { accepted }: Examined): void {
  for (const [key, value] of accepted) {
    const column = foreignKeys(metadata).get(key)
    if (column) setKey(column, record, value)
    else record[key] = value
  }
  noteNamed(metadata, record, accepted)
}

/**
 * Puts values on a record: those of mapped columns, each checked against its column; all of them or none.
 *
 * @throws {UnknownColumnError} A key is no column.
 * @throws {ProtectedColumnError} A column may not be set.
 * @throws {InvalidValueError} Values do not fit their columns: all that is wrong with them.
 * @throws {InvalidOptionError} An option is unknown.
 */
export function assign(
  record: ObjectLiteral,
  values: object,
  metadata: EntityMetadata,
  assignment: Assignment,
  options?: AssignOptions,
): void {
  const examined = examine(values, metadata, assignment, options)
  const [refused] = examined.refused
  if (refused) throw refused[1]
  // Nothing is set unless everything may be.
  refuseFaults(metadata.name, examined.faults)
  put(record, metadata, examined)
}

/**
 * Puts values on a record that is made for them. What is wrong is told with what is missing, and with what the rules of the columns
 * say; what an async check would say is not waited for.
 *
 * @throws As `assign` does.
 */
export function fill(record: ObjectLiteral, values: object, metadata: EntityMetadata, options?: AssignOptions): void {
  const examined = examine(values, metadata, 'create', options)
  const [refused] = examined.refused
  if (refused) throw refused[1]
  put(record, metadata, examined)
  if (examined.faults.length === 0) return
  const told = completeValues(record, metadata, [...examined.faults])
  if (told instanceof Promise) told.catch(() => undefined)
  refuseFaults(metadata.name, examined.faults)
}

/**
 * Checks that values may set a column of rows that exist.
 *
 * @throws {UnknownColumnError} It is no column.
 * @throws {ProtectedColumnError} It may not be set.
 */
export function refuseChange(metadata: EntityMetadata, key: string, options: AssignOptions): void {
  assignable(key, metadata, 'update', options)
}

/** The same, and checks the value. @returns The value to keep. @throws {InvalidValueError} It does not fit. */
export function acceptChange(metadata: EntityMetadata, key: string, value: unknown, options: AssignOptions): unknown {
  const change = assignable(key, metadata, 'update', options)
  if (change.relation && change.relation.joinColumns.length === 0) {
    throw new InvalidValueError(metadata.name, key, 'is kept in another table, and cannot be set in bulk')
  }
  return acceptedValue(metadata, change, key, value, options.unguarded)
}

/** @throws {UnknownColumnError} It is no column. @throws {ProtectedColumnError} It may not be set. */
function assignable(key: string, metadata: EntityMetadata, assignment: Assignment, { unguarded = false }: AssignOptions): Assignable {
  const { name } = metadata
  const relation = metadata.relations.find(({ propertyName }) => propertyName === key)
  const own = metadata.columns.find(({ propertyName, isVirtual }) => propertyName === key && !isVirtual)
  const column = own ?? foreignKeys(metadata).get(key)
  if (!relation && !column) throw new UnknownColumnError(name, key, settable(metadata, assignment))
  if (!unguarded) {
    const why = (column && protection(column, assignment, key)) ?? guard(key, metadata)
    if (why) throw new ProtectedColumnError(name, key, why)
  }
  return { relation, column }
}

/** The columns that values from outside may set; no hidden one, since an error may name them to a client. */
function settable(metadata: EntityMetadata, assignment: Assignment): string[] {
  return settableColumns(metadata, assignment)
    .filter(([, column]) => !column.isVirtual && !isUnheardOf(column))
    .map(([name]) => name)
}

/** The columns that values from outside may set, by name, with the foreign keys that the model offers. */
export function settableColumns(metadata: EntityMetadata, assignment: Assignment): [name: string, column: ColumnMetadata][] {
  const own = metadata.columns.filter(({ isVirtual }) => !isVirtual).map((column) => [column.propertyName, column] as const)
  return [...own, ...foreignKeys(metadata)]
    .filter(([name, column]) => !protection(column, assignment, name) && !guard(name, metadata))
    .map(([name, column]) => [name, column])
}

function acceptedValue(
  metadata: EntityMetadata,
  { relation, column }: Assignable,
  key: string,
  value: unknown,
  mayBeEmpty = false,
): unknown {
  if (!relation) return column ? accept(column, value, key) : value
  const { name, target } = relation.inverseEntityMetadata
  const isRecord = (each: unknown): boolean => typeof target === 'function' && each instanceof target
  if (relation.isOneToMany || relation.isManyToMany) {
    if (!Array.isArray(value) || !value.every(isRecord)) {
      throw new InvalidValueError(metadata.name, key, `takes a list of records of ${name}, not their values or keys`, 'type')
    }
    // JSON can say an empty list, which would cut all that is linked.
    if (value.length === 0 && !mayBeEmpty) {
      throw new ProtectedColumnError(metadata.name, key, `an empty list would cut every ${name} off`)
    }
  } else if (value !== null && !isRecord(value)) {
    throw new InvalidValueError(metadata.name, key, `takes a record of ${name}, not its values or key`, 'type')
  }
  return value
}

import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { InvalidValueError, ProtectedColumnError, UnknownColumnError } from '../errors.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { foreignKeys } from '../mapping/foreign-key.js'
import { isHidden } from '../mapping/mapped-column.js'
import { flag, readOptions } from '../options.js'
import { tellsDeletion } from './deletion.js'
import { setKey } from './foreign-key.js'
import { accept } from './values.js'

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
  if (column.isGenerated) return 'the database makes it'
  if (column.isPrimary && assignment === 'update') return 'it is the key'
  if (column.isCreateDate || column.isUpdateDate || column.isVersion) return 'it is written with the row'
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

/**
 * Puts values on a record: those of mapped columns, each checked against its column; all of them or none.
 *
 * @throws {UnknownColumnError} A key is no column.
 * @throws {ProtectedColumnError} A column may not be set.
 * @throws {InvalidValueError} A value does not fit its column.
 * @throws {InvalidOptionError} An option is unknown.
 */
export function assign(
  record: ObjectLiteral,
  values: object,
  metadata: EntityMetadata,
  assignment: Assignment,
  options?: AssignOptions,
): void {
  const how = readOptions(assignOptions, options, 'a write')
  // A request without a body, or whose body is JSON of another kind.
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InvalidValueError(metadata.name, '*', 'takes an object of values by column')
  }
  // Nothing is set unless everything may be.
  const mayBeEmpty = assignment === 'create' || how.unguarded
  const checked = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      return [key, accepted(metadata, assignable(key, metadata, assignment, how), key, value, mayBeEmpty)] as const
    })
  for (const [key, value] of checked) {
    const column = foreignKeys(metadata).get(key)
    if (column) setKey(column, record, value)
    else record[key] = value
  }
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
  return accepted(metadata, change, key, value, options.unguarded)
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
  return metadata.columns
    .filter((column) => !column.isVirtual && !isHidden(column))
    .filter((column) => !protection(column, assignment, column.propertyName) && !guard(column.propertyName, metadata))
    .map(({ propertyName }) => propertyName)
}

function accepted(metadata: EntityMetadata, { relation, column }: Assignable, key: string, value: unknown, mayBeEmpty = false): unknown {
  if (!relation) return column ? accept(column, value, key) : value
  const { name, target } = relation.inverseEntityMetadata
  const isRecord = (each: unknown): boolean => typeof target === 'function' && each instanceof target
  if (relation.isOneToMany || relation.isManyToMany) {
    if (!Array.isArray(value) || !value.every(isRecord)) {
      throw new InvalidValueError(metadata.name, key, `takes a list of records of ${name}, not their values or keys`)
    }
    // JSON can say an empty list, which would cut all that is linked.
    if (value.length === 0 && !mayBeEmpty) {
      throw new ProtectedColumnError(metadata.name, key, `an empty list would cut every ${name} off`)
    }
  } else if (value !== null && !isRecord(value)) {
    throw new InvalidValueError(metadata.name, key, `takes a record of ${name}, not its values or key`)
  }
  return value
}

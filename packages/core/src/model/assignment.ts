import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { ProtectedColumnError, UnknownColumnError, InvalidValueError } from '../errors.js'
import { flag, readOptions } from '../options.js'
import { completeDeletion, tellsDeletion } from '../plan/deletion.js'
import { persistentValue } from '../plan/record-state.js'
import type { ModelSource, ValueSource } from '../session/model-source.js'

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
function protection(column: EntityMetadata['columns'][number], assignment: Assignment): string | undefined {
  if (column.isGenerated) return 'the database makes it'
  if (column.isPrimary && assignment === 'update') return 'it is the key'
  if (column.isCreateDate || column.isUpdateDate || column.isVersion) return 'it is written with the row'
  if (tellsDeletion(column)) return 'delete() and restore() write it'
  return undefined
}

/** Why the model's own word keeps a column or relation from values, if it does. */
function guard(key: string, metadata: EntityMetadata): string | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statics of a model; a plain entity has none
  const { fillable, guarded } = metadata.target as Guards
  if (fillable && !fillable.includes(key)) return 'it is not among the fillable columns'
  return guarded?.includes(key) ? 'it is guarded' : undefined
}

/** Holds the values of records against their columns, and gives a new row what it needs. */
export class ColumnValues implements ValueSource {
  readonly #models: ModelSource

  /** @param models Know the data types and the defaults of columns. */
  constructor(models: ModelSource) {
    this.#models = models
  }

  assign(record: ObjectLiteral, values: object, metadata: EntityMetadata, assignment: Assignment, options?: AssignOptions): void {
    const how = readOptions(assignOptions, options, 'a write')
    // A request without a body, or whose body is JSON of another kind.
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new InvalidValueError(metadata.name, '*', 'takes an object of values by column')
    }
    // Nothing is set unless everything may be.
    const accepted = Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(
        ([key, value]) =>
          [
            key,
            this.#accepted(
              metadata,
              this.#assignable(key, metadata, assignment, how),
              key,
              value,
              assignment === 'create' || how.unguarded,
            ),
          ] as const,
      )
    for (const [key, value] of accepted) record[key] = value
  }

  refuseChange(metadata: EntityMetadata, key: string, options: AssignOptions): void {
    this.#assignable(key, metadata, 'update', options)
  }

  acceptChange(metadata: EntityMetadata, key: string, value: unknown, options: AssignOptions): unknown {
    const change = this.#assignable(key, metadata, 'update', options)
    if (change.relation && change.relation.joinColumns.length === 0) {
      throw new InvalidValueError(metadata.name, key, 'is kept in another table, and cannot be set in bulk')
    }
    return this.#accepted(metadata, change, key, value, options.unguarded)
  }

  /** @throws {UnknownColumnError} It is no column. @throws {ProtectedColumnError} It may not be set. */
  #assignable(key: string, metadata: EntityMetadata, assignment: Assignment, { unguarded = false }: AssignOptions): Assignable {
    const { name } = metadata
    const relation = metadata.relations.find(({ propertyName }) => propertyName === key)
    const column = metadata.columns.find(({ propertyName, isVirtual }) => propertyName === key && !isVirtual)
    if (!relation && !column) throw new UnknownColumnError(name, key, this.#settable(metadata, assignment))
    if (!unguarded) {
      const why = (column && protection(column, assignment)) ?? guard(key, metadata)
      if (why) throw new ProtectedColumnError(name, key, why)
    }
    return { relation, column }
  }

  /** The columns that values from outside may set; no hidden one, since an error may name them to a client. */
  #settable(metadata: EntityMetadata, assignment: Assignment): string[] {
    return metadata.columns
      .filter((column) => !column.isVirtual && !this.#models.isHidden(column))
      .filter((column) => !protection(column, assignment) && !guard(column.propertyName, metadata))
      .map(({ propertyName }) => propertyName)
  }

  #accepted(metadata: EntityMetadata, { relation, column }: Assignable, key: string, value: unknown, mayBeEmpty = false): unknown {
    if (!relation) return column ? this.accept(column, value) : value
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

  accept(column: ColumnMetadata, value: unknown): unknown {
    const model = column.entityMetadata.name
    if (value === null) {
      if (!column.isNullable) throw new InvalidValueError(model, column.propertyPath, 'must not be null')
      return null
    }
    const type = this.#models.columnType(column)
    try {
      if (typeof value === 'function') throw new TypeError('takes no function')
      return type.accept(value)
    } catch (error) {
      if (error instanceof TypeError) throw new InvalidValueError(model, column.propertyPath, error.message)
      throw error
    }
  }

  prepareInsert(record: object, metadata: EntityMetadata): void {
    completeDeletion(record, metadata)
    for (const column of metadata.columns) {
      if (column.getEntityValue(record) === undefined) {
        const value = this.#models.defaultValue(column)
        if (value !== undefined) column.setEntityValue(record, value)
        else if (this.#isMissing(record, column)) {
          // A client is told of no column that it never sees.
          const name = this.#models.isHidden(column) ? '*' : column.propertyPath
          throw new InvalidValueError(metadata.name, name, 'has no value and no default')
        }
      }
      this.#check(record, column)
    }
  }

  prepareUpdate(record: object, _metadata: EntityMetadata, columns: readonly ColumnMetadata[]): void {
    for (const column of columns) this.#check(record, column)
  }

  #check(record: object, column: ColumnMetadata): void {
    if (column.isVirtual) return
    const value: unknown = column.getEntityValue(record)
    if (value === undefined) return
    const accepted = this.accept(column, value)
    if (accepted !== value) column.setEntityValue(record, accepted)
  }

  /** A column that the database would refuse as null, where nothing else will fill it. */
  #isMissing(record: object, column: ColumnMetadata): boolean {
    if (!column.isInsert || column.isNullable || column.isGenerated || column.default !== undefined) return false
    if (column.isCreateDate || column.isUpdateDate || column.isDeleteDate || column.isVersion || column.isDiscriminator) return false
    if (column.relationMetadata) {
      const related: unknown = column.relationMetadata.getEntityValue(record)
      return related === undefined || related === null ? persistentValue(column, record) === undefined : false
    }
    return this.#models.isDefined(column)
  }
}

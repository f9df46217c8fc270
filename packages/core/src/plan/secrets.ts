import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { columnType } from '../mapping/mapped-column.js'
import type { BlindIndex, ColumnType } from '../types/column-type.js'
import { type PlannedColumn, plannedColumns } from './planned-column.js'
import { isObject } from '../options.js'
import { accept } from './values.js'

/** An encrypted column, and the one by which equal values of it are found. */
interface BlindColumn {
  readonly column: PlannedColumn
  readonly index: PlannedColumn
  readonly of: BlindIndex['of']
}

/** What is to be done with the values of a model before they are written. */
interface Secrets {
  readonly blind: readonly BlindColumn[]
  readonly prepared: readonly { readonly column: PlannedColumn; readonly type: ColumnType<unknown> }[]
}

const secretsOfModels = new WeakMap<EntityMetadata, Secrets>()

function secretsOf(metadata: EntityMetadata): Secrets {
  let secrets = secretsOfModels.get(metadata)
  if (!secrets) {
    const columns = plannedColumns(metadata)
    const typed = columns.map((column) => ({ column, type: columnType(column.metadata) }))
    secrets = {
      blind: typed.flatMap(({ column, type: { blindIndex } }) => {
        const index = columns.find(({ property }) => property === blindIndex?.column)
        return blindIndex && index ? { column, index, of: (value: unknown) => blindIndex.of(value) } : []
      }),
      prepared: typed.filter(({ type }) => type.prepare !== undefined),
    }
    secretsOfModels.set(metadata, secrets)
  }
  return secrets
}

/** The column by which equal values of an encrypted one are found, and what may stand in it. */
export function blindIndexOf(
  column: ColumnMetadata,
): { readonly column: ColumnMetadata; of(value: unknown): readonly string[] } | undefined {
  const found = secretsOf(column.entityMetadata).blind.find((each) => each.column.metadata === column)
  return found && { column: found.index.metadata, of: found.of }
}

/** Whether a column follows an encrypted one, so that nobody sets it. */
export function isBlindIndex(column: ColumnMetadata): boolean {
  return secretsOf(column.entityMetadata).blind.some(({ index }) => index.metadata === column)
}

/**
 * Lets the columns by which encrypted ones are found follow them, in values that are about to be written.
 *
 * @throws {InvalidValueError} A value does not fit its column.
 */
export function mirrorBlindIndexes(values: ObjectLiteral, metadata: EntityMetadata): void {
  for (const { column, index, of } of secretsOf(metadata).blind) {
    const value = column.get(values)
    if (value === undefined) continue
    const accepted = accept(column.metadata, value)
    index.set(values, accepted === null ? null : of(accepted)[0])
  }
}

/** Takes texts on an object for what is written of them, so that it holds no password when it was saved; and of what is saved with it. */
export function takeSecrets(metadata: EntityMetadata, record: object, seen = new Set<object>()): void {
  if (seen.has(record)) return
  seen.add(record)
  for (const { column } of secretsOf(metadata).prepared) {
    const value: unknown = column.get(record)
    if (value !== undefined && value !== null) column.set(record, accept(column.metadata, value))
  }
  for (const { isCascadeInsert, isCascadeUpdate, isLazy, propertyName, inverseEntityMetadata } of metadata.relations) {
    if (isLazy || !(isCascadeInsert || isCascadeUpdate)) continue
    for (const each of [Reflect.get(record, propertyName)].flat() as unknown[]) {
      if (isObject(each)) takeSecrets(inverseEntityMetadata, each, seen)
    }
  }
}

/**
 * Does what has to be done with values before a statement can bind them: passwords are hashed, all at the same time.
 *
 * @returns `undefined` where there is nothing to do.
 * @throws {InvalidValueError} A value does not fit its column.
 */
export function prepareValues(metadata: EntityMetadata, rows: readonly ObjectLiteral[]): Promise<unknown> | undefined {
  const { prepared } = secretsOf(metadata)
  if (prepared.length === 0) return undefined
  const work: Promise<void>[] = []
  for (const row of rows) {
    for (const { column, type } of prepared) {
      const value = column.get(row)
      if (value === undefined || value === null) continue
      const accepted = accept(column.metadata, value)
      if (accepted !== value) column.set(row, accepted)
      const promise = type.prepare?.(accepted)
      if (promise) work.push(promise)
    }
  }
  return work.length === 0 ? undefined : Promise.all(work)
}

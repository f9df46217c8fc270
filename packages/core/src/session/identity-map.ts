import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { isForeignKey } from '../mapping/foreign-key.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { plannedColumn } from '../plan/planned-column.js'
import { lockOf } from '../plan/optimistic-lock.js'
import {
  changedColumns,
  merged,
  putValue,
  recordState,
  setRecordState,
  setRow,
  type Snapshot,
  takeSnapshot,
  without,
} from '../plan/record-state.js'
import type { Siblings } from '../plan/siblings.js'
import type { Scope } from '../scope/scope.js'

/**
 * The records of one session: one row, one object.
 *
 * It holds what came through the models' verbs and queries. Objects of plain TypeORM repositories stay outside: TypeORM
 * compares with what it loads, and would be handed the very object that it wants to compare.
 */
export class IdentityMap {
  readonly #scope: Scope
  readonly #models = new Map<
    EntityMetadata['target'],
    { readonly metadata: EntityMetadata; readonly records: Map<string, ObjectLiteral> }
  >()

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /**
   * Gives the session's one object for the row that was just read into `loaded`.
   *
   * What the object has not changed takes the row's value; what it has changed stays. A snapshot that `loaded` carries is
   * taken for the row, so that a row is looked at once.
   *
   * @param siblings The records that came with it in one result.
   */
  adopt<T extends ObjectLiteral>(
    metadata: EntityMetadata,
    loaded: T,
    row = recordState(loaded).snapshot ?? takeSnapshot(metadata, loaded),
    siblings?: Siblings,
  ): T {
    const key = keyOf(metadata, loaded)
    const records = this.#of(metadata)
    const known = key === undefined ? undefined : records.get(key)
    if (!known || known === loaded) {
      setRecordState(loaded, { snapshot: row, owner: this.#scope.ownership, removed: false, siblings })
      if (key !== undefined) records.set(key, loaded)
      return loaded
    }
    this.#refresh(metadata, known, loaded, row, siblings)
    // A map holds under a key what was put there with the same model.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
    return known as T
  }

  #refresh(metadata: EntityMetadata, known: ObjectLiteral, loaded: ObjectLiteral, read: Snapshot, siblings?: Siblings): void {
    const { snapshot: before, isExpired, siblings: older } = recordState(known)
    const changed = new Set(changedColumns(metadata, known))
    // What was changed on the object was thought out for the row as it was: by that one its write is held.
    const row = changed.size > 0 && !isExpired ? without(read, heldColumns(metadata, changed)) : read
    for (const [index, column] of metadata.columns.entries()) {
      const value = row.values[index]
      if (value !== undefined && !changed.has(column)) putValue(known, column, isForeignKey(column) ? value : column.getEntityValue(loaded))
    }
    for (const { propertyName } of metadata.relations) {
      if (Object.hasOwn(loaded, propertyName)) known[propertyName] = loaded[propertyName]
    }
    // A record that is read again by itself, or as one that is related, still belongs to those that it came with.
    const together = siblings?.areRelated ? (older ?? siblings) : (siblings ?? older)
    setRow(known, before ? merged(before, row) : row, this.#scope.ownership, together)
  }

  /** The records that differ from their rows. */
  *changed(): Generator<ObjectLiteral, void, undefined> {
    for (const { metadata, records } of this.#models.values()) {
      for (const record of records.values()) if (changedColumns(metadata, record).length > 0) yield record
    }
  }

  /** The session's object for the row of `record`, if it has one. */
  find(metadata: EntityMetadata, record: ObjectLiteral): ObjectLiteral | undefined {
    const key = keyOf(metadata, record)
    return key === undefined ? undefined : this.#models.get(metadata.target)?.records.get(key)
  }

  /** Whether there are records of a model. */
  hasAny(metadata: EntityMetadata): boolean {
    return (this.#models.get(metadata.target)?.records.size ?? 0) > 0
  }

  /** Whether `record` is the session's object for its row. */
  has(metadata: EntityMetadata, record: ObjectLiteral): boolean {
    return this.find(metadata, record) === record
  }

  /** Takes `record` for the object of its row. */
  remember(metadata: EntityMetadata, record: ObjectLiteral): void {
    const key = keyOf(metadata, record)
    if (key !== undefined) this.#of(metadata).set(key, record)
  }

  /** Forgets `record`. */
  forget(metadata: EntityMetadata, record: ObjectLiteral): void {
    const key = keyOf(metadata, record)
    if (key !== undefined) this.#models.get(metadata.target)?.records.delete(key)
  }

  /**
   * Notes that a write has gone past the loaded records of `metadata`, as a bulk write does: each is read anew by the next
   * query that finds it, and until then a save sends what the application itself has changed or names.
   */
  expire(metadata: EntityMetadata): void {
    for (const record of this.#models.get(metadata.target)?.records.values() ?? []) {
      setRecordState(record, { ...recordState(record), isExpired: true })
    }
  }

  /** Forgets the records of `metadata` that have no unsaved change: batches of a long loop need not stay in memory. */
  evictClean(metadata: EntityMetadata, mustStay: (record: ObjectLiteral) => boolean): void {
    const { records } = this.#models.get(metadata.target) ?? {}
    for (const [key, record] of records ?? []) {
      if (!mustStay(record) && changedColumns(metadata, record).length === 0) records?.delete(key)
    }
  }

  /** Forgets all records. */
  clear(): void {
    this.#models.clear()
  }

  #of(metadata: EntityMetadata): Map<string, ObjectLiteral> {
    let model = this.#models.get(metadata.target)
    if (!model) this.#models.set(metadata.target, (model = { metadata, records: new Map() }))
    return model.records
  }
}

/** The columns by which a write of a changed record finds that another has changed its row. */
function heldColumns(metadata: EntityMetadata, changed: ReadonlySet<ColumnMetadata>): readonly ColumnMetadata[] {
  const lock = lockOf(metadata)
  if (lock === 'changed') return [...changed]
  return lock === 'version' && metadata.versionColumn ? [metadata.versionColumn] : []
}

/** A key as text, `undefined` while a part of it is missing. */
export function keyOf(metadata: EntityMetadata, record: ObjectLiteral): string | undefined {
  const [only, another] = metadata.primaryColumns
  if (only && !another) {
    const value = plannedColumn(only).get(record)
    return value === undefined || value === null ? undefined : String(value)
  }
  const values = keyValues(metadata, record)
  const isWhole = values.length > 0 && values.every((value) => value !== undefined && value !== null)
  return isWhole ? JSON.stringify(values.map(String)) : undefined
}

/** The values of a key, in the order of its columns. */
export function keyValues(metadata: EntityMetadata, record: ObjectLiteral): unknown[] {
  return metadata.primaryColumns.map((column) => column.getEntityValue(record) as unknown)
}

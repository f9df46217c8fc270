import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import { isForeignKey } from '../mapping/foreign-key.js'
import { holdKey, keySet } from '../plan/foreign-key.js'
import type { PlannedColumn } from '../plan/planned-column.js'
import { putValue, type RecordState, recordState, restoreValues, setRecordState } from '../plan/record-state.js'
import type { IdentityMap } from './identity-map.js'

/** How a record was before its first write. */
interface Before {
  readonly metadata: EntityMetadata
  readonly state: RecordState
  /** Puts back each value that was not that of the row. */
  readonly values: readonly (() => void)[]
}

/** Records that one call inserted, and the columns that the database filled. */
interface Insertion {
  readonly metadata: EntityMetadata
  readonly records: readonly ObjectLiteral[]
  readonly filled: readonly PlannedColumn[]
}

/**
 * What to put back on objects when the writes of a frame are rolled back.
 *
 * A record is noted once, however often it is written, and by its snapshot, which nobody changes; of those that were only
 * inserted nothing is kept but the list that the call made.
 */
export class UndoLog {
  readonly #identities: IdentityMap
  readonly #pending: Set<ObjectLiteral>
  readonly #changed = new Map<ObjectLiteral, Before>()
  readonly #inserted: Insertion[] = []
  readonly #added: ObjectLiteral[] = []

  /** @param pending Records that were added and not yet written. */
  constructor(identities: IdentityMap, pending: Set<ObjectLiteral>) {
    this.#identities = identities
    this.#pending = pending
  }

  /** Notes how `record` is, before it is written. @param unsaved Columns whose values are not the row's, and stay. */
  noteChanged(metadata: EntityMetadata, record: ObjectLiteral, unsaved: readonly ColumnMetadata[]): void {
    if (this.#changed.has(record)) return
    const values = unsaved.map((column) => (isForeignKey(column) ? heldRelation(column, record) : heldValue(column, record)))
    const { named, ...unnamed } = recordState(record)
    // What a verb named is named no more once it is undone.
    this.#changed.set(record, { metadata, state: named ? unnamed : recordState(record), values })
  }

  /** Notes that `records` were inserted. */
  noteInserted(metadata: EntityMetadata, records: readonly ObjectLiteral[], filled: readonly PlannedColumn[]): void {
    this.#inserted.push({ metadata, records, filled })
  }

  /** Notes that `record` was added. */
  noteAdded(record: ObjectLiteral): void {
    this.#added.push(record)
  }

  /** Takes over what a frame inside this one has done, which is kept. */
  adopt(inner: UndoLog): void {
    for (const [record, before] of inner.#changed) if (!this.#changed.has(record)) this.#changed.set(record, before)
    for (const insertion of inner.#inserted) this.#inserted.push(insertion)
    for (const record of inner.#added) this.#added.push(record)
  }

  /** Puts everything back: what was changed to what it was, what was inserted to what it was after that, and so to a new record. */
  unwind(): void {
    for (const [record, { metadata, state, values }] of this.#changed) {
      this.#identities.forget(metadata, record)
      if (state.snapshot) restoreValues(record, state.snapshot)
      for (const putBack of values) putBack()
      setRecordState(record, state)
      if (state.snapshot) this.#identities.remember(metadata, record)
    }
    for (const { metadata, records, filled } of this.#inserted.reverse()) {
      for (const record of records) {
        this.#identities.forget(metadata, record)
        for (const column of filled) column.set(record, undefined)
        setRecordState(record, { snapshot: undefined, owner: recordState(record).owner, removed: false })
      }
    }
    for (const record of this.#added) this.#pending.delete(record)
  }
}

function heldValue(column: ColumnMetadata, record: ObjectLiteral): () => void {
  const value: unknown = column.getEntityValue(record)
  return () => {
    if (!column.isVirtual || value !== undefined) putValue(record, column, value)
  }
}

/** A related record, or the key that stands for it. */
function heldRelation(column: ColumnMetadata, record: ObjectLiteral): () => void {
  const { propertyName } = column
  const related: unknown = record[propertyName]
  const key = keySet(column, record)
  return () => {
    if (related !== undefined) record[propertyName] = related
    else holdKey(column, record, key)
  }
}

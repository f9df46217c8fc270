import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import type { Ownership } from '../scope/scope.js'
import { columnType } from '../mapping/mapped-column.js'
import { foreignKeyName, foreignKeys, isForeignKey } from '../mapping/foreign-key.js'
import { holdKey, keySet } from './foreign-key.js'
import { hiddenField } from './hidden-field.js'
import { canChange, type PlannedColumn, plannedColumn, plannedColumns } from './planned-column.js'
import type { Siblings } from './siblings.js'

/**
 * The row of a record as it was last read or written: its values by the index of their column, `undefined` where one was not read.
 *
 * A value that nobody can change in place (a text, a number, a Luxon moment) is its own memory, and costs nothing to keep. Of
 * the others (JSON, a `Date`) the form in which the driver binds them is kept as well, since the object would change with them.
 */
export class Snapshot {
  readonly metadata: EntityMetadata
  readonly values: readonly unknown[]
  readonly bound: readonly unknown[] | undefined

  constructor(metadata: EntityMetadata, values: readonly unknown[], bound: readonly unknown[] | undefined) {
    this.metadata = metadata
    this.values = values
    this.bound = bound
  }
}

/** What is known of a record beside its values. */
export interface RecordState {
  /** The row as it was last read or written; `undefined` while there is no row. */
  readonly snapshot: Snapshot | undefined
  /** The scope whose record it is; records that plain TypeORM loaded have none. */
  readonly owner: Ownership | undefined
  /** Its row was deleted for good. */
  readonly removed: boolean
  /** A write that went past it may have changed its row. */
  readonly isExpired?: boolean | undefined
  /** Columns that the next save writes, changed or not. */
  readonly named?: ReadonlySet<ColumnMetadata> | undefined
  /** The header `If-Match` of the client who asked for it: its next write holds the row against it. */
  readonly ifMatch?: string | undefined
  /** The records that came with it in one result. */
  readonly siblings?: Siblings | undefined
}

/**
 * The same, as it is kept. What each record has is an instance of a class: where V8 has once seen many that live long, as of a large list,
 * it puts what an object literal makes into the old generation from then on, and with it, until a full collection, all that this refers to.
 */
class LastingState implements RecordState {
  readonly snapshot: Snapshot | undefined
  readonly owner: Ownership | undefined
  readonly removed: boolean
  readonly isExpired: boolean
  readonly named: ReadonlySet<ColumnMetadata> | undefined
  readonly ifMatch: string | undefined
  readonly siblings: Siblings | undefined

  constructor({ snapshot: row, owner, removed, isExpired = false, named, ifMatch, siblings }: RecordState) {
    this.snapshot = row
    this.owner = owner
    this.removed = removed
    this.isExpired = isExpired
    this.named = named
    this.ifMatch = ifMatch
    this.siblings = siblings
  }
}

const fresh: RecordState = { snapshot: undefined, owner: undefined, removed: false }
const states = hiddenField<RecordState>()

/** What is known of `record`; of an unknown object, that it is new. */
export function recordState(record: object): RecordState {
  return states.get(record) ?? fresh
}

/** Replaces what is known of `record`. */
export function setRecordState(record: object, state: RecordState): void {
  states.set(record, new LastingState(state))
}

/** Takes `row` for what is known of a record's row; who asked for the record is remembered, and what it came with. */
export function setRow(record: object, row: Snapshot, owner: Ownership, siblings = recordState(record).siblings): void {
  setRecordState(record, { snapshot: row, owner, removed: false, siblings, ifMatch: recordState(record).ifMatch })
}

/**
 * Remembers the values of a record that was just read or written, so that its next save needs no SELECT.
 *
 * @param now What was read or sent. @default as the record is
 */
export function snapshot(metadata: EntityMetadata, record: ObjectLiteral, owner?: Ownership, now = takeSnapshot(metadata, record)): void {
  const { snapshot: before, siblings } = recordState(record)
  // A foreign key whose relation is not loaded is known from the row that was read.
  const row = before && foreignKeys(metadata).size > 0 ? merged(before, now) : now
  setRecordState(record, { snapshot: row, owner, removed: false, siblings })
}

/** Lets the next save of `record` write these properties, whether they have changed or not: the row may have moved meanwhile. */
export function nameColumns(metadata: EntityMetadata, record: object, properties: Iterable<string>): void {
  const names = new Set(properties)
  const state = recordState(record)
  const named = new Set(state.named)
  for (const column of metadata.columns) {
    const isNamed = names.has(column.propertyName) || (isForeignKey(column) && names.has(foreignKeyName(column)))
    if (isNamed || (column.relationMetadata && names.has(column.relationMetadata.propertyName))) named.add(column)
  }
  setRecordState(record, { ...state, named })
}

/** A foreign key, without loading what it leads to; `undefined` where it is not known, as of a record that plain TypeORM has loaded. */
export function foreignKeyOf(column: ColumnMetadata, record: ObjectLiteral): unknown {
  if (record[column.propertyName] !== undefined) return column.getEntityValue(record)
  const set = keySet(column, record)
  if (set !== undefined) return set
  return rowValueOf(column, record)
}

/** The value that the row of a record has; `undefined` where it was not read. */
export function rowValueOf(column: ColumnMetadata, record: ObjectLiteral): unknown {
  const { snapshot: row } = recordState(record)
  return row && rowValue(row, column)
}

/** The values of `record` as they are now. */
export function takeSnapshot(metadata: EntityMetadata, record: ObjectLiteral): Snapshot {
  return snapshotOf(metadata, takeValues(metadata, record))
}

/** The values of `record` as they are now, by the index of their column. */
export function takeValues(metadata: EntityMetadata, record: ObjectLiteral): unknown[] {
  return plannedColumns(metadata).map((column) => {
    const value = column.get(record)
    if (column.isMappedKey && value !== undefined) column.set(record, value)
    return value
  })
}

/**
 * The row that has `values`, in the order of the model's columns; `undefined` stands for one that was not read.
 *
 * @param sent Of those that can change, the forms that were bound just now, by the same index: they need not be bound again.
 */
export function snapshotOf(metadata: EntityMetadata, values: readonly unknown[], sent: readonly unknown[] = []): Snapshot {
  let bound: unknown[] | undefined
  // Not by an iterator: this is done for each row that is read.
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'object' || !canChange(value)) continue
    const form = sent[index] ?? plannedColumns(metadata)[index]?.encode(value)
    ;(bound ??= [])[index] = memory(value, form)
  }
  return new Snapshot(metadata, values, bound)
}

/** `row` with the values of `columns` as `record` has them now. */
export function refreshed(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[], row?: Snapshot): Snapshot {
  const before = row && aligned(row, metadata)
  const values = before ? [...before.values] : plannedColumns(metadata).map((): unknown => undefined)
  let bound = before?.bound && [...before.bound]
  for (const column of columns.map(plannedColumn)) {
    const { index } = column
    const value = column.get(record)
    values[index] = value
    if (canChange(value)) (bound ??= [])[index] = memory(value, column.encode(value))
    else if (bound) bound[index] = undefined
  }
  return new Snapshot(metadata, values, bound)
}

/** `row` as if `columns` had not been read. */
export function without(row: Snapshot, columns: readonly ColumnMetadata[]): Snapshot {
  if (columns.length === 0) return row
  const values = [...row.values]
  for (const column of columns) values[plannedColumn(column).index] = undefined
  return new Snapshot(row.metadata, values, row.bound)
}

/** `now` with what only `before` knows. */
export function merged(before: Snapshot, now: Snapshot): Snapshot {
  const { values, bound } = aligned(before, now.metadata)
  if (!now.values.some((value, index) => value === undefined && values[index] !== undefined)) return now
  const isKnown = now.values.map((value) => value !== undefined)
  return new Snapshot(
    now.metadata,
    now.values.map((value, index) => (isKnown[index] ? value : values[index])),
    bound || now.bound ? isKnown.map((known, index) => (known ? now.bound?.[index] : bound?.[index])) : undefined,
  )
}

/** A snapshot by the metadata of today: they are made anew when a model is met late. */
function aligned(row: Snapshot, metadata: EntityMetadata): Snapshot {
  if (row.metadata === metadata) return row
  const before = new Map(row.metadata.columns.map(({ propertyPath }, index) => [propertyPath, index]))
  const indexes = metadata.columns.map(({ propertyPath }) => before.get(propertyPath) ?? -1)
  const at = (values: readonly unknown[]): unknown[] => indexes.map((index) => values[index])
  return new Snapshot(metadata, at(row.values), row.bound && at(row.bound))
}

/** The value that the row has in a column, in the form in which the driver binds it; `undefined` when it was not read. */
export function boundValue(row: Snapshot, column: ColumnMetadata): unknown {
  return boundAt(aligned(row, column.entityMetadata), plannedColumn(column))
}

/** The value that the row has in a column; `undefined` when it was not read. */
export function rowValue(row: Snapshot, column: ColumnMetadata): unknown {
  return aligned(row, column.entityMetadata).values[plannedColumn(column).index]
}

/** Whether a column of the row has a value that a driver has just read. */
export function isStill(row: Snapshot, column: ColumnMetadata, raw: unknown): boolean {
  const { encode, decode } = plannedColumn(column)
  const held = boundValue(row, column)
  // What is sealed is written otherwise each time.
  return columnType(column).isSealed ? isSame(decode(held), decode(raw)) : isSame(held, encode(decode(raw)))
}

function boundAt({ values, bound }: Snapshot, { index, encode }: PlannedColumn): unknown {
  const value = values[index]
  if (value === undefined) return undefined
  return bound?.[index] ?? encode(value)
}

/** Puts the values of its row back on `record`. @param isMeant Of which columns. @default all */
export function restoreValues(record: ObjectLiteral, row: Snapshot, isMeant?: (column: ColumnMetadata) => boolean): void {
  const { driver } = row.metadata.dataSource
  for (const [index, column] of row.metadata.columns.entries()) {
    const value = row.values[index]
    if (value === undefined || isMeant?.(column) === false) continue
    const bound = row.bound?.[index]
    putValue(record, column, bound === undefined ? value : hydrated(column, bound, driver))
  }
}

/**
 * Puts the value of a row on `record`.
 *
 * TypeORM writes a foreign key that has no property of its own into the related record, which is another row: where that
 * is another one than the row says, it is taken off, as if it had not been loaded.
 */
export function putValue(record: ObjectLiteral, column: ColumnMetadata, value: unknown): void {
  if (!isForeignKey(column)) return column.setEntityValue(record, value)
  holdKey(column, record, undefined)
  const { propertyName } = column
  if (record[propertyName] === undefined) return
  if (value === null) record[propertyName] = null
  else if (!isSame(persistentValue(column, record), plannedColumn(column).encode(value))) Reflect.deleteProperty(record, propertyName)
}

/** The value of a column in the form in which the driver binds it; `undefined` when the record has none. */
export function persistentValue(column: ColumnMetadata, record: ObjectLiteral): unknown {
  const planned = plannedColumn(column)
  const value = planned.get(record)
  return value === undefined ? undefined : planned.encode(value)
}

/** The columns whose value differs from the row, in the order of the table; every one of a new record. */
export function changedColumns(metadata: EntityMetadata, record: ObjectLiteral): ColumnMetadata[] {
  const { snapshot: known } = recordState(record)
  const row = known && aligned(known, metadata)
  const changed: ColumnMetadata[] = []
  for (const column of plannedColumns(metadata)) {
    if (column.isMappedKey) alignKey(column.metadata, record, row && boundAt(row, column))
    if (isChanged(column, record, row)) changed.push(column.metadata)
  }
  return changed
}

function isChanged(column: PlannedColumn, record: ObjectLiteral, row: Snapshot | undefined): boolean {
  const value = column.get(record)
  if (value === undefined) return false
  const held = row?.values[column.index]
  if (!row || held === undefined) return true
  const bound = row.bound?.[column.index]
  // The same value, and one that nobody can have changed in place.
  if (bound === undefined && value === held) return false
  return !isSame(bound ?? column.encode(held), column.encode(value))
}

/** Lets the one of the two that was changed decide: TypeORM would write the key of the related record, whatever the property says. */
function alignKey(column: ColumnMetadata, record: ObjectLiteral, bound: unknown): void {
  const own: unknown = record[column.propertyName]
  const written: unknown = column.getEntityValue(record)
  if (own === undefined || isSame(own, written)) return
  const relation = column.relationMetadata?.propertyName
  const isPropertyChanged = bound !== undefined && isSame(bound, persistentValue(column, record))
  if (isPropertyChanged && relation !== undefined) Reflect.deleteProperty(record, relation)
  else record[column.propertyName] = written
}

/** A bound form that does not change with the value: some values are bound as they are. Large bytes are not copied. */
function memory(value: unknown, bound: unknown): unknown {
  return bound === value && (Array.isArray(value) || value instanceof Date) ? structuredClone(bound) : bound
}

/** The value that an object holds for a bound one. JSON is bound as text, which not every driver reads back as a value. */
function hydrated(
  column: ColumnMetadata,
  value: unknown,
  driver: { prepareHydratedValue: (value: unknown, column: ColumnMetadata) => unknown },
): unknown {
  const isJson = column.type === 'json' || column.type === 'jsonb'
  if (isJson && typeof value === 'string') return JSON.parse(value)
  return driver.prepareHydratedValue(value, column)
}

/** Whether two bound values are the same to the database. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  return JSON.stringify(one) === JSON.stringify(other)
}

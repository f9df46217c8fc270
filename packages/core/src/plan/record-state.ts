import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'

/** The values of a row as the database holds them, by property path; a column that was not read is missing. */
export type Snapshot = ReadonlyMap<string, unknown>

/** The session that a record belongs to, as far as a record cares. */
export interface RecordOwner {
  /** Whether the record is its alone. */
  readonly isOpen: boolean
}

/** What is known of a record beside its values. */
export interface RecordState {
  /** The row as it was last read or written; `undefined` while there is no row. */
  readonly snapshot: Snapshot | undefined
  /** The session whose record it is; records that plain TypeORM loaded have none. */
  readonly owner: RecordOwner | undefined
  /** Its row was deleted for good. */
  readonly removed: boolean
}

const fresh: RecordState = { snapshot: undefined, owner: undefined, removed: false }
const states = new WeakMap<object, RecordState>()

/** What is known of `record`; of an unknown object, that it is new. */
export function recordState(record: object): RecordState {
  return states.get(record) ?? fresh
}

/** Replaces what is known of `record`. */
export function setRecordState(record: object, state: RecordState): void {
  states.set(record, state)
}

/** Remembers the values of a record that was just read or written, so that its next save needs no SELECT. */
export function snapshot(metadata: EntityMetadata, record: object, owner?: RecordOwner): void {
  states.set(record, { snapshot: takeSnapshot(metadata, record), owner, removed: false })
}

/** The values of `record` in the form in which the driver binds them. */
export function takeSnapshot(metadata: EntityMetadata, record: ObjectLiteral): Snapshot {
  const values = new Map<string, unknown>()
  for (const column of metadata.columns) {
    const value = persistentValue(column, record)
    if (value !== undefined) values.set(column.propertyPath, value)
    if (isMappedKey(column)) column.setEntityValue(record, column.getEntityValue(record))
  }
  return values
}

/** The value of a column in the form in which the driver binds it; `undefined` when the record has none. */
export function persistentValue(column: ColumnMetadata, record: ObjectLiteral): unknown {
  const value: unknown = column.getEntityValue(record)
  return value === undefined ? undefined : column.entityMetadata.dataSource.driver.preparePersistentValue(value, column)
}

/** The columns whose value differs from the row, in the order of the table; every one of a new record. */
export function changedColumns(metadata: EntityMetadata, record: ObjectLiteral): ColumnMetadata[] {
  const { snapshot: row } = recordState(record)
  return metadata.columns.filter((column) => {
    if (isMappedKey(column)) alignKey(column, record, row)
    const value = persistentValue(column, record)
    return value !== undefined && !(row?.has(column.propertyPath) && isSame(row.get(column.propertyPath), value))
  })
}

/** Whether a foreign key has a property of its own beside its relation: `countryId` beside `country`. */
function isMappedKey({ relationMetadata, isVirtual }: ColumnMetadata): boolean {
  return relationMetadata !== undefined && !isVirtual
}

/** Lets the one of the two that was changed decide: TypeORM would write the key of the related record, whatever the property says. */
function alignKey(column: ColumnMetadata, record: ObjectLiteral, row: Snapshot | undefined): void {
  const own: unknown = record[column.propertyName]
  const written: unknown = column.getEntityValue(record)
  if (own === undefined || isSame(own, written)) return
  const relation = column.relationMetadata?.propertyName
  const isPropertyChanged = row !== undefined && isSame(row.get(column.propertyPath), persistentValue(column, record))
  if (isPropertyChanged && relation !== undefined) Reflect.deleteProperty(record, relation)
  else record[column.propertyName] = written
}

/** Whether two bound values are the same to the database. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  return JSON.stringify(one) === JSON.stringify(other)
}

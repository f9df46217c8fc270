import { DateTime } from 'luxon'
import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { ColumnMetadata } from '../drivers/internals.js'
import type { Scope } from '../scope/scope.js'
import { foreignKeyName, foreignKeys, isForeignKey } from '../mapping/foreign-key.js'
import { holdKey, keySet, valueOf } from './foreign-key.js'
import type { Siblings } from './siblings.js'

/**
 * The row of a record as it was last read or written: its values by the index of their column, `undefined` where one was not read.
 *
 * A value that nobody can change in place (a text, a number, a Luxon moment) is its own memory, and costs nothing to keep. Of
 * the others (JSON, a `Date`) the form in which the driver binds them is kept as well, since the object would change with them.
 */
export interface Snapshot {
  readonly metadata: EntityMetadata
  readonly values: readonly unknown[]
  readonly bound: readonly unknown[] | undefined
}

/** What is known of a record beside its values. */
export interface RecordState {
  /** The row as it was last read or written; `undefined` while there is no row. */
  readonly snapshot: Snapshot | undefined
  /** The scope whose record it is; records that plain TypeORM loaded have none. */
  readonly owner: Scope | undefined
  /** Its row was deleted for good. */
  readonly removed: boolean
  /** A write that went past it may have changed its row. */
  readonly isExpired?: boolean
  /** Columns that the next save writes, changed or not. */
  readonly named?: ReadonlySet<ColumnMetadata>
  /** The header `If-Match` of the client who asked for it: its next write holds the row against it. */
  readonly ifMatch?: string
  /** The records that came with it in one result. */
  readonly siblings?: Siblings | undefined
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

/** Takes `row` for what is known of a record's row; who asked for the record is remembered, and what it came with. */
export function setRow(record: object, row: Snapshot, owner: Scope, siblings = recordState(record).siblings): void {
  const { ifMatch } = recordState(record)
  states.set(record, { snapshot: row, owner, removed: false, siblings, ...(ifMatch === undefined ? {} : { ifMatch }) })
}

/** Remembers the values of a record that was just read or written, so that its next save needs no SELECT. */
export function snapshot(metadata: EntityMetadata, record: ObjectLiteral, owner?: Scope): void {
  const { snapshot: before, siblings } = recordState(record)
  const now = takeSnapshot(metadata, record)
  // A foreign key whose relation is not loaded is known from the row that was read.
  const row = before && foreignKeys(metadata).size > 0 ? merged(before, now) : now
  states.set(record, { snapshot: row, owner, removed: false, siblings })
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
  states.set(record, { ...state, named })
}

/** What is known of the columns of a model, made once. */
interface Layout {
  readonly columns: readonly ColumnMetadata[]
  readonly indexes: ReadonlyMap<ColumnMetadata, number>
  /** Whether the value is simply the property of that name. */
  readonly isPlain: readonly boolean[]
  /** Whether a foreign key has a property of its own beside its relation: `countryId` beside `country`. */
  readonly isMappedKey: readonly boolean[]
  /** Whether a foreign key is no column of the model's own. */
  readonly isForeignKey: readonly boolean[]
}

const layouts = new WeakMap<EntityMetadata, Layout>()

function layoutOf(metadata: EntityMetadata): Layout {
  let layout = layouts.get(metadata)
  if (!layout) {
    const { columns } = metadata
    layout = {
      columns,
      indexes: new Map(columns.map((column, index) => [column, index])),
      isPlain: columns.map((column) => !column.embeddedMetadata && !column.relationMetadata && !column.referencedColumn),
      isMappedKey: columns.map(({ relationMetadata, isVirtual }) => relationMetadata !== undefined && !isVirtual),
      isForeignKey: columns.map(isForeignKey),
    }
    layouts.set(metadata, layout)
  }
  return layout
}

function valueAt({ columns, isPlain }: Layout, index: number, record: ObjectLiteral): unknown {
  const column = columns[index]
  if (!column) return undefined
  return isPlain[index] ? record[column.propertyName] : valueOf(column, record)
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
  const known = row && aligned(row, column.entityMetadata)
  return known?.values[layoutOf(known.metadata).indexes.get(column) ?? -1]
}

/** The values of `record` as they are now. */
export function takeSnapshot(metadata: EntityMetadata, record: ObjectLiteral): Snapshot {
  const layout = layoutOf(metadata)
  const values: unknown[] = []
  let bound: unknown[] | undefined
  for (const [index, column] of layout.columns.entries()) {
    const value = valueAt(layout, index, record)
    values.push(value)
    if (canChange(value)) (bound ??= [])[index] = memory(value, bind(column, value))
    if (layout.isMappedKey[index] && value !== undefined) column.setEntityValue(record, value)
  }
  return { metadata, values, bound }
}

/** The row that `values` were read from, in the order of the model's columns; `undefined` stands for one that was not read. */
export function snapshotOf(metadata: EntityMetadata, values: readonly unknown[]): Snapshot {
  let bound: unknown[] | undefined
  for (const [index, value] of values.entries()) {
    const column = typeof value === 'object' && canChange(value) ? metadata.columns[index] : undefined
    if (column) (bound ??= [])[index] = memory(value, bind(column, value))
  }
  return { metadata, values, bound }
}

/** `row` with the values of `columns` as `record` has them now. */
export function refreshed(metadata: EntityMetadata, record: ObjectLiteral, columns: readonly ColumnMetadata[], row?: Snapshot): Snapshot {
  const layout = layoutOf(metadata)
  const before = row && aligned(row, metadata)
  const values = before ? [...before.values] : layout.columns.map((): unknown => undefined)
  let bound = before?.bound && [...before.bound]
  for (const column of columns) {
    const index = layout.indexes.get(column)
    if (index === undefined) continue
    const value = valueAt(layout, index, record)
    values[index] = value
    if (canChange(value)) (bound ??= [])[index] = memory(value, bind(column, value))
    else if (bound) bound[index] = undefined
  }
  return { metadata, values, bound }
}

/** `row` as if `columns` had not been read. */
export function without(row: Snapshot, columns: readonly ColumnMetadata[]): Snapshot {
  if (columns.length === 0) return row
  const { indexes } = layoutOf(row.metadata)
  const values = [...row.values]
  for (const column of columns) values[indexes.get(column) ?? -1] = undefined
  return { ...row, values }
}

/** `now` with what only `before` knows. */
export function merged(before: Snapshot, now: Snapshot): Snapshot {
  const { values, bound } = aligned(before, now.metadata)
  if (!now.values.some((value, index) => value === undefined && values[index] !== undefined)) return now
  const isKnown = now.values.map((value) => value !== undefined)
  return {
    metadata: now.metadata,
    values: now.values.map((value, index) => (isKnown[index] ? value : values[index])),
    bound: bound || now.bound ? isKnown.map((known, index) => (known ? now.bound?.[index] : bound?.[index])) : undefined,
  }
}

/** A snapshot by the metadata of today: they are made anew when a model is met late. */
function aligned(row: Snapshot, metadata: EntityMetadata): Snapshot {
  if (row.metadata === metadata) return row
  const before = new Map(row.metadata.columns.map(({ propertyPath }, index) => [propertyPath, index]))
  const indexes = metadata.columns.map(({ propertyPath }) => before.get(propertyPath) ?? -1)
  return { metadata, values: indexes.map((index) => row.values[index]), bound: row.bound && indexes.map((index) => row.bound?.[index]) }
}

/** The value that the row has in a column, in the form in which the driver binds it; `undefined` when it was not read. */
export function boundValue(row: Snapshot, column: ColumnMetadata): unknown {
  const known = aligned(row, column.entityMetadata)
  const index = layoutOf(known.metadata).indexes.get(column)
  return index === undefined ? undefined : boundAt(known, index, column)
}

/** The value that the row has in a column; `undefined` when it was not read. */
export function rowValue(row: Snapshot, column: ColumnMetadata): unknown {
  const known = aligned(row, column.entityMetadata)
  return known.values[layoutOf(known.metadata).indexes.get(column) ?? -1]
}

/** Whether a column of the row has a value that a driver has just read. */
export function isStill(row: Snapshot, column: ColumnMetadata, raw: unknown): boolean {
  return isSame(boundValue(row, column), bind(column, column.entityMetadata.dataSource.driver.prepareHydratedValue(raw, column)))
}

function boundAt({ values, bound }: Snapshot, index: number, column: ColumnMetadata): unknown {
  const value = values[index]
  if (value === undefined) return undefined
  return bound?.[index] ?? bind(column, value)
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
  else if (!isSame(persistentValue(column, record), bind(column, value))) Reflect.deleteProperty(record, propertyName)
}

/** The value of a column in the form in which the driver binds it; `undefined` when the record has none. */
export function persistentValue(column: ColumnMetadata, record: ObjectLiteral): unknown {
  const value = valueOf(column, record)
  return value === undefined ? undefined : bind(column, value)
}

function bind(column: ColumnMetadata, value: unknown): unknown {
  return column.entityMetadata.dataSource.driver.preparePersistentValue(value, column)
}

/** The columns whose value differs from the row, in the order of the table; every one of a new record. */
export function changedColumns(metadata: EntityMetadata, record: ObjectLiteral): ColumnMetadata[] {
  const layout = layoutOf(metadata)
  const { snapshot: known } = recordState(record)
  const row = known && aligned(known, metadata)
  const changed: ColumnMetadata[] = []
  for (const [index, column] of layout.columns.entries()) {
    if (layout.isMappedKey[index]) alignKey(column, record, row && boundAt(row, index, column))
    if (isChangedAt(layout, index, column, record, row)) changed.push(column)
  }
  return changed
}

function isChangedAt(layout: Layout, index: number, column: ColumnMetadata, record: ObjectLiteral, row: Snapshot | undefined): boolean {
  const value = valueAt(layout, index, record)
  if (value === undefined) return false
  const held = row?.values[index]
  if (!row || held === undefined) return true
  const bound = row.bound?.[index]
  // The same value, and one that nobody can have changed in place.
  if (bound === undefined && value === held) return false
  return !isSame(bound ?? bind(column, held), bind(column, value))
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

/** Whether a value can change without being replaced. A Luxon moment cannot. */
function canChange(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof DateTime)
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

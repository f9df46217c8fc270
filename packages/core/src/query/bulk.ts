import type { ColumnMetadata } from '../drivers/internals.js'
import { joined, Parameter, type Pieces } from '../drivers/dialect.js'
import { clock } from '../clock.js'
import { InvalidFilterError, InvalidValueError, UnsupportedError, type ValueFault } from '../errors.js'
import { refuseFaults } from '../mapping/check.js'
import { columnCalled } from '../mapping/foreign-key.js'
import { columnType } from '../mapping/mapped-column.js'
import { bind, whereClause } from '../plan/pieces.js'
import { acceptChange, refuseChange } from '../plan/assignment.js'
import type { BoundKey, Kept } from '../plan/kept.js'
import { refuseView } from '../plan/read-only.js'
import { heldValue } from '../plan/rules.js'
import { blindIndexOf } from '../plan/secrets.js'
import { quotedTable } from '../plan/statements.js'
import type { RowsWritten } from '../session/kept-columns.js'
import { columnsOf, Source } from './columns.js'
import { Expression } from './expression.js'
import { type Reading, run, statementOf } from './fetch.js'
import type { QueryState } from './query-state.js'

/** What is set in all rows, as pieces by column. */
export type Assignments = readonly (readonly [column: ColumnMetadata, value: Pieces])[]

/** What a bulk write may not have: it would change other rows than those that the query shows. */
const windows = {
  limit: (state: QueryState) => state.limit !== undefined,
  offset: (state: QueryState) => state.offset !== undefined,
  orderBy: (state: QueryState) => state.orders.length > 0,
  groupBy: (state: QueryState) => state.groups.length > 0,
  having: (state: QueryState) => state.having.length > 0,
  distinct: (state: QueryState) => state.distinct,
  with: (state: QueryState) => state.loading.size > 0,
  forUpdate: (state: QueryState) => state.lock !== undefined,
  'chosen columns': (state: QueryState) => state.selection !== undefined,
} as const

/**
 * Refuses what a bulk write cannot mean.
 *
 * @throws {UnsupportedError} The query has more than conditions.
 */
export function refuseWindow(state: QueryState, verb: string): void {
  for (const [word, isSet] of Object.entries(windows)) {
    if (isSet(state)) throw new UnsupportedError(`${verb}() with ${word}`, 'A bulk write takes conditions alone: filter by keys instead.')
  }
}

/** @throws {InvalidFilterError} There is no condition, and `allRows` was not said. Status 400. */
export function requireCondition(state: QueryState, verb: string, allRows: boolean): void {
  // Those that are deleted are a choice, but not of what to restore.
  const isChosen = state.conditions.length > 0 || (state.visibility === 'deleted' && verb !== 'restoreAll')
  if (!isChosen && !allRows) {
    const why = 'it has no condition, and would change every row'
    throw new InvalidFilterError(state.metadata.name, `${verb}()`, why, 'Filter, or say { allRows: true }.')
  }
}

/** One statement that sets columns of all rows that the query means. @returns Number of rows. */
export async function update(state: QueryState, assignments: Assignments, reading: Reading): Promise<number> {
  refuseView(state.metadata)
  const { driver } = state.dataSource
  const set = assignments.map(([column, value]): Pieces => [driver.escape(column.databaseName), ' = ', ...value])
  const rows = rowsOf(state)
  const written: RowsWritten = {
    columns: assignments.map(([column]) => column),
    rows: joined(rows, ' AND '),
    to: (kept) => ownersSet(kept, assignments),
  }
  return reading.session.records.kept.aroundMany(state.metadata, written, (within) =>
    write(state, ['UPDATE ', quotedTable(state.metadata), ' SET ', ...joined(set, ', '), ...whereClause([...rows, ...within])], reading),
  )
}

/** The keys of the owners that all rows get; `undefined` where the database reckons them. */
function ownersSet({ foreignKey }: Kept, assignments: Assignments): readonly BoundKey[] | undefined {
  const values = foreignKey.map((key) => assignments.find(([column]) => column.databaseName === key.databaseName)?.[1])
  if (values.every((value) => value === undefined)) return []
  const bound = values.map((value) => (value?.length === 1 && value[0] instanceof Parameter ? [value[0].value] : []))
  return bound.every(({ length }) => length === 1) ? [bound.flat()] : undefined
}

/** One statement that deletes all rows that the query means. @returns Number of rows. */
export async function remove(state: QueryState, reading: Reading): Promise<number> {
  refuseView(state.metadata)
  const rows = rowsOf(state)
  return reading.session.records.kept.aroundMany(state.metadata, { rows: joined(rows, ' AND '), deletes: true }, (within) =>
    write(state, ['DELETE FROM ', quotedTable(state.metadata), ...whereClause([...rows, ...within])], reading),
  )
}

/** The rows of a query as conditions: by their keys, where it looks at other tables. */
function rowsOf(state: QueryState): Pieces[] {
  const { from, metadata, dataSource } = state
  if (!from.hasOthers) return state.where
  const { driver } = dataSource
  const own = metadata.primaryColumns.map((column): Pieces => [driver.escape(column.databaseName)])
  const keys = state.select(
    joined(
      metadata.primaryColumns.map((column) => from.column(column)),
      ', ',
    ),
  )
  const list: Pieces = own.length === 1 ? (own[0] ?? []) : ['(', ...joined(own, ', '), ')']
  return [[...list, ' IN (', ...dataSource.driver.dialect.materialized(keys), ')']]
}

async function write(state: QueryState, pieces: Pieces, reading: Reading): Promise<number> {
  const { session } = reading
  const { affected = 0 } = await run(statementOf(state, pieces), reading)
  session.connection.frame.written += affected
  session.identities.expire(state.metadata)
  return affected
}

/**
 * The rows' values as `updateAll` was given them: values by column, expressions, or functions of the columns.
 *
 * @throws {InvalidValueError} Values do not fit their columns, or their checks refuse them.
 */
export async function assignmentsOf(state: QueryState, values: unknown, unguarded: boolean): Promise<Assignments> {
  const { metadata, dataSource } = state
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InvalidValueError(metadata.name, '*', 'takes an object of values by column')
  }
  const set = new Map<ColumnMetadata, Pieces>()
  const faults: ValueFault[] = []
  const setValue = async (key: string, given: unknown): Promise<void> => {
    const accepted: unknown = acceptChange(metadata, key, given, { unguarded })
    for (const column of columnsOfProperty(state, key)) {
      const own: unknown = column.propertyName === key ? column.getEntityValue({ [key]: accepted }) : accepted
      // What an expression gives, the checks of the database alone see.
      const held = await heldValue(column, key, own)
      if (held !== null) await columnType(column).prepare?.(held)
      set.set(column, [bind(dataSource.driver.preparePersistentValue(held, column))])
      const blind = blindIndexOf(column)
      if (blind) set.set(blind.column, [bind(held === null ? null : blind.of(held)[0])])
    }
  }
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    const made: unknown = typeof value === 'function' ? value(columnsOf(sourceOf(state), state)) : value
    if (made instanceof Expression) {
      refuseChange(metadata, key, { unguarded })
      for (const column of columnsOfProperty(state, key)) {
        // What the database reckons would stand there for all to read.
        if (columnType(column).kind === 'secret') throw new InvalidValueError(metadata.name, key, 'takes a value, and no expression')
        set.set(column, made.term(state.from).pieces)
      }
      continue
    }
    try {
      await setValue(key, made)
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error
      faults.push(...error.errors)
    }
  }
  refuseFaults(metadata.name, faults)
  return [...set]
}

function sourceOf({ from, metadata }: QueryState): Source {
  return from.source instanceof Source ? from.source : new Source(metadata)
}

/** The columns of a property: of a relation, those of its key. */
function columnsOfProperty({ metadata }: QueryState, key: string): readonly ColumnMetadata[] {
  const relation = metadata.relations.find(({ propertyName }) => propertyName === key)
  const column = columnCalled(metadata, key)
  return relation ? relation.joinColumns : column ? [column] : []
}

/** What every change sets beside its values: the stamp, and the version. */
export function stamps({ metadata, dataSource, from }: QueryState, set: Assignments): Assignments {
  const { updateDateColumn, versionColumn } = metadata
  const isFree = (column: ColumnMetadata | undefined): column is ColumnMetadata =>
    column !== undefined && !set.some(([each]) => each === column)
  return [
    ...set,
    ...(isFree(updateDateColumn)
      ? [[updateDateColumn, [bind(dataSource.driver.preparePersistentValue(clock.now(), updateDateColumn))]] as const]
      : []),
    ...(isFree(versionColumn) ? [[versionColumn, [...from.column(versionColumn), ' + 1']] as const] : []),
  ]
}

/** What deletes or restores rows softly. @param at When they are deleted. */
export function deletion(state: QueryState, isDeleting: boolean, at: unknown = clock.now()): Assignments {
  const { metadata, dataSource } = state
  const { deleteDateColumn } = metadata
  const flag = metadata.columns.find(({ propertyName }) => propertyName === 'isDeleted')
  const bound = (column: ColumnMetadata, value: unknown) =>
    [column, [bind(dataSource.driver.preparePersistentValue(value, column))]] as const
  return stamps(state, [
    ...(flag && deleteDateColumn ? [bound(flag, isDeleting)] : []),
    ...(deleteDateColumn ? [bound(deleteDateColumn, isDeleting ? at : null)] : []),
  ])
}

import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import type { Pieces } from '../drivers/dialect.js'
import type { Row } from '../drivers/driver.js'
import { after, type Eventual } from '../eventual.js'
import { BroadcasterResult } from '../drivers/internals.js'
import { MultipleRecordsError, RecordNotFoundError } from '../errors.js'
import { pageAt, type PageRequest } from '../pagination/page-request.js'
import { Paginator } from '../pagination/paginator.js'
import { keyed } from '../plan/pieces.js'
import { hydratorOf } from '../plan/hydrator.js'
import { adopted, chosen, list, name, type Reading, records, recordsOf, run, send, takeLock, textOf } from './fetch.js'
import { QueryState, type Selected } from './query-state.js'
import { loadRelations } from './relations.js'
import { columnValueType, unknownType } from './value-type.js'

/** Rows that a loop loads at a time; and keys of several columns, which make a condition as deep as some databases take. */
const batchSize = 500
/** The most keys of one column that one statement asks for. */
const mostKeys = 5_000

/** Everything that matches: records, or rows of what was chosen. */
export function all<R>(state: QueryState<R>, reading: Reading): Eventual<R[]> {
  if (state.selection) return rows(state, reading)
  return after(records(state, reading), (loaded) => complete(state, recordsOf(loaded), reading))
}

/** Everything that matches, each with what stands `beside` it in its row, as the driver has it. */
export async function allBeside<R>(
  state: QueryState<R>,
  reading: Reading,
  beside: readonly Pieces[],
): Promise<{ readonly item: R; readonly beside: readonly unknown[] }[]> {
  if (state.selection) {
    // Names that no result of a query can have.
    const others = beside.map(
      (pieces, index): Selected => ({ name: `#${index}`, pieces, type: unknownType, isOfRow: true, isHidden: false }),
    )
    const { length } = state.selection
    const found = await selected(state.with({ selection: [...state.selection, ...others] }), reading)
    return found.map((row) => ({ item: itemOf<R>(state.selection ?? [], row), beside: row.slice(length) }))
  }
  const loaded = await records(state, reading, { columns: beside, areRelated: false, join: [], perKey: false })
  const items = await complete(state, recordsOf(loaded), reading)
  return items.map((item, index) => ({ item, beside: loaded[index]?.beside ?? [] }))
}

/** Records that were just read, when their relations are loaded, and TypeORM's listeners and subscribers have seen them. */
function complete<R>(state: QueryState<R>, records: ObjectLiteral[], reading: Reading): Eventual<R[]> {
  const { metadata, dataSource, loading } = state
  return after(loadRelations(metadata, records, loading, dataSource, reading), () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a state without a selection gives records
    const items = records as R[]
    const mayHear = loading.size > 0 ? dataSource.entityMetadatas : [metadata]
    const isHeard = dataSource.subscribers.length > 0 || mayHear.some(({ afterLoadListeners }) => afterLoadListeners.length > 0)
    if (!isHeard || records.length === 0) return items
    const heard = new BroadcasterResult()
    reading.session.reader.broadcaster.broadcastLoadEvent(heard, metadata, records)
    return heard.wait().then(() => items)
  })
}

/** The record with a key, in the usual state of a query: its text is made once for the model. */
export function byKey<R>({ metadata, dataSource }: QueryState<R>, key: readonly unknown[], reading: Reading): Eventual<R | null> {
  const hydrator = hydratorOf(metadata, dataSource.driver)
  return after(run({ text: hydrator.getText(), values: key }, reading), ({ lists }) => {
    const [found] = adopted(hydrator, lists, reading)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a state without a selection gives records
    return (found?.record ?? null) as R | null
  })
}

/** The records with these keys, in their order; `null` where none matches. @param keys As they are bound. */
export async function byKeys<R>(
  state: QueryState<R>,
  keys: readonly (readonly unknown[] | undefined)[],
  reading: Reading,
): Promise<(R | null)[]> {
  const { metadata, dataSource, lock } = state
  const { primaryColumns } = metadata
  const wanted = new Map(keys.flatMap((key) => (key ? [[textOf(key), key]] : [])))
  const found = new Map<string, R>()
  for (const batch of batches([...wanted.values()], primaryColumns.length === 1 ? mostKeys : batchSize)) {
    const inner = state.clone()
    inner.conditions.push(
      keyed(
        primaryColumns.map((column) => inner.from.column(column)),
        batch,
      ),
    )
    // In one order, whatever that of the call: two callers with the same keys would wait for each other.
    if (lock) inner.orders = inner.keyOrder
    for (const record of await all(inner, reading)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a state without a selection gives records
      const key = primaryColumns.map((column) => columnValueType(dataSource, column).encode(column.getEntityValue(record as ObjectLiteral)))
      found.set(textOf(key), record)
    }
  }
  return keys.map((key) => (key && found.get(textOf(key))) ?? null)
}

/** The first that matches, within the window of the query; `null` if none does. */
export function first<R>(state: QueryState<R>, reading: Reading): Eventual<R | null> {
  return after(all(state.with({ limit: Math.min(1, state.limit ?? 1) }), reading), ([found]) => found ?? null)
}

/** The only one that matches. @throws {RecordNotFoundError} None does. @throws {MultipleRecordsError} Several do. */
export async function one<R>(state: QueryState<R>, reading: Reading): Promise<R> {
  const [found, second] = await all(state.with({ limit: Math.min(2, state.limit ?? 2) }), reading)
  if (found === undefined) throw new RecordNotFoundError(state.metadata.name)
  if (second !== undefined) throw new MultipleRecordsError(state.metadata.name)
  return found
}

/** How many rows `all()` would give. */
export function count(state: QueryState, reading: Reading): Eventual<number> {
  const isPlain = !state.isReshaped && !isChosen(state) && state.limit === undefined && state.offset === undefined
  const parts = { orders: [], lock: [], ...(isPlain ? { window: [] } : {}) }
  if (isPlain) return numberOf(state, reading, state.select(['COUNT(*) AS ', name(state, 'n')], parts))
  const inner = state.select(columnsOfRow(state), parts)
  return numberOf(state, reading, ['SELECT COUNT(*) AS ', name(state, 'n'), ' FROM (', ...inner, ') ', name(state, 'counted')])
}

/** Whether `all()` would give any row. */
export async function exists(state: QueryState, reading: Reading): Promise<boolean> {
  const limit = Math.min(1, state.limit ?? 1)
  const { dialect } = state.dataSource.driver
  const columns = state.isReshaped || isChosen(state) ? columnsOfRow(state) : ['1 AS ', name(state, 'n')]
  const { lists } = await send(state, reading, state.select(columns, { orders: [], lock: [], window: dialect.window(limit, state.offset) }))
  return lists.length > 0
}

/** The first value of the first row, `null` if there is none. */
export async function scalar<R>(state: QueryState<R>, reading: Reading): Promise<R[keyof R] | null> {
  const row = await first(state, reading)
  if (typeof row !== 'object' || row === null) return null
  const value: unknown = state.selection ? Object.values(row)[0] : keyValue(state.metadata, row)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is a value of the row
  return (value ?? null) as R[keyof R] | null
}

function keyValue({ primaryColumns: [key] }: EntityMetadata, record: ObjectLiteral): unknown {
  return key?.getEntityValue(record)
}

/**
 * One page of what matches, within the window of the query: two statements, one without a count.
 *
 * @param turn Gives the page of another request.
 */
export async function page<R>(
  state: QueryState<R>,
  request: PageRequest,
  reading: Reading,
  turn: (request: PageRequest) => Promise<Paginator<R>>,
): Promise<Paginator<R>> {
  const { perPage } = request
  const mustCount = request.count || request.page === 'last'
  const total = mustCount ? await count(state, reading) : null
  const number = request.page === 'last' ? Math.max(1, Math.ceil((total ?? 0) / perPage)) : request.page
  const skipped = request.offset ?? (number - 1) * perPage
  const facts = {
    page: number,
    perPage,
    total,
    offset: skipped,
    turn: (offset: number) => turn({ ...request, page: pageAt(offset, perPage), offset }),
  }
  if (total !== null && skipped >= total) return new Paginator({ ...facts, items: [] })
  const wanted = total === null ? perPage + 1 : perPage
  const limit = Math.max(0, Math.min(wanted, (state.limit ?? Number.POSITIVE_INFINITY) - skipped))
  const found = await all(ordered(state).with({ limit, offset: (state.offset ?? 0) + skipped }), reading)
  return new Paginator({ ...facts, items: found.slice(0, perPage), hasMore: found.length > perPage })
}

/** With the key as the last term of the order: pages of rows that are equal to the order may overlap otherwise. */
function ordered<R>(state: QueryState<R>): QueryState<R> {
  return !state.isOfRows ? state : state.with({ orders: state.ordersWithKey('ASC') })
}

// ---------------------------------------------------------------------------------------------------- loops

/** The keys of everything that matches, in its order; raw, as the driver gives them. */
export async function keys(state: QueryState, reading: Reading): Promise<readonly unknown[][]> {
  if (!(await takeLock(state, reading))) return []
  const { primaryColumns } = state.metadata
  const columns = list(state, primaryColumns)
  const { lists } = await send(state, reading, state.select(columns))
  return lists.map((row) => [...row])
}

/** Lists of keys, each for one statement. */
export function batches<Key>(all: readonly Key[], size = batchSize): Key[][] {
  const made: Key[][] = []
  for (let start = 0; start < all.length; start += size) made.push(all.slice(start, start + size))
  return made
}

/** The records of these keys, in their order, with the relations of the query; whatever has become of their rows meanwhile. */
export async function batch<R>(state: QueryState<R>, wanted: readonly unknown[][], reading: Reading): Promise<R[]> {
  const { metadata, dataSource } = state
  const { primaryColumns } = metadata
  const inner = new QueryState(dataSource, metadata)
  inner.visibility = 'all'
  const keys = primaryColumns.map((column) => inner.from.column(column))
  inner.conditions = [keyed(keys, wanted)]
  const { session } = reading
  session.identities.evictClean(metadata, (record) => session.records.isPending(record))
  const loaded = await records(inner, reading, { columns: keys, areRelated: false, join: [], perKey: false })
  const byKey = new Map(loaded.map((each) => [textOf(each.beside), each]))
  const found = wanted.flatMap((key) => byKey.get(textOf(key)) ?? [])
  return complete(state, recordsOf(found), reading)
}

// ---------------------------------------------------------------------------------------------------- rows

function numberOf(state: QueryState, reading: Reading, pieces: Pieces): Eventual<number> {
  return after(send(state, reading, pieces), ({ lists: [row] }) => Number(row?.[0] ?? 0))
}

function isChosen({ selection }: QueryState): boolean {
  return selection !== undefined
}

/** What a row is told from others by, for a count of rows. */
function columnsOfRow(state: QueryState): Pieces {
  return state.selection ? chosen(state) : list(state, state.metadata.primaryColumns)
}

/** The SELECT of `all()`. */
export function selectAll(state: QueryState): Pieces {
  return state.select(state.selection ? chosen(state) : [hydratorOf(state.metadata, state.dataSource.driver).list(state.from.alias.name)])
}

function rows<R>(state: QueryState, reading: Reading): Eventual<R[]> {
  return after(selected(state, reading), (found) => found.map((row) => itemOf<R>(state.selection ?? [], row)))
}

/** Rows of a selection, with its values in its order. */
function selected(state: QueryState, reading: Reading): Eventual<readonly Row[]> {
  return after(takeLock(state, reading), (isLocked) => {
    return isLocked ? after(send(state, reading, state.select(chosen(state))), ({ lists }) => lists) : []
  })
}

function itemOf<R>(selection: readonly Selected[], row: Row): R {
  const item: unknown = Object.fromEntries(selection.map(({ name: label, type }, index) => [label, type.decode(row[index])]))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- R is what the selection names
  return item as R
}

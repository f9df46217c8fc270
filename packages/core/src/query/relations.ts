import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { joined, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { keyColumn } from '../mapping/foreign-key.js'
import type { Eventual } from '../eventual.js'
import { keyed } from '../plan/pieces.js'
import { noteList } from '../plan/loaded-lists.js'
import { foreignKeyOf, recordState, rowValueOf } from '../plan/record-state.js'
import { quotedTable } from '../plan/statements.js'
import type { Session } from '../session/session.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import type { Term } from './expression.js'
import { From, linkColumns, referenced } from './compile.js'
import { type Loaded, type Reading, records, recordsOf, textOf } from './fetch.js'
import { follow } from './loading.js'
import { type Loading, type Loadings, type Order, QueryState } from './query-state.js'
import { columnValueType } from './value-type.js'

/** The most keys that one statement asks for. */
const mostKeys = 5_000

/** Of the other end everything, and nothing beyond it. */
export const unasked: Loading = { state: undefined, further: new Map() }

// ---------------------------------------------------------------------------------------------------- with

/** What is loaded with records: what was asked for, and what their model always has. */
function loadingOf(metadata: EntityMetadata, asked: ReadonlyMap<string, Loading>): ReadonlyMap<string, Loading> {
  const { eagerRelations } = metadata
  if (eagerRelations.every(({ propertyName }) => asked.has(propertyName))) return asked
  const loading = new Map(asked)
  for (const { propertyName } of eagerRelations) if (!loading.has(propertyName)) loading.set(propertyName, unasked)
  return loading
}

/** Loads relations of records that were just read, and theirs: one statement for each relation, however many records. */
export function loadRelations(
  metadata: EntityMetadata,
  owners: readonly ObjectLiteral[],
  asked: ReadonlyMap<string, Loading>,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Eventual<void> {
  const loading = loadingOf(metadata, asked)
  if (owners.length > 0 && loading.size > 0) return loadEach(metadata, owners, loading, dataSource, reading)
}

async function loadEach(
  metadata: EntityMetadata,
  owners: readonly ObjectLiteral[],
  all: ReadonlyMap<string, Loading>,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  for (const [property, loading] of all) {
    const relation = metadata.relations.find(({ propertyName }) => propertyName === property)
    if (relation) await loadRelation(relation, owners, loading, rowValueOf, dataSource, reading)
  }
}

/** Loads a relation of records. @param valueOf Gives a key of a record: that of its row, or what it is on the object by now. */
export async function loadRelation(
  relation: RelationMetadata,
  owners: readonly ObjectLiteral[],
  { state: asked, further }: Loading,
  valueOf: (column: ColumnMetadata, record: ObjectLiteral) => unknown,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  const { inverseEntityMetadata } = relation
  const state = asked?.clone() ?? new QueryState(dataSource, inverseEntityMetadata)
  const { own, theirs, link } = ends(relation, state)
  const types = theirs.map(({ type }) => type)
  const keys = new Map<string, unknown[]>()
  const textsOfOwners = owners.map((owner): string => {
    const key = own.map((column) => valueOf(column, owner))
    const text = textOf(key)
    if (!key.includes(null) && !key.includes(undefined)) keys.set(text, key)
    return text
  })
  const found: Loaded[] = []
  const wanted = [...keys.values()].map((key) => key.map((value, index) => types[index]?.encode(value)))
  const isMany = hasMany(relation)
  for (let start = 0; start < wanted.length; start += mostKeys) {
    found.push(...(await related(state, theirs, wanted.slice(start, start + mostKeys), link, reading, isMany)))
  }
  await loadRelations(inverseEntityMetadata, recordsOf(found), further, dataSource, reading)
  const byKey = new Map<string, ObjectLiteral[]>()
  // Beside each record stands the key of its owner.
  for (const { record, beside } of found) {
    const key = textOf(types.map((type, index) => type.decode(beside[index])))
    const list = byKey.get(key)
    if (list) list.push(record)
    else byKey.set(key, [record])
  }
  for (const [index, owner] of owners.entries()) {
    const list = byKey.get(textsOfOwners[index] ?? '') ?? []
    put(relation, owner, isMany ? [...list] : (list[0] ?? null))
    if (isMany) noteList(owner, relation.propertyName, list)
  }
}

/** Whether a relation leads to a list of records. */
export function hasMany({ isOneToMany, isManyToMany }: RelationMetadata): boolean {
  return isOneToMany || isManyToMany
}

/** Sets a relation; TypeORM's own way keeps the record that stood there before. */
function put(relation: RelationMetadata, record: ObjectLiteral, value: unknown): void {
  if (relation.isLazy || relation.embeddedMetadata) relation.setEntityValue(record, value)
  else record[relation.propertyName] = value
}

/** The columns that tie the two ends: those of the records, and those of the related rows. */
export function ends(
  relation: RelationMetadata,
  { from, dataSource }: QueryState,
): { readonly own: readonly ColumnMetadata[]; readonly theirs: readonly Term[]; readonly link: Pieces } {
  const columns = linkColumns(relation)
  const leading = (column: ColumnMetadata, of = from): Term => ({
    pieces: of.column(column),
    type: columnValueType(dataSource, keyColumn(column)),
  })
  if (columns) {
    const between = new From(dataSource, columns.link, from)
    const on = columns.other.map((column) => [...between.column(column), ' = ', ...from.column(referenced(column))])
    return {
      own: columns.own.map(referenced),
      theirs: columns.own.map((column) => leading(column, between)),
      link: [' INNER JOIN ', quotedTable(columns.link), ' ', between.alias, ' ON ', ...joined(on, ' AND ')],
    }
  }
  if (relation.isOwning) {
    return { own: relation.joinColumns, theirs: relation.joinColumns.map((column) => leading(referenced(column))), link: [] }
  }
  const keys = relation.inverseRelation?.joinColumns ?? []
  return { own: keys.map(referenced), theirs: keys.map((column) => leading(column)), link: [] }
}

/** The related records of some keys, each with the key that it belongs to as its `extra`. */
async function related(
  state: QueryState,
  theirs: readonly Term[],
  wanted: readonly unknown[][],
  link: Pieces,
  reading: Reading,
  isMany: boolean,
): Promise<Loaded[]> {
  const inner = state.clone()
  const columns = theirs.map(({ pieces }) => pieces)
  inner.conditions.push(keyed(columns, wanted))
  // Only the order of those of one record counts: with its key first, the index of the key has it.
  if (isMany) inner.orders = [...theirs.map(byOwner), ...inner.orders, ...inner.keyOrder]
  return records(inner, reading, { columns, areRelated: true, join: link, perKey: inner.limit !== undefined || inner.offset !== undefined })
}

function byOwner(term: Term): Order {
  return { pieces: term.pieces, direction: 'ASC', nulls: undefined, term, isHidden: false }
}

// ---------------------------------------------------------------------------------------------------- load

/**
 * Loads what a record lacks of some relations, in the same statement for all that came with it in one result: a loop that loads
 * record by record sends one statement for each relation, however many records there are.
 *
 * @param paths Names of relations, and of theirs.
 * @throws {InvalidFilterError} A name is no relation. Status 400.
 */
export async function load(
  record: ObjectLiteral,
  paths: readonly unknown[],
  session: Session,
  dataSource: AlchemyDataSource,
): Promise<void> {
  const metadata = dataSource.getMetadata(record.constructor)
  const loadings: Loadings = new Map()
  for (const path of paths) follow(metadata, loadings, path, 'load()')
  session.records.own(record)
  await loadMissing(metadata, [record], loadings, dataSource, { session, writes: false, hasFragment: false })
}

async function loadMissing(
  metadata: EntityMetadata,
  owners: readonly ObjectLiteral[],
  loadings: Loadings,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  for (const [property, { further }] of loadings) {
    const relation = metadata.relations.find(({ propertyName }) => propertyName === property)
    if (!relation) continue
    await loadForAll(relation, owners, dataSource, reading)
    if (further.size === 0) continue
    const next = owners.flatMap((owner) => relatedTo(owner, relation))
    await loadMissing(relation.inverseEntityMetadata, next, further, dataSource, reading)
  }
}

/** Loads a relation for those of `owners` that lack it, and for all that came with them. */
async function loadForAll(
  relation: RelationMetadata,
  owners: readonly ObjectLiteral[],
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  const { propertyName } = relation
  const lacks = (owner: ObjectLiteral): boolean => relation.getEntityValue(owner) === undefined
  const turn = turnOf(reading.session)
  for (const owner of owners) {
    // Another of them may be at it for this one as well; if that fails, it is this one's own affair.
    const other = lacks(owner) ? recordState(owner).siblings?.loading(propertyName, turn) : undefined
    if (other) await other.catch(() => undefined)
  }
  const lacking = owners.filter(lacks)
  if (lacking.length === 0) return
  const groups = new Set(lacking.flatMap((owner) => recordState(owner).siblings ?? []))
  const all = new Set(lacking)
  for (const group of groups) {
    for (const sibling of group.records) if (lacks(sibling) && isLike(sibling, lacking, reading.session)) all.add(sibling)
  }
  const loading = (async () => {
    await complete(relation, lacking, reading.session)
    await loadRelation(relation, [...all], unasked, foreignKeyOf, dataSource, reading)
  })()
  await Promise.all([loading, ...[...groups].map((group) => group.note(propertyName, turn, loading))])
}

/** Whether a record that came with others is like them: of their model, with a row, and in no other scope that is open. */
function isLike(sibling: ObjectLiteral, [first]: readonly ObjectLiteral[], { scope }: Session): boolean {
  const { snapshot, owner, removed } = recordState(sibling)
  const isFree = owner === undefined || owner === scope.ownership || !owner.isExclusive
  return sibling.constructor === first?.constructor && snapshot !== undefined && !removed && isFree
}

/** Reads the foreign keys of records that plain TypeORM has loaded, which tells none. */
async function complete(relation: RelationMetadata, owners: readonly ObjectLiteral[], { records: work }: Session): Promise<void> {
  const { isOwning, isManyToMany, joinColumns } = relation
  if (!isOwning || isManyToMany) return
  for (const owner of owners) {
    const unknown = joinColumns.filter((column) => foreignKeyOf(column, owner) === undefined)
    if (unknown.length > 0) await work.read(owner, unknown)
  }
}

/** What a load may wait for: one that runs in the same frame, or outside any scope as well. */
const outside = {}
function turnOf({ scope, connection }: Session): object {
  return scope.isVerb ? outside : connection.frame
}

/** The records that a relation leads to. */
export function relatedTo(owner: ObjectLiteral, relation: RelationMetadata): ObjectLiteral[] {
  const value: unknown = relation.getEntityValue(owner)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a relation leads to records
  return [value].flat().filter((each) => typeof each === 'object' && each !== null) as ObjectLiteral[]
}

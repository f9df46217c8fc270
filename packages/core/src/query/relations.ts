import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { joined, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { quotedTable } from '../plan/statements.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { hydratorOf } from '../plan/hydrator.js'
import { From, keyed, linkColumns, referenced } from './compile.js'
import { type Loaded, type Reading, records, textOf } from './fetch.js'
import { type Loading, QueryState } from './query-state.js'

/** The most keys that one statement asks for. */
const mostKeys = 5_000

/** What is loaded with records: what was asked for, and what their model always has. */
function loadingOf(metadata: EntityMetadata, asked: ReadonlyMap<string, Loading>): ReadonlyMap<string, Loading> {
  const { eagerRelations } = metadata
  if (eagerRelations.every(({ propertyName }) => asked.has(propertyName))) return asked
  const loading = new Map(asked)
  for (const { propertyName } of eagerRelations) {
    if (!loading.has(propertyName)) loading.set(propertyName, { state: undefined, further: new Map() })
  }
  return loading
}

/** Loads relations of records that were just read, and theirs: one statement for each relation, however many records. */
export async function loadRelations(
  metadata: EntityMetadata,
  loaded: readonly Loaded[],
  asked: ReadonlyMap<string, Loading>,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  if (loaded.length === 0) return
  for (const [property, loading] of loadingOf(metadata, asked)) {
    const relation = metadata.relations.find(({ propertyName }) => propertyName === property)
    if (relation) await loadRelation(relation, loaded, loading, dataSource, reading)
  }
}

async function loadRelation(
  relation: RelationMetadata,
  owners: readonly Loaded[],
  { state: asked, further }: Loading,
  dataSource: AlchemyDataSource,
  reading: Reading,
): Promise<void> {
  const { inverseEntityMetadata } = relation
  const state = asked?.clone() ?? new QueryState(dataSource, inverseEntityMetadata)
  const { own, theirs, link } = ends(relation, state)
  const isMany = relation.isOneToMany || relation.isManyToMany
  const { names } = hydratorOf(relation.entityMetadata, dataSource.driver)
  const keyOf = ({ raw }: Loaded): unknown[] => own.map((column) => raw[names.get(column) ?? ''])
  const keys = new Map<string, unknown[]>()
  for (const owner of owners) {
    const key = keyOf(owner)
    if (!key.includes(null) && !key.includes(undefined)) keys.set(textOf(key), key)
  }
  const found: Loaded[] = []
  const wanted = [...keys.values()]
  for (let start = 0; start < wanted.length; start += mostKeys) {
    found.push(...(await related(state, theirs, wanted.slice(start, start + mostKeys), link, reading, isMany)))
  }
  await loadRelations(inverseEntityMetadata, found, further, dataSource, reading)
  const byKey = new Map<string, ObjectLiteral[]>()
  for (const { record, raw } of found) {
    const key = textOf(theirs.map((_, index) => raw[`x${index}`]))
    const list = byKey.get(key)
    if (list) list.push(record)
    else byKey.set(key, [record])
  }
  for (const owner of owners) {
    const list = byKey.get(textOf(keyOf(owner))) ?? []
    put(relation, owner.record, isMany ? list : (list[0] ?? null))
  }
}

/** Sets a relation; TypeORM's own way keeps the record that stood there before. */
function put(relation: RelationMetadata, record: ObjectLiteral, value: unknown): void {
  if (relation.isLazy || relation.embeddedMetadata) relation.setEntityValue(record, value)
  else record[relation.propertyName] = value
}

/** The columns that tie the two ends: those of the records, and as expressions those of the related rows. */
function ends(
  relation: RelationMetadata,
  { from, dataSource }: QueryState,
): { readonly own: readonly ColumnMetadata[]; readonly theirs: readonly Pieces[]; readonly link: Pieces } {
  const columns = linkColumns(relation)
  if (columns) {
    const between = new From(dataSource, columns.link, from)
    const on = columns.other.map((column) => [...between.column(column), ' = ', ...from.column(referenced(column))])
    return {
      own: columns.own.map(referenced),
      theirs: columns.own.map((column) => between.column(column)),
      link: [' INNER JOIN ', quotedTable(columns.link), ' ', between.alias, ' ON ', ...joined(on, ' AND ')],
    }
  }
  if (relation.isOwning) {
    return { own: relation.joinColumns, theirs: relation.joinColumns.map((column) => from.column(referenced(column))), link: [] }
  }
  const keys = relation.inverseRelation?.joinColumns ?? []
  return { own: keys.map(referenced), theirs: keys.map((column) => from.column(column)), link: [] }
}

/** The related records of some keys, each with the key that it belongs to as its `extra`. */
async function related(
  state: QueryState,
  theirs: readonly Pieces[],
  wanted: readonly unknown[][],
  link: Pieces,
  reading: Reading,
  isMany: boolean,
): Promise<Loaded[]> {
  const inner = state.clone()
  inner.conditions.push(keyed(theirs, wanted))
  if (isMany) inner.orders = [...inner.orders, ...inner.keyOrder]
  return records(inner, reading, { columns: theirs, join: link, perKey: inner.limit !== undefined || inner.offset !== undefined })
}

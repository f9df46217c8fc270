import type { EntityMetadata, ObjectLiteral } from 'typeorm'
import { Alias, call, joined, type Pieces, pieces } from '../drivers/dialect.js'
import type { DatabaseDriver } from '../drivers/driver.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { ModelDefinitionError } from '../errors.js'
import { type Aggregate, zeroOf } from '../mapping/aggregate.js'
import { columnCalled } from '../mapping/foreign-key.js'
import { aggregateOf, columnType } from '../mapping/mapped-column.js'
import { deletionColumns } from './deletion.js'
import { bind, keyed, whereClause } from './pieces.js'
import { plannedColumn } from './planned-column.js'
import { persistentValue } from './record-state.js'
import { quotedTable } from './statements.js'

/** A key as it is bound, in the order of its columns. */
export type BoundKey = readonly unknown[]

/** A column that is kept, and what it is kept as. */
interface Figure {
  readonly column: ColumnMetadata
  readonly aggregate: Aggregate
  /** The column of the related records; `undefined` of the records themselves. */
  readonly of: ColumnMetadata | undefined
}

/** The columns of a model that are kept as aggregates of the records of one relation. */
export interface Kept {
  /** The model that has the columns. */
  readonly owner: EntityMetadata
  /** The model of the related records. */
  readonly related: EntityMetadata
  /** The foreign key of these records. */
  readonly foreignKey: readonly ColumnMetadata[]
  /** What it refers to, in the same order. */
  readonly key: readonly ColumnMetadata[]
  readonly figures: readonly Figure[]
}

const keptOnOwner = new WeakMap<EntityMetadata, readonly Kept[]>()
const keptByRelated = new WeakMap<EntityMetadata, readonly Kept[]>()

/**
 * What is kept in the rows of a model, by relation.
 *
 * @throws {ModelDefinitionError} A column is kept as what cannot be.
 */
export function keptOn(owner: EntityMetadata): readonly Kept[] {
  let kept = keptOnOwner.get(owner)
  if (!kept) {
    const relations = new Map<RelationMetadata, Figure[]>()
    for (const column of owner.columns) {
      const aggregate = aggregateOf(column)
      if (!aggregate) continue
      const relation = relationOf(owner, column, aggregate)
      const figures = relations.get(relation) ?? []
      relations.set(relation, [...figures, { column, aggregate, of: columnOf(owner, column, relation, aggregate) }])
    }
    kept = [...relations].map(([{ inverseRelation, inverseEntityMetadata }, figures]) => {
      const foreignKey = inverseRelation?.joinColumns ?? []
      return {
        owner,
        related: inverseEntityMetadata,
        foreignKey,
        key: foreignKey.map((column) => column.referencedColumn ?? column),
        figures,
      }
    })
    keptOnOwner.set(owner, kept)
  }
  return kept
}

/** What writes of rows of a model change in those of others, in one order for all who lock these. */
export function keptBy(related: EntityMetadata): readonly Kept[] {
  let kept = keptByRelated.get(related)
  if (!kept) {
    const { tablePath, relations } = related
    // Several relations may lead to one model.
    const owners = new Set(
      relations.filter(({ isManyToOne, isOneToOneOwner }) => isManyToOne || isOneToOneOwner).map((each) => each.inverseEntityMetadata),
    )
    kept = [...owners]
      .flatMap((owner) => keptOn(owner))
      .filter((each) => each.related.tablePath === tablePath)
      .toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    keptByRelated.set(related, kept)
  }
  return kept
}

/** What is kept of rows that the database deletes, or cuts off, with others. */
export interface Cascaded {
  readonly kept: Kept
  /** The condition of these rows. @param rows That of the others. */
  readonly rows: (rows: Pieces) => Pieces
}

const cascades = new WeakMap<EntityMetadata, { readonly models: number; readonly cascaded: readonly Cascaded[] }>()

/** What is kept of rows that the database deletes, or cuts off, with rows of a model. */
export function cascadedFrom(metadata: EntityMetadata): readonly Cascaded[] {
  const models = metadata.dataSource.entityMetadatas.length
  const known = cascades.get(metadata)
  if (known?.models === models) return known.cascaded
  const cascaded = followed(metadata, (rows) => rows, new Set())
  cascades.set(metadata, { models, cascaded })
  return cascaded
}

function followed(metadata: EntityMetadata, rows: Cascaded['rows'], seen: Set<object>): Cascaded[] {
  const all = metadata.dataSource.entityMetadatas.flatMap(({ foreignKeys }) => foreignKeys)
  return all.flatMap((key): Cascaded[] => {
    const { referencedEntityMetadata, onDelete = 'NO ACTION', entityMetadata: related, columns, referencedColumns } = key
    if (referencedEntityMetadata !== metadata || seen.has(key) || onDelete === 'NO ACTION' || onDelete === 'RESTRICT') return []
    seen.add(key)
    const list = (model: EntityMetadata, of: readonly ColumnMetadata[]): Pieces => joined(named(model, of), ', ')
    const own = (given: Pieces): Pieces => {
      const keys = pieces`SELECT ${list(metadata, referencedColumns)} FROM ${quotedTable(metadata)}${whereClause([rows(given)].filter(({ length }) => length > 0))}`
      return pieces`(${list(related, columns)}) IN (${keys})`
    }
    const leadsElsewhere = ({ foreignKey }: Kept): boolean =>
      foreignKey.some((column) => columns.every((each) => each.databaseName !== column.databaseName))
    return [
      ...keptBy(related)
        .filter(leadsElsewhere)
        .map((kept) => ({ kept, rows: own })),
      ...(onDelete === 'CASCADE' ? followed(related, own, seen) : []),
    ]
  })
}

/** Locks rows that are to be deleted, so that none comes that would be deleted with them. */
export function lockRowsText(metadata: EntityMetadata, rows: Pieces): Pieces {
  const columns = named(metadata, metadata.primaryColumns)
  const lock = driverOf(metadata).dialect.lock({ skipLocked: false, noWait: false, of: undefined })
  return pieces`SELECT ${listed(columns)} FROM ${quotedTable(metadata)}${whereClause([rows].filter(({ length }) => length > 0))} ORDER BY ${joined(columns, ', ')}${lock}`
}

function placeOf({ owner, foreignKey }: Kept): string {
  return [owner.tablePath, ...foreignKey.map(({ databaseName }) => databaseName)].join(' ')
}

function relationOf(owner: EntityMetadata, { propertyName }: ColumnMetadata, { relation: name }: Aggregate): RelationMetadata {
  const relation = owner.relations.find((each) => each.propertyName === name)
  if (relation?.isOneToMany) return relation
  const known = owner.relations.filter(({ isOneToMany }) => isOneToMany).map((each) => each.propertyName)
  throw new ModelDefinitionError(
    owner.name,
    `its ${propertyName} is kept of ${name}, which is no one-to-many relation`,
    `It has ${known.join(', ') || 'none'}.`,
  )
}

function columnOf(
  owner: EntityMetadata,
  { propertyName }: ColumnMetadata,
  { inverseEntityMetadata: related }: RelationMetadata,
  { named, ofColumn }: Aggregate,
): ColumnMetadata | undefined {
  if (ofColumn === '*' && named === 'count') return undefined
  const column = columnCalled(related, ofColumn)
  const { kind } = column ? columnType(column) : { kind: 'other' }
  const isNumber = ['integer', 'bigint', 'number', 'decimal'].includes(kind)
  // What every database has a smallest and a largest of.
  const isOrdered = isNumber || ['string', 'date', 'time', 'datetime'].includes(kind)
  if (column && (named === 'count' || (named === 'min' || named === 'max' ? isOrdered : isNumber))) return column
  throw new ModelDefinitionError(
    owner.name,
    `its ${propertyName} is kept as ${named}() of ${ofColumn}, which ${related.name} has no such column for`,
    named === 'count' ? 'Count a column of it, or the records.' : 'Name a column of it that holds what is asked.',
  )
}

/** Whether a write of these columns changes what is kept. */
export function isWatched({ foreignKey, figures, related }: Kept, column: ColumnMetadata): boolean {
  const isSame = (each: ColumnMetadata): boolean => each.databaseName === column.databaseName
  const time = deletionColumns(related)?.time
  return foreignKey.some(isSame) || figures.some(({ of }) => of && isSame(of)) || (time !== undefined && isSame(time))
}

// ---------------------------------------------------------------------------------------------------- statements

function driverOf(metadata: EntityMetadata): DatabaseDriver {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our data source has no other drivers
  return metadata.dataSource.driver as DatabaseDriver
}

function named(metadata: EntityMetadata, columns: readonly ColumnMetadata[], table = new Alias(metadata.tableName)): Pieces[] {
  return columns.map((column) => [table, `.${driverOf(metadata).escape(column.databaseName)}`])
}

function listed(columns: readonly Pieces[]): Pieces {
  return joined(
    columns.map((column, index) => [...column, ` AS k${index}`]),
    ', ',
  )
}

/** The keys of the owners that records lead to. @param condition Of the records. */
export function ownersText({ related, foreignKey }: Kept, condition: Pieces): Pieces {
  const columns = named(related, foreignKey)
  const given = columns.map((column): Pieces => [...column, ' IS NOT NULL'])
  const conditions = condition.length === 0 ? given : [['(', ...condition, ')'], ...given]
  return pieces`SELECT DISTINCT ${listed(columns)} FROM ${quotedTable(related)}${whereClause(conditions)}`
}

/** Which records lead to one of these owners, or to none. */
export function withinOwners({ related, foreignKey }: Kept, keys: readonly BoundKey[]): Pieces {
  const columns = named(related, foreignKey)
  const orphans = joined(
    columns.map((column) => [...column, ' IS NULL']),
    ' OR ',
  )
  return keys.length === 0 ? pieces`(${orphans})` : pieces`(${keyed(columns, keys)} OR ${orphans})`
}

/** Which rows of a model have these keys. */
export function rowsWith(metadata: EntityMetadata, keys: readonly BoundKey[]): Pieces {
  return keyed(named(metadata, metadata.primaryColumns), keys)
}

/** The key of the owner that a record leads to, as its values are now; with a `null` where it leads to none. */
export function ownerKey({ foreignKey }: Kept, record: ObjectLiteral): BoundKey {
  return foreignKey.map((column) => persistentValue(column, record) ?? null)
}

/** Which owners have these keys. */
export function ownersWith({ owner, key }: Kept, keys: readonly BoundKey[] | undefined): Pieces {
  return keys ? keyed(named(owner, key), keys) : []
}

/** Locks owners against others who would change what is kept in them; rows may still refer to them. @param keys `undefined` for all. */
export function lockText(kept: Kept, keys: readonly BoundKey[] | undefined): Pieces {
  const { owner, key } = kept
  const columns = named(owner, key)
  const where = ownersWith(kept, keys)
  const lock = driverOf(owner).dialect.lock({ skipLocked: false, noWait: false, of: undefined, isReferable: true })
  return pieces`SELECT ${listed(columns)} FROM ${quotedTable(owner)}${where.length > 0 ? whereClause([where]) : []} ORDER BY ${joined(columns, ', ')}${lock}`
}

/** Writes what is kept in owners anew. @param keys `undefined` for all. @param returning What it gives back of them. */
export function keepText(kept: Kept, keys: readonly BoundKey[] | undefined, returning: readonly ColumnMetadata[]): Pieces {
  const { owner, figures } = kept
  const driver = driverOf(owner)
  const set = figures.map((figure): Pieces => [`${driver.escape(figure.column.databaseName)} = (`, ...figureText(kept, figure), ')'])
  const where = keys ? whereClause([ownersWith(kept, keys)]) : []
  const back = returning.map((column) => driver.escape(column.databaseName)).join(', ')
  return pieces`UPDATE ${quotedTable(owner)} SET ${joined(set, ', ')}${where}${back && ` RETURNING ${back}`}`
}

/** Reads what is kept in owners. */
export function readText(kept: Kept, keys: readonly BoundKey[], columns: readonly ColumnMetadata[]): Pieces {
  const names = columns.map((column) => driverOf(kept.owner).escape(column.databaseName)).join(', ')
  return pieces`SELECT ${names} FROM ${quotedTable(kept.owner)}${whereClause([ownersWith(kept, keys)])}`
}

function figureText({ owner, related, foreignKey, key }: Kept, { column, aggregate, of }: Figure): Pieces {
  const { dialect } = driverOf(owner)
  const table = new Alias('_kept')
  const [own = []] = of ? named(related, [of], table) : [['*']]
  const value: Pieces = aggregate.isDistinct ? ['DISTINCT ', ...own] : own
  const made: Record<Aggregate['named'], () => Pieces> = {
    count: () => call('COUNT', value),
    sum: () => (of && columnType(of).kind === 'decimal' ? dialect.sumOfDecimals(value) : call('SUM', value)),
    avg: () => dialect.average(value),
    min: () => call('MIN', value),
    max: () => call('MAX', value),
  }
  const figure = made[aggregate.named]()
  const zero = plannedColumn(column).encode(zeroOf(columnType(column)))
  const result: Pieces = aggregate.named === 'sum' ? call('COALESCE', figure, [bind(zero)]) : figure
  const keys = named(owner, key)
  const pairs = named(related, foreignKey, table).map((each, index): Pieces => [...each, ' = ', ...(keys[index] ?? [])])
  return pieces`SELECT ${result} FROM ${quotedTable(related)} ${table}${whereClause([...pairs, ...liveIn(related, table)])}`
}

/** The conditions that rows are live, and of this model where several share the table. */
function liveIn(metadata: EntityMetadata, table: Alias): Pieces[] {
  const time = deletionColumns(metadata)?.time
  const live = time ? named(metadata, [time], table).map((column): Pieces => [...column, ' IS NULL']) : []
  const { discriminatorColumn, childEntityMetadatas, discriminatorValue } = metadata
  // TypeORM's type is not nullable, and its value is.
  const parent: EntityMetadata | undefined = metadata.parentEntityMetadata
  if (!discriminatorColumn || !parent) return live
  const kinds = [discriminatorValue, ...childEntityMetadatas.map((child) => child.discriminatorValue)]
  return [
    ...live,
    keyed(
      named(metadata, [discriminatorColumn], table),
      kinds.map((kind) => [kind]),
    ),
  ]
}

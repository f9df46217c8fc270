import type { EntityMetadata } from 'typeorm'
import { Alias, joined, type Piece, type Pieces, pieces } from '../drivers/dialect.js'
import type { DatabaseDriver, DriverCapabilities } from '../drivers/driver.js'
import type { ColumnMetadata, RelationMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import { clause, keyed, type Statement, whereClause } from '../plan/pieces.js'
import { quotedTable } from '../plan/statements.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'

/** Refuses a statement that binds more than the database takes: a client may have chosen how many values there are. */
export function refuseTooMany(statement: Statement, model: string, { maxParameters }: DriverCapabilities): Statement {
  if (statement.values.length <= maxParameters) return statement
  const why = `${statement.values.length} values are more than the ${maxParameters} of a statement`
  throw new InvalidFilterError(model, 'that query', why, 'Ask for fewer at a time.')
}

/** What a subquery or a query reads from: a table, and the records that its to-one relations lead to. */
export class From {
  readonly dataSource: AlchemyDataSource
  readonly alias: Alias
  /** The query around this one. */
  readonly parent: From | undefined
  /** What the columns of this query know it by. */
  readonly source: object
  readonly #joins = new Map<string, { readonly to: From; readonly on: Pieces }>()
  readonly #metadata: EntityMetadata | undefined
  #names = 0
  #hasFragment = false
  #noted: { readonly columns: Set<ColumnMetadata>; isOfRow: boolean } | undefined

  /** @param metadata Of its model; a statement of `db.sql` is about none. */
  constructor(dataSource: AlchemyDataSource, metadata?: EntityMetadata, parent?: From, source: object = {}) {
    this.dataSource = dataSource
    this.#metadata = metadata
    this.parent = parent
    this.source = source
    this.alias = new Alias(parent ? parent.#root.#nextName() : (metadata?.tableName ?? ''))
  }

  /** The model that it reads. @throws {InvalidFilterError} It is a statement of `db.sql`, where a column is of its own model. */
  get metadata(): EntityMetadata {
    if (this.#metadata) return this.#metadata
    throw new InvalidFilterError(this.name, 'that', 'a statement is about no one model', 'Write Model.column(name).')
  }

  /** What it is called in messages. */
  get name(): string {
    return this.#metadata?.name ?? 'db.sql'
  }

  /** Whether tables go by their own names, since the application wrote the statement. */
  get isStatement(): boolean {
    return this.#root.#metadata === undefined
  }

  /** Whether it holds SQL of the application, of which nobody knows what it does. */
  get hasFragment(): boolean {
    return this.#root.#hasFragment
  }

  /** Notes that it holds SQL of the application. */
  noteFragment(): void {
    this.#root.#hasFragment = true
  }

  get #root(): From {
    return this.parent ? this.parent.#root : this
  }

  #nextName(): string {
    return `_${++this.#names}`
  }

  get driver(): DatabaseDriver {
    return this.dataSource.driver
  }

  /** Whether a path of a relation was walked. */
  get hasJoins(): boolean {
    return this.#joins.size > 0
  }

  /** Whether it looks at other tables: by joins, by subqueries, or by SQL of the application that may. */
  get hasOthers(): boolean {
    return this.#names > 0 || this.#hasFragment
  }

  /** What `work` gives, the columns that it looks at, and whether it looks at one row at a time. */
  noting<T>(work: () => T): { readonly made: T; readonly columns: ReadonlySet<ColumnMetadata>; readonly isOfRow: boolean } {
    const root = this.#root
    const noted = { columns: new Set<ColumnMetadata>(), isOfRow: true }
    root.#noted = noted
    try {
      return { made: work(), ...noted }
    } finally {
      root.#noted = undefined
    }
  }

  /** Notes a function over many rows, or one of which nobody knows. */
  noteMany(): void {
    const noted = this.#root.#noted
    if (noted) noted.isOfRow = false
  }

  /** A column of the table. */
  column(column: ColumnMetadata): Pieces {
    this.#root.#noted?.columns.add(column)
    return [this.alias, `.${this.driver.escape(column.databaseName)}`]
  }

  /** The table of a to-one relation, joined once; its deleted rows are no rows. */
  related(relation: RelationMetadata): From {
    const known = this.#joins.get(relation.propertyPath)
    if (known) return known.to
    const to = new From(this.dataSource, relation.inverseEntityMetadata, this)
    const on: Piece[] = [...relatedBy(relation, this, to), ...and(live(to))]
    this.#joins.set(relation.propertyPath, { to, on })
    return to
  }

  /** `FROM table alias`, and the joins. */
  get clause(): Pieces {
    return [' FROM ', quotedTable(this.metadata), ' ', this.alias, ...this.#joinPieces()]
  }

  #joinPieces(): Piece[] {
    return [...this.#joins.values()].flatMap(({ to, on }) => [
      ...pieces` LEFT JOIN ${quotedTable(to.metadata)} ${to.alias} ON ${on}`,
      ...to.#joinPieces(),
    ])
  }

  /** Every join, for a builder of TypeORM. */
  *joins(): Generator<{ readonly to: From; readonly on: Pieces }> {
    for (const join of this.#joins.values()) {
      yield join
      yield* join.to.joins()
    }
  }

  /** A copy that takes further joins by itself. */
  clone(): From {
    const copy = new From(this.dataSource, this.#metadata, this.parent, this.source)
    Object.assign(copy, { alias: this.alias })
    copy.#names = this.#names
    copy.#hasFragment = this.#hasFragment
    for (const [path, join] of this.#joins) copy.#joins.set(path, join)
    return copy
  }
}

/** ` AND condition`; nothing without one. */
function and(condition: Pieces): Pieces {
  return condition.length === 0 ? [] : [' AND ', ...condition]
}

/** The condition that rows are live; empty where they are never deleted softly. */
export function live(from: From): Pieces {
  const { deleteDateColumn } = from.metadata
  const alive: Pieces = deleteDateColumn ? [...from.column(deleteDateColumn), ' IS NULL'] : []
  const kind = ofKind(from)
  return kind.length > 0 && alive.length > 0 ? [...kind, ' AND ', ...alive] : [...kind, ...alive]
}

/** The condition that rows of a table which several models share are of this model, or of one that extends it. */
export function ofKind(from: From): Pieces {
  const { discriminatorColumn, parentEntityMetadata, childEntityMetadatas, discriminatorValue } = from.metadata
  // TypeORM's type is not nullable, and its value is.
  const parent: EntityMetadata | undefined = parentEntityMetadata
  if (!discriminatorColumn || !parent) return []
  const kinds = [discriminatorValue, ...childEntityMetadatas.map((child) => child.discriminatorValue)]
  return keyed(
    [from.column(discriminatorColumn)],
    kinds.map((kind) => [kind]),
  )
}

/** The condition by which a record of `from` has a record of `to`, where no table stands between. */
export function relatedBy(relation: RelationMetadata, from: From, to: From): Pieces {
  const pairs = relation.isOwning
    ? relation.joinColumns.map((column) => [from.column(column), to.column(referenced(column))] as const)
    : (relation.inverseRelation?.joinColumns ?? []).map((column) => [from.column(referenced(column)), to.column(column)] as const)
  return joined(
    pairs.map(([one, other]) => [...one, ' = ', ...other]),
    ' AND ',
  )
}

/** The column that a foreign key refers to. */
export function referenced(column: ColumnMetadata): ColumnMetadata {
  return column.referencedColumn ?? column
}

/** Columns of a link table: those that lead back to a record's own key, and those that lead to the other end's. */
export function linkColumns(relation: RelationMetadata): {
  readonly link: EntityMetadata
  readonly own: readonly ColumnMetadata[]
  readonly other: readonly ColumnMetadata[]
} | null {
  const owner = relation.isManyToManyOwner ? relation : relation.inverseRelation
  const link = relation.junctionEntityMetadata
  if (!link || !owner) return null
  const [own, other] = relation.isManyToManyOwner
    ? [owner.joinColumns, owner.inverseJoinColumns]
    : [owner.inverseJoinColumns, owner.joinColumns]
  return { link, own, other }
}

/** What a SELECT is made of. */
export interface Select {
  readonly columns: Pieces
  readonly distinct?: boolean
  readonly from: Pieces
  /** Conditions that must all hold. */
  readonly where: readonly Pieces[]
  readonly groups?: readonly Pieces[]
  readonly having?: readonly Pieces[]
  readonly orders?: readonly Pieces[]
  /** The window, by the dialect. */
  readonly window?: Pieces
  /** The lock, by the dialect. */
  readonly lock?: Pieces
}

/** A SELECT, clause by clause. */
export function select({
  columns,
  distinct = false,
  from,
  where,
  groups = [],
  having = [],
  orders = [],
  window = [],
  lock = [],
}: Select): Pieces {
  return [
    distinct ? 'SELECT DISTINCT ' : 'SELECT ',
    ...columns,
    ...from,
    ...whereClause(where),
    ...clause(' GROUP BY ', groups, ', '),
    ...clause(' HAVING ', having, ' AND '),
    ...clause(' ORDER BY ', orders, ', '),
    ...window,
    ...lock,
  ]
}

import type { EntityMetadata } from 'typeorm'
import type { RelationMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import { columnCalled } from '../mapping/foreign-key.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { From } from './compile.js'
import { columnExpression, Expression, unknownColumn } from './expression.js'

/** What every record of ours has; a plain entity has not, and its relations are known by their columns alone. */
export interface RecordShape {
  readonly isNew: boolean
  readonly isDirty: boolean
  toDict(): unknown
}

type IsMethod<V> = NonNullable<V> extends (...parameters: never[]) => unknown ? true : false
type RecordOf<V> = NonNullable<V> extends RecordShape ? NonNullable<V> : never
type IsList<V> = NonNullable<V> extends readonly RecordShape[] ? true : false

/** Facts of a record that are no columns. */
type Fact = 'isNew' | 'isDirty' | 'changes' | 'etag' | 'wasCreated'

/** Names of the columns of a model: no methods, no relations. */
export type ColumnKey<T> = {
  [K in keyof T]-?: K extends Fact
    ? never
    : IsMethod<T[K]> extends true
      ? never
      : IsList<T[K]> extends true
        ? never
        : [RecordOf<T[K]>] extends [never]
          ? K
          : never
}[keyof T] &
  string

/** Names of the values of a record, relations included, without its methods. */
export type ColumnName<T> = { [K in keyof T]: IsMethod<T[K]> extends true ? never : K }[keyof T] & string

/** Names of the relations of a model. */
export type RelationKey<T> = {
  [K in keyof T]-?: IsMethod<T[K]> extends true ? never : IsList<T[K]> extends true ? K : [RecordOf<T[K]>] extends [never] ? never : K
}[keyof T] &
  string

/** Names of the relations that lead to many records. */
export type ListKey<T> = { [K in keyof T]-?: IsMethod<T[K]> extends true ? never : IsList<T[K]> extends true ? K : never }[keyof T] & string

/** A key of a record as `get` takes it; of several columns, an object of them. */
type Key = string | number | bigint | Readonly<Record<string, unknown>>

/** What is tied to a record: one that is related, its key, or a list of them. */
export type Linked<T> = T | Key | readonly (T | Key)[]

/** The record at the other end of a relation. */
export type Target<V> = NonNullable<V> extends readonly (infer E)[] ? E : NonNullable<V>

/** Keys of to-one relations by their names, `authorId` beside `author`: those that the class itself does not declare. */
export type ForeignKeys<T> = {
  [K in RelationKey<T> as IsList<T[K]> extends true ? never : `${K}Id` extends keyof T ? never : `${K}Id`]: Target<T[K]> extends {
    readonly id: infer Id
  }
    ? Id
    : never
}

/**
 * The columns of a model, as a function of a query gets them: expressions by name, and the columns of to-one relations.
 *
 * @since 0.2
 */
export type Columns<T> = {
  readonly [K in keyof T as K extends Fact ? never : IsMethod<T[K]> extends true ? never : IsList<T[K]> extends true ? never : K]-?: [
    RecordOf<T[K]>,
  ] extends [never]
    ? Expression<Exclude<T[K], undefined>>
    : Columns<RecordOf<T[K]>>
} & { readonly [K in keyof ForeignKeys<T>]: Expression<ForeignKeys<T>[K]> }

/** The table that a columns object stands for; a query, and the path that led there. */
export class Source {
  readonly metadata: EntityMetadata
  readonly #parent: Source | undefined
  readonly #relation: RelationMetadata | undefined

  constructor(metadata: EntityMetadata, parent?: Source, relation?: RelationMetadata) {
    this.metadata = metadata
    this.#parent = parent
    this.#relation = relation
  }

  /** Its table in the query that is being written, or in one around it. @throws {InvalidFilterError} It is of another query. */
  within(from: From): From {
    if (this.#parent && this.#relation) return this.#parent.within(from).related(this.#relation)
    for (let each: From | undefined = from; each; each = each.parent) if (each.source === this) return each
    // A column that was made without a query, `User.column('name')`, is of the nearest query of its model.
    for (let each: From | undefined = from; each; each = each.parent) if (!each.isStatement && each.metadata === this.metadata) return each
    if (from.isStatement) return new From(from.dataSource, this.metadata)
    throw new InvalidFilterError(from.name, this.metadata.name, 'it is a column of another query', 'Use those that the function gets.')
  }
}

/** The columns of a model as expressions; each name is looked up when it is used. */
export function columnsOf<T>(source: Source, from: Pick<From, 'dataSource'>): Columns<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- filled below by name
  const target = Object.create(null) as Columns<T>
  return new Proxy(target, {
    get: (_target, name) => {
      if (typeof name !== 'string') return undefined
      return property(source, from, name)
    },
    has: () => false,
  })
}

/** A column by its name. @throws {InvalidFilterError} It is none. */
export function columnNamed<V>(source: Source, dataSource: AlchemyDataSource, name: string): Expression<V> {
  const { metadata } = source
  const column = columnCalled(metadata, name)
  if (!column) throw unknownColumn(source, name)
  return columnExpression(column, (within) => source.within(within))
}

function property(source: Source, from: Pick<From, 'dataSource'>, name: string): unknown {
  const { metadata } = source
  const { dataSource } = from
  const relation = metadata.relations.find(({ propertyName }) => propertyName === name)
  const column = columnCalled(metadata, name)
  if (column) return columnNamed(source, dataSource, name)
  if (relation && (relation.isManyToOne || relation.isOneToOne)) {
    return columnsOf(new Source(relation.inverseEntityMetadata, source, relation), from)
  }
  if (relation) throw new InvalidFilterError(metadata.name, name, 'it has many records: use some(), every() or none() in a filter of names')
  throw unknownColumn(source, name)
}

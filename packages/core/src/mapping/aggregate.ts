import { InvalidOptionError } from '../errors.js'
import { isObject } from '../options.js'
import type { ColumnKind, ColumnType } from '../types/column-type.js'
import { type ColumnDefinition, type ColumnOptions, type DecoratingColumn, defined } from './column.js'

/** What the records of a relation come to. */
const functions = ['count', 'sum', 'avg', 'min', 'max'] as const

type AggregateName = (typeof functions)[number]

/** What `db.func.count()` and its like give. @since 0.2 */
export interface AggregateFunction<Name extends AggregateName = AggregateName> {
  /** The function. */
  readonly named: Name
  /** The column of the related records; `*` of the records themselves. */
  readonly ofColumn: string
  /** Whether it looks at different values only. */
  readonly isDistinct: boolean
}

/** What can be said of a column that is kept as an aggregate. @since 0.2 */
export type AggregatedOptions = Pick<ColumnOptions<never>, 'index' | 'name' | 'hidden'>

/** What a column is kept as. */
export interface Aggregate extends AggregateFunction {
  /** The relation to many whose records it is of. */
  readonly relation: string
}

const aggregates = new WeakMap<ColumnDefinition, Aggregate>()

/** What a column is kept as, if it was made by `db.Aggregated`. */
export function aggregateOf(definition: ColumnDefinition): Aggregate | undefined {
  return aggregates.get(definition)
}

const numbers: readonly ColumnKind[] = ['integer', 'bigint', 'number', 'decimal']

/**
 * A column that is kept as the count, sum, mean, smallest or largest of the records that a relation leads to, deleted ones left out. It
 * is written with them, in their transaction, and no values set it.
 *
 * A count and a sum of no records are 0; the others are `null`.
 *
 * @param type Data type of the figure: `db.Integer` of a count.
 * @param relation Name of a one-to-many relation of the model.
 * @param figure `db.func.count()`, or `sum`, `avg`, `min`, `max` of a column of the related records.
 * @throws {InvalidOptionError} It is no such function, the type holds no numbers where it must, or an option is unknown.
 * @since 0.2
 * @example
 * class Author extends db.Model('Author', {
 *   posts: db.Aggregated(db.Integer, 'articles', db.func.count()),
 *   words: db.Aggregated(db.Integer, 'articles', db.func.sum('words')),
 * }) {
 *   static relations = this.relate({ articles: db.OneToMany(() => Article, 'author') })
 *   declare articles?: Article[]
 * }
 * class Article extends db.Model('Article', { words: db.Column(db.Integer) }) {
 *   static relations = this.relate({ author: db.ManyToOne(() => Author, 'articles') })
 *   declare author?: Author
 * }
 */
export function Aggregated<T, const Name extends AggregateName, Also = never>(
  type: ColumnType<T, Also>,
  relation: string,
  figure: AggregateFunction<Name>,
  options?: AggregatedOptions,
): DecoratingColumn<Name extends 'count' | 'sum' ? T : T | null, true, never, 'generated'> {
  if (!isFunction(figure))
    throw new InvalidOptionError('Aggregated(type, relation, figure)', 'db.func.count(), or sum, avg, min, max', figure)
  const { named, ofColumn, isDistinct } = figure
  const isSummed = named === 'count' || named === 'sum'
  if ((isSummed || named === 'avg') && !numbers.includes(type.kind)) {
    throw new InvalidOptionError(`Aggregated(type) of ${named}()`, 'a data type of numbers like db.Integer', type.typeName)
  }
  const definition = defined<never, true, never, 'generated'>(
    type,
    isSummed ? { ...options, default: zeroOf(type) } : { ...options, nullable: true },
  )
  aggregates.set(definition, { relation, named, ofColumn, isDistinct })
  return definition
}

/** What a sum of nothing is. */
export function zeroOf(type: ColumnType<unknown>): unknown {
  return type.accept(type.kind === 'bigint' ? 0n : 0)
}

function isFunction(value: unknown): value is AggregateFunction {
  const name: unknown = isObject(value) ? Reflect.get(value, 'named') : undefined
  return functions.some((each) => each === name)
}

import { FindOperator } from 'typeorm'
import { InvalidFilterError } from '../errors.js'
import type { Asked } from '../types/column-type.js'
import type { ColumnKey, Columns, ForeignKeys, RelationKey, Target } from './columns.js'
import { alike, balanced, compare, Condition, condition, Expression, isSubquery, membership, range, type Subquery } from './expression.js'
import type { From } from './compile.js'

/** Values by column that must all match; anything but being equal is an operator. @since 0.2 */
export type FilterObject<T> = {
  readonly [K in ColumnKey<T>]?:
    | NonNullable<T[K]>
    | Operator<Asked<NonNullable<T[K]>>>
    | FindOperator<NonNullable<T[K]>>
    | FindOperator<never>
    | Expression<never>
} & {
  readonly [K in RelationKey<T> | keyof ForeignKeys<T>]?: K extends RelationKey<T>
    ? RelationOperator<Target<T[K]>> | Target<T[K]> | Operator<never> | string | number | bigint
    : K extends keyof ForeignKeys<T>
      ? ForeignKeys<T>[K] | Operator<ForeignKeys<T>[K]> | Expression<never>
      : never
}

/**
 * Which rows a query means: values by column, `or(…)` and its like, a condition, or a function of the columns.
 *
 * @since 0.2
 */
export type Filter<T> = FilterObject<T> | Combined<T> | Condition | Expression<never> | ((columns: Columns<T>) => Condition)

/**
 * A filter inside another. As a conditional type, TypeScript puts in the model that the outer one is for before it looks at the part,
 * so that `some` and `is` know theirs.
 */
type Part<T> = T extends T ? Filter<T> & { readonly [ofColumn]?: never } : never

/** Values that have an order. */
type Ordered = string | number | bigint | boolean | Date | object

/** @internal Tells an operator of a column from a filter, of which it would be one that names nothing. */
export declare const ofColumn: unique symbol

/**
 * What a filter may ask of a column besides being equal: made by `gt`, `oneOf` and their like, never by JSON.
 *
 * @typeParam V Type of the values that it is compared with.
 * @since 0.2
 */
export class Operator<out V> {
  /** Only for the type. */
  declare readonly operand: V
  /** @internal Only for the type. */
  declare readonly [ofColumn]: true
  readonly #apply: (column: Expression, from: From) => Condition

  /** @internal */
  constructor(apply: (column: Expression, from: From) => Condition) {
    this.#apply = apply
  }

  /** @internal The condition on a column. */
  on(column: Expression, from: From): Condition {
    return this.#apply(column, from)
  }
}

/** How the records at the other end of a relation must match. */
export type Quantifier = 'is' | 'some' | 'every' | 'none'

/**
 * What a filter may ask of a relation: made by `is`, `some`, `every` and `none`.
 *
 * @typeParam T Model at the other end.
 * @since 0.2
 */
export class RelationOperator<out T> {
  /** Only for the type. */
  declare readonly operand: T
  readonly quantifier: Quantifier
  readonly filter: Filter<never> | undefined

  /** @internal */
  constructor(quantifier: Quantifier, filter: Filter<never> | undefined) {
    this.quantifier = quantifier
    this.filter = filter
  }
}

/**
 * An operator of one's own: for a type of one's own, or for what a database can ask that has no name here. Like `gt` and its kin it is
 * taken by a filter of names and by `column.matches(…)`, and no JSON can be it.
 *
 * @typeParam V Type of the columns that it asks.
 * @param write Gives the condition on a column.
 * @since 0.2
 * @example
 * const soundsLike = (word: string) => operator<string>((column) => db.sql`soundex(${column}) = soundex(${word})`)
 * User.filter({ name: soundsLike('Meyer') })
 */
export function operator<V>(write: (column: Expression<V>) => Condition | Expression<never>): Operator<V> {
  return new Operator((column, from) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller's word, as that of a filter
    const made = write(column as Expression<V>)
    if (made instanceof Condition) return made
    return condition(() => ['(', ...made.term(from).pieces, ')'])
  })
}

function comparing(sign: '=' | '<>' | '>' | '>=' | '<' | '<=', value: unknown): Operator<never> {
  return new Operator((column) => compare(column, sign, value))
}

/** Equal: the same as the value alone. @since 0.2 @example User.filter({ name: or(eq('Ada'), startsWith('B')) }) */
export function eq<V extends Ordered>(value: V): Operator<V> {
  return comparing('=', value)
}

/** Different; NULL is neither equal nor different. @since 0.2 @example User.filter({ location: ne('USA') }) */
export function ne<V extends Ordered>(value: V): Operator<V> {
  return comparing('<>', value)
}

/** Greater, or later. @since 0.2 @example User.filter({ age: gt(40) }) */
export function gt<V extends Ordered>(value: V): Operator<V> {
  return comparing('>', value)
}

/** Greater or equal. @since 0.2 @example User.filter({ age: gte(40) }) */
export function gte<V extends Ordered>(value: V): Operator<V> {
  return comparing('>=', value)
}

/** Less, or earlier. @since 0.2 @example User.filter({ age: lt(40) }) */
export function lt<V extends Ordered>(value: V): Operator<V> {
  return comparing('<', value)
}

/** Less or equal. @since 0.2 @example User.filter({ age: lte(40) }) */
export function lte<V extends Ordered>(value: V): Operator<V> {
  return comparing('<=', value)
}

/** From `low` to `high`, both included. @since 0.2 @example User.filter({ id: between(1, 9) }) */
export function between<V extends Ordered>(low: V, high: V): Operator<V> {
  return new Operator((column) => column.between(low, high))
}

/**
 * One of a list (nothing, when it is empty), or of what a query of one column gives. A value that is no list, as a query string
 * gives it, is a list of itself.
 *
 * @since 0.2
 * @example
 * User.filter({ location: oneOf(['USA', 'Moon']) })
 */
export function oneOf<const V>(list: readonly V[] | Subquery<V>): Operator<V> {
  return isOneOf(list)
}

function isOneOf(list: unknown): Operator<never> {
  const values = Array.isArray(list) || isSubquery(list) ? list : [list]
  return new Operator((column, from) => {
    if (Array.isArray(values) && values.length > from.driver.capabilities.maxParameters) {
      throw new InvalidFilterError(from.name, 'oneOf()', `${values.length} values are too many`, 'Ask for fewer at a time.')
    }
    return membership(column, values)
  })
}

/** Without a value. @since 0.2 @example User.filter({ lastAccess: isNull() }) */
export function isNull(): Operator<never> {
  return new Operator((column) => column.isNull())
}

/**
 * Like a pattern of `%` (any text) and `_` (any sign), in which `\` escapes; it sees case.
 *
 * @since 0.2
 * @example
 * User.filter({ name: like('M_rdix%') })
 */
export function like(pattern: string): Operator<string> {
  return new Operator((column) => column.like(pattern))
}

/** Like a pattern, without regard to case. @since 0.2 @example User.filter({ name: ilike('m%') }) */
export function ilike(pattern: string): Operator<string> {
  return new Operator((column) => column.ilike(pattern))
}

/** Begins with a text, whose `%` and `_` are themselves; it sees case. @since 0.2 @example User.filter({ name: startsWith('M') }) */
export function startsWith(text: string): Operator<string> {
  return new Operator((column) => column.startsWith(text))
}

/** Ends with a text. See `startsWith`. @since 0.2 @example User.filter({ email: endsWith('@example.org') }) */
export function endsWith(text: string): Operator<string> {
  return new Operator((column) => column.endsWith(text))
}

/** Contains a text. See `startsWith`. @since 0.2 @example User.filter({ name: contains('ard') }) */
export function contains(text: string): Operator<string> {
  return new Operator((column) => column.contains(text))
}

/** Several filters, or several operators of one column, as one. @since 0.2 */
export class Combined<in T> {
  /** Only for the type. */
  declare readonly of: (record: T) => void
  readonly word: 'AND' | 'OR' | 'NOT'
  readonly parts: readonly unknown[]

  /** @internal */
  constructor(word: 'AND' | 'OR' | 'NOT', parts: readonly unknown[]) {
    this.word = word
    this.parts = parts
  }
}

/** Whether parts are about one column: operators and plain values, and no filter. */
function isOfColumn(parts: readonly unknown[]): boolean {
  return parts.every(
    (part) =>
      part instanceof Operator || !(typeof part === 'function' || (typeof part === 'object' && part !== null && isFilterLike(part))),
  )
}

function isFilterLike(part: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(part)
  return prototype === Object.prototype || prototype === null || part instanceof Condition || part instanceof Combined
}

/**
 * All of them hold: filters, or operators of one column.
 *
 * @throws {InvalidFilterError} Without parts. Status 400.
 * @since 0.2
 * @example
 * User.filter(and({ location: 'Moon' }, or({ name: 'Ada' }, { name: 'Bob' })))
 */
export function and<T>(...filters: readonly Part<T>[]): Combined<T>
export function and<V>(first: V | Operator<V>, ...others: readonly (V | Operator<V>)[]): Operator<V>
export function and<T>(...filters: readonly Filter<T>[]): Combined<T>
export function and(...parts: readonly unknown[]): unknown {
  return combine('AND', parts)
}

/**
 * One of them holds: filters, or operators of one column.
 *
 * @throws {InvalidFilterError} Without parts. Status 400.
 * @since 0.2
 * @example
 * User.filter(or({ name: 'Ada' }, { id: between(1, 9) }))
 * User.filter({ age: or(gt(40), lt(10)) })
 */
export function or<T>(...filters: readonly Part<T>[]): Combined<T>
export function or<V extends Ordered>(first: Operator<V>, ...others: readonly (V | Operator<V>)[]): Operator<V>
export function or<T>(...filters: readonly Filter<T>[]): Combined<T>
export function or(...parts: readonly unknown[]): unknown {
  return combine('OR', parts)
}

/**
 * It does not hold; NULL stays out, as in SQL.
 *
 * @since 0.2
 * @example
 * User.filter({ lastAccess: not(isNull()), location: not('USA') })
 */
export function not<T>(filter: Part<T>): Combined<T>
export function not<V extends Ordered>(operator: Operator<V>): Operator<V>
export function not<V extends string | number | bigint | boolean | Date>(value: V): Operator<V>
export function not<T>(filter: Filter<T>): Combined<T>
export function not(part: unknown): unknown {
  return combine('NOT', [part])
}

function combine(word: 'AND' | 'OR' | 'NOT', parts: readonly unknown[]): unknown {
  return isOfColumn(parts) ? combineOperators(word, parts) : new Combined(word, parts)
}

function combineOperators(word: 'AND' | 'OR' | 'NOT', parts: readonly unknown[]): Operator<unknown> {
  if (parts.length === 0) throw new InvalidFilterError('A filter', `${word.toLowerCase()}()`, 'it has no parts', 'Give it one at least.')
  return new Operator((column, from) => {
    const conditions = parts.map((part) => operatorOf(part).on(column, from))
    if (word === 'NOT') return conditions[0]?.not() ?? condition(() => [])
    return condition((within) =>
      balanced(
        conditions.map((each) => each.term(within).pieces),
        ` ${word} `,
      ),
    )
  })
}

/** The operator that a value of a filter stands for: itself, one of TypeORM's, or equality. */
export function operatorOf(value: unknown): Operator<unknown> {
  if (value instanceof Operator) return value as Operator<unknown>
  if (value instanceof FindOperator) return fromTypeorm(value as FindOperator<unknown>)
  return comparing('=', value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** One of TypeORM's operators in our words. */
function fromTypeorm(operator: FindOperator<unknown>): Operator<unknown> {
  const { type, child } = operator
  const value: unknown = child ?? operator.value
  switch (type) {
    case 'equal':
      return comparing('=', value)
    case 'not':
      return new Operator((column, from) => operatorOf(value).on(column, from).not())
    case 'moreThan':
      return comparing('>', value)
    case 'moreThanOrEqual':
      return comparing('>=', value)
    case 'lessThan':
      return comparing('<', value)
    case 'lessThanOrEqual':
      return comparing('<=', value)
    case 'like':
      return new Operator((column) => alike(column, value, 'like'))
    case 'ilike':
      return new Operator((column) => alike(column, value, 'ilike'))
    case 'isNull':
      return isNull()
    case 'in':
      return isOneOf(value)
    case 'between': {
      const [low, high] = listOf(value)
      return new Operator((column) => range(column, low, high))
    }
    case 'and':
    case 'or':
      return combineOperators(type === 'and' ? 'AND' : 'OR', listOf(value))
    default:
      throw new InvalidFilterError('A filter', type, 'it is no operator of a filter: use an expression or db.sql')
  }
}

/** The one record of a to-one relation matches. @since 0.2 @example Post.filter({ author: is({ location: 'Moon' }) }) */
export function is<T>(filter: Part<T>): RelationOperator<T>
export function is<T>(filter: Filter<T>): RelationOperator<T>
export function is<T>(filter: Filter<T>): RelationOperator<T> {
  return new RelationOperator('is', filter)
}

/** At least one record of a to-many relation matches; without a filter, there is one. @since 0.2 @example User.filter({ posts: some({ words: gte(1000) }) }) */
export function some<T>(filter?: Part<T>): RelationOperator<T>
export function some<T>(filter?: Filter<T>): RelationOperator<T>
export function some<T>(filter?: Filter<T>): RelationOperator<T> {
  return new RelationOperator('some', filter)
}

/**
 * Every record of a to-many relation matches; of none, that is true.
 *
 * @since 0.2
 * @example
 * User.filter({ posts: every({ words: gte(100) }) })
 */
export function every<T>(filter: Part<T>): RelationOperator<T>
export function every<T>(filter: Filter<T>): RelationOperator<T>
export function every<T>(filter: Filter<T>): RelationOperator<T> {
  return new RelationOperator('every', filter)
}

/**
 * No record of a to-many relation matches; without a filter, there is none.
 *
 * @since 0.2
 * @example
 * User.filter({ posts: none({ words: lt(10) }) })
 */
export function none<T>(filter?: Part<T>): RelationOperator<T>
export function none<T>(filter?: Filter<T>): RelationOperator<T>
export function none<T>(filter?: Filter<T>): RelationOperator<T> {
  return new RelationOperator('none', filter)
}

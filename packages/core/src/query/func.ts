import { call, Parameter, type Pieces } from '../drivers/dialect.js'
import { InvalidFilterError } from '../errors.js'
import type { From } from './compile.js'
import { Expression, type SumOf, visibleColumn } from './expression.js'
import { numberType, unknownType } from './value-type.js'

/** What a function makes of a column that it was given by name. */
export type FunctionName = 'count' | 'sum' | 'avg' | 'min' | 'max' | 'lower' | 'upper'

/**
 * A function over a column that was given by its name: `db.func.sum('price')`. The query that it is used in knows the column.
 *
 * @since 0.2
 * @example
 * Product.query({ total: db.func.sum('price') }).first()
 */
export class NamedFunction<Column extends string, Name extends FunctionName> extends Expression {
  /** The column; `*` of rows. */
  readonly ofColumn: Column
  /** The function. */
  readonly named: Name
  /** Whether it looks at different values only. */
  readonly isDistinct: boolean

  /** @internal Made by `db.func`. */
  constructor(name: Name, column: Column, isDistinct = false) {
    super((from) => {
      if (column === '*') {
        if (name !== 'count' || isDistinct) throw new InvalidFilterError(from.name, `${name}('*')`, 'only count() counts rows')
        from.noteMany()
        return { pieces: ['COUNT(*)'], type: numberType }
      }
      const own = new Expression<never>((within) => visibleColumn(within, column))
      return (isDistinct ? own.distinct() : own)[name]().term(from)
    })
    this.named = name
    this.ofColumn = column
    this.isDistinct = isDistinct
  }

  /** The same over different values only. @example db.func.count('location').distinct() */
  override distinct(): NamedFunction<Column, Name> {
    return new NamedFunction(this.named, this.ofColumn, true)
  }
}

/** The result of a function over a column of `T`. */
export type FunctionResult<T, Column, Name> = Name extends 'count'
  ? number
  : Name extends 'avg'
    ? number | null
    : Column extends keyof T
      ? Name extends 'sum'
        ? SumOf<T[Column]>
        : T[Column] | null
      : never

type Numbers = Expression<number | null> | Expression<bigint | null> | Expression<string | null>

function named<const Name extends FunctionName>(name: Name) {
  return (of?: unknown): never => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overloads say what comes back
    if (of instanceof Expression) return (of as Expression<never>)[name]() as never
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overloads say what comes in and back
    return new NamedFunction(name, (of ?? '*') as string) as never
  }
}

/** A function of the database by its name, which no client may choose. */
function callOf<V = unknown>(name: string, ...parameters: readonly unknown[]): Expression<V> {
  return new Expression((from) => {
    if (!/^[a-z_]\w{0,62}(\.[a-z_]\w{0,62})?$/i.test(name))
      throw new InvalidFilterError(from.name, 'func.call()', 'a function is named by letters, digits and _')
    from.noteMany()
    return { pieces: call(name, ...parameters.map((each) => parameter(each, from))), type: unknownType }
  })
}

function parameter(value: unknown, from: From): Pieces {
  if (value instanceof Expression) return value.term(from).pieces
  if (value === null) return ['NULL']
  return [new Parameter(unknownType.accept(value))]
}

/** What `db.func` has. @since 0.2 */
export interface Functions {
  /** Number of rows, or of rows with a value in a column. */
  count<const Column extends string = '*'>(column?: Column): NamedFunction<Column, 'count'>
  count(expression: Expression): Expression<number>
  /** Sum of a column; `null` of no rows. A number of Integer, a bigint of BigInteger, a text with all its digits of Numeric. */
  sum<const Column extends string>(column: Column): NamedFunction<Column, 'sum'>
  sum<V>(expression: Expression<V> & Numbers): Expression<SumOf<V>>
  /** Mean of a column, as a number; `null` of no rows. */
  avg<const Column extends string>(column: Column): NamedFunction<Column, 'avg'>
  avg(expression: Numbers): Expression<number | null>
  /** Smallest value of a column; `null` of no rows. */
  min<const Column extends string>(column: Column): NamedFunction<Column, 'min'>
  min<V>(expression: Expression<V>): Expression<V | null>
  /** Largest value of a column; `null` of no rows. */
  max<const Column extends string>(column: Column): NamedFunction<Column, 'max'>
  max<V>(expression: Expression<V>): Expression<V | null>
  /** A text in lower case. */
  lower<const Column extends string>(column: Column): NamedFunction<Column, 'lower'>
  lower<V extends string | null>(expression: Expression<V>): Expression<V>
  /** A text in upper case. */
  upper<const Column extends string>(column: Column): NamedFunction<Column, 'upper'>
  upper<V extends string | null>(expression: Expression<V>): Expression<V>
  /**
   * Any other function of the database. Its name is the application's; its parameters are expressions, or values that are bound.
   *
   * @typeParam V What it gives, by the caller's word.
   * @example
   * User.query((user) => ({ sound: db.func.call<string>('soundex', user.name) }))
   */
  call<V = unknown>(name: string, ...parameters: readonly unknown[]): Expression<V>
}

/**
 * SQL functions whose results have the right type on every database.
 *
 * @since 0.1
 * @example
 * Post.query({ words: db.func.sum('words'), posts: db.func.count() }).first()
 */
export const func: Functions = {
  count: named('count'),
  sum: named('sum'),
  avg: named('avg'),
  min: named('min'),
  max: named('max'),
  lower: named('lower'),
  upper: named('upper'),
  call: callOf,
}

import { FindOperator } from 'typeorm'

/** What an operator does with its operands. */
export type OperatorKind = '<>' | '>' | '>=' | '<' | '<=' | 'between' | 'in' | 'null' | 'not' | 'and' | 'or'

/**
 * How a filter compares, where it is not by equality. Made by `oneOf`, `isNull`, `not` and their like.
 *
 * It is known by a private field, which only its constructor gives: nothing that JSON can say is one.
 *
 * @typeParam V What the operands are: values of a column, or whole filters.
 */
export class Operator<out V = unknown> {
  readonly #kind: OperatorKind
  readonly #operands: readonly unknown[]
  /** Only for the type: what the operands are. */
  declare readonly operand: V

  constructor(kind: OperatorKind, operands: readonly unknown[]) {
    this.#kind = kind
    this.#operands = operands
  }

  /** Whether `value` is an operator. */
  static is(value: unknown): value is Operator {
    return typeof value === 'object' && value !== null && #kind in value
  }

  /** @internal */
  get kind(): OperatorKind {
    return this.#kind
  }

  /** @internal */
  get operands(): readonly unknown[] {
    return this.#operands
  }
}

/**
 * Any of these values; none of an empty list. One that is no list, as a query string gives it, is a list of itself.
 *
 * @example
 * User.filter({ location: oneOf(['USA', 'Moon']) })
 */
export function oneOf<const V>(values: readonly V[]): Operator<V> {
  return new Operator('in', Array.isArray(values) ? [...values] : [values])
}

/** No value. @example User.filter({ lastAccess: isNull() }) */
export function isNull(): Operator<never> {
  return new Operator('null', [])
}

/**
 * Another value than this one, or what an operator does not find. As in SQL, a row without a value is not found by it.
 *
 * @example
 * User.filter({ location: not('USA'), lastAccess: not(isNull()) })
 */
export function not<V>(operand: V | Operator<V>): Operator<V> {
  return new Operator('not', [operand])
}

/** Greater than. @example User.filter({ points: gt(10) }) */
export function gt<V>(value: V): Operator<V> {
  return new Operator('>', [value])
}

/** Greater than or equal. */
export function gte<V>(value: V): Operator<V> {
  return new Operator('>=', [value])
}

/** Less than. */
export function lt<V>(value: V): Operator<V> {
  return new Operator('<', [value])
}

/** Less than or equal. */
export function lte<V>(value: V): Operator<V> {
  return new Operator('<=', [value])
}

/** From `least` to `most`, both included. @example User.filter({ id: between(1, 9) }) */
export function between<V>(least: V, most: V): Operator<V> {
  return new Operator('between', [least, most])
}

/** One of these filters, or of these values and operators. @example User.filter(or({ name: 'Ada' }, { points: gt(10) })) */
export function or<const V extends readonly unknown[]>(...parts: V): Operator<OperandOf<V[number]>> {
  return new Operator('or', parts)
}

/** All of these filters, or of these values and operators. @example User.filter({ points: and(gt(1), not(5)) }) */
export function and<const V extends readonly unknown[]>(...parts: V): Operator<OperandOf<V[number]>> {
  return new Operator('and', parts)
}

/** What is compared by a part of `or` and `and`. */
type OperandOf<Part> = Part extends Operator<infer V> ? V : Part

/** What TypeORM's operators are here. */
const known: Readonly<Partial<Record<FindOperator<unknown>['type'], OperatorKind>>> = {
  lessThan: '<',
  lessThanOrEqual: '<=',
  moreThan: '>',
  moreThanOrEqual: '>=',
  between: 'between',
  in: 'in',
  isNull: 'null',
  not: 'not',
  and: 'and',
  or: 'or',
}

/**
 * The operator that TypeORM's stands for; another value as it is.
 *
 * @throws {TypeError} It has none here.
 */
export function fromTypeorm(value: unknown): unknown {
  if (!(value instanceof FindOperator)) return value
  // TypeORM's `value` is what stands at the bottom of nested operators; `child` is the next one.
  const operand: unknown = value.child ?? value.value
  if (value.type === 'equal') return operand
  const kind = known[value.type]
  if (!kind) throw new TypeError(`takes no ${value.type} of TypeORM`)
  if (kind === 'null') return isNull()
  return new Operator(kind, kind !== 'not' && Array.isArray(operand) ? operand : [operand])
}

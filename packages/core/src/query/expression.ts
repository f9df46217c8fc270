import { among, call, type Dialect, escapeLike, joined, Parameter, type Piece, type Pieces } from '../drivers/dialect.js'
import type { ColumnMetadata } from '../drivers/internals.js'
import { InvalidFilterError } from '../errors.js'
import { columnCalled } from '../mapping/foreign-key.js'
import { columnType, isHidden } from '../mapping/mapped-column.js'
import { blindIndexOf } from '../plan/secrets.js'
import type { Asked, ColumnKind, ColumnType } from '../types/column-type.js'
import type { From } from './compile.js'
import { bigintType, booleanType, columnValueType, decimalType, numberType, textType, type ValueType } from './value-type.js'

/** An expression within one query: what it is as SQL, and what its values are. */
export interface Term {
  readonly pieces: Pieces
  readonly type: ValueType
  /** Whether it is known to have a value in each row. @default false */
  readonly isRequired?: boolean
}

/** What is compared with an expression of values `V`: a value, or another expression. */
export type Operand<V> = NonNullable<V> | Expression<NonNullable<V>> | Expression<NonNullable<V> | null>

/** What a number is reckoned with. */
export type NumberOperand =
  | number
  | bigint
  | Expression<number>
  | Expression<bigint>
  | Expression<number | null>
  | Expression<bigint | null>

/** A query of one column, as the list of what it gives. */
export interface Subquery<V> {
  /** @internal The SELECT inside `outer`. */
  subquery(outer: From): Pieces
  /** Only for the type. */
  readonly column?: V
}

/** What may be asked of a column: an `Operator`. @since 0.2 */
export interface ColumnOperator<out V> {
  /** Only for the type. */
  readonly operand: V
  /** @internal The condition on a column. */
  on(column: Expression, from: From): Condition
}

type Numeric = number | bigint | null

/** The sum of values of type `V`; `null` of no rows. */
export type SumOf<V> = V extends null ? never : V | null

/**
 * An expression over the columns of a query: a column, a function of it, a comparison.
 *
 * It is made inside the query that it belongs to, by a function that gets the model's columns; each method gives a new one.
 *
 * @typeParam V Type of its values.
 * @since 0.2
 * @example
 * User.filter((user) => user.name.lower().eq('ada').and(user.updatedAt.gt(user.createdAt)))
 */
export class Expression<V = unknown> {
  /** Only for the type. */
  declare readonly value: V
  /** @internal Makes it SQL within a query. */
  readonly term: (from: From) => Term
  /** @internal Of a secret column, what may be asked of it all the same. */
  readonly secret: Secret | undefined

  /** @internal Made by columns, `db.func` and the methods below. */
  constructor(term: (from: From) => Term, secret?: Secret) {
    this.term = term
    this.secret = secret
  }

  // ------------------------------------------------------------------------------------------------ comparing

  /** Equal. @throws {InvalidFilterError} The value is of another kind, or `null`. Status 400. */
  eq(other: Operand<V>): Condition {
    return compare(this, '=', other)
  }

  /** Different; NULL is neither equal nor different. */
  ne(other: Operand<V>): Condition {
    return compare(this, '<>', other)
  }

  /** Greater, or later. */
  gt(other: Operand<V>): Condition {
    return compare(this, '>', other)
  }

  /** Greater or equal. */
  gte(other: Operand<V>): Condition {
    return compare(this, '>=', other)
  }

  /** Less, or earlier. */
  lt(other: Operand<V>): Condition {
    return compare(this, '<', other)
  }

  /** Less or equal. */
  lte(other: Operand<V>): Condition {
    return compare(this, '<=', other)
  }

  /** From `low` to `high`, both included. */
  between(low: Operand<V>, high: Operand<V>): Condition {
    return range(this, low, high)
  }

  /** One of a list, which matches nothing when it is empty, or of what a query of one column gives. */
  in(list: readonly NonNullable<V>[] | Subquery<V>): Condition {
    return membership(this, list)
  }

  /** Without a value. */
  isNull(): Condition {
    return condition((from) => [...(this.secret?.presence(from) ?? this.term(from).pieces), ' IS NULL'])
  }

  /** Like a pattern of `%` (any text) and `_` (any sign), in which `\` escapes; it sees case. */
  like(pattern: string): Condition {
    return alike(this, pattern, 'like')
  }

  /** The same without regard to case. */
  ilike(pattern: string): Condition {
    return alike(this, pattern, 'ilike')
  }

  /** Begins with a text; its `%` and `_` are themselves. It sees case. */
  startsWith(text: string): Condition {
    return matching(this, text, (dialect, value, each) => dialect.like(value, `${escapeLike(each)}%`))
  }

  /** Ends with a text. See `startsWith`. */
  endsWith(text: string): Condition {
    return matching(this, text, (dialect, value, each) => dialect.like(value, `%${escapeLike(each)}`))
  }

  /** Contains a text. See `startsWith`. */
  contains(text: string): Condition {
    return matching(this, text, (dialect, value, each) => dialect.like(value, `%${escapeLike(each)}%`))
  }

  /**
   * What an operator asks: one of a type of its own, or of those that filters of names take.
   *
   * @since 0.2
   * @example
   * User.filter((user) => user.name.matches(not(startsWith('A'))).and(user.age.gt(40)))
   */
  matches<Own extends Expression>(this: Own, operator: ColumnOperator<Asked<NonNullable<Own['value']>>>): Condition {
    return condition((from) => operator.on(this, from).term(from).pieces)
  }

  // ------------------------------------------------------------------------------------------------ reckoning

  /** The sum of both. */
  plus(this: Expression<Numeric> | Expression<string | null>, other: NumberOperand): Expression<V> {
    return reckon(this, '+', other)
  }

  /** The difference. */
  minus(this: Expression<Numeric> | Expression<string | null>, other: NumberOperand): Expression<V> {
    return reckon(this, '-', other)
  }

  /** The product. */
  times(this: Expression<Numeric> | Expression<string | null>, other: NumberOperand): Expression<V> {
    return reckon(this, '*', other)
  }

  /** The quotient, as a real number; NULL where the divisor is 0. */
  dividedBy(this: Expression<Numeric> | Expression<string | null>, other: NumberOperand): Expression<number | null> {
    return new Expression((from) => {
      const own = numeric(this, from)
      return { pieces: from.driver.dialect.divide(own.pieces, numberOperand(other, from)), type: numberType }
    })
  }

  /** Without its sign. */
  abs(this: Expression<Numeric> | Expression<string | null>): Expression<V> {
    return new Expression((from) => {
      const { pieces, type } = numeric(this, from)
      return { pieces: call('ABS', pieces), type }
    })
  }

  /** Rounded, half away from zero. @param digits After the point, 0 to 15. @default 0 */
  round(
    this: Expression<Numeric> | Expression<string | null>,
    digits = 0,
  ): Expression<V extends string | null ? V : number | Extract<V, null>> {
    return new Expression((from) => {
      const { pieces, type } = numeric(this, from)
      if (!Number.isInteger(digits) || digits < 0 || digits > 15)
        throw new InvalidFilterError(from.name, 'round()', 'it takes 0 to 15 digits')
      const rounded = type.kind === 'decimal' ? decimalType(digits) : numberType
      return { pieces: from.driver.dialect.round(pieces, [`${digits}`]), type: rounded }
    })
  }

  // ------------------------------------------------------------------------------------------------ texts

  /** In lower case. */
  lower(this: Expression<string> | Expression<string | null>): Expression<V> {
    return new Expression((from) => ({ pieces: from.driver.dialect.lower(text(this, from).pieces), type: textType }))
  }

  /** In upper case. */
  upper(this: Expression<string> | Expression<string | null>): Expression<V> {
    return new Expression((from) => ({ pieces: from.driver.dialect.upper(text(this, from).pieces), type: textType }))
  }

  /** Without spaces at both ends. */
  trim(this: Expression<string> | Expression<string | null>): Expression<V> {
    return new Expression((from) => ({ pieces: call('TRIM', text(this, from).pieces), type: textType }))
  }

  /** Number of characters. */
  length(this: Expression<string> | Expression<string | null>): Expression<number | Extract<V, null>> {
    return new Expression((from) => ({ pieces: from.driver.dialect.length(text(this, from).pieces), type: numberType }))
  }

  /** Followed by texts, or by other expressions; NULL if one of them is. */
  concat(
    this: Expression<string> | Expression<string | null>,
    ...others: readonly (string | Expression<string> | Expression<string | null>)[]
  ): Expression<V> {
    return new Expression((from) => {
      const parts = others.map((other) => (other instanceof Expression ? other.term(from).pieces : operand(other, textType, from)))
      return { pieces: from.driver.dialect.concat([text(this, from).pieces, ...parts]), type: textType }
    })
  }

  // ------------------------------------------------------------------------------------------------ values

  /** Another value in place of NULL. */
  coalesce(other: Operand<V>): Expression<NonNullable<V>> {
    return new Expression((from) => {
      const own = this.term(from)
      return { pieces: call('COALESCE', own.pieces, operand(other, own.type, from)), type: own.type }
    })
  }

  /** As a value of another type: `user.points.cast(db.Text)`. */
  cast<T>(type: ColumnType<T>): Expression<T | Extract<V, null>> {
    return new Expression((from) => ({
      pieces: from.driver.dialect.cast(this.term(from).pieces, type.kind),
      type: resultTypes[type.kind] ?? textType,
    }))
  }

  /** The text at a path of a JSON value: `page.meta.path('address.city')`; NULL where there is none. */
  path(path: string): Expression<string | null> {
    return new Expression((from) => {
      const steps = typeof path === 'string' ? path.split('.') : []
      if (steps.length === 0 || steps.length > 20 || !steps.every((step) => /^[\w-]{1,64}$/.test(step))) {
        throw new InvalidFilterError(from.name, 'path()', 'a path is names and numbers with points between them')
      }
      const own = this.term(from)
      if (own.type.kind !== 'json') throw refusal(from, 'has no paths: it is no JSON')
      return { pieces: from.driver.dialect.jsonText(own.pieces, steps), type: textType }
    })
  }

  // ------------------------------------------------------------------------------------------------ many rows

  /** How many rows have a value. */
  count(): Expression<number> {
    return overMany((from) => ({ pieces: call('COUNT', this.term(from).pieces), type: numberType }))
  }

  /** Sum of a group; `null` of no rows. A number of Integer, a bigint of BigInteger, a text with all its digits of Numeric. */
  sum(this: Expression<Numeric> | Expression<string | null>): Expression<SumOf<V>> {
    return overMany((from) => {
      const { pieces, type } = numeric(this, from)
      const { dialect } = from.driver
      return { pieces: type.kind === 'decimal' ? dialect.sumOfDecimals(pieces) : call('SUM', pieces), type: summed(type) }
    })
  }

  /** Mean of a group, as a number; `null` of no rows. */
  avg(this: Expression<Numeric> | Expression<string | null>): Expression<number | null> {
    return overMany((from) => ({ pieces: from.driver.dialect.average(numeric(this, from).pieces), type: numberType }))
  }

  /** Smallest of a group; `null` of no rows. */
  min(): Expression<V | null> {
    return overMany((from) => {
      const { pieces, type } = comparable(this, from)
      return { pieces: call('MIN', pieces), type }
    })
  }

  /** Largest of a group; `null` of no rows. */
  max(): Expression<V | null> {
    return overMany((from) => {
      const { pieces, type } = comparable(this, from)
      return { pieces: call('MAX', pieces), type }
    })
  }

  /** Equal values once, inside `count`, `sum` and `avg`: `post.words.distinct().count()`. */
  distinct(): Expression<V> {
    return new Expression((from) => {
      const { pieces, type } = this.term(from)
      refuseOpaque(type, from)
      return { pieces: ['DISTINCT ', ...pieces], type }
    })
  }

  // ------------------------------------------------------------------------------------------------ ordering

  /** Ascending, for `orderBy`. */
  asc(): Ordering {
    return new Ordering(this, 'ASC')
  }

  /** Descending, for `orderBy`. */
  desc(): Ordering {
    return new Ordering(this, 'DESC')
  }
}

/** A term of an order. @since 0.2 @example User.query().orderBy((user) => user.lastAccess.desc().nullsLast()) */
export class Ordering {
  readonly expression: Expression
  readonly direction: 'ASC' | 'DESC'
  readonly nulls: 'first' | 'last' | undefined

  /** @internal Made by `asc` and `desc`. */
  constructor(expression: Expression, direction: 'ASC' | 'DESC', nulls?: 'first' | 'last') {
    this.expression = expression
    this.direction = direction
    this.nulls = nulls
  }

  /** Rows without a value come first. */
  nullsFirst(): Ordering {
    return new Ordering(this.expression, this.direction, 'first')
  }

  /** Rows without a value come last. */
  nullsLast(): Ordering {
    return new Ordering(this.expression, this.direction, 'last')
  }
}

/**
 * An expression that is true, false or unknown: what a filter takes.
 *
 * @since 0.2
 * @example
 * User.filter((user) => user.age.gt(40).and(user.location.eq('Moon')))
 */
export class Condition extends Expression<boolean> {
  /** Both hold. */
  and(other: Condition): Condition {
    return condition((from) => ['(', ...this.term(from).pieces, ' AND ', ...other.term(from).pieces, ')'])
  }

  /** One of both holds. */
  or(other: Condition): Condition {
    return condition((from) => ['(', ...this.term(from).pieces, ' OR ', ...other.term(from).pieces, ')'])
  }

  /** It does not hold; of what is unknown, neither it nor its opposite does. */
  not(): Condition {
    return condition((from) => ['NOT (', ...this.term(from).pieces, ')'])
  }
}

/** @internal */
export function condition(pieces: (from: From) => Pieces): Condition {
  return new Condition((from) => ({ pieces: pieces(from), type: booleanType }))
}

/** Results of a cast, by kind. */
const resultTypes: Partial<Record<ColumnKind, ValueType>> = {
  integer: numberType,
  number: numberType,
  bigint: bigintType,
  decimal: decimalType(0),
  boolean: booleanType,
}

/** A function over many rows. */
function overMany<V>(term: (from: From) => Term): Expression<V> {
  return new Expression((from) => {
    from.noteMany()
    return term(from)
  })
}

/** What may be asked of a secret column: whether it has a value, and which rows have an equal one. */
interface Secret {
  presence(from: From): Pieces
  /** What stands for equal values, and where; `undefined` where they are not found. */
  equal(from: From, value: unknown): { readonly column: Pieces; readonly marks: readonly string[] } | undefined
}

/** Rows whose secret is one of `values`, by what equal ones have in common; or the rows whose secret is none of them. */
function amongSecrets(own: Expression, values: readonly unknown[], isOneOf: boolean): Condition | undefined {
  const { secret } = own
  if (!secret) return undefined
  return condition((from) => {
    if (values.length === 0) return [isOneOf ? '1 = 0' : '1 = 1']
    const found = values.map((value) => secret.equal(from, value))
    const column = found[0]?.column
    // Without such a column its term says why not.
    if (!column) return own.term(from).pieces
    const marks = found.flatMap((each): Pieces[] => (each?.marks ?? []).map((mark) => [new Parameter(mark)]))
    return isOneOf ? among(column, marks) : ['NOT ', ...among(column, marks)]
  })
}

/** A column as an expression; of a secret one nothing can be reckoned. @param within Its table, in a query. */
export function columnExpression<V>(column: ColumnMetadata, within: (from: From) => From): Expression<V> {
  const term = (from: From): Term => columnTerm(within(from), column)
  if (columnType(column).kind !== 'secret') return new Expression(term)
  const name = column.propertyPath
  const refuse = (from: From): never => {
    throw new InvalidFilterError(
      from.name,
      name,
      'it is secret, and neither compared nor sorted by',
      'Of an encrypted column, a blindIndex finds equal values.',
    )
  }
  return new Expression(refuse, {
    presence: (from) => term(from).pieces,
    equal(from, value) {
      const blind = blindIndexOf(column)
      if (!blind) return undefined
      if (value instanceof Expression) return refuse(from)
      return { column: within(from).column(blind.column), marks: blind.of(checked(value, columnValueType(from.dataSource, column), from)) }
    },
  })
}

/** Compares with a value that is checked when the SQL is written. */
export function compare(own: Expression, sign: '=' | '<>' | '>' | '>=' | '<' | '<=', other: unknown): Condition {
  const secret = sign === '=' || sign === '<>' ? amongSecrets(own, [other], sign === '=') : undefined
  if (secret) return secret
  return condition((from) => {
    const term = compared(own, from)
    const right = operand(other, term.type, from)
    // Equal decimals are kept as the same text.
    if (sign === '=' || sign === '<>') return [...term.pieces, ` ${sign} `, ...right]
    return [...sortable(term, from), ` ${sign} `, ...sortable({ pieces: right, type: term.type }, from)]
  })
}

/** From `low` to `high`, which are checked when the SQL is written. */
export function range(own: Expression, low: unknown, high: unknown): Condition {
  return condition((from) => {
    const term = compared(own, from)
    const [least, most] = [low, high].map((each) => sortable({ pieces: operand(each, term.type, from), type: term.type }, from))
    return [...sortable(term, from), ' BETWEEN ', ...(least ?? []), ' AND ', ...(most ?? [])]
  })
}

/** One of a list, or of what a query of one column gives; checked when the SQL is written. */
export function membership(own: Expression, list: unknown): Condition {
  const secret = Array.isArray(list) ? amongSecrets(own, list, true) : undefined
  if (secret) return secret
  return condition((from) => {
    const term = compared(own, from)
    if (isSubquery(list)) return [...term.pieces, ' IN (', ...list.subquery(from), ')']
    if (!Array.isArray(list)) throw refusal(from, 'takes a list or a query of one column')
    if (list.length === 0) return ['1 = 0']
    return among(
      term.pieces,
      list.map((each) => operand(each, term.type, from)),
    )
  })
}

/** Like a pattern, which is checked when the SQL is written. @param how With regard to case, or without. */
export function alike(own: Expression, pattern: unknown, how: 'like' | 'ilike'): Condition {
  return matching(own, pattern, (dialect, value, text) => dialect[how](value, text))
}

function matching(own: Expression, pattern: unknown, write: (dialect: Dialect, value: Pieces, pattern: string) => Pieces): Condition {
  return condition((from) => {
    const term = text(own, from)
    if (typeof pattern !== 'string' || pattern.includes('\0')) throw refusal(from, 'is matched by a string')
    return write(from.driver.dialect, term.pieces, pattern)
  })
}

/** Whether a value is a query of one column. */
export function isSubquery(value: unknown): value is Subquery<unknown> {
  return typeof value === 'object' && value !== null && 'subquery' in value && typeof value.subquery === 'function'
}

/** What stands on the other side of a comparison. */
function operand(value: unknown, type: ValueType, from: From): Pieces {
  if (value instanceof Expression) return value.term(from).pieces
  const bound: Pieces = [new Parameter(encoded(value, type, from))]
  const { dialect } = from.driver
  if (type.kind === 'composite') return dialect.row(bound, type.storedAs ?? 'text')
  return type.isWide ? dialect.decimal(bound, type.scale ?? 0) : bound
}

function encoded(value: unknown, type: ValueType, from: From): unknown {
  if (value === null || value === undefined) {
    throw new InvalidFilterError(from.name, type.name ?? 'a value', `${String(value)} is no value`, 'Write isNull(), or leave the key out.')
  }
  refuseOpaque(type, from)
  return type.encode(checked(value, type, from))
}

/** @throws {InvalidFilterError} The value is of another kind. Status 400. */
function checked(value: unknown, type: ValueType, from: From): unknown {
  try {
    return type.accept(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw InvalidFilterError.ofValue(from.name, type.name ?? 'a value', error.message)
  }
}

/** @throws {InvalidFilterError} Values of that type are neither compared nor sorted by. Status 400. */
function refuseOpaque(type: ValueType, from: From): void {
  if (!type.isOpaque) return
  if (type.kind !== 'json') {
    throw new InvalidFilterError(from.name, type.name ?? 'a value', 'its values are not compared', 'Filter by another column.')
  }
  const remedy = "Write a function: (row) => row.meta.path('a.b').eq('x')"
  throw new InvalidFilterError(from.name, type.name ?? 'JSON', 'JSON is compared by its parts', remedy)
}

function refusal(from: From, reason: string): InvalidFilterError {
  return new InvalidFilterError(from.name, 'an expression', `it ${reason}`)
}

const numericKinds: ReadonlySet<string> = new Set(['integer', 'bigint', 'number', 'decimal', 'unknown'])

function numeric(expression: Expression, from: From): Term {
  const term = expression.term(from)
  if (!numericKinds.has(term.type.kind)) throw refusal(from, 'is no number')
  return term
}

/** What sorts as the values of a term do. */
export function sortable({ pieces, type }: Term, from: From): Pieces {
  const { dialect } = from.driver
  if (type.kind === 'composite') throw refusal(from, 'has no order')
  return type.isWide && !dialect.sortsDecimals ? dialect.orderOfDecimal(pieces, type.scale ?? 0) : pieces
}

/** What may stand in a comparison. */
function compared(expression: Expression, from: From): Term {
  const term = expression.term(from)
  refuseOpaque(term.type, from)
  return term
}

/** What has a smallest and a largest. */
function comparable(expression: Expression, from: From): Term {
  const term = compared(expression, from)
  if (['boolean', 'uuid', 'bytes', 'bits', 'range', 'path', 'composite'].includes(term.type.kind))
    throw refusal(from, 'has no order on every database')
  return term
}

function text(expression: Expression, from: From): Term {
  const term = compared(expression, from)
  if (term.type.kind !== 'string' && term.type.kind !== 'unknown') throw refusal(from, 'is no text')
  return term
}

function reckon<V>(own: Expression, sign: '+' | '-' | '*', other: NumberOperand): Expression<V> {
  return new Expression((from) => {
    const term = numeric(own, from)
    const isWhole = typeof other === 'bigint' || Number.isInteger(other) || other instanceof Expression
    return {
      pieces: ['(', ...term.pieces, ` ${sign} `, ...numberOperand(other, from), ')'],
      type:
        term.type.kind === 'decimal' ? decimalType(term.type.scale ?? 0) : term.type.kind === 'bigint' && isWhole ? bigintType : numberType,
    }
  })
}

/** A number beside a column: one with a fraction would be read as the column's own kind, which may be whole. */
function numberOperand(value: unknown, from: From): Pieces {
  if (value instanceof Expression) return operand(value, numberType, from)
  const pieces: Piece[] = [new Parameter(encoded(value, numberType, from))]
  return typeof value === 'number' && !Number.isInteger(value) ? from.driver.dialect.cast(pieces, 'number') : pieces
}

function summed(type: ValueType): ValueType {
  if (type.kind === 'bigint') return bigintType
  return type.kind === 'decimal' ? decimalType(type.scale ?? 0) : numberType
}

/** A column by its name in the model of the query, for `db.func`. */
export function named(name: string): Expression {
  return new Expression((from) => visibleColumn(from, name))
}

/** @throws {InvalidFilterError} No visible column has the name. Status 400. */
export function visibleColumn(from: From, name: string): Term {
  const column = columnCalled(from.metadata, name)
  if (!column || isHidden(column)) throw unknownColumn(from, name)
  return columnTerm(from, column)
}

/** A column as a term. */
export function columnTerm(from: From, column: ColumnMetadata): Term {
  // A walked path is a left join, whose row may be missing.
  return { pieces: from.column(column), type: columnValueType(from.dataSource, column), isRequired: !column.isNullable && !from.parent }
}

/** An error that lists the columns that may be named. */
export function unknownColumn({ metadata }: Pick<From, 'metadata'>, name: string): InvalidFilterError {
  const names = metadata.columns.filter((column) => !column.isVirtual && !isHidden(column)).map(({ propertyPath }) => propertyPath)
  return new InvalidFilterError(metadata.name, name, 'it is no column', `It has ${names.join(', ')}.`)
}

/** Pieces between parentheses with a word between them, as a tree that is not deep: databases bound the depth. */
export function balanced(parts: readonly Pieces[], word: ' AND ' | ' OR '): Pieces {
  if (parts.length <= 8) return parts.length === 1 ? (parts[0] ?? []) : ['(', ...joined(parts, word), ')']
  const half = parts.length >> 1
  return ['(', ...balanced(parts.slice(0, half), word), word, ...balanced(parts.slice(half), word), ')']
}

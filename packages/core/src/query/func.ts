import type { ColumnKind } from '../types/column-type.js'

/** The type of a result that is the column's own. */
export interface OwnType {
  readonly own: true
}

/**
 * An aggregate or function over a column, for `Model.query({ … })`.
 *
 * @typeParam Column Name of the column.
 * @typeParam Result Type of the value, `OwnType` for that of the column.
 */
export class Expression<Column extends string, Result> {
  /** The SQL function. */
  readonly name: string
  /** Property of the model; `*` for rows. */
  readonly column: Column
  /** Kinds of the column that it takes; all without. */
  readonly kinds: readonly ColumnKind[] | undefined
  /** @internal SQL behind the column, which gives its values the type that the result needs. */
  readonly cast: string
  /** Whether equal values count once. */
  readonly isDistinct: boolean
  /** Turns what the driver gives into the result; `undefined` for the column's own conversion. */
  readonly convert: ((value: unknown) => Result) | undefined
  /** Whether it makes one value of many rows. */
  get isAggregate(): boolean {
    return !['LOWER', 'UPPER'].includes(this.name)
  }

  /** Only for the type: what a row holds. */
  declare readonly result: Result

  constructor(name: string, column: Column, convert?: (value: unknown) => Result, how: ExpressionOptions = {}) {
    this.name = name
    this.column = column
    this.convert = convert
    this.isDistinct = how.isDistinct ?? false
    this.kinds = how.kinds
    this.cast = how.cast ?? ''
  }

  /** The same over different values only. @example db.func.count('location').distinct() */
  distinct(): Expression<Column, Result> {
    const { kinds, cast } = this
    return new Expression(this.name, this.column, this.convert, { kinds, cast, isDistinct: true })
  }
}

/** How an `Expression` treats its column. */
export interface ExpressionOptions {
  readonly isDistinct?: boolean
  readonly kinds?: readonly ColumnKind[] | undefined
  readonly cast?: string
}

const numbers: readonly ColumnKind[] = ['integer', 'bigint', 'number', 'decimal']
/** What every database has an order for. */
const ordered: readonly ColumnKind[] = [...numbers, 'string', 'date', 'time', 'datetime']

const toNumber = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))

/** SQL functions whose results have the right type on every database. */
export const func = {
  /** Number of rows, or of rows with a value in `column`. */
  count<const Column extends string = '*'>(column?: Column): Expression<Column, number> {
    return new Expression('COUNT', column ?? ('*' as Column), Number)
  },
  /** Sum of a column of numbers, of the column's own type: a text with all its digits of a Numeric. `null` of no rows. */
  sum<const Column extends string>(column: Column): Expression<Column, OwnType> {
    return new Expression('SUM', column, undefined, { kinds: numbers })
  },
  /** Mean of a column of numbers; `null` of no rows. */
  avg<const Column extends string>(column: Column): Expression<Column, number | null> {
    // As a float: of whole numbers MySQL gives four digits after the point.
    return new Expression('AVG', column, toNumber, { kinds: numbers, cast: ' + 0e0' })
  },
  /** Smallest value of a column; `null` of no rows. */
  min<const Column extends string>(column: Column): Expression<Column, OwnType> {
    return new Expression('MIN', column, undefined, { kinds: ordered })
  },
  /** Largest value of a column; `null` of no rows. */
  max<const Column extends string>(column: Column): Expression<Column, OwnType> {
    return new Expression('MAX', column, undefined, { kinds: ordered })
  },
  /** A text in lower case. */
  lower<const Column extends string>(column: Column): Expression<Column, string | null> {
    return new Expression('LOWER', column, (value) => value as string | null, { kinds: ['string'] })
  },
  /** A text in upper case. */
  upper<const Column extends string>(column: Column): Expression<Column, string | null> {
    return new Expression('UPPER', column, (value) => value as string | null, { kinds: ['string'] })
  },
} as const

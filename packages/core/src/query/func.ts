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
  /** Whether equal values count once. */
  readonly isDistinct: boolean
  /** Turns what the driver gives into the result; `undefined` for the column's own conversion. */
  readonly convert: ((value: unknown) => Result) | undefined
  /** Only for the type: what a row holds. */
  declare readonly result: Result

  constructor(name: string, column: Column, convert?: (value: unknown) => Result, isDistinct = false) {
    this.name = name
    this.column = column
    this.convert = convert
    this.isDistinct = isDistinct
  }

  /** The same over different values only. @example db.func.count('location').distinct() */
  distinct(): Expression<Column, Result> {
    return new Expression(this.name, this.column, this.convert, true)
  }
}

const toNumber = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))

/** SQL functions whose results have the right type on every database. */
export const func = {
  /** Number of rows, or of rows with a value in `column`. */
  count<const Column extends string = '*'>(column?: Column): Expression<Column, number> {
    return new Expression('COUNT', column ?? ('*' as Column), Number)
  },
  /** Sum of a column; `null` of no rows. */
  sum<const Column extends string>(column: Column): Expression<Column, number | null> {
    return new Expression('SUM', column, toNumber)
  },
  /** Mean of a column; `null` of no rows. */
  avg<const Column extends string>(column: Column): Expression<Column, number | null> {
    return new Expression('AVG', column, toNumber)
  },
  /** Smallest value of a column; `null` of no rows. */
  min<const Column extends string>(column: Column): Expression<Column, OwnType> {
    return new Expression('MIN', column)
  },
  /** Largest value of a column; `null` of no rows. */
  max<const Column extends string>(column: Column): Expression<Column, OwnType> {
    return new Expression('MAX', column)
  },
  /** A text in lower case. */
  lower<const Column extends string>(column: Column): Expression<Column, string | null> {
    return new Expression('LOWER', column, (value) => value as string | null)
  },
  /** A text in upper case. */
  upper<const Column extends string>(column: Column): Expression<Column, string | null> {
    return new Expression('UPPER', column, (value) => value as string | null)
  },
} as const

import type { QueryResult } from 'typeorm'
import type { ColumnKind } from '../types/column-type.js'

/** A value that a statement binds. */
export class Parameter {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** A table's name within one statement; it becomes text when the statement is written. */
export class Alias {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** A piece of a statement: text of our own, a value to bind, or the name of a table in it. */
export type Piece = string | Parameter | Alias

/** A part of a statement, as its pieces from left to right. */
export type Pieces = readonly Piece[]

/** Where NULLs stand in an order. */
export type NullsOrder = 'first' | 'last'

/** How the rows of a SELECT are locked. */
interface RowLock {
  readonly skipLocked: boolean
  readonly noWait: boolean
  /** The table whose rows are locked, where others are joined to it. */
  readonly of: Alias | undefined
  /** Whether others may go on to insert rows that refer to them, where the database can tell these apart. @default false */
  readonly isReferable?: boolean
}

/** What an INSERT does with a row whose key is there already: it changes that row. Names are quoted. */
export interface Conflict {
  /** Name of the table, by which its row is told from the new one. */
  readonly table: string
  /** The columns by which a row is found; a unique key covers them. */
  readonly key: readonly string[]
  /** The columns that take the new values. */
  readonly set: readonly string[]
  /** A column that counts the changes. */
  readonly version: string | undefined
  /** The column that is NULL in a live row: others are not changed. */
  readonly deletedAt: string | undefined
  /** Whether the key is unique among live rows alone. */
  readonly isAmongLive: boolean
}

/** A level of a pattern of paths. */
export interface PathLevel {
  /** A regular expression of a whole label, without its ends; `undefined` of any label. */
  readonly label: string | undefined
  /** Whether it is what a label must not be. */
  readonly isNot: boolean
  /** How many labels there are one after the other, at least and at most. */
  readonly least: number
  readonly most: number
}

/**
 * How a database writes what SQL's standard leaves to it, so that an expression means the same on all of them.
 *
 * Each member takes pieces and gives pieces: no value ever becomes text.
 */
export interface Dialect {
  /** Texts one after the other; NULL if one is. */
  concat(parts: readonly Pieces[]): Pieces
  /** Real division; NULL by zero. */
  divide(dividend: Pieces, divisor: Pieces): Pieces
  /** Mean of a column of numbers, to the precision of a double. */
  average(value: Pieces): Pieces
  /** Sum of a column of decimals, to their last digit. */
  sumOfDecimals(value: Pieces): Pieces
  /** A decimal column and a bound text: their sum, to the last digit. @param scale Digits after the point. */
  addDecimal(value: Pieces, amount: Pieces, scale: number): Pieces
  /** A bound text as the decimal that it says: beside a text some compare as doubles. @param scale Digits after the point. */
  decimal(value: Pieces, scale: number): Pieces
  /** Whether decimals of any number of digits sort and compare as they are kept. */
  readonly sortsDecimals: boolean
  /** What compares and sorts as a decimal does, of a column or of a bound text. */
  orderOfDecimal(value: Pieces, scale: number): Pieces
  /** Number of characters. */
  length(value: Pieces): Pieces
  /** How a text is held against a regular expression: the operator, and what the end of the text is in one. */
  readonly regularExpressions: { readonly operator: string; readonly end: string } | undefined
  /** A number to so many digits after the point. */
  round(value: Pieces, digits: Pieces): Pieces
  /** Lower case by Unicode. */
  lower(value: Pieces): Pieces
  /** Upper case by Unicode. */
  upper(value: Pieces): Pieces
  /** A value as another kind. */
  cast(value: Pieces, kind: ColumnKind): Pieces
  /** Whether a text matches a pattern of `%` and `_`, in which `\` escapes; it sees case. */
  like(value: Pieces, pattern: string): Pieces
  /** The same without regard to case. */
  ilike(value: Pieces, pattern: string): Pieces
  /** An end of a range that is kept as text, as it sorts; `undefined` where the database has ranges. */
  readonly rangePart: ((value: Pieces, end: 'lower' | 'upper') => Pieces) | undefined
  /** Whether the labels of a path that is kept as text are as a pattern says; `undefined` where the database has paths. */
  readonly pathMatches: ((value: Pieces, levels: readonly PathLevel[]) => Pieces) | undefined
  /** Whether every word of a text is in what is searched; `undefined` where the database has no search of texts. */
  readonly search: ((value: Pieces, config: string, text: string) => Pieces) | undefined
  /** A bound row of a composite type: without the name of the type no database with such types compares it. */
  row(value: Pieces, type: string): Pieces
  /** The text at a path of a JSON value; NULL where there is none. */
  jsonText(value: Pieces, path: readonly string[]): Pieces
  /** One term of ORDER BY. */
  order(value: Pieces, direction: 'ASC' | 'DESC', nulls: NullsOrder | undefined): Pieces
  /** Where NULLs stand in an ascending order that does not say; in a descending one, at the other end. */
  readonly nulls: NullsOrder
  /** What of a choice of an enumeration compares as choices sort. */
  ordinal(value: Pieces): Pieces
  /** What of a value is read so that, bound again, it is equal to itself: clients of databases round moments and numbers. */
  exact(value: Pieces, kind: ColumnKind | 'unknown'): Pieces
  /** The window of a SELECT, with a leading space; empty for all rows. */
  window(limit: number | undefined, offset: number | undefined): Pieces
  /** The lock of a SELECT, with a leading space; empty where rows cannot be locked. */
  lock(lock: RowLock): Pieces
  /** A subquery over the table that a statement changes: some databases must be made to run it first. */
  materialized(subquery: Pieces): Pieces
  /**
   * The end of an INSERT of one row, which stores nothing where a unique value is taken; who is about to take it is waited for.
   *
   * @param key A column of the table's key, quoted.
   */
  unlessTaken(key: string): string
  /** The end of an INSERT that changes the rows which are there already. Those that are deleted, or clash otherwise, are left as they are. */
  orUpdate(conflict: Conflict): string
  /** Whether an INSERT of one row with one of these ends has left all as it was. */
  wasTaken(result: QueryResult): boolean
}

/**
 * Text with `%`, `_` and `\` as themselves, for a pattern of `like`.
 *
 * @since 0.2
 * @example
 * User.filter({ name: like(`${db.utils.escapeLike(req.query.name)}%`) })
 */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (sign) => `\\${sign}`)
}

/** A pattern in words: signs that stand for themselves, any sign, any text. */
export function* patternParts(pattern: string): Generator<{ readonly kind: 'text' | 'one' | 'any'; readonly text: string }> {
  for (let index = 0; index < pattern.length; index++) {
    const sign = pattern.charAt(index)
    if (sign === '\\' && index + 1 < pattern.length) yield { kind: 'text', text: pattern.charAt(++index) }
    else if (sign === '%') yield { kind: 'any', text: '' }
    else if (sign === '_') yield { kind: 'one', text: '' }
    else yield { kind: 'text', text: sign }
  }
}

/** Pieces from a template: its texts, and between them values to bind, names and other pieces. */
export function pieces(texts: TemplateStringsArray, ...parts: readonly (Piece | Pieces)[]): Piece[] {
  const all: Piece[] = [texts[0] ?? '']
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'string' || part instanceof Parameter || part instanceof Alias) all.push(part)
    else all.push(...part)
    all.push(texts[index + 1] ?? '')
  }
  return all
}

/** Pieces with a text between them. */
export function joined(parts: readonly Pieces[], separator: string): Piece[] {
  const all: Piece[] = []
  for (const [index, part] of parts.entries()) {
    if (index > 0) all.push(separator)
    for (const piece of part) all.push(piece)
  }
  return all
}

/** Whether a value is one of a list that is not empty. */
export function among(value: Pieces, list: readonly Pieces[]): Pieces {
  return [...value, ' IN (', ...joined(list, ', '), ')']
}

/** `name(a, b)`. */
export function call(name: string, ...parts: readonly Pieces[]): Piece[] {
  return [`${name}(`, ...joined(parts, ', '), ')']
}

/** How the standard's followers end an INSERT. */
export const onConflict: Pick<Dialect, 'unlessTaken' | 'orUpdate' | 'wasTaken'> = {
  unlessTaken: () => ' ON CONFLICT DO NOTHING',
  orUpdate({ table, key, set, version, deletedAt, isAmongLive }) {
    const alive = (name: string): string => (deletedAt === undefined ? '' : ` WHERE ${name}${deletedAt} IS NULL`)
    const sets = set.map((column) => `${column} = excluded.${column}`)
    if (version !== undefined) sets.push(`${version} = ${table}.${version} + 1`)
    return ` ON CONFLICT (${key.join(', ')})${isAmongLive ? alive('') : ''} DO UPDATE SET ${sets.join(', ')}${alive(`${table}.`)}`
  },
  wasTaken: ({ affected, records }) => (affected ?? records.length) === 0,
}

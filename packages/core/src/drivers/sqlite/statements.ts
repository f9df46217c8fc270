import type { ObjectLiteral } from 'typeorm'
import { TextCache } from '../text-cache.js'
import { type Dialect, quoted, statementsIn, tokens } from '../lexer.js'

/** The part of better-sqlite3's `Statement` that we use; its types are no dependency of ours. */
export interface NativeStatement {
  readonly reader: boolean
  readonly readonly: boolean
  all(...parameters: unknown[]): unknown[]
  raw(on: boolean): this
  columns(): { readonly name: string; readonly type: string | null }[]
  safeIntegers(on: boolean): this
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint }
}

/** The part of better-sqlite3's `Database` that prepares. */
export interface Preparing {
  prepare(sql: string): NativeStatement
}

/**
 * Characters of the texts whose prepared statements a connection keeps, and what each counts beside: SQLite itself takes some twenty
 * times as many bytes. A long one is not kept: its length is what a client sent (rows of an insert, values of a list).
 */
const kept = { characters: 400_000, overhead: 1_000 } as const

/** A statement that SQLite has compiled. */
export class Statement {
  /** It gives rows. */
  readonly isReader: boolean
  /** It changes nothing in the file. */
  readonly isReadOnly: boolean
  /** It only gives rows: a pragma that gives some may set something as well. */
  readonly onlyReads: boolean
  /** It leaves something on its connection: a setting, a temporary table, an attached file. */
  readonly leavesTraces: boolean
  readonly #native: NativeStatement
  /** Columns of its rows whose whole numbers may need a `bigint`, by name and place; `undefined` where no column does. */
  readonly #wide: ReadonlySet<string | number> | undefined
  #givesLists = false

  constructor(native: NativeStatement, sql: string) {
    this.isReader = native.reader
    this.isReadOnly = native.readonly
    const [first = '', second = ''] = mayLeaveTraces.test(sql) ? (statementsIn(sql, sqliteLexis).next().value ?? []) : []
    this.onlyReads = native.readonly && native.reader && first !== 'PRAGMA'
    this.leavesTraces =
      first === 'ATTACH' ||
      first === 'DETACH' ||
      (first === 'CREATE' && second.startsWith('TEMP')) ||
      // One that gives rows asks, and does not set.
      (first === 'PRAGMA' && (!native.reader || sql.includes('=')))
    this.#native = native
    if (!native.reader) return
    // A double ends at 2^53: what may be a number of 64 bits (a `bigint`, or an expression) is read with all its digits.
    const wide = native
      .columns()
      .flatMap(({ name, type }, index) => (type === null || type.toLowerCase() === 'bigint' ? [name, index] : []))
    if (wide.length === 0) return
    this.#wide = new Set(wide)
    native.safeIntegers(true)
  }

  /** The rows of one that gives rows. */
  rows(values: readonly unknown[]): ObjectLiteral[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the form that was asked for
    const rows = this.#all(values, false) as ObjectLiteral[]
    if (this.#wide) for (const row of rows) narrow(row, Object.keys(row), this.#wide)
    return rows
  }

  /** The same rows, as lists. */
  lists(values: readonly unknown[]): unknown[][] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the form that was asked for
    const rows = this.#all(values, true) as unknown[][]
    if (this.#wide) for (const row of rows) narrow(row, row.keys(), this.#wide)
    return rows
  }

  #all(values: readonly unknown[], asLists: boolean): unknown[] {
    if (this.#givesLists !== asLists) this.#native.raw(asLists)
    this.#givesLists = asLists
    return this.#native.all(...values)
  }

  /** Runs one that gives none. */
  run(values: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.#native.run(...values)
  }
}

/** The prepared statements of one connection. */
export class Statements {
  readonly #database: Preparing
  readonly #kept = new TextCache<Statement>(kept.characters, undefined, kept.overhead)

  constructor(database: Preparing) {
    this.#database = database
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size
  }

  /** The statement of `sql`: one that is kept, or a new one. */
  of(sql: string): Statement {
    const known = this.#kept.get(sql)
    if (known) return known
    const statement = new Statement(this.#database.prepare(sql), sql)
    this.#kept.add(sql, statement)
    return statement
  }
}

/**
 * Whole numbers are numbers again, but for those of `wide` columns that a double does not hold: all columns of a statement are read
 * as `bigint` when one of them may need it.
 */
function narrow<Place extends string | number>(
  row: Record<Place, unknown>,
  places: Iterable<Place>,
  wide: ReadonlySet<string | number>,
): void {
  for (const place of places) {
    const value = row[place]
    if (typeof value !== 'bigint') continue
    const number = Number(value)
    if (Number.isSafeInteger(number) || !wide.has(place)) row[place] = number
  }
}

export const sqliteLexis: Dialect = {
  token: tokens(String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, quoted("'"), quoted('"'), quoted('`'), String.raw`\[[^\]]*(?:\]|$)`),
}

/** Most texts hold none of these words, and need no reading. */
const mayControl = /\b(?:begin|commit|end|release|rollback|savepoint)\b/i

/** Whether a text opens or ends a transaction or a savepoint. SQLite takes one statement in a text. */
export function controlsTransaction(sql: string): boolean {
  if (!mayControl.test(sql)) return false
  const [first = ''] = statementsIn(sql, sqliteLexis).next().value ?? []
  return /^(?:BEGIN|COMMIT|END|RELEASE|ROLLBACK|SAVEPOINT)$/.test(first)
}

/** Most texts hold none of these words, and need no reading. */
const mayLeaveTraces = /\b(?:attach|detach|pragma|temp|temporary)\b/i

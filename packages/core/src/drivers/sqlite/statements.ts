import type { ObjectLiteral } from 'typeorm'
import { type Dialect, quoted, statementsIn, tokens } from '../lexer.js'

/** The part of better-sqlite3's `Statement` that we use; its types are no dependency of ours. */
interface NativeStatement {
  readonly reader: boolean
  readonly readonly: boolean
  all(...parameters: unknown[]): ObjectLiteral[]
  columns(): { readonly name: string; readonly type: string | null }[]
  safeIntegers(on: boolean): this
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint }
}

/** The part of better-sqlite3's `Database` that prepares. */
export interface Preparing {
  prepare(sql: string): NativeStatement
}

/** Prepared statements kept per connection; the oldest goes first. */
const statementCacheSize = 200

/** A statement that SQLite has compiled. */
export class Statement {
  /** It gives rows. */
  readonly isReader: boolean
  /** It changes nothing in the file. */
  readonly isReadOnly: boolean
  readonly #native: NativeStatement
  /** Whether its whole numbers are read as `bigint`. */
  readonly #isWide: boolean

  /** It leaves something on its connection: a setting, a temporary table, an attached file. */
  readonly leavesTraces: boolean

  constructor(native: NativeStatement, sql: string) {
    this.leavesTraces = leavesTraces(sql, native.reader)
    this.isReader = native.reader
    this.isReadOnly = native.readonly
    this.#native = native
    // A double ends at 2^53: what may be a number of 64 bits (a `bigint`, or an expression) is read with all its digits.
    this.#isWide = native.reader && native.columns().some(({ type }) => type === null || type.toLowerCase() === 'bigint')
    if (this.#isWide) native.safeIntegers(true)
  }

  /** The rows of one that gives rows. */
  rows(values: readonly unknown[]): ObjectLiteral[] {
    const rows = this.#native.all(...values)
    if (this.#isWide) for (const row of rows) narrow(row)
    return rows
  }

  /** Runs one that gives none. */
  run(values: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    return this.#native.run(...values)
  }
}

/** The prepared statements of one connection. */
export class Statements {
  readonly #database: Preparing
  readonly #kept = new Map<string, Statement>()

  constructor(database: Preparing) {
    this.#database = database
  }

  /** The statement of `sql`, prepared at its first use. */
  of(sql: string): Statement {
    let statement = this.#kept.get(sql)
    if (!statement) {
      statement = new Statement(this.#database.prepare(sql), sql)
      this.#kept.set(sql, statement)
      const [oldest] = this.#kept.keys()
      if (this.#kept.size > statementCacheSize && oldest !== undefined) this.#kept.delete(oldest)
    }
    return statement
  }
}

/** Whole numbers that a double holds exactly are numbers again. */
function narrow(row: ObjectLiteral): void {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value)
  }
}

const dialect: Dialect = {
  token: tokens(String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, quoted("'"), quoted('"'), quoted('`'), String.raw`\[[^\]]*(?:\]|$)`),
}

/** Most texts hold none of these words, and need no reading. */
const mayControl = /\b(?:begin|commit|end|release|rollback|savepoint)\b/i

/** Whether a text opens or ends a transaction or a savepoint. SQLite takes one statement in a text. */
export function controlsTransaction(sql: string): boolean {
  if (!mayControl.test(sql)) return false
  const [first = ''] = statementsIn(sql, dialect).next().value ?? []
  return /^(?:BEGIN|COMMIT|END|RELEASE|ROLLBACK|SAVEPOINT)$/.test(first)
}

/** Most texts hold none of these words, and need no reading. */
const mayLeaveTraces = /\b(?:attach|detach|pragma|temp|temporary)\b/i

/** Whether a statement leaves something on its connection. A pragma that gives rows asks, and does not set. */
function leavesTraces(sql: string, givesRows: boolean): boolean {
  if (!mayLeaveTraces.test(sql)) return false
  const [first = '', second = ''] = statementsIn(sql, dialect).next().value ?? []
  if (first === 'PRAGMA') return !givesRows || sql.includes('=')
  return first === 'ATTACH' || first === 'DETACH' || (first === 'CREATE' && second.startsWith('TEMP'))
}

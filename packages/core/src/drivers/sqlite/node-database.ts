import { existsSync } from 'node:fs'
import { UnsupportedError } from '../../errors.js'
import { statementsIn, tokensIn } from '../lexer.js'
import type { NativeDatabase } from './connection.js'
import { type NativeStatement, sqliteLexis } from './statements.js'

/** The part of `node:sqlite` that we use; the types of Node 20 have none of it. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: object) => DatabaseSync
}
interface DatabaseSync {
  readonly isOpen: boolean
  readonly isTransaction: boolean
  prepare(sql: string): StatementSync
  exec(sql: string): void
  function(name: string, options: object, work: Work): void
  aggregate(name: string, options: object): void
  close(): void
}
interface StatementSync {
  /** Without what follows the statement. */
  readonly sourceSQL: string
  all(...values: unknown[]): unknown[][]
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  columns(): { readonly name: string; readonly type: string | null }[]
  setReadBigInts(on: boolean): void
  setReturnArrays(on: boolean): void
}
type Work = (...values: unknown[]) => unknown
interface Aggregate {
  readonly start: unknown
  readonly step: (sum: unknown, value: unknown) => unknown
  readonly result: (sum: unknown) => unknown
}

/** As TypeORM gives them to better-sqlite3. */
interface NativeOptions {
  readonly readonly: boolean
  readonly fileMustExist: boolean
  readonly timeout: number
  readonly verbose: unknown
  readonly nativeBinding: unknown
}

/**
 * The SQLite of Node.js, as better-sqlite3 would have it: what TypeORM and the rest of this room use of that.
 *
 * @throws {UnsupportedError} This Node.js has none, or an early one.
 */
export class NodeDatabase implements NativeDatabase {
  readonly #database: DatabaseSync

  constructor(path: string, { readonly, fileMustExist, timeout, verbose, nativeBinding }: NativeOptions) {
    const { DatabaseSync } = nodeSqlite()
    if (verbose ?? nativeBinding) throw new UnsupportedError('verbose and nativeBinding of better-sqlite3, by Node.js', 'Leave them out.')
    if (fileMustExist && !existsSync(path)) throw new SqliteError('unable to open database file', 14)
    this.#database = named(() => new DatabaseSync(path, { readOnly: readonly, timeout }))
  }

  get open(): boolean {
    return this.#database.isOpen
  }

  get inTransaction(): boolean {
    return this.open && this.#database.isTransaction
  }

  pragma(source: string): unknown {
    return named(() => this.#database.prepare(`PRAGMA ${source}`).all())
  }

  exec(sql: string): void {
    named(() => this.#database.exec(sql))
  }

  aggregate(name: string, { step, ...options }: Aggregate): void {
    const narrowing = (sum: unknown, value: unknown): unknown => step(sum, narrowed(value))
    this.#database.aggregate(name, { ...options, step: narrowing, useBigIntArguments: true })
  }

  function(name: string, options: { readonly deterministic: boolean }, work: Work): void {
    const narrowing: Work = (...values) => work(...values.map(narrowed))
    // How many it takes is part of its name.
    Object.defineProperty(narrowing, 'length', { value: work.length })
    this.#database.function(name, { ...options, useBigIntArguments: true }, narrowing)
  }

  prepare(sql: string): NativeStatement {
    return named(() => new NodeStatement(this.#database, sql))
  }

  close(): void {
    if (this.open) this.#database.close()
  }
}

class NodeStatement implements NativeStatement {
  readonly reader: boolean
  readonly readonly: boolean
  readonly #native: StatementSync
  readonly #parameters: number
  #asLists = false
  #givesBigInts = false

  constructor(database: DatabaseSync, sql: string) {
    this.#native = database.prepare(sql)
    // Node.js leaves out what follows, and binds NULL where there is no value.
    const rest = sql.slice(this.#native.sourceSQL.length)
    if (!statementsIn(rest, sqliteLexis).next().done) throw new RangeError('The supplied SQL string contains more than one statement')
    this.#parameters = parametersIn(sql)
    this.reader = this.#native.columns().length > 0
    this.readonly = isReadOnly(database, sql)
    // It refuses a number that a double does not hold, and its records have no prototype.
    this.#native.setReadBigInts(true)
    this.#native.setReturnArrays(true)
  }

  raw(on: boolean): this {
    this.#asLists = on
    return this
  }

  safeIntegers(on: boolean): this {
    this.#givesBigInts = on
    return this
  }

  columns(): { readonly name: string; readonly type: string | null }[] {
    return this.#native.columns()
  }

  all(...values: unknown[]): unknown[] {
    const rows = this.#bound(values, (bindable) => this.#native.all(...bindable))
    for (const row of rows) for (const [place, value] of row.entries()) if (typeof value !== 'string') row[place] = this.#given(value)
    if (this.#asLists || rows.length === 0) return rows
    // Asked for each time: a table may have got other columns since.
    const names = this.#native.columns().map(({ name }) => name)
    return rows.map((row) => {
      const record: Record<string, unknown> = {}
      for (const [place, name] of names.entries()) record[name] = row[place]
      return record
    })
  }

  /** A value as better-sqlite3 gives it. */
  #given(value: unknown): unknown {
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return this.#givesBigInts ? value : narrowed(value)
  }

  run(...values: unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    const { changes, lastInsertRowid } = this.#bound(values, (bindable) => this.#native.run(...bindable))
    return { changes: Number(changes), lastInsertRowid: this.#givesBigInts ? lastInsertRowid : Number(lastInsertRowid) }
  }

  /** @throws {RangeError} There are fewer values than places. @throws {TypeError} SQLite has no such value. */
  #bound<T>(given: readonly unknown[], work: (values: readonly unknown[]) => T): T {
    const values = given.map((each) => (each === undefined ? null : each))
    if (values.length < this.#parameters) throw new RangeError('Too few parameter values were provided')
    if (!values.every(isBindable)) throw new TypeError('SQLite3 can only bind numbers, strings, bigints, buffers, and null')
    return named(() => work(values))
  }
}

function isBindable(value: unknown): boolean {
  return ['string', 'number', 'bigint'].includes(typeof value) || value === null || value instanceof Uint8Array
}

function narrowed(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

/** The module. That of Node 22 gives rows without the columns that a table has got since. @throws {UnsupportedError} There is none, or that. */
function nodeSqlite(): NodeSqlite {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as said
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.getBuiltinModule('node:sqlite') as NodeSqlite
  throw new UnsupportedError(`The SQLite of Node.js ${process.version}`, 'Use Node.js 24 or newer, or install better-sqlite3.')
}

// -------------------------------------------------------------------------------------------- what Node.js does not tell

/** Statements that leave the file as it is, by their first word. */
const reads = /^(?:SELECT|VALUES|EXPLAIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ATTACH|DETACH)$/
/** Steps of a statement that writes. */
const writes = /^(?:Checkpoint|Vacuum|JournalMode)$/

/** Whether a statement leaves the file as it is, as SQLite itself has it (`sqlite3_stmt_readonly`). */
function isReadOnly(database: DatabaseSync, sql: string): boolean {
  const [first = '', second = ''] = firstWords(sql)
  if (first === 'BEGIN') return second !== 'IMMEDIATE' && second !== 'EXCLUSIVE'
  if (first !== 'PRAGMA' && first !== 'WITH') return reads.test(first)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of EXPLAIN
  const steps = database.prepare(`EXPLAIN ${sql}`).all() as object[] as { readonly opcode: string; readonly p2: number }[]
  return !steps.some(({ opcode, p2 }) => writes.test(opcode) || (opcode === 'Transaction' && p2 !== 0))
}

function firstWords(sql: string): string[] {
  const words: string[] = []
  for (const { text } of tokensIn(sql, sqliteLexis)) if (words.push(text) === 2) break
  return words
}

/** Texts, names in quotes, and comments. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** How many values a statement takes. */
function parametersIn(sql: string): number {
  const names = new Set<string>()
  let greatest = 0
  for (const [text, number] of sql.replaceAll(quoted, ' ').matchAll(/\?(\d*)|[:@$]\w+/g)) {
    if (number) greatest = Math.max(greatest, Number(number))
    else if (text === '?' || !names.has(text)) greatest += 1
    names.add(text)
  }
  return greatest
}

// -------------------------------------------------------------------------------------------- errors

/** The codes of SQLite by their names, which is how better-sqlite3 has them: https://www.sqlite.org/rescode.html */
const codes: Readonly<Record<number, string>> = {
  5: 'BUSY',
  6: 'LOCKED',
  8: 'READONLY',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  25: 'RANGE',
  26: 'NOTADB',
  275: 'CONSTRAINT_CHECK',
  517: 'BUSY_SNAPSHOT',
  787: 'CONSTRAINT_FOREIGNKEY',
  1299: 'CONSTRAINT_NOTNULL',
  1555: 'CONSTRAINT_PRIMARYKEY',
  1811: 'CONSTRAINT_TRIGGER',
  2067: 'CONSTRAINT_UNIQUE',
  2579: 'CONSTRAINT_ROWID',
}

class SqliteError extends Error {
  readonly code: string

  /** @param number The extended code; its last byte is the code that it extends. */
  constructor(message: string, number: number) {
    super(message)
    this.name = 'SqliteError'
    this.code = `SQLITE_${codes[number] ?? codes[number & 0xff] ?? 'ERROR'}`
  }
}

/** Gives errors of SQLite the names that better-sqlite3 has for them. */
function named<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') throw error
    throw new SqliteError(error.message, error.errcode)
  }
}

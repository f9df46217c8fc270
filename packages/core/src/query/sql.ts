import type { EntityTarget, ObjectLiteral } from 'typeorm'
import { joined, Parameter, type Pieces } from '../drivers/dialect.js'
import type { StatementResult } from '../drivers/driver.js'
import { InvalidValueError, UnsupportedError } from '../errors.js'
import { write } from '../plan/pieces.js'
import { quotedTable } from '../plan/statements.js'
import { callSite } from '../scope/call-site.js'
import { beginOperation } from '../scope/operation.js'
import { detached } from '../scope/scope.js'
import { isMoment as isLuxon } from '../types/date-time.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'
import { From } from './compile.js'
import { Expression, isSubquery } from './expression.js'
import { unknownType } from './value-type.js'

/**
 * A piece of SQL whose values are bound, never written into the text.
 *
 * @since 0.1
 * @example
 * User.filter(db.sql`lower(name) = ${name}`)
 */
export class Sql extends Expression<never> {
  /** @internal Its pieces within a query or a statement. */
  readonly pieces: (from: From) => Pieces
  readonly #reads: boolean
  readonly #values: readonly unknown[]

  /** @internal Made by `db.sql`. */
  constructor(texts: readonly string[], values: readonly unknown[], reads = false) {
    const pieces = (from: From): Pieces => {
      if (!this.onlyReads) from.noteFragment()
      from.noteMany()
      return texts.flatMap(
        (text, index): Pieces => (index === 0 ? [text] : [...place(values[index - 1], texts[index - 1] ?? '', from), text]),
      )
    }
    super((from) => ({ pieces: pieces(from), type: unknownType }))
    this.pieces = pieces
    this.#values = values
    this.#reads = reads
  }

  /** Whether it was written as `db.sql.read`, with everything that is put into it. */
  get onlyReads(): boolean {
    return this.#reads && this.#values.every((value) => !(value instanceof Sql) || value.onlyReads)
  }
}

function place(value: unknown, before: string, from: From): Pieces {
  if (value instanceof Expression) return value.term(from).pieces
  if (isSubquery(value)) return value.subquery(from)
  if (typeof value === 'function') return [tableOf(value, from)]
  if (Array.isArray(value)) {
    if (!/\bin\s*\(\s*$/i.test(before)) throw refusal('takes a list only after "in (": where id in (${ids})')
    return value.length === 0
      ? ['NULL']
      : joined(
          value.map((each): Pieces => place(each, '', from)),
          ', ',
        )
  }
  return [bound(value)]
}

function bound(value: unknown): Parameter {
  if (!isScalar(value))
    throw refusal('takes single values, lists after "in (", models, columns and queries: JSON.stringify() makes a text of an object')
  return new Parameter(value)
}

function refusal(reason: string): InvalidValueError {
  return new InvalidValueError('db', 'sql', reason)
}

function tableOf(model: EntityTarget<ObjectLiteral>, { dataSource }: From): string {
  // TypeORM answers a function that is no model with an error.
  return quotedTable(dataSource.getMetadata(model))
}

/** Some clients of databases read an object as names and values: what a request sent could become SQL. */
function isScalar(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      return value === null || value instanceof Uint8Array || isMoment(value)
    case 'string':
      if (value.includes('\0')) refuse('takes a string without NUL characters')
      return true
    case 'number':
      if (!Number.isFinite(value)) refuse('takes finite numbers')
      return true
    case 'undefined':
      return refuse('received undefined: null stands for no value')
    default:
      return typeof value !== 'symbol'
  }
}

function refuse(reason: string): never {
  throw refusal(reason)
}

/** A valid time, of JavaScript or of Luxon. What only calls itself one, as JSON can, has no methods. */
function isMoment(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return isLuxon(value) && value.isValid
}

/**
 * A whole statement: `await` sends it and gives its rows.
 *
 * In a scope it runs in the session's transaction, since only the database knows what it does; `db.sql.read` says that it
 * only reads.
 *
 * @typeParam Row What a row holds, by the caller's word.
 * @since 0.1
 * @example
 * const rows = await db.sql<{ n: number }>`select count(*) as n from ${User} where name = ${name}`
 */
export class SqlQuery<Row> extends Sql implements PromiseLike<Row[]> {
  readonly #dataSource: () => AlchemyDataSource
  #sent: Promise<Row[]> | undefined
  /** Where it was written: who awaits it calls from nowhere. */
  readonly #site = callSite()

  /** @internal Made by `db.sql`. */
  constructor(dataSource: () => AlchemyDataSource, texts: readonly string[], values: readonly unknown[], reads = false) {
    super(texts, values, reads)
    this.#dataSource = dataSource
  }

  /** Sends the statement, once. */
  then<Fulfilled = Row[], Rejected = never>(
    onFulfilled?: ((rows: Row[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#sent ??= beginOperation(() => this.#send(), undefined, this.#site)
    return this.#sent.then(onFulfilled, onRejected)
  }

  async #send(): Promise<Row[]> {
    const dataSource = this.#dataSource()
    const { text, values } = write(this.pieces(new From(dataSource)), dataSource.driver)
    const { maxParameters } = dataSource.driver.capabilities
    if (values.length > maxParameters) throw refusal(`takes at most ${maxParameters} values`)
    if (this.onlyReads) refuseWrite(text)
    return dataSource.withSession('db.sql', (session) => {
      const runner = this.onlyReads ? session.reader : session.writer
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what its SQL gives
      return runner.query(text, [...values], true).then((result) => rowsOf(result) as Row[])
    })
  }
}

/** `db.sql`: SQL whose values are bound. @since 0.2 */
export interface SqlTag {
  /**
   * A statement, or a part of a query.
   *
   * Values are bound as they are: MySQL and MariaDB compare a text with a number by turning the text into one, so give
   * `where token = ${token}` a text that was checked to be one. A list has its place after `in (`, a model is its table.
   *
   * @throws {InvalidValueError} A value is an object, a list elsewhere, a time or number that is none. Status 422.
   */
  <Row = ObjectLiteral>(texts: TemplateStringsArray, ...values: readonly unknown[]): SqlQuery<Row>
  /**
   * The same of SQL that only reads, by the application's word: it opens no transaction, so that it takes no lock and
   * waits for no writer. In a filter or an order it leaves the query a read.
   *
   * @throws {UnsupportedError} It is a statement that writes.
   * @example
   * const old = await User.filter(db.sql.read`last_access < ${limit}`).all()
   */
  readonly read: <Row = ObjectLiteral>(texts: TemplateStringsArray, ...values: readonly unknown[]) => SqlQuery<Row>
}

/** @internal Makes `db.sql`. */
export function sqlTag(dataSource: () => AlchemyDataSource): SqlTag {
  const tag =
    (reads: boolean) =>
    <Row>(texts: unknown, ...values: readonly unknown[]): SqlQuery<Row> => {
      if (!isTemplate(texts)) throw new UnsupportedError('db.sql(…) as a function', 'Write it before a template: db.sql`select 1`.')
      return new SqlQuery<Row>(dataSource, texts, values, reads)
    }
  return Object.assign(tag(false), { read: tag(true) })
}

/** What a template gives, and nothing that JSON can say. */
function isTemplate(texts: unknown): texts is TemplateStringsArray {
  return Array.isArray(texts) && 'raw' in texts
}

/** Whole numbers are numbers on every database, or `bigint` beyond 2^53: a count comes as text from some. */
function rowsOf(result: StatementResult): ObjectLiteral[] {
  const { records, wholeNumbers } = result
  for (const name of wholeNumbers) for (const row of records) row[name] = wholeNumber(row[name])
  return records
}

function wholeNumber(value: unknown): unknown {
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
}

/** A mistake that would be kept outside the transaction; what a function does, only its author knows. */
function refuseWrite(text: string): void {
  const [word = ''] = /[a-z]+/i.exec(text) ?? []
  const writes = /\b(insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|for\s+(no\s+key\s+)?update)\b/i
  if (/^(select|with|values|table|show|describe|desc|explain)$/i.test(word) && !writes.test(text)) return
  throw new UnsupportedError('db.sql.read of a statement that writes', 'Use db.sql.')
}

/** Runs `work` outside any scope; `db.detach` is this function. */
export function detachWork<T>(work: () => T): T {
  return detached(() => {
    const result = work()
    // It is sent when it is awaited, and that would be inside the scope again.
    if (result instanceof SqlQuery) void result.then(undefined, () => undefined)
    return result
  })
}

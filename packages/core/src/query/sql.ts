import { DateTime } from 'luxon'
import type { EntityMetadata, ObjectLiteral, QueryResult } from 'typeorm'
import { StatementResult } from '../drivers/driver.js'
import { InvalidValueError } from '../errors.js'
import type { AlchemyDataSource } from '../typeorm/data-source.js'

/** Where a fragment gets its places and names when it is made text. */
export interface SqlContext {
  /** Binds a value, and gives the text that stands for it. */
  readonly bind: (value: unknown) => string
  /** The quoted table of a model class. */
  readonly table: (model: object) => string
}

/**
 * A piece of SQL whose values are bound, never written into the text.
 *
 * @example
 * User.filter(db.sql`lower(name) = ${name}`)
 */
export class Sql {
  readonly #texts: readonly string[]
  readonly #values: readonly unknown[]

  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.#texts = texts
    this.#values = values
  }

  /** The text, with its values bound by `context`. */
  render(context: SqlContext): string {
    return this.#texts.reduce((text, part, index) => {
      const value = this.#values[index - 1]
      return text + place(value, context) + part
    })
  }
}

function place(value: unknown, context: SqlContext): string {
  if (value instanceof Sql) return value.render(context)
  if (typeof value === 'function') return context.table(value)
  if (Array.isArray(value)) return value.length === 0 ? 'NULL' : value.map((each) => place(each, context)).join(', ')
  if (!isScalar(value)) {
    throw new InvalidValueError('db', 'sql', 'takes single values, lists of them and models: JSON.stringify() makes one of an object')
  }
  return context.bind(value)
}

/** Some clients of databases read an object as names and values: what a request sent could become SQL. */
function isScalar(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol'
  return value instanceof Date || value instanceof Uint8Array || DateTime.isDateTime(value)
}

/**
 * A whole statement: `await` sends it and gives its rows.
 *
 * In a scope it runs in the session's transaction, since only the database knows what it does.
 */
export class SqlQuery<Row> extends Sql implements PromiseLike<Row[]> {
  readonly #dataSource: () => AlchemyDataSource
  #sent: Promise<Row[]> | undefined

  constructor(dataSource: () => AlchemyDataSource, texts: readonly string[], values: readonly unknown[]) {
    super(texts, values)
    this.#dataSource = dataSource
  }

  /** Sends the statement, once. */
  then<Fulfilled = Row[], Rejected = never>(
    onFulfilled?: ((rows: Row[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#sent ??= this.#send()
    return this.#sent.then(onFulfilled, onRejected)
  }

  async #send(): Promise<Row[]> {
    const dataSource = this.#dataSource()
    const values: unknown[] = []
    const text = this.render({
      bind: (value) => dataSource.driver.createParameter('', values.push(value) - 1),
      table: (model) => quotedName(dataSource.getMetadata(model as never)),
    })
    return dataSource.withSession('db.sql', (session) =>
      session.write(async (runner) => {
        return rowsOf(await runner.query(text, values, true)) as Row[]
      }),
    )
  }
}

/** Whole numbers are numbers on every database, or `bigint` beyond 2^53: a count comes as text from some. */
function rowsOf(result: QueryResult): ObjectLiteral[] {
  const rows = result.records as ObjectLiteral[]
  if (!(result instanceof StatementResult) || result.wholeNumbers.length === 0) return rows
  for (const row of rows) for (const name of result.wholeNumbers) row[name] = wholeNumber(row[name])
  return rows
}

function wholeNumber(value: unknown): unknown {
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
}

function quotedName(metadata: EntityMetadata): string {
  const { driver } = metadata.dataSource
  return metadata.tablePath
    .split('.')
    .map((part) => driver.escape(part))
    .join('.')
}
